"""A newer request for the gap at which its client is typing takes the older one's place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from codeassist.server.caller import Caller
from codeassist.types import FimRequest

# Further apart than this, one text is not the other after a few keys, but another place of a program that asks for
# many at the same time.
MOST_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class _Running:
    """One gap that is being filled. end: makes an end of its answer."""

    asked: FimRequest
    caller: Caller
    end: Callable[[], None]


class Superseding:
    """The gaps that are being filled, by client. Not thread-safe: one event loop owns it."""

    def __init__(self) -> None:
        self._running: dict[str, dict[str, _Running]] = {}

    def begin(self, asked: FimRequest, caller: Caller, end: Callable[[], None]) -> None:
        """A gap is asked for: the client's older ones that differ from it by a few keys end now."""
        running = self._running.setdefault(caller.name, {})
        # One request may ask for several gaps: they come with one and the same caller.
        older = [one for one in running.values() if one.caller is not caller and supersedes(asked, one.asked)]
        running[asked.id] = _Running(asked, caller, end)
        for one in older:
            one.end()

    def over(self, client: str, request_id: str) -> None:
        """A request has ended, however it did; one that was none for a gap is ignored."""
        running = self._running.get(client, {})
        running.pop(request_id, None)
        if not running:
            self._running.pop(client, None)

    @property
    def n_running(self) -> int:
        """Gaps that are being filled."""
        return sum(map(len, self._running.values()))


def supersedes(newer: FimRequest, older: FimRequest) -> bool:
    """Whether one is the other with a few characters more or fewer left of the gap. Equal ones are wanted both, and
    who has the cache warmed up has not typed."""
    if newer.is_warm_up:
        return False
    distance = len(newer.prefix) - len(older.prefix)
    if not 0 < abs(distance) <= MOST_CHARACTERS or newer.path != older.path or newer.suffix != older.suffix:
        return False
    longer, shorter = (newer, older) if distance > 0 else (older, newer)
    return longer.prefix.startswith(shorter.prefix)
