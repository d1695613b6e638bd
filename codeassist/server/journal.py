"""What was asked and what became of it: the last requests, for the log, the metrics and the dashboard.

No text of prompts or answers is kept here. Whoever needs them (a log that the user wants with texts, the second engine
of `codeassist/shadow/`) gets each when its request has ended (`Journal.on_answer`).
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from codeassist.server.caller import Caller
from codeassist.types import ContextReport, FimRequest, FinishReason, GenerationRequest, Usage

# So many ended requests are kept.
KEPT = 512

State = Literal["running", "done", "left", "superseded", "failed"]
# A dialect's own body stands for what has no type of ours.
Asked = FimRequest | GenerationRequest | Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Record:
    """One request. `state` is "left" when its client went away, "superseded" when a newer request of the client's took
    its place.

    route: as it is registered, for example `/v1/completions`. started: seconds since 1970.
    ms: milliseconds per stage: "context" (finding code to add), "queue" (waiting for a turn on the engine),
    "first_token" (from there to the first text), "decode" (from there to the end), "total". A stage that did not take
    place is missing.
    shared: whether another request's generation answered it as well.
    """

    number: int
    id: str
    route: str
    caller: Caller
    model: str
    started: float
    is_streamed: bool = False
    state: State = "running"
    finish_reason: FinishReason | None = None
    usage: Usage = field(default_factory=Usage)
    context: ContextReport | None = None
    ms: dict[str, float] = field(default_factory=dict)
    message: str = ""
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was asked (None where a dialect does not say), and the text of the answer as far as it came."""

    asked: Asked | None
    answer: str


Listener = Callable[[Record], None]
AnswerListener = Callable[[Record, Exchange], None]


class Journal:
    """Not thread-safe: one event loop owns it."""

    def __init__(self, *, kept: int = KEPT) -> None:
        self._numbers = itertools.count(1)
        self._running: dict[int, Record] = {}
        self._ended: deque[Record] = deque(maxlen=kept)
        self._listeners: list[Listener] = []
        self._answer_listeners: list[AnswerListener] = []

    def on_change(self, listener: Listener) -> None:
        """Call `listener` with every record when it begins and when it has ended; not in between."""
        self._listeners.append(listener)

    def on_answer(self, listener: AnswerListener) -> None:
        """Call `listener` with every request that has ended, and its texts. Without a listener none are gathered."""
        self._answer_listeners.append(listener)

    @property
    def wants_texts(self) -> bool:
        """Whether anybody listens to them."""
        return bool(self._answer_listeners)

    @property
    def running(self) -> tuple[Record, ...]:
        """Requests that are being answered, oldest first."""
        return tuple(self._running.values())

    @property
    def ended(self) -> tuple[Record, ...]:
        """The last requests that have ended, oldest first."""
        return tuple(self._ended)

    def open(self, request_id: str, route: str, caller: Caller, model: str, *, is_streamed: bool = False) -> Entry:
        """The entry of a request that has begun."""
        number = next(self._numbers)
        record = Record(number, request_id, route, caller, model, time.time(), is_streamed)
        self._running[number] = record
        self._tell(record)
        return Entry(self, record)

    def put(self, record: Record) -> None:
        """Take over what is known now of a request."""
        if record.state == "running":
            self._running[record.number] = record
        elif self._running.pop(record.number, None) is not None:
            self._ended.append(record)
            self._tell(record)

    def hand_over(self, record: Record, exchange: Exchange) -> None:
        """Give the texts of a request that has ended to those who listen."""
        for listener in self._answer_listeners:
            listener(record, exchange)

    def _tell(self, record: Record) -> None:
        for listener in self._listeners:
            listener(record)


class Entry:
    """One request while it runs. Once it has ended, what else happens to it no longer counts."""

    def __init__(self, journal: Journal, record: Record) -> None:
        self._journal = journal
        self._begun = time.perf_counter()
        self._marks: dict[str, float] = {}
        self._asked: Asked | None = None
        self._texts: list[str] = []
        self.record = record

    @property
    def wants_texts(self) -> bool:
        """Whether anybody wants to have what is asked and answered."""
        return self._journal.wants_texts

    def asks(self, asked: Asked) -> None:
        """What is asked; kept only while the request runs, and only where somebody wants it."""
        if self._journal.wants_texts:
            self._asked = asked

    def hear(self, text: str) -> None:
        """A piece of the answer."""
        if self._journal.wants_texts:
            self._texts.append(text)

    def note(self, **changes: object) -> None:
        """Set fields of the record."""
        self.record = replace(self.record, **changes)  # type: ignore[arg-type]
        self._journal.put(self.record)

    def mark(self, stage: str) -> None:
        """A stage ends now; it began when the one before it ended."""
        now = time.perf_counter()
        since = max(self._marks.values(), default=self._begun)
        self._marks[stage] = now
        self.note(ms={**self.record.ms, stage: (now - since) * 1000})

    def end(self, state: State, message: str = "") -> None:
        """The request has ended. Only the first end counts."""
        if self.record.state == "running":
            total = (time.perf_counter() - self._begun) * 1000
            self.note(state=state, message=message, ms={**self.record.ms, "total": total})
            self._journal.hand_over(self.record, Exchange(self._asked, "".join(self._texts)))
