"""What stands behind a gap already is no part of its answer, for clients that put in whatever they are given.

Models go on past the gap: they write the rest of the line once more, or the lines below. An editor of ours trims what
it shows (`trim.py`); a client of the endpoint would have them twice. An answer is given out as it comes, but for an end
that may turn out to stand behind the gap: white space, the beginning of the rest of the line, lines that stand below.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace

from codeassist.engine.streams import closing
from codeassist.trim import without_repetition
from codeassist.types import Delta
from codeassist.window import Window

# A repeated end is looked for in so many lines and characters: what lies further behind is not the model's reason.
_LINES_BELOW = 24
_MOST_CHARACTERS = 400
# So many whole lines of those below, in their order, are no chance: the answer has ended before them.
_SURELY = 3


async def without_what_stands_behind(deltas: AsyncIterator[Delta], window: Window) -> AsyncGenerator[Delta, None]:
    """The same answer without an end that stands behind the gap. One that goes on with the lines below is ended."""
    behind = Behind(window)
    async with closing(deltas):
        async for delta in deltas:
            text = behind.add(delta.text)
            is_last = behind.is_over or delta.finish_reason is not None
            text += behind.finish() if is_last else ""
            yield replace(delta, text=text, finish_reason=delta.finish_reason or ("stop" if is_last else None))
            if is_last:
                return


class Behind:
    """One answer while it comes."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._below = [line.rstrip() for line in "".join(window.below).split("\n")[1 : _LINES_BELOW + 1]]
        self._right = window.right.strip()[:_MOST_CHARACTERS] or _first(self._below).strip()[:_MOST_CHARACTERS]
        self._text = ""
        self._n_sent = 0
        self.is_over = False

    def add(self, text: str) -> str:
        """What may be given out now. `is_over` then says that the answer has ended, whatever else the model says."""
        self._text += text
        unsent = self._text[self._n_sent :]
        n_ready = len(unsent) - self._n_held(unsent)
        self._n_sent += n_ready
        return unsent[:n_ready]

    def finish(self) -> str:
        """What is left to give out at the end."""
        kept = without_repetition(self._text, self._window)
        return kept[self._n_sent :]

    def _n_held(self, unsent: str) -> int:
        """Characters at the end that may have to go."""
        repeated = self._repeated_from(unsent)
        head = unsent if repeated is None else unsent[:repeated]
        bare = head.rstrip()
        bare = bare[: len(bare) - self._overlap(bare)].rstrip()
        return len(unsent) - len(bare)

    def _overlap(self, text: str) -> int:
        """Characters at the end that the rest of the line begins with."""
        longest = min(len(text), len(self._right))
        return next((size for size in range(longest, 0, -1) if text.endswith(self._right[:size])), 0)

    def _repeated_from(self, unsent: str) -> int | None:
        """Where lines begin that stand below in the same order, as far as they go."""
        start = unsent.find("\n")
        while start >= 0:
            *whole, last = unsent[start + 1 :].split("\n")
            if self._stands_below([line.rstrip() for line in whole], last):
                self.is_over = len([line for line in whole if line.strip()]) >= _SURELY
                return start
            start = unsent.find("\n", start + 1)
        return None

    def _stands_below(self, whole: list[str], last: str) -> bool:
        n_whole = len(whole)
        return any(
            self._below[at : at + n_whole] == whole and self._below[at + n_whole].startswith(last)
            for at in range(len(self._below) - n_whole)
        )


def _first(lines: list[str]) -> str:
    return next((line for line in lines if line.strip()), "")
