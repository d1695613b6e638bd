from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.conftest import Shell

MAP = "shapes.py\n    6: class Circle\n"

SQUARES = """class SquareOfPaper:
    def folded_area(self) -> float:
        return 1.0


def unused_by_anyone() -> None:
    pass
"""
PAPER = """from squares import SquareOfPaper


def total_of_paper(squares: list[SquareOfPaper]) -> float:
    return sum(square.folded_area() for square in squares)
"""


@pytest.fixture
def paper(shell: Shell) -> Shell:
    """The shell in a repository of four modules, of which two need another one each."""
    (shell.cwd / "squares.py").write_text(SQUARES)
    (shell.cwd / "paper.py").write_text(PAPER)
    return shell


def names(shell: Shell, *arguments: str) -> list[str]:
    return [definition["name"] for definition in shell.run("map", "--json", *arguments).json["definitions"]]


def test_the_map_shows_what_other_files_use(shell: Shell) -> None:
    assert shell.run("map").out == MAP


def test_with_json_the_definitions_of_the_map_come_with_their_ranks(paper: Shell) -> None:
    answer = paper.run("map", "--json").json
    assert answer["map"] + "\n" == paper.run("map").out
    first = answer["definitions"][0]
    assert set(first) == {"path", "line", "name", "kind", "container", "rank"}
    method = next(item for item in answer["definitions"] if item["name"] == "folded_area")
    assert (method["path"], method["line"], method["kind"]) == ("squares.py", 2, "method")
    assert method["container"] == "SquareOfPaper"
    ranks = [item["rank"] for item in answer["definitions"]]
    assert ranks == sorted(ranks, reverse=True)
    assert 0 < ranks[-1] <= ranks[0] <= 1


def test_the_definitions_are_those_that_fit_into_the_map(paper: Shell) -> None:
    for number in range(9):
        (paper.cwd / f"user{number}.py").write_text(
            f"import shapes_of_{number}\nshapes_of_{number}.outline_of_{number}()"
        )
        (paper.cwd / f"shapes_of_{number}.py").write_text(f"def outline_of_{number}() -> None:\n    pass\n")
    everything, fitting = (paper.run("map", "--json", "--tokens", tokens).json for tokens in ("1024", "50"))
    shown = [line.strip() for line in fitting["map"].splitlines() if line.startswith(" ")]
    assert 0 < len(shown) < len(everything["definitions"])
    assert fitting["definitions"] == everything["definitions"][: len(shown)]
    assert len(fitting["map"].encode()) <= 50 * 3


def test_in_focus_is_what_a_file_uses(paper: Shell) -> None:
    assert names(paper, "--focus", "main.py")[0] == "Circle"
    assert names(paper, "--focus", "paper.py")[0] == "SquareOfPaper"
    assert {"Circle", "SquareOfPaper"} <= set(names(paper, "--focus", "main.py", "--focus", "paper.py"))


def test_a_name_that_is_mentioned_counts_more(paper: Shell) -> None:
    focus = ("--focus", "paper.py")
    assert names(paper, *focus)[0] == "SquareOfPaper"
    assert names(paper, *focus, "--mention", "folded_area", "--mention", "nowhere")[0] == "folded_area"
    assert names(paper, *focus, "--mention", "SquareOfPaper.folded_area")[0] == "folded_area"


def test_a_map_can_be_drawn_from_elsewhere(shell: Shell) -> None:
    shell.cwd = shell.cwd.parent
    assert shell.run("map", "repo").out == MAP
    assert shell.run("map", "repo", "--focus", "main.py").out == MAP
    assert shell.run("map", "repo", "--focus", "repo/main.py").out == MAP


def test_a_file_in_focus_may_be_named_in_any_way(paper: Shell) -> None:
    (paper.cwd / ".git").mkdir()
    (paper.cwd / "sub").mkdir()
    (paper.cwd / "sub" / "own.py").write_text("from shapes import Circle\nunit = Circle(1.0)\n")
    link = paper.cwd.parent / "link"
    link.symlink_to(paper.cwd)
    root, paper.cwd = paper.cwd, paper.cwd / "sub"
    for file in (
        "sub/own.py",
        "own.py",
        "./own.py",
        "../sub/own.py",
        str(root / "sub/own.py"),
        str(link / "sub/own.py"),
    ):
        assert names(paper, "--focus", file) == ["Circle"], file


def test_a_file_that_was_just_written_may_be_in_focus(shell: Shell) -> None:
    assert shell.run("map").code == 0
    (shell.cwd / "new.py").write_text("from main import total_area\ntotal_area([])\n")
    assert names(shell, "--focus", "new.py")[0] == "total_area"


WRONG_FOCUS = [
    ("gone.py", "no such file in {repo}; write its path as seen from there"),
    ("sub", "no such file in {repo}"),
    ("loop.py", "no such file in {repo}"),
    ("../outside.py", "is outside of the workspace {repo}; name a file in it"),
    ("leads_out.py", "is outside of the workspace {repo}; name a file in it"),
    ("{outside}", "is outside of the workspace {repo}; name a file in it"),
    (".env", ".env is not in the index: looks like a secret; name another file"),
    ("blob.bin", "blob.bin is not in the index: "),
    ("private.py", "private.py is not in the index: ignored by .codeassistignore; name another file"),
    ("build.py", "build.py is not in the index: ignored or excluded; name another file"),
    (os.fsdecode(b"\xff.py"), "is not in the index: "),
]


@pytest.mark.parametrize(("file", "told"), WRONG_FOCUS)
def test_a_file_that_cannot_be_in_focus_is_told_with_a_remedy(shell: Shell, file: str, told: str) -> None:
    folder, outside = shell.cwd, shell.cwd.parent / "outside.py"
    outside.write_text("x = 1\n")
    (folder / "sub").mkdir()
    (folder / "loop.py").symlink_to("loop.py")
    (folder / "leads_out.py").symlink_to(outside)
    (folder / ".env").write_text("API_KEY=supersecret\n")
    (folder / "blob.bin").write_bytes(b"\0\1\2")
    (folder / "private.py").write_text("x = 1\n")
    (folder / "build.py").write_text("x = 1\n")
    (folder / ".gitignore").write_text("build.py\n")
    (folder / ".codeassistignore").write_text("private.py\n")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.py")).write_text("x = 1\n")
    outcome = shell.run("map", "--focus", "main.py", "--focus", file.format(outside=outside))
    assert (outcome.code, outcome.out) == (2, "")
    assert told.format(repo=folder) in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("arguments", [("--tokens", "49"), ("--tokens", "20001"), ("--tokens", "many"), ("gone",)])
def test_what_was_asked_wrongly_is_one_line_and_exit_code_two(shell: Shell, arguments: tuple[str, ...]) -> None:
    outcome = shell.run("map", *arguments)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)


def test_with_json_an_error_is_the_one_document(shell: Shell) -> None:
    error = shell.run("map", "--json", "--focus", "gone.py").json["error"]
    assert error["kind"] == "BadParameter"
    assert "gone.py" in error["message"]


def test_where_nothing_is_used_that_is_said(shell: Shell) -> None:
    (shell.cwd / "main.py").unlink()
    assert shell.run("map").out == "nothing found: a map shows what files use of one another\n"
    assert shell.run("map", "--json").json == {"map": "", "definitions": []}


def test_where_nothing_fits_that_is_said(shell: Shell) -> None:
    folder = shell.cwd / ("deep" * 50)
    folder.mkdir()
    for name in ("shapes.py", "main.py"):
        (shell.cwd / name).rename(folder / name)
    assert shell.run("map", "--tokens", "50").out == "nothing found: no definition fits into 50 tokens\n"


def test_settings_count_and_what_is_not_applied_is_told(shell: Shell) -> None:
    (shell.cwd / "codeassist.toml").write_text("[engine]\nmodel = '/evil'\n")
    outcome = shell.run("map", "--json", "-o", "index.exclude=shapes.py")
    assert outcome.json["definitions"] == []
    assert "engine.model is not applied" in outcome.err


def test_stdout_is_guarded_and_no_engine_is_opened(shell: Shell) -> None:
    shell.run("map")
    assert (shell.n_guards, shell.engines) == (1, [])


def test_the_map_teaches_by_example(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.run("map", "--help").code == 0
    assert "codeassist map --focus" in capsys.readouterr().out
    assert shell.run().code == 0
    assert "codeassist map --focus" in capsys.readouterr().out
