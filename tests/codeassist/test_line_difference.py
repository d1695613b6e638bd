"""Where two texts differ: the hunks lead from one to the other, and huge or repetitive texts take no longer for it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as some

from codeassist.review.line_difference import Hunk, hunks_of, lines_of

CASES = [
    ("", "", []),
    ("a\n", "a\n", []),
    ("", "a\nb\n", [(1, (), 1, ("a", "b"))]),
    ("a\nb\n", "", [(1, ("a", "b"), 1, ())]),
    ("a\nb\nc\n", "a\nX\nc\n", [(2, ("b",), 2, ("X",))]),
    ("a\nc\n", "a\nb\nc\n", [(2, (), 2, ("b",))]),
    ("a\nb\nc\n", "a\nc\n", [(2, ("b",), 2, ())]),
    ("a\nb\nc\nd\n", "A\nb\nc\nD\n", [(1, ("a",), 1, ("A",)), (4, ("d",), 4, ("D",))]),
    ("a\nb", "a\nb\n", []),
    ("\n\n", "\n\n\n", [(3, (), 3, ("",))]),
]


@pytest.mark.parametrize(("old", "new", "expected"), CASES)
def test_hunks(old: str, new: str, expected: list[tuple[int, tuple[str, ...], int, tuple[str, ...]]]) -> None:
    assert hunks_of(old, new) == tuple(Hunk(*one) for one in expected)


def rebuilt(old: str, hunks: tuple[Hunk, ...]) -> tuple[str, ...]:
    """The new lines, made of the old ones and the hunks."""
    made: list[str] = []
    lines, at = lines_of(old), 0
    for hunk in hunks:
        made += lines[at : hunk.old_start - 1]
        assert len(made) + 1 == hunk.new_start
        end = hunk.old_start - 1 + len(hunk.old_lines)
        assert lines[hunk.old_start - 1 : end] == hunk.old_lines
        assert hunk.old_lines != hunk.new_lines
        made += hunk.new_lines
        at = end
    return (*made, *lines[at:])


TEXTS = some.lists(some.sampled_from(["", "a", "b", "c = 1", "}"]), max_size=40).map("\n".join)


@given(TEXTS, TEXTS)
def test_hunks_lead_from_one_text_to_the_other(old: str, new: str) -> None:
    assert rebuilt(old, hunks_of(old, new)) == lines_of(new)


N_LINES = 50_000
LINES: dict[str, Callable[[int], str]] = {
    "all different": lambda number: f"line {number}",
    "seven kinds": lambda number: f"line {number % 7}",
    "all the same": lambda _: "line",
}


@pytest.mark.parametrize("kind", LINES)
def test_50_000_lines_take_about_a_second_at_most(kind: str) -> None:
    before = [LINES[kind](number) for number in range(N_LINES)]
    edited = [f"{line}!" if number % 3 == 0 else line for number, line in enumerate(before)]
    shuffled = random.Random(1).sample(before, N_LINES)
    for after in (edited, shuffled, ["other"] * N_LINES, before[N_LINES // 2 :] + before[: N_LINES // 2]):
        old, new = "\n".join(before), "\n".join(after)
        started = time.process_time()
        hunks = hunks_of(old, new)
        assert time.process_time() - started < 4  # 0.3 s on one core of a machine that has nothing else to do
        assert rebuilt(old, hunks) == lines_of(new)


def test_edits_of_a_huge_file_are_told_apart() -> None:
    before = [f"line {number}" for number in range(N_LINES)]
    after = list(before)
    after[10], after[25_000] = "new", "other"
    assert [hunk.new_start for hunk in hunks_of("\n".join(before), "\n".join(after))] == [11, 25_001]
