from __future__ import annotations

import gc
import itertools
import random
import tracemalloc

import pytest

from indexer.languages import load_toolkit
from indexer.live_trees import LiveTree, LiveTrees

SOURCE = "import os\n\n\ndef area(width, height):\n    '''Doc é.'''\n    return width * height\n"
PIECES = ["", "x", "é", "\n", "    ", "(", ")", "def g():\n    pass\n", "'''"]


def as_text(tree: LiveTree) -> str:
    return str(tree.root)


def parsed_anew(text: str) -> str:
    toolkit = load_toolkit("python")
    assert toolkit is not None
    return str(toolkit.parser.parse(text.encode("utf-8", "replace")).root_node)


def test_a_tree_that_follows_edits_is_the_tree_of_the_text() -> None:
    chooser = random.Random(7)
    trees, text = LiveTrees(), SOURCE
    for _ in range(60):
        at, end = sorted(chooser.randrange(len(text) + 1) for _ in range(2))
        end = min(end, at + chooser.randrange(6))
        text = (
            text[:at]
            + chooser.choice(["", "x", "é", "\n", "    ", "(", ")", "def g():\n    pass\n", "'''"])
            + text[end:]
        )
        found = trees.of("a.py", "", text)
        assert found is not None
        assert found.source == text.encode("utf-8", "replace")
        assert as_text(found) == parsed_anew(text)


@pytest.mark.parametrize("end", ["é", "日本", "🙂", "x🙂y", "é\n", "\n\n"])
@pytest.mark.parametrize("room", [4090, 4096, 8200])
def test_pieces_of_a_text_lose_no_character_where_they_meet(room: int, end: str) -> None:
    for shift in range(9):
        text = "#" * shift + " " + "é🙂日" * (room // 9) + end
        found = LiveTrees().of("a.py", "", text)
        assert found is not None
        assert as_text(found) == parsed_anew(text)
        assert found.root.end_byte == len(text.encode())


def test_edits_leave_no_copies_of_the_text_in_memory() -> None:
    trees, text = LiveTrees(), SOURCE * 200
    n_bytes = []
    tracemalloc.start()
    try:
        for number in range(100, 160):
            assert trees.of("a.py", "", f"{text[:200]}{number}{text[200:]}")
            gc.collect()
            n_bytes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert n_bytes[-1] - n_bytes[20] < len(text), "what is kept is one text, however many edits there were"


def test_another_text_of_the_document_leaves_its_tree_alone() -> None:
    trees = LiveTrees()
    before = trees.of("a.py", "", SOURCE)
    assert before is not None
    changed = trees.changed(before, SOURCE.replace("height\n", "height + 1\n"))
    assert changed is not None
    assert as_text(changed) == parsed_anew(SOURCE.replace("height\n", "height + 1\n"))
    assert as_text(before) == parsed_anew(SOURCE)


@pytest.mark.parametrize(("path", "language"), [("a.txt", ""), ("a.txt", "no language"), ("a.unknown", "text")])
def test_a_file_without_a_grammar_has_no_tree(path: str, language: str) -> None:
    assert LiveTrees().of(path, language, "x = 1\n") is None


def test_the_editors_language_counts_where_the_name_says_nothing() -> None:
    assert LiveTrees().of("untitled", "python", "x = 1\n") is not None


def test_a_huge_file_has_no_tree() -> None:
    assert LiveTrees().of("a.py", "", "x = 1\n" * 100_000) is None


def test_a_parse_that_takes_too_long_is_given_up_and_the_file_left_alone_for_a_while() -> None:
    ticks = itertools.count(step=1.0)
    asked = 0

    def clock() -> float:
        nonlocal asked
        asked += 1
        return next(ticks)

    trees = LiveTrees(clock)
    text = "x = [" + "1, " * 5000 + "]\n"
    assert trees.of("a.py", "", text) is None
    n_asked = asked
    assert trees.of("a.py", "", text) is None
    assert asked == n_asked
    for _ in range(60):
        trees.of("a.py", "", text)
    assert asked > n_asked


def test_what_the_parser_takes_long_for_does_not_hang() -> None:
    assert LiveTrees().of("a.swift", "", "let x = " + "=> " * 20_000) is None


def test_lone_surrogates_are_no_error() -> None:
    assert LiveTrees().of("a.py", "", "x = '\ud800'\n") is not None
