"""Where a text can be cut so that no token lies across, whatever is typed behind it. Pure.

For tokenizers that do not split a text before they merge, as SentencePiece's do not: the vocabulary alone says what may
be one token. BPE merges neighbours only, and all that it merges on the way is in the vocabulary too; so where no token
can lie across a place, what stands on one side has no say in the tokens of the other.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable


class Seams:
    """The places of a text that no token of one vocabulary lies across."""

    def __init__(self, spellings: Iterable[str]) -> None:
        """spellings: of all tokens, as a text has them."""
        self._sorted = sorted({spelling for spelling in spellings if len(spelling) > 1})

    def last(self, text: str) -> int:
        """The last of these places in front of the text's end; 0 where there is none."""
        seam = reached = 0
        for start in range(len(text)):
            if reached <= start:
                seam = start
            reached = max(reached, self._reach(text, start))
        return seam

    def _reach(self, text: str, start: int) -> int:
        """The farthest end of a token that begins here; that of the text where a token may go on behind it."""
        reached = start + 1
        for end in range(start + 2, len(text) + 1):
            piece = text[start:end]
            at = bisect_left(self._sorted, piece)
            if at == len(self._sorted) or not self._sorted[at].startswith(piece):
                return reached
            if self._sorted[at] == piece:
                reached = end
        return len(text)
