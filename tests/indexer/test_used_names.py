from __future__ import annotations

import pytest

from indexer.live_trees import LiveTrees
from indexer.used_names import introduced, used_names


def used_in(code: str, path: str = "a.py") -> list[tuple[str, bool, bool]]:
    tree = LiveTrees().of(path, "", code)
    assert tree is not None
    return [
        (used.name, used.is_member, used.is_called) for used in used_names(tree.root, tree.source, 0, len(tree.source))
    ]


def test_names_of_code_are_used_and_not_those_of_prose() -> None:
    assert used_in("total = price * rate  # of today\nname = 'a b'\n") == [
        ("total", False, False),
        ("price", False, False),
        ("rate", False, False),
        ("name", False, False),
    ]


def test_members_and_calls_are_told_apart() -> None:
    assert used_in("self.run(task)\n") == [("self", False, False), ("run", True, True), ("task", False, False)]
    assert ("size", True, True) in used_in("std::size(x);\n", "a.cpp")


def test_a_word_that_a_stretch_begins_within_counts_as_a_whole() -> None:
    tree = LiveTrees().of("a.py", "", "self.config\n")
    assert tree is not None
    assert [used.name for used in used_names(tree.root, tree.source, 9, 11)] == ["config"]


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("def area(width, height=1):", {"area", "width", "height"}),
        ("for key, value in items:", {"key", "value"}),
        ("a, b = b, a", {"a", "b"}),
        ("x == y", set()),
        ("with open(p) as file:", {"file"}),
        ("let mut count = 0;", {"count"}),
        ("err := f()", {"err"}),
        ("items.map(item => item)", {"item"}),
        ("(a, b) => a", {"a", "b"}),
        ("from os import path", {"os", "path"}),
        ("call(key=1)", {"key"}),
    ],
)
def test_code_introduces_names(code: str, names: set[str]) -> None:
    assert names <= introduced(code)
    assert not {"items", "y", "call"} & introduced(code)


def test_a_long_line_costs_no_more_than_its_length() -> None:
    assert introduced("a, " * 10_000) == frozenset()
