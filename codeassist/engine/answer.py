"""Generated tokens become text: whole code points only, and nothing that may yet turn out to be a stop text (pure)."""

from __future__ import annotations

import codecs
from collections.abc import Sequence

from codeassist.engine.vocabulary import Vocabulary


class AnswerText:
    """The text of one answer as it grows. A stop text counts only after the forced prefix."""

    def __init__(self, vocabulary: Vocabulary, stop: Sequence[str], forced_prefix: str = "") -> None:
        self.stopped = False
        self._vocabulary = vocabulary
        self._stop = tuple(stop)
        self._n_exempt = len(forced_prefix)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def add(self, token: int) -> str:
        """Take a token in; returns the text that it completes."""
        piece = self._decoder.decode(self._vocabulary.spelling(token))
        self._held += piece
        return piece

    def release(self) -> str:
        """Text that is certain now. Sets `stopped` and ends before the first stop text when there is one."""
        ends = [end for stop in self._stop if (end := self._held.find(stop, self._n_exempt)) >= 0]
        if ends:
            self.stopped = True
            text, self._held = self._held[: min(ends)], ""
            return text
        certain = max(len(self._held) - self._n_doubtful(), 0)
        text, self._held = self._held[:certain], self._held[certain:]
        self._n_exempt = max(self._n_exempt - certain, 0)
        return text

    def finish(self) -> str:
        """What was held back, now that nothing follows; half a code point at the end is dropped."""
        text, self._held = self._held, ""
        return text

    def _n_doubtful(self) -> int:
        """Length of the longest end of the held text that begins a stop text."""
        longest = max((len(stop) for stop in self._stop), default=1) - 1
        possible = self._held[self._n_exempt :][-longest:] if longest else ""
        starts = range(len(possible))
        return next((len(possible) - at for at in starts if self._begins_stop(possible[at:])), 0)

    def _begins_stop(self, end: str) -> bool:
        return any(stop.startswith(end) for stop in self._stop)
