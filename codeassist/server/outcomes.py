"""What clients tell of the answers that they were given: that one is on the screen, was taken, or was not."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from codeassist.statistics.record import Record
from codeassist.statistics.recorder import Recorder
from codeassist.statistics.store import StatisticsStore

# So many of the last answers can still be told of.
KEPT = 512

What = Literal["view", "select", "dismiss"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that a client told. is_known: whether the answer with this id is one of the last that were given."""

    completion_id: str
    what: What
    is_known: bool


@dataclass(frozen=True, slots=True)
class _Given:
    text: str
    record: Record


Listener = Callable[[Outcome], None]


class Outcomes:
    """Not thread-safe: one event loop owns it. counts: how often each was told of an answer that is known."""

    def __init__(self, *, clock: Callable[[], float] = time.time, kept: int = KEPT) -> None:
        """clock: seconds since 1970."""
        self.counts: dict[What, int] = {"view": 0, "select": 0, "dismiss": 0}
        self._clock = clock
        self._kept = kept
        self._given: OrderedDict[str, _Given] = OrderedDict()
        self._listeners: list[Listener] = []
        self._keep: Callable[[Record], None] = _forget

    def on_outcome(self, listener: Listener) -> None:
        """Call `listener` with everything that clients tell."""
        self._listeners.append(listener)

    def keep_with(self, keep: Callable[[Record], None]) -> None:
        """Hand every record of an answer to `keep`, anew whenever it says more."""
        self._keep = keep

    def given(self, completion_id: str, text: str, language: str, latency_ms: float) -> None:
        """A client gets an answer that it may tell of."""
        record = Record(completion_id, 0.0, language, len(text), round(latency_ms, 2))
        self._given[completion_id] = _Given(text, record)
        while len(self._given) > self._kept:
            self._given.popitem(last=False)

    def tell(self, completion_id: str, what: What, *, is_line: bool = False) -> None:
        """A client says what became of an answer. is_line: its first line alone was taken."""
        given = self._given.get(completion_id)
        if given is not None:
            self.counts[what] += 1
            record = self._told(given, what, is_line=is_line)
            self._given[completion_id] = replace(given, record=record)
            self._keep(record)
        for listener in self._listeners:
            listener(Outcome(completion_id, what, given is not None))

    def _told(self, given: _Given, what: What, *, is_line: bool) -> Record:
        """What is told of an answer says that it was shown, too."""
        record = given.record
        if not record.shown_at:
            record = replace(record, shown_at=self._clock())
        if what != "select":
            return record
        accepted = given.text.partition("\n")[0] if is_line else given.text
        taken = max(len(accepted), record.taken)
        is_whole = record.is_whole or taken == len(given.text)
        return replace(record, taken=taken, is_whole=is_whole, accepted_at=record.accepted_at or self._clock())


@contextmanager
def counted(outcomes: Outcomes, path: Path, is_wanted: Callable[[], bool]) -> Iterator[None]:
    """Keep what clients tell in the user's statistics, for the length of the block. is_wanted: the setting, as it is
    now. Leaving the block writes what waits."""
    recorder = Recorder(StatisticsStore(path))

    def keep(record: Record) -> None:
        if is_wanted():
            recorder.put(record)

    outcomes.keep_with(keep)
    try:
        yield
    finally:
        recorder.close()


def _forget(_: Record) -> None:
    pass
