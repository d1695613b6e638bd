"""Where the lines of a stretch follow one another as they do above a cursor."""

from __future__ import annotations

import pytest

from indexer import alignment
from indexer.alignment import line_tokens

TEXT = """def close(self):
    self.session.flush(timeout=30)
    self.session.close()

    self.pool.release(self.session, again=True)
    self.log.info("closed %s", self)
    return None

def open(self):
    other = self.pool.acquire(timeout=30)
    other.begin()
    return other"""
STRETCH = TEXT.split("\n")


def best_alignment(lines: list[str], above: list[frozenset[str]], left: str) -> tuple[float, int]:
    return alignment.best_alignment(lines, [line_tokens(line) for line in lines], above, left)


def above(*lines: str) -> list[frozenset[str]]:
    """The nearest first."""
    return [line_tokens(line) for line in reversed(lines)]


def test_the_line_behind_those_that_are_alike_is_found() -> None:
    alike, place = best_alignment(STRETCH, above("    conn.session.flush(timeout=30)", "    conn.session.close()"), "")
    assert STRETCH[place].strip().startswith("self.pool.release")
    assert alike > 0.5


def test_more_lines_that_are_alike_count_more() -> None:
    one, _ = best_alignment(STRETCH, above("x = 1", "    self.session.close()"), "")
    two, _ = best_alignment(STRETCH, above("    self.session.flush(timeout=30)", "    self.session.close()"), "")
    assert two > one


def test_a_line_that_begins_as_the_cursors_does_is_found_and_counts() -> None:
    alike, place = best_alignment(STRETCH, above("unlike = 1"), "other = self.pool.acq")
    assert STRETCH[place].strip().startswith("other = self.pool.acquire")
    assert alike > 0


def test_a_short_line_says_less_than_a_long_one() -> None:
    short, _ = best_alignment(["else:", "a = 1", "b = 2", "c = 3", "d = 4"], above("else:"), "")
    line = "result = compute(first, second, third)"
    long, _ = best_alignment([line, "a = 1", "b = 2", "c = 3", "d = 4"], above(line), "")
    assert 0 < short < long


def test_a_place_at_the_end_tells_little_of_how_it_goes_on() -> None:
    line = "result = compute(first, second, third)"
    at_end, _ = best_alignment(["a = 1", "b = 2", line, "c = 3"], above(line), "")
    before, _ = best_alignment([line, "c = 3", "a = 1", "b = 2", "d = 5"], above(line), "")
    assert 0 < at_end < before


@pytest.mark.parametrize("lines", [[], [""], ["", "  "], ["\0", "\ud800"]])
@pytest.mark.parametrize("left", ["", "x", "self."])
def test_nothing_is_like_nothing(lines: list[str], left: str) -> None:
    assert best_alignment(lines, above("self.session.close()"), left) == (0.0, 0)
    assert best_alignment(lines, [], left) == (0.0, 0)
