"""What several workspaces of one process read and none of them changes: made once, kept as long as somebody has it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

Made = TypeVar("Made")


class Shared(Generic[Made]):
    """Values made from files, by path. May be used from any thread."""

    def __init__(self, make: Callable[[Path], Made]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: WeakValueDictionary[Path, Made] = WeakValueDictionary()

    def get(self, path: Path) -> Made:
        """The value that somebody still has, else a new one. Raises what making it raises."""
        with self._lock:
            made = self._made.get(path)
            if made is None:
                made = self._made[path] = self._make(path)
            return made
