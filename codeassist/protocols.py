"""The seams: what the core asks of an engine and of a tokenizer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol, runtime_checkable

from codeassist.speculation import Speculation
from codeassist.types import Delta, EngineStatus, GenerationRequest, ModelInfo

StatusListener = Callable[[EngineStatus], None]


class Engine(Protocol):
    """Where tokens come from.

    Leaving the loop over `stream` (break, cancellation, `aclose`) aborts the request inside the engine.
    """

    @property
    def info(self) -> ModelInfo:
        """The model; known before `start`."""
        ...

    @property
    def status(self) -> EngineStatus:
        """Whether the engine answers now."""
        ...

    def on_status(self, listener: StatusListener) -> None:
        """Call `listener` on every change of status, from the event loop."""
        ...

    async def start(self) -> None:
        """Load the model; returns when ready. Raises ModelError or EngineUnavailable; safe to call twice."""
        ...

    def stream(self, request: GenerationRequest) -> AsyncIterator[Delta]:
        """Deltas until a stop rule. Raises EngineUnavailable at once while not ready, EngineCrashed on death,
        RequestRejected for what this engine cannot honour."""
        ...

    async def close(self) -> None:
        """Stop and leave no process behind; safe to call twice."""
        ...


@runtime_checkable
class Speculates(Protocol):
    """An engine that drafts tokens, or may."""

    @property
    def speculation(self) -> Speculation | None:
        """How drafting did so far; None while nothing was drafted."""
        ...


class Tokenizer(Protocol):
    """Text to token ids and back, special tokens never parsed out of text."""

    def encode(self, text: str) -> tuple[int, ...]:
        """Ids of plain text: no BOS is added, and text that spells a special token stays text."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """Text of ids, special tokens spelled out."""
        ...

    def special(self, spelling: str) -> int:
        """Id of the special token with this spelling. Raises ModelError when it is not exactly one token."""
        ...

    def heal_offset(self, text: str) -> int:
        """Where the last pre-token of `text` starts: text[offset:] may tokenise differently once more is typed."""
        ...
