"""Figures of a server's requests since it was started: what `codeassist status` and the dashboard show."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from codeassist.server.journal import Journal, Record, State
from codeassist.types import Usage

# Stages of `Record.ms`, in their order.
STAGES = ("context", "queue", "first_token", "decode", "total")
# Of more clients than these, those that have not asked for longest are left out of the list of who asks.
MAX_CLIENTS = 64


@dataclass(frozen=True, slots=True)
class ClientCount:
    """What one client asked for. last: seconds since 1970."""

    name: str
    requests: int = 0
    usage: Usage = field(default_factory=Usage)
    last: float = 0.0


class Counts:
    """Counts a journal's requests as they end."""

    def __init__(self, journal: Journal) -> None:
        self.states: Counter[State] = Counter()
        self.shared = 0
        self.usage = Usage()
        self.context_tokens = 0
        self._clients: OrderedDict[str, ClientCount] = OrderedDict()
        journal.on_change(self._count)

    @property
    def clients(self) -> list[ClientCount]:
        """Who asked, those with most requests first."""
        return sorted(self._clients.values(), key=lambda client: (-client.requests, client.name))

    def _count(self, record: Record) -> None:
        if record.state == "running":
            return
        self.states[record.state] += 1
        self.shared += record.shared
        self.usage = added(self.usage, record.usage)
        self.context_tokens += record.context.n_tokens if record.context else 0
        name = record.caller.name
        known = self._clients.pop(name, ClientCount(name))
        usage = added(known.usage, record.usage)
        self._clients[name] = replace(known, requests=known.requests + 1, usage=usage, last=record.started)
        if len(self._clients) > MAX_CLIENTS:
            self._clients.popitem(last=False)


def added(one: Usage, other: Usage) -> Usage:
    """The sum of both."""
    return Usage(
        one.prompt_tokens + other.prompt_tokens,
        one.cached_tokens + other.cached_tokens,
        one.completion_tokens + other.completion_tokens,
    )


def waiting(running: Iterable[Record]) -> int:
    """How many are not yet taken up by the engine: code to add is looked for, or it is not their turn."""
    return sum("queue" not in record.ms and "first_token" not in record.ms for record in running)


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Milliseconds: half of the requests, and 95 of 100, took at most so long."""

    n: int
    p50: float
    p95: float


def latencies(records: Iterable[Record]) -> dict[str, Quantiles]:
    """By stage, of the requests that were answered; stages that none had are left out."""
    done = [record.ms for record in records if record.state == "done"]
    values = {stage: sorted(ms[stage] for ms in done if stage in ms) for stage in STAGES}
    return {
        stage: Quantiles(len(times), percentile(times, 0.5), percentile(times, 0.95))
        for stage, times in values.items()
        if times
    }


def percentile(values: Sequence[float], fraction: float) -> float:
    """The nearest rank of sorted values, of which there is one at least."""
    return values[min(int(fraction * len(values)), len(values) - 1)]


@dataclass(frozen=True, slots=True)
class Prices:
    """Of a million tokens, in whatever money the user counts."""

    input: float = 0.0
    output: float = 0.0

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Of so many tokens."""
        return (prompt_tokens * self.input + completion_tokens * self.output) / 1_000_000
