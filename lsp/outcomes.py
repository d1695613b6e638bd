"""What becomes of suggestions: follows those that are shown, and has it counted."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types

from codeassist.errors import StatisticsUnavailable
from codeassist.statistics.distance import share_changed
from codeassist.statistics.record import KEPT_AFTER_S, Record
from codeassist.statistics.recorder import Recorder
from codeassist.statistics.report import make_report
from codeassist.statistics.store import DAY_S, StatisticsStore
from lsp.background import Background
from lsp.documents import Document
from lsp.following import Followed
from lsp.stretches import Edit, edits_of, text_between, with_lf
from lsp.suggestions import Offer

# An edit is looked at for each of its document.
_FOLLOWED = 64

Key = tuple[str, str]


class Outcomes:
    """Of each suggestion one record, written anew whenever it says more."""

    def __init__(
        self,
        path: Path | None,
        is_wanted: Callable[[], bool],
        background: Background,
        document: Callable[[str], Document | None],
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """path: the file; None where nothing is counted. is_wanted: the setting, as it is now. document: what is open,
        by its URI. clock: seconds since 1970.
        """
        self.clock = clock
        self._store = StatisticsStore(path, clock=clock) if path else None
        self._recorder = Recorder(self._store) if self._store else None
        self._is_wanted = is_wanted
        self._background = background
        self._document = document
        self._sleep = sleep
        self._followed: OrderedDict[Key, Followed] = OrderedDict()

    def sent(self, uri: str, offers: Sequence[Offer]) -> None:
        """The editor gets these for a document, and shows the first one in the place of what it has shown there."""
        if offers:
            self.shown(offers[0])
        else:
            self._hide(uri, None)

    def shown(self, offer: Offer) -> None:
        """A suggestion is on the screen; one that was there before has other text left."""
        if self._recorder is None or not self._is_wanted():
            return
        self._hide(offer.document.uri, offer)
        if (followed := self._followed.get(offer.key)) is not None:
            followed.offered(offer)
            return
        self._followed[offer.key] = Followed(self._first_record(offer), offer)
        while len(self._followed) > _FOLLOWED:
            self._followed.popitem(last=False)
        self._recorder.put(self._followed[offer.key].record)

    def accepted(self, offer: Offer) -> None:
        """The editor says that all of it was taken."""
        document = self._document(offer.document.uri)
        if document is not None:
            self._change(offer, lambda followed: followed.accepted(self.clock(), document))

    def partly_accepted(self, offer: Offer, n_characters: int) -> None:
        """The editor says that so many characters from the start were taken, as it was last sent."""
        n_taken = len(with_lf(offer.text[:n_characters]))
        self._change(offer, lambda followed: followed.partly_accepted(n_taken, self.clock()))

    def edited(
        self, former: Document, document: Document, changes: Sequence[types.TextDocumentContentChangeEvent]
    ) -> None:
        """A document has a new version."""
        here = [key for key, followed in self._followed.items() if key[0] == document.uri and followed.is_live]
        if not here:
            return
        edits = edits_of(former, changes)
        for key in here:
            for edit in edits:
                self._update(key, partial(_edited, edit=edit, document=document, at=self.clock()))

    def closed(self, uri: str) -> None:
        """A document is no longer open: what stands there later cannot be told."""
        for key in [key for key in self._followed if key[0] == uri]:
            del self._followed[key]

    def report(self, n_days: int) -> dict[str, Any]:
        """The figures of the last days; blocks, so that a thread asks. Empty where nothing can be read."""
        since = self.clock() - n_days * DAY_S
        if self._recorder is not None:
            self._recorder.flush()
        try:
            records = self._store.read(since) if self._store else []
        except StatisticsUnavailable as error:
            return asdict(make_report([])) | {"days_back": n_days, "problem": str(error)}
        return asdict(make_report(records)) | {"days_back": n_days, "problem": ""}

    def close(self) -> None:
        """Write what waits; blocks for a moment."""
        if self._recorder is not None:
            self._recorder.close()

    def _hide(self, uri: str, but: Offer | None) -> None:
        """Nothing is on the screen of a document any more, but for one."""
        for key, followed in self._followed.items():
            if key[0] == uri and (but is None or key != but.key):
                followed.hidden()

    def _change(self, offer: Offer, change: Callable[[Followed], None]) -> None:
        """What the editor says of a suggestion says that it was shown, too."""
        if offer.key not in self._followed:
            self.shown(offer)
        self._update(offer.key, change)

    def _update(self, key: Key, change: Callable[[Followed], None]) -> None:
        """Have a suggestion follow what has happened, and count what that comes to."""
        followed = self._followed.get(key)
        if followed is None or self._recorder is None:
            return
        former = followed.record
        change(followed)
        if followed.record == former:
            return
        self._recorder.put(followed.record)
        if former.accepted_at is None and followed.record.accepted_at is not None:
            self._background.start(self._look_later(key, followed), "counting what is kept")

    async def _look_later(self, key: Key, followed: Followed) -> None:
        """Compare what was accepted with what stands there, each time that it is due."""
        slept_s = 0
        for after_s in KEPT_AFTER_S:
            await self._sleep(after_s - slept_s)
            slept_s = after_s
            await self._look(key, followed, after_s)

    async def _look(self, key: Key, followed: Followed, after_s: int) -> None:
        document, stretch = self._document(key[0]), followed.stretch
        if document is None or stretch is None or self._recorder is None or self._followed.get(key) is not followed:
            return
        taken, now = followed.taken, text_between(document, stretch.start, stretch.end)
        followed.looked_at(after_s, await asyncio.to_thread(share_changed, taken, now))
        self._recorder.put(followed.record)

    def _first_record(self, offer: Offer) -> Record:
        return Record(
            key=secrets.token_hex(8),
            shown_at=self.clock(),
            language=offer.language,
            characters=len(with_lf(offer.text)),
            latency_ms=round(offer.suggestion.ms.get("total", 0.0), 2),
            invoked=offer.invoked,
        )


def _edited(followed: Followed, edit: Edit, document: Document, at: float) -> None:
    followed.edited(edit, document, at)
