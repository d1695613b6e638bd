"""Findings that go along with their lines."""

from __future__ import annotations

from dataclasses import replace

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


def test_what_is_said_of_a_file_that_cannot_be_read_stays() -> None:
    reviewed = ReviewedFile((), (finding(1, 1),))
    assert reviewed.moved(BEFORE) == reviewed.findings


def test_a_later_review_takes_the_place_of_what_the_same_passes_found() -> None:
    by_model, by_facts = (replace(finding(2, 2), id=name, found_by=name) for name in ("model", "static"))
    reviewed = ReviewedFile(BEFORE, (by_model, by_facts))
    assert reviewed.and_found(None, {"static"}).findings == (by_model,)
    new = replace(finding(1, 1), id="new", found_by="static")
    found = reviewed.and_found(ReviewedFile(("x", *BEFORE), (new,)), {"static"})
    assert [(one.id, one.start_line) for one in found.findings] == [("model", 3), ("new", 1)]


def test_what_a_pass_that_was_cut_short_finds_again_is_there_once() -> None:
    reviewed = ReviewedFile(BEFORE, (finding(2, 2), replace(finding(5, 5), id="other")))
    found = reviewed.and_found(ReviewedFile(("x", *BEFORE), (finding(3, 3),)), frozenset())
    assert [(one.id, one.start_line) for one in found.findings] == [("other", 6), ("i", 3)]
