from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from codeassist.server.caller import Caller
from codeassist.server.journal import Journal
from codeassist.server.llama_limits import Indentation, Limits, within
from codeassist.server.service import Answering
from codeassist.server.watch import Watch
from codeassist.types import Delta, Usage


def passed(least: int, pieces: list[str]) -> tuple[str, bool]:
    indentation = Indentation(least)
    text = "".join(indentation.feed(piece) for piece in pieces)
    return text + ("" if indentation.is_over else indentation.rest()), indentation.is_over


@pytest.mark.parametrize(
    ("least", "text", "expected"),
    [
        (0, "a\nb\n", "a\nb\n"),
        (4, "a\n    b\n    c\n", "a\n    b\n    c\n"),
        (4, "a\n    b\nc", "a\n    b"),
        (4, "a\n\n\n    b\n", "a\n\n\n    b\n"),
        (4, "a\n\n  b", "a"),
        (1, "a\n\tb\nc", "a\n\tb"),
        (4, "a", "a"),
        (4, "\nb", ""),
        (4, "a\n      ", "a\n      "),
    ],
)
def test_lines_pass_while_they_are_indented(least: int, text: str, expected: str) -> None:
    for size in (1, 2, 3, len(text)):
        pieces = [text[start : start + size] for start in range(0, len(text), size)]
        assert passed(least, pieces) == (expected, expected != text)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("limits", "first_text", "now", "is_late"),
    [
        (Limits(t_max_predict_ms=250), 1.0, 1.2, False),
        (Limits(t_max_predict_ms=250), 1.0, 1.3, True),
        (Limits(t_max_prompt_ms=500, t_max_predict_ms=250), 0.4, 0.6, False),
        (Limits(t_max_prompt_ms=500, t_max_predict_ms=250), 0.7, 0.8, True),
        (Limits(t_max_prompt_ms=500), 9.0, 99.0, False),
        (Limits(t_max_predict_ms=250), None, 99.0, False),
    ],
)
def test_the_time_counts_from_the_first_text(
    limits: Limits, first_text: float | None, now: float, is_late: bool
) -> None:
    clock = Clock()
    watch = Watch(clock, first_text=first_text)
    clock.now = now
    assert limits.is_late(watch) is is_late


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (["one", "\n", "two", "\n"], ["one", "\n"]),
        (["one", " two", " three", "\n"], ["one", " two", " three", "\n"]),
    ],
)
async def test_an_answer_that_is_late_ends_with_its_first_whole_line(pieces: list[str], expected: list[str]) -> None:
    clock, ended = Clock(), []

    async def deltas() -> AsyncGenerator[Delta]:
        try:
            for piece in pieces:
                yield Delta(piece, Usage())
                clock.now += 0.2
        finally:
            ended.append(clock.now)

    journal = Journal()
    answering = Answering(journal.open("1", "/infill", Caller(), "scripted"), deltas())
    limits = Limits(t_max_predict_ms=150)
    found = [delta async for delta in within(answering, limits, Watch(clock))]
    assert [delta.text for delta in found] == expected
    assert found[-1].finish_reason == "length"
    assert ended
    assert [record.state for record in journal.ended] == ["done"]
