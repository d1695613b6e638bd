"""Finding the file of a bare text: with edits, among copies and boilerplate, and with whatever a client may send."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.index import CodeIndex
from indexer.line_index import LineIndex, line_key, line_keys, synced
from indexer.line_votes import Hints
from indexer.locating import Located

LICENCE = "\n".join(f"# Permission clause number {number} of the licence is granted hereby." for number in range(20))
NOTHING = Hints()


def code(name: str, n_lines: int = 60) -> str:
    """A file with lines that no other name has."""
    rows = (f"def {name}_{row}(value):\n    return compute_{name}(value, {row})\n" for row in range(n_lines // 3))
    return "\n".join(rows)


@pytest.fixture
def indexed(repository: Callable[[dict[str, Any]], Path], open_index: Callable[..., CodeIndex]) -> Any:
    def make(files: dict[str, Any]) -> CodeIndex:
        index = open_index(repository(files))
        index.refresh()
        return index

    return make


def window(text: str, first: int, end: int) -> list[str]:
    return text.split("\n")[first:end]


def test_a_window_is_found_in_its_file(indexed: Any) -> None:
    index = indexed({f"src/{name}.py": code(name) for name in ("alpha", "beta", "gamma")})
    located = index.locate(window(code("beta"), 10, 30), NOTHING)
    assert located.path == "src/beta.py"
    assert "\n".join((*located.lines, "")) == code("beta")
    assert located.is_whole
    assert located.version == index.versions(["src/beta.py"])["src/beta.py"]


def test_edited_and_indented_lines_do_not_hide_a_file(indexed: Any) -> None:
    index = indexed({f"{name}.py": code(name) for name in ("alpha", "beta")})
    part = [f"    {line}\r" for line in window(code("alpha"), 6, 36)]
    for row in (0, 5, 6, 12, 19, 29):
        part[row] = f"edited = {row} * something_that_is_new"
    assert index.locate(part, NOTHING).path == "alpha.py"


def test_a_licence_that_many_files_share_decides_nothing(indexed: Any) -> None:
    names = [f"module{number}" for number in range(8)]
    index = indexed({f"{name}.py": f"{LICENCE}\n{code(name)}" for name in names})
    new_file = [*LICENCE.split("\n"), "", *window(code("unheard"), 0, 9)]
    assert index.locate(new_file, NOTHING).path == ""
    assert index.locate(LICENCE.split("\n"), NOTHING).path == ""
    own = [*LICENCE.split("\n"), *window(code("module3"), 0, 9)]
    assert index.locate(own, NOTHING).path == "module3.py"


def test_a_file_that_is_not_indexed_is_not_taken_for_another(indexed: Any) -> None:
    index = indexed({f"{name}.py": code(name) for name in ("alpha", "beta")})
    other = [*window(code("alpha"), 0, 6), *window(code("delta"), 0, 30)]
    located = index.locate(other, NOTHING)
    assert located.path == ""
    assert located.reason
    assert located.ending == ".py"


def test_copies_are_told_apart_by_what_the_client_says_or_was_in(indexed: Any) -> None:
    index = indexed({"src/copy.py": code("one"), "build/copy.py": code("one"), "other.py": code("one")})
    part = window(code("one"), 5, 30)
    assert index.locate(part, NOTHING).path == ""
    assert index.locate(part, Hints(named="build/copy.py")).path == "build/copy.py"
    assert index.locate(part, Hints(named="other.py")).path == "other.py"
    assert index.locate(part, Hints(named="copy.py")).path == ""
    assert index.locate(part, Hints(before="src/copy.py")).path == "src/copy.py"


def test_being_in_a_copy_before_does_not_outweigh_a_line_that_only_another_has(indexed: Any) -> None:
    index = indexed({"one.py": code("one"), "two.py": code("one").replace("_3(value)", "_3(changed_here)")})
    part = window(code("one"), 0, 25)
    assert index.locate(part, Hints(before="two.py")).path != "two.py"


@pytest.mark.parametrize(
    "named",
    ["src/alpha.py", "/home/someone/project/src/alpha.py", "file:///c%3A/project/src/alpha.py", "C:\\p\\src\\alpha.py"],
)
def test_a_named_path_needs_less_of_the_text(indexed: Any, named: str) -> None:
    index = indexed({f"src/{name}.py": code(name) for name in ("alpha", "beta")})
    part = [*window(code("alpha"), 0, 12), *(f"entirely_new_line_{row}()" for row in range(14))]
    assert index.locate(part, NOTHING).path == ""
    assert index.locate(part, Hints(named=named)).path == "src/alpha.py"


def test_a_named_path_whose_file_says_otherwise_is_not_believed(indexed: Any) -> None:
    index = indexed({f"{name}.py": code(name) for name in ("alpha", "beta")})
    assert index.locate(window(code("beta"), 0, 30), Hints(named="alpha.py")).path == "beta.py"
    assert index.locate(window(code("gamma"), 0, 30), Hints(named="alpha.py")).path == ""


@pytest.mark.parametrize(
    "part",
    [[], [""], ["", ""], ["x" * 3_000_000], ["\ud800 lone surrogate", "\udfff"], ["}"] * 10_000, ["\0" * 50] * 9],
)
def test_what_tells_nothing_is_of_no_file(indexed: Any, part: list[str]) -> None:
    located = indexed({"a.py": code("a"), "b.min.js": "var a=1;" * 20_000}).locate(part, NOTHING)
    assert located.path == ""
    assert located.reason


@pytest.mark.parametrize("named", ["\0", "\ud800.py", "../../etc/passwd", "a/" * 5000, "/", "", ".", "a\nb"])
def test_no_path_that_a_client_names_breaks_anything(indexed: Any, named: str) -> None:
    index = indexed({"a.py": code("a"), "b.py": code("b")})
    assert index.locate(window(code("a"), 0, 20), Hints(named=named)).path == "a.py"


def test_a_file_that_was_saved_is_found_as_it_is_now(indexed: Any) -> None:
    index = indexed({f"{name}.py": code(name) for name in ("alpha", "beta")})
    assert index.locate(window(code("new"), 0, 20), NOTHING).path == ""
    index.refresh_file("new.py", code("new"))
    index._locator.settle()
    assert index.locate(window(code("new"), 0, 20), NOTHING).path == "new.py"
    index.refresh_file("new.py", code("newer"))
    index._locator.settle()
    assert index.locate(window(code("new"), 0, 20), NOTHING).path == ""
    assert index.locate(window(code("newer"), 0, 20), NOTHING).path == "new.py"
    (index.root / "alpha.py").unlink()
    index.refresh()
    index._locator.settle()
    assert index.locate(window(code("alpha"), 0, 20), NOTHING).path == ""


def test_before_the_first_refresh_nothing_is_found(
    repository: Callable[[dict[str, Any]], Path], open_index: Callable[..., CodeIndex]
) -> None:
    index = open_index(repository({"a.py": code("a")}))
    assert index.locate(window(code("a"), 0, 20), NOTHING) == Located(reason="the files are still being read")


def test_a_file_with_a_very_long_line_is_found_but_not_whole(indexed: Any) -> None:
    text = f"{code('alpha')}\nDATA = '{'x' * 9000}'\n{code('omega')}"
    located = indexed({"a.py": text, "b.py": code("beta")}).locate(window(code("omega"), 0, 20), NOTHING)
    assert located.path == "a.py"
    assert not located.is_whole


def test_thinning_keeps_memory_bounded_and_finds_files_still(indexed: Any) -> None:
    index = indexed({f"f{number}.py": code(f"name{number}", 90) for number in range(20)})
    with index._store.reading() as connection:
        lines = synced(LineIndex(), connection, max_lines=400)
        again = synced(lines, connection, max_lines=400)
    assert 100 < len(lines.keys) <= 400
    assert again is lines
    asked = lines.kept(line_keys(window(code("name7", 90), 0, 80)))
    owners = lines.owners_of(asked)
    assert owners
    assert all([lines.paths[row] for row in rows.tolist()] == ["f7.py"] for rows in owners)


def test_files_that_went_leave_no_lines(indexed: Any) -> None:
    index = indexed({f"{name}.py": code(name) for name in ("alpha", "beta")})
    with index._store.reading() as connection:
        before = synced(LineIndex(), connection)
    index.refresh_file("alpha.py", code("changed"))
    with index._store.reading() as connection:
        after, anew = synced(before, connection), synced(LineIndex(), connection)
    assert after.keys.tolist() == anew.keys.tolist()
    assert after.owners.tolist() == anew.owners.tolist()


def test_blanks_around_a_line_do_not_matter_and_short_ones_tell_nothing() -> None:
    assert line_key("\treturn value\r") == line_key("    return value")
    assert line_key("  });") is None


def test_random_windows_of_similar_files_are_never_taken_for_another(indexed: Any) -> None:
    rng = random.Random(5)
    shared = [f"common_statement_{row}(argument)" for row in range(200)]
    texts = {
        f"f{number}.py": "\n".join(
            rng.choice(shared) if rng.random() < 0.6 else f"own_{number}_{row} = call({row})" for row in range(80)
        )
        for number in range(30)
    }
    index = indexed(texts)
    for path, text in texts.items():
        first = rng.randrange(50)
        part = window(text, first, first + 30)
        for row in rng.sample(range(30), 5):
            part[row] = f"typed_just_now_{row}"
        assert index.locate(part, NOTHING).path in (path, "")
