"""Findings that go along with their lines."""

from __future__ import annotations

import pytest

from codeassist.findings.types import Finding, Replacement
from codeassist.review.moving import ReviewedFile

BEFORE = ("a", "b", "c", "b", "d")


def finding(start: int, end: int, remedy: Replacement | None = None) -> Finding:
    return Finding("i", "p", start, end, "warning", "bug", "m", "p:1", replacement=remedy)


@pytest.mark.parametrize(
    ("lines", "after", "place"),
    [
        ((2, 2), BEFORE, (2, 2)),
        ((2, 3), ("x", *BEFORE), (3, 4)),
        ((4, 4), ("a", "b", "b", "d"), (3, 3)),
        ((4, 4), ("x", *BEFORE), (5, 5)),
        ((2, 3), ("a", "b", "x", "c", "b", "d"), None),
        ((5, 5), ("a",), None),
        ((1, 1), (), None),
    ],
)
def test_a_finding_stands_where_its_lines_do(
    lines: tuple[int, int], after: tuple[str, ...], place: tuple[int, int] | None
) -> None:
    found = ReviewedFile(BEFORE, (finding(*lines),)).moved(after)
    assert [(one.start_line, one.end_line) for one in found] == ([place] if place else [])


def test_a_remedy_of_edited_lines_is_none() -> None:
    reviewed = ReviewedFile(BEFORE, (finding(2, 2, Replacement(2, 3, "x")),))
    assert reviewed.moved(("y", *BEFORE))[0].replacement == Replacement(3, 4, "x")
    assert reviewed.moved(("a", "b", "other"))[0].replacement is None


def test_dropped_findings_are_gone() -> None:
    assert ReviewedFile(BEFORE, (finding(1, 1),)).without(["i"]).findings == ()
