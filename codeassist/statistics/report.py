"""Records as figures: by language, by day, and how long the answers took. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from codeassist.statistics.record import MOSTLY_UNCHANGED, Record

# Upper bounds in milliseconds; what is slower than the last is one more class.
LATENCY_BOUNDS_MS = (25, 50, 100, 150, 200, 300, 500, 1000)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of suggestions.

    typed_along: typed by hand from the first to the last letter. accepted: as a whole. partly: only the first words.
    characters: that were accepted. kept_30, kept_300: mostly unchanged after so many seconds, of those looked_at_30 and
    looked_at_300 that were still there to be looked at. latency_p50_ms, latency_p95_ms: None without suggestions.
    """

    shown: int
    accepted: int
    partly: int
    typed_along: int
    characters: int
    kept_30: int
    looked_at_30: int
    kept_300: int
    looked_at_300: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None

    @property
    def acceptance(self) -> float | None:
        """Share of the suggestions of which anything was accepted."""
        return share(self.accepted + self.partly, self.shown)


@dataclass(frozen=True, slots=True)
class Report:
    """latencies: how many answers took up to each of `LATENCY_BOUNDS_MS`, and how many longer.

    days: by ISO date, local time, the first to the last day with a suggestion; languages: the one with most first.
    """

    total: Tally
    languages: dict[str, Tally]
    days: dict[str, Tally]
    latencies: tuple[int, ...]


def make_report(records: Iterable[Record], language: str | None = None) -> Report:
    """What the records come to; of one language where one is named."""
    chosen = [record for record in records if language is None or record.language == language]
    by_language = _grouped((record.language or "other", record) for record in chosen)
    by_day = _grouped((_day(record.shown_at), record) for record in chosen)
    most_first = sorted(by_language, key=lambda name: (-len(by_language[name]), name))
    return Report(
        total=_tally(chosen),
        languages={name: _tally(by_language[name]) for name in most_first},
        days={day: _tally(by_day[day]) for day in sorted(by_day)},
        latencies=_histogram([record.latency_ms for record in chosen]),
    )


def share(part: int, whole: int) -> float | None:
    """The part by the whole; None of nothing."""
    return part / whole if whole else None


def _grouped(pairs: Iterable[tuple[str, Record]]) -> dict[str, list[Record]]:
    groups: dict[str, list[Record]] = {}
    for name, record in pairs:
        groups.setdefault(name, []).append(record)
    return groups


def _day(moment: float) -> str:
    return datetime.datetime.fromtimestamp(moment).astimezone().date().isoformat()


def _tally(records: Sequence[Record]) -> Tally:
    after_30 = [record.changed_30 for record in records if record.changed_30 is not None]
    after_300 = [record.changed_300 for record in records if record.changed_300 is not None]
    latencies = sorted(record.latency_ms for record in records)
    return Tally(
        shown=len(records),
        accepted=sum(record.is_whole for record in records),
        partly=sum(bool(record.taken) and not record.is_whole for record in records),
        typed_along=sum(not record.taken and record.typed >= record.characters for record in records),
        characters=sum(record.taken for record in records),
        kept_30=sum(changed < MOSTLY_UNCHANGED for changed in after_30),
        looked_at_30=len(after_30),
        kept_300=sum(changed < MOSTLY_UNCHANGED for changed in after_300),
        looked_at_300=len(after_300),
        latency_p50_ms=_percentile(latencies, 0.5),
        latency_p95_ms=_percentile(latencies, 0.95),
    )


def _percentile(values: Sequence[float], fraction: float) -> float | None:
    """The nearest rank of sorted values."""
    return round(values[min(int(fraction * len(values)), len(values) - 1)], 1) if values else None


def _histogram(latencies: Sequence[float]) -> tuple[int, ...]:
    counts = [0] * (len(LATENCY_BOUNDS_MS) + 1)
    for latency in latencies:
        counts[sum(latency > bound for bound in LATENCY_BOUNDS_MS)] += 1
    return tuple(counts)
