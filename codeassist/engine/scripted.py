"""An engine that reads its answers from a script: for tests, demonstrations and work on everything around the engine.

It keeps the contract of a real one: nothing is answered before `start`, answers arrive in several deltas, stop texts,
`max_tokens`, `forced_prefix` and priorities are honoured, prompts are scored, leaving the loop aborts, and it can die
on demand.

    engine = ScriptedEngine(["return 1", "return 2"])
    await engine.start()
    async for delta in engine.stream(request): ...
    engine.requests     # the last requests, in order of arrival
    engine.aborted      # ids of requests whose reader left early
    engine.crash()      # running streams raise EngineCrashed, later ones EngineUnavailable
    engine.recover()    # ready again
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from codeassist.engine.limits import require_fitting
from codeassist.engine.status import StatusBoard
from codeassist.engine.turns import Turns
from codeassist.errors import EngineCrashed, EngineError
from codeassist.protocols import StatusListener
from codeassist.types import Delta, EngineStatus, FinishReason, GenerationRequest, ModelInfo, Token, Usage

SCRIPTED_INFO = ModelInfo(
    name="scripted",
    template="deepseek",
    context_tokens=4096,
    prompt_tokens=1536,
    completion_tokens=64,
    supports_forced_prefix=True,
    supports_logprobs=True,
    supports_scoring=True,
)

# So many requests, and ids of those that were left early, are kept to be looked at.
KEPT = 256
# The "KV cache" holds so many prompts, those that came last.
CACHED_PROMPTS = 16

_Item = TypeVar("_Item")
_PIECES = re.compile(r"\s*(?:\w+|[^\w\s])|\s+")


@dataclass(frozen=True, slots=True)
class Answer:
    """One scripted answer.

    logprob: of every token. delay_s: waited before every delta. error: raised in place of the answer.
    """

    text: str
    logprob: float = -0.05
    delay_s: float = 0.0
    error: EngineError | None = None


Script = Sequence[str | Answer] | Callable[[GenerationRequest], str | Answer]

# One token for each of the prompt's last `score_last`; as many of the likeliest in its place as asked for are taken.
Scores = Callable[[GenerationRequest], Sequence[Token]]


def echo(request: GenerationRequest) -> str:
    """A text that depends on nothing but the prompt: the script of an engine that was given none."""
    seen = request.prompt if isinstance(request.prompt, str) else " ".join(map(str, request.prompt))
    return f"answer_{zlib.crc32(seen.encode()):08x}()"


def made_up_scores(request: GenerationRequest) -> list[Token]:
    """Scores that depend on nothing but each token and its place: the token's number and a space as its text, and a
    log-probability between -8 and 0."""
    assert not isinstance(request.prompt, str)
    scores = []
    for place in range(len(request.prompt) - request.score_last, len(request.prompt)):
        token = request.prompt[place]
        logprob = -8 * zlib.crc32(f"{place} {token}".encode()) / 2**32
        scores.append(_token(f"{token} ", logprob, request.top_logprobs))
    return scores


@dataclass(slots=True)
class _Progress:
    """What one stream has said so far."""

    usage: Usage
    crashed: asyncio.Event = field(default_factory=asyncio.Event)


class ScriptedEngine:
    """Answers from a script: texts that are given in turn (over again after the last), or a function of the request."""

    def __init__(
        self,
        script: Script = echo,
        *,
        info: ModelInfo = SCRIPTED_INFO,
        scores: Scores = made_up_scores,
        n_seats: int = 64,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """scores: of prompts whose end is to be scored. n_seats: requests that are answered at the same time; with 1,
        priorities show. sleep: called with an answer's `delay_s` before every delta, so that a test decides when the
        next one comes."""
        self.requests: list[GenerationRequest] = []
        self.aborted: list[str] = []
        self._script = script
        self._scores = scores
        self._info = info
        self._board = StatusBoard()
        self._turns = Turns(n_seats)
        self._sleep = sleep
        self._running: dict[int, _Progress] = {}
        self._seen: deque[tuple[int, ...] | str] = deque(maxlen=CACHED_PROMPTS)
        self._n_answers = 0

    @property
    def info(self) -> ModelInfo:
        """The model; known before `start`."""
        return self._info

    @property
    def status(self) -> EngineStatus:
        """Whether the engine answers now."""
        return self._board.current

    def on_status(self, listener: StatusListener) -> None:
        """Call `listener` on every change of status."""
        self._board.listen(listener)

    async def start(self) -> None:
        """Answer from now on."""
        self._board.show(EngineStatus("ready", f"{self._info.name} answers from a script"))

    async def close(self) -> None:
        """Answer no more; running streams raise EngineCrashed."""
        self._stop_running()
        self._board.show(EngineStatus("stopped"))

    def crash(self) -> None:
        """Die: running streams raise EngineCrashed, later ones EngineUnavailable until `recover`."""
        self._board.show(
            EngineStatus("restarting", "the scripted engine was told to crash", restarts=self._restarts + 1)
        )
        self._stop_running()

    def recover(self) -> None:
        """Answer again after `crash`."""
        self._board.show(EngineStatus("ready", "restarted", restarts=self._restarts))

    def stand_in(self, name: str, why: str) -> None:
        """Say that another model answers in this one's place."""
        message = f"{name} stands in: {why}"
        self._board.show(EngineStatus("ready", message, restarts=self._restarts, stand_in=name))

    def fail(self, message: str) -> None:
        """Give up for good, as an engine does that cannot be restarted."""
        self._board.show(EngineStatus("failed", message, restarts=self._restarts))
        self._stop_running()

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Delta]:
        """The next answer of the script, one delta per scripted token."""
        self._board.require_ready()
        _keep(self.requests, request)
        require_fitting(request, n_tokens(request.prompt), self._info)
        progress = _Progress(Usage(n_tokens(request.prompt), self._cached_tokens(request.prompt)))
        self._running[id(progress)] = progress
        finished = False
        try:
            async with self._turns.seat(request.priority):
                async for delta in self._answer(request, progress):
                    finished = delta.finish_reason is not None
                    yield delta
        except EngineError:
            finished = True
            raise
        finally:
            del self._running[id(progress)]
            if not finished:
                _keep(self.aborted, request.id)

    async def _answer(self, request: GenerationRequest, progress: _Progress) -> AsyncIterator[Delta]:
        answer = self._next_answer(request)
        pieces, reason = split_answer(answer.text, request)
        scored = self._scored(request) if request.score_last else ()
        for number, piece in enumerate(pieces, start=1):
            await self._pause(answer.delay_s, progress)
            if answer.error is not None:
                raise type(answer.error)(*answer.error.args)
            usage = Usage(progress.usage.prompt_tokens, progress.usage.cached_tokens, number if piece else 0)
            tokens = (_token(piece, answer.logprob, request.top_logprobs),) if request.logprobs and piece else ()
            yield Delta(piece, usage, tokens, reason if number == len(pieces) else None, scored=scored)
            scored = ()

    def _scored(self, request: GenerationRequest) -> tuple[Token, ...]:
        scores = tuple(replace(token, top=token.top[: request.top_logprobs]) for token in self._scores(request))
        assert len(scores) == request.score_last, "the script has another number of scores than the request asks for"
        return scores

    def _next_answer(self, request: GenerationRequest) -> Answer:
        self._n_answers += 1
        if callable(self._script):
            answer = self._script(request)
        else:
            answer = self._script[(self._n_answers - 1) % len(self._script)]
        return Answer(answer) if isinstance(answer, str) else answer

    async def _pause(self, delay_s: float, progress: _Progress) -> None:
        sleeping = asyncio.ensure_future(self._sleep(delay_s))
        dying = asyncio.ensure_future(progress.crashed.wait())
        try:
            await asyncio.wait({sleeping, dying}, return_when=asyncio.FIRST_COMPLETED)
            if sleeping.done():
                await sleeping
        finally:
            sleeping.cancel()
            dying.cancel()
        if progress.crashed.is_set():
            raise EngineCrashed("the scripted engine died while it was answering; ask again once it is ready")

    def _stop_running(self) -> None:
        for progress in self._running.values():
            progress.crashed.set()

    @property
    def _restarts(self) -> int:
        return self._board.current.restarts

    def _cached_tokens(self, prompt: tuple[int, ...] | str) -> int:
        """Tokens of the longest start that one of the last prompts had too; the last token is always computed anew."""
        shared = 0
        for seen in reversed(self._seen):
            shared = longer_start(prompt, seen, shared)
        self._seen.append(prompt)
        return min(n_tokens(prompt[:shared]), max(n_tokens(prompt) - 1, 0))


def _token(piece: str, logprob: float, n_top: int) -> Token:
    """A token with made-up alternatives, each e times less likely than the one before it."""
    others = ((f"{piece}{number}", logprob - number) for number in range(1, n_top))
    return Token(piece, logprob, ((piece, logprob), *others) if n_top else ())


def n_tokens(prompt: tuple[int, ...] | str) -> int:
    """Length of a prompt; a text is cut as scripted answers are."""
    return len(_PIECES.findall(prompt)) if isinstance(prompt, str) else len(prompt)


def split_answer(text: str, request: GenerationRequest) -> tuple[list[str], FinishReason]:
    """The pieces that are streamed, one scripted token each and at least one, and why the answer ends."""
    answer = text if text.startswith(request.forced_prefix) else request.forced_prefix + text
    ends = [end for stop in request.stop if (end := answer.find(stop, len(request.forced_prefix))) >= 0]
    pieces = _PIECES.findall(answer[: min(ends, default=len(answer))])
    if len(pieces) > request.max_tokens:
        return pieces[: request.max_tokens], "length"
    return pieces or [""], "stop"


def longer_start(one: tuple[int, ...] | str, other: tuple[int, ...] | str, known: int) -> int:
    """Length of the start that both have; `known` where it is no longer than that. Slices are compared: no step of the
    event loop looks at single tokens."""
    low, high = known, min(len(one), len(other))
    if low >= high or one[: low + 1] != other[: low + 1]:
        return known
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _keep(last: list[_Item], item: _Item) -> None:
    last.append(item)
    del last[:-KEPT]
