"""Whether a running engine can answer with an adapter, or must be started again for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from codeassist.adapters.checks import adapter_rank
from codeassist.errors import AdapterUnusable, ModelError

# Raises AdapterUnusable for an adapter that cannot be applied. Reads it, and blocks.
RequireUsable = Callable[[Path], None]


class ServedAdapters:
    """What one engine was started for, and what was asked of it since."""

    def __init__(self, require_usable: RequireUsable) -> None:
        self._require_usable = require_usable
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

    async def can_serve(self, folder: str) -> bool:
        """Whether an adapter may be asked for now. Where it may not, the next start is for it, too. Raises
        AdapterUnusable."""
        try:
            rank = adapter_rank(Path(folder))
        except ModelError as error:
            raise AdapterUnusable(str(error)) from None
        if rank <= self._rank:
            return True
        if folder not in self._in_vain:
            await asyncio.to_thread(self._require_usable, Path(folder))
            self.wanted = folder
        return False
