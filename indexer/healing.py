"""What happens when stored bytes turn out to be damaged: readers get nothing, the next writer starts over."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from typing import TypeVar

from indexer.errors import IndexClosed, IndexDamaged, IndexUnavailable
from indexer.store import Store, is_damage

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class Healer:
    """Runs what reads and what writes one store, and remembers damage from the one to the other.

    A refresh touches only what changed, so damage elsewhere shows to readers alone.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._damage: tuple[int, str] | None = None

    @property
    def damage(self) -> str:
        """What a reader met since the index was last built anew, "" for nothing."""
        return self._damage[1] if self._damage is not None and self._damage[0] == self._store.epoch else ""

    def read(self, read: Callable[[sqlite3.Connection], Answer], nothing: Answer) -> Answer:
        """The answer of a read; nothing when the index is damaged, which is kept in mind."""
        epoch = self._store.settled_epoch()
        try:
            with self._store.reading() as connection:
                return read(connection)
        except sqlite3.ProgrammingError as error:
            self._raise_if_closed(error)
            return nothing  # It was damaged or replaced, and another thread opens it anew.
        except sqlite3.DatabaseError as error:
            logger.warning("the index cannot be read: %s", error)
            if is_damage(error):
                self._damage = (epoch, str(error))
            return nothing

    def write(self, work: Callable[[], Answer], again: Callable[[], Answer]) -> Answer:
        """Do the work; when damage shows or is remembered, start an empty index and do it `again`.

        Raises IndexClosed, IndexUnavailable, IndexDamaged.
        """
        epoch = self._store.settled_epoch()
        reason = self.damage
        if not reason:
            try:
                return work()
            except sqlite3.DatabaseError as error:
                self._raise_unless_damaged(error)
                reason = str(error)
        self._store.rebuild(f"damaged ({reason})", epoch)
        try:
            return again()
        except sqlite3.DatabaseError as error:
            self._raise_unless_damaged(error)
            raise IndexDamaged(f"the new index {self._store.path} is damaged too: {error}; check the disk") from error

    def _raise_unless_damaged(self, error: sqlite3.DatabaseError) -> None:
        self._raise_if_closed(error)
        if not is_damage(error):
            raise IndexUnavailable(f"the index {self._store.path} cannot be written: {error}") from error

    def _raise_if_closed(self, error: sqlite3.DatabaseError) -> None:
        if isinstance(error, sqlite3.ProgrammingError) and self._store.is_closed:
            raise IndexClosed("the index was closed while it was used; open it again") from error
