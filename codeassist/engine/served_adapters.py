"""Whether a running engine can answer with an adapter, or must be started again for it."""

from __future__ import annotations

from pathlib import Path

from codeassist.adapters.checks import adapter_rank
from codeassist.errors import ModelError


class ServedAdapters:
    """What one engine was started for, and what was asked of it since."""

    def __init__(self) -> None:
        self._rank = 0
        self._in_vain: set[str] = set()
        # Folder of an adapter that waits for another start, "" for none.
        self.wanted = ""

    def started(self, rank: int) -> None:
        """The engine has been started, for adapters of at most this rank. What waited for that, and has a higher one
        even so, does not wait again."""
        self._rank = rank
        if self.wanted:
            self._in_vain.add(self.wanted)
            self.wanted = ""

    def can_serve(self, folder: str) -> bool:
        """Whether an adapter may be asked for now. Where it may not, the next start is for it, too."""
        try:
            is_possible = adapter_rank(Path(folder)) <= self._rank
        except ModelError:
            is_possible = self._rank > 0  # the engine tells what is wrong with it
        if not is_possible and folder not in self._in_vain:
            self.wanted = folder
        return is_possible
