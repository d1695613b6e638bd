from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from codeassist.server.deltas import collect, limited
from codeassist.types import Delta, FinishReason, Usage


class Answer:
    """A stream of given pieces, one token each, that knows whether it was closed."""

    def __init__(self, pieces: Sequence[str], ends: FinishReason = "stop") -> None:
        self.n_given = 0
        self.closed = False
        self._pieces = pieces
        self._ends = ends

    async def stream(self) -> AsyncIterator[Delta]:
        try:
            for number, piece in enumerate(self._pieces, start=1):
                self.n_given = number
                yield Delta(piece, Usage(5, 0, number), (), self._ends if number == len(self._pieces) else None)
        finally:
            self.closed = True


async def test_no_more_than_the_asked_tokens_are_given_and_the_rest_is_aborted() -> None:
    answer = Answer(["a", "b", "c", "d"])
    given = await collect(limited(answer.stream(), 2))
    assert (given.text, given.finish_reason) == ("ab", "length")
    assert (answer.n_given, answer.closed) == (2, True)


async def test_the_healed_start_does_not_count() -> None:
    given = await collect(limited(Answer(["", "", "a", "b", "c"]).stream(), 2))
    assert given.text == "ab"
    assert given.usage.completion_tokens == 4


async def test_an_answer_that_ends_in_time_keeps_its_end() -> None:
    for pieces in (["a", "b"], ["a"], [""]):
        given = await collect(limited(Answer(pieces).stream(), 2))
        assert (given.text, given.finish_reason) == ("".join(pieces), "stop")
