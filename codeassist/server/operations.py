"""What a server tells of itself: metrics, status, dashboard, and the log of its requests."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

from codeassist.directories import statistics_file
from codeassist.errors import StatisticsUnavailable
from codeassist.protocols import Speculates
from codeassist.server.dashboard import dashboard_routes
from codeassist.server.health import IndexHealth
from codeassist.server.metrics import CountResponses, Metrics, Snapshot, metrics_routes
from codeassist.server.outcomes import What
from codeassist.server.request_log import RequestLog, log_record
from codeassist.server.service import Service
from codeassist.server.shadowing import shadow_status
from codeassist.server.status import StatusSource, status_routes
from codeassist.server.status_counts import Counts, Prices
from codeassist.server.status_feed import Feed
from codeassist.statistics.store import DAY_S, Shown, StatisticsStore

logger = logging.getLogger(__name__)

# How far back suggestions in editors are counted, and for how long a count will do.
_SHOWN_DAYS = 30
_RECOUNT_S = 30.0


# What clients tell of completions, in the words of the statistics.
_FATES: dict[str, What] = {"shown": "view", "accepted": "select", "dismissed": "dismiss"}


class Operations:
    """Of one application."""

    def __init__(self, service: Service, index: IndexHealth) -> None:
        self._service = service
        self._index = index
        self._metrics = Metrics(service.journal)
        settings = service.assistant.settings
        editors = _Editors(StatisticsStore(statistics_file())) if settings.statistics.enabled else None
        self._shown = editors.shown if editors else _nothing
        self._source = StatusSource(
            service=service,
            index=index,
            counts=Counts(service.journal),
            feed=Feed(service.journal),
            prices=Prices(settings.server.price_input, settings.server.price_output),
            snapshot=self._snapshot,
            shown=self._shown,
            shadow=self._shadow,
            started=time.time(),
        )

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            *metrics_routes(self._metrics, self._snapshot, self._shown),
            *status_routes(self._source),
            *dashboard_routes(),
        ]

    def middleware(self, routes: list[BaseRoute]) -> Middleware:
        """What counts responses: the outermost, so that refused requests count, too."""
        return Middleware(CountResponses, metrics=self._metrics, routes=routes)

    def _snapshot(self) -> Snapshot:
        engine, outcomes = self._service.assistant.engine, self._service.outcomes.counts
        return Snapshot(
            running=self._service.journal.running,
            fates={fate: outcomes[what] for fate, what in _FATES.items()},
            engine=engine.status,
            model=engine.info.name,
            index=self._index,
            shadow=self._shadow(),
            speculation=engine.speculation if isinstance(engine, Speculates) else None,
        )

    def _shadow(self) -> dict[str, Any] | None:
        return shadow_status(self._service)


def _nothing() -> None:
    return None


class _Editors:
    """What became of suggestions in this user's editors, from a file that language servers write."""

    def __init__(self, store: StatisticsStore, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._counted_at = 0.0
        self._shown: Shown | None = None

    def shown(self) -> Shown | None:
        """Counts; None where the file cannot be read. Blocks."""
        now = self._clock()
        if now - self._counted_at >= _RECOUNT_S:
            self._counted_at = now
            try:
                self._shown = self._store.count(now - _SHOWN_DAYS * DAY_S)
            except StatisticsUnavailable as error:
                logger.debug("suggestions in editors are not counted: %s", error)
                self._shown = None
        return self._shown


@contextmanager
def logged(service: Service) -> Iterator[None]:
    """Log the requests of a service for the length of the block, to where the settings say."""
    service.journal.on_change(log_record)
    settings = service.assistant.settings.log
    if not settings.requests:
        yield
        return
    log = RequestLog(Path(settings.requests).expanduser())
    if settings.texts:
        service.journal.on_answer(log.put_with_texts)
    else:
        service.journal.on_change(log.put)
    try:
        yield
    finally:
        log.close()
