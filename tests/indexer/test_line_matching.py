"""Where a part of a file stands in it."""

from __future__ import annotations

import random

import pytest

from indexer.line_matching import align

FILE = [f"line number {row} of the file" if row % 4 else "" for row in range(100)]


@pytest.mark.parametrize(("first", "end"), [(0, 100), (0, 10), (33, 60), (1, 3), (90, 100)])
def test_a_part_is_where_it_was_cut(first: int, end: int) -> None:
    aligned = align(FILE[first:end], FILE)
    assert aligned is not None
    assert (aligned.start, aligned.end) == (first, end)
    assert aligned.share == 1.0


def test_insertions_and_deletions_inside_do_not_move_its_ends() -> None:
    part = [*FILE[20:30], "an inserted line", "another inserted line", *FILE[36:50]]
    aligned = align(part, FILE)
    assert aligned is not None
    assert (aligned.start, aligned.end) == (20, 50)


def test_an_insertion_behind_the_first_line_does_not_move_it() -> None:
    file = ["}", *FILE]
    part = [file[10], *(f"inserted {row}" for row in range(9)), *file[12:30]]
    aligned = align(part, file)
    assert aligned is not None
    assert (aligned.start, aligned.end) == (10, 30)


def test_edited_first_and_last_lines_are_expected_where_they_were() -> None:
    part = ["edited first line", *FILE[41:59], "edited last line"]
    aligned = align(part, FILE)
    assert aligned is not None
    assert (aligned.start, aligned.end) == (40, 60)


def test_lines_out_of_order_are_no_anchors() -> None:
    aligned = align([*FILE[50:60], *FILE[10:14]], FILE)
    assert aligned is not None
    assert aligned.n_anchors < aligned.n_common


@pytest.mark.parametrize(
    ("part", "file"), [([], []), ([], FILE), (FILE, []), (["nothing of it"], FILE), (["}"], ["}"])]
)
def test_what_has_nothing_in_common_is_nowhere(part: list[str], file: list[str]) -> None:
    assert align(part, file) is None


def test_random_edits_leave_the_ends_inside_of_the_file() -> None:
    rng = random.Random(3)
    for _ in range(300):
        first = rng.randrange(90)
        part = FILE[first : first + rng.randrange(1, 40)]
        for _ in range(rng.randrange(8)):
            at = rng.randrange(len(part) + 1)
            part = part[:at] + rng.choice(([], ["new line here"], ["}"], [""])) + part[at + rng.randrange(2) :]
        aligned = align(part, FILE)
        assert aligned is None or 0 <= aligned.start <= aligned.end <= len(FILE)
