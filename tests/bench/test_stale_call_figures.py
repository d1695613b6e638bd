"""The oracle of changed signatures: which calls it takes for left behind, and how it changes a text."""

from __future__ import annotations

import ast

import pytest

from bench.quality.intervals import ratio_interval
from bench.review.signatures import KINDS, Drawn, change, changed_arguments, drawn, is_left_behind, kinds_of
from bench.review.type_checker import Message, Place, calls_by_number, keyword_of, renamed_uses, with_keyword

SOURCE = (
    "def f(\n    a,  # )\n    b=')',\n):\n    return a\n\n\n"
    "class C:\n    def m(self, a, b): ...\n\n\nf(1)\nC().m(1, 2)\n"
)


def functions() -> dict[str, Drawn]:
    return {one.node.name: one for one in drawn({"a.py": SOURCE, "b.py": SOURCE}, 10) if one.path == "a.py"}


def call_of(text: str) -> ast.Call:
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    return call


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_leaves_every_line_where_it_is(kind: str) -> None:
    for function in functions().values():
        text = change(function, SOURCE, kind)
        if text is not None:
            ast.parse(text)
            assert text != SOURCE
            assert text.count("\n") == SOURCE.count("\n")
            assert text.split("\n")[4:7] == SOURCE.split("\n")[4:7]


@pytest.mark.parametrize(
    ("kind", "call", "is_stale"),
    [
        ("remove", "c.m(1, 2)", True),
        ("remove", "c.m(1, b=2)", True),
        ("rename keyword", "c.m(1, 2)", False),
        ("rename keyword", "c.m(1, b=2)", True),
        ("reorder", "c.m(1, 2)", True),
        ("reorder", "c.m(a=1, b=2)", False),
        ("reorder", "c.m(*x)", False),
        ("remove", "c.m(1, 2, 3)", False),
    ],
)
def test_which_calls_are_left_behind(kind: str, call: str, is_stale: bool) -> None:
    function = functions()["m"]
    after = changed_arguments(function, kind)
    assert after is not None
    assert is_left_behind(call_of(call), function, after, kind, 1) is is_stale


def test_messages_name_the_function_and_the_call() -> None:
    function = functions()["f"]
    text = with_keyword(SOURCE, function.node, keyword_of(3))
    assert "*, asked_for_3_in_the_test" in text
    said = Message("a.py", 'Argument missing for parameter "asked_for_3_in_the_test"', 11, 0)
    ((place, _),) = calls_by_number([said], {"a.py": SOURCE})[3]
    assert place == Place("a.py", 12)


def test_what_is_said_of_a_name_that_two_have_is_nobodys() -> None:
    said = [Message("a.py", '"f" is not defined', 1, 0), Message("a.py", '"g" is not accessed', 2, 0)]
    assert renamed_uses(said, {1: "f", 3: "g"}) == {1: frozenset({Place("a.py", 2)})}
    assert renamed_uses(said, {1: "f", 3: "f"}) == {}


def test_a_function_is_either_changed_or_renamed() -> None:
    assert {kinds_of(function) for function in functions().values()} <= {KINDS[:-1], KINDS[-1:]}


def test_a_ratio_is_of_sums_and_lies_in_its_interval() -> None:
    figures = ratio_interval([1, 0, 3], [1, 1, 4], ["a", "b", "c"])
    assert figures["mean"] == round(4 / 6, 4)
    assert figures["low"] is not None
    assert figures["high"] is not None
    assert figures["low"] <= 4 / 6 <= figures["high"]
    assert ratio_interval([], [], [])["mean"] is None
