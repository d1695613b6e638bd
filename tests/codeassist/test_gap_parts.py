"""The parts of filling gaps that need no index: reading texts and paths, splicing, remembering."""

from __future__ import annotations

import pytest

from codeassist.gap_document import alone, splice
from codeassist.gap_memory import GapMemory, Remembered
from codeassist.gap_retrieval import GapRetriever, is_sent, mixed
from codeassist.gap_text import GapText, named_path, read_gap
from codeassist.types import FimRequest
from indexer.types import Hit, library_path

FILE = [f"statement_{row}(argument)" for row in range(40)] + [""]


@pytest.mark.parametrize(
    ("language", "ending"),
    [("python", ".py"), ("TypeScriptReact", ".tsx"), ("c", ".c"), ("made-up", ""), ("", "")],
)
def test_a_language_tells_how_names_of_its_files_end(language: str, ending: str) -> None:
    gap = read_gap(FimRequest("id", "x = ", "\n", language=language))
    assert (gap.ending, gap.prefix) == (ending, "x = ")


@pytest.mark.parametrize(
    ("named", "path"),
    [
        ("src/a.py", "src/a.py"),
        ("./src//a.py", "src/a.py"),
        ("/home/anna/space/src/a.py", "src/a.py"),
        ("file:///home/anna/space/src/a.py", "src/a.py"),
        ("/home/me/deep/down/project/a.py", "down/project/a.py"),
        ("C:\\project\\a.py", "project/a.py"),
        ("../../etc/passwd", "etc/passwd"),
        ("a\n\0.py", "a.py"),
        ("", ""),
        ("/", ""),
        ("..", ""),
        ("x" * 300, ""),
    ],
)
def test_a_clients_path_names_something_in_the_workspace_or_the_end_of_something_elsewhere(
    named: str, path: str
) -> None:
    expected = {"C:\\project\\a.py": "C:/project/a.py"}.get(named, path)
    assert named_path(named, "/home/anna/space") in (path, expected)


def gap_at(row: int, first: int, end: int) -> GapText:
    return GapText("\n".join([*FILE[first:row], ""]), "\n".join(["", *FILE[row + 1 : end]]))


def test_a_window_stands_in_its_file_at_its_line() -> None:
    spliced = splice(gap_at(20, 10, 30), FILE)
    assert spliced.lines == (*FILE[:20], "", *FILE[21:])
    assert (spliced.cursor.line, spliced.first, spliced.end) == (20, 10, 30)


def test_where_nothing_below_the_gap_is_known_nothing_is_put_there() -> None:
    gap = GapText("\n".join([*FILE[10:20], "new"]), "")
    assert splice(gap, FILE).lines == (*FILE[:20], "new")


def test_a_text_that_is_not_of_the_file_stays_alone() -> None:
    gap = GapText("something_else()\nentirely_other()\n", "\nand_more_of_it()\n")
    assert splice(gap, FILE) == alone(gap)


def test_memory_forgets_what_was_used_longest_ago() -> None:
    memory = GapMemory(max_documents=3, max_chars=1000)
    for name in "abcd":
        memory.put(Remembered(name, "client", "", "", (name * 10,)))
    assert memory.get("a") is None
    assert memory.get("d") is not None
    memory.put(Remembered("e", "other", "", "", ("x" * 980,)))
    assert memory.get("c") is None
    assert memory.last("other") is not None
    memory.put(Remembered("f", "other", "", "", ("x" * 5000,)))
    assert memory.last("other") is None


def test_hits_of_index_and_client_take_turns_and_say_nothing_twice() -> None:
    found = [Hit("a.py", 1, 1, 1.0, text, "lexical", "") for text in ("first", "second\nthird")]
    sent = [Hit(library_path(f"client:{text}", ""), 1, 1, 1.0, text, "client", "") for text in ("third", "own")]
    assert [hit.text for hit in mixed(found, sent)] == ["first", "own", "second\nthird"]
    assert all(is_sent(hit.path) for hit in sent)
    assert GapRetriever(None).versions([hit.path for hit in sent])
