"""vLLM in a process of our own making: started, watched, started again when it dies, and ended with us.

vLLM lives in a child (`host.py`), not here: the editor's process stays small and answers while 2 GB of libraries load,
and whatever kills vLLM does not kill us.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Literal, Protocol

from codeassist.engine import wire
from codeassist.engine.chat_events import is_last
from codeassist.engine.child import Child
from codeassist.engine.diagnosis import last_words
from codeassist.engine.drafts import drafts_from_json
from codeassist.engine.limits import require_fitting
from codeassist.engine.measured import Circumstances, circumstances_from_json
from codeassist.engine.served_adapters import RequireUsable, ServedAdapters
from codeassist.engine.status import StatusBoard
from codeassist.errors import EngineCrashed, EngineError, EngineUnavailable, ModelError
from codeassist.protocols import StatusListener
from codeassist.speculation import Speculation
from codeassist.types import Delta, EngineStatus, GenerationRequest, ModelInfo, Priority

_log = logging.getLogger(__name__)

# After this many crashes in a row without an answer in between, it is not tried again.
MAX_CRASHES = 6
_LONGEST_PAUSE_S = 60.0

_Event = wire.Json | EngineError


class Explain(Protocol):
    """Says why a child died."""

    def __call__(self, log: Sequence[str], /, *, was_ready: bool) -> str:
        """One sentence, with the remedy where there is one. log: the child's last lines. was_ready: it could answer."""
        ...


async def _closed(child: Child) -> None:
    """End a child wholly, also where we are told to stop meanwhile: else its processes and files would stay."""
    closing = asyncio.create_task(child.close())
    try:
        await asyncio.shield(closing)
    except asyncio.CancelledError:
        await closing
        raise


def _in_its_own_words(log: Sequence[str], /, *, was_ready: bool) -> str:
    return last_words(log)


class EmbeddedEngine:
    """The engine that runs on this machine."""

    def __init__(
        self,
        info: ModelInfo,
        launch: Callable[[], Awaitable[Child]],
        *,
        chats: bool = False,
        calls_tools: bool = False,
        require_usable: RequireUsable = lambda _folder: None,
        explain: Explain = _in_its_own_words,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """launch: starts one child process, or raises what `start` raises. chats: whether the model has a chat
        template. calls_tools: whether calls of tools can be read back from what it writes. require_usable: asked
        before the engine is started again for an adapter. explain: says why a child died. sleep: waits between
        restarts."""
        self.chats = chats
        self.calls_tools = calls_tools
        self._info = info
        self._launch = launch
        self._explain = explain
        self._sleep = sleep
        self._board = StatusBoard()
        self._child: Child | None = None
        self._keys = itertools.count()
        self._answers: dict[int, asyncio.Queue[_Event]] = {}
        self._n_crashes = 0
        self._restarts = 0
        self._adapters = ServedAdapters(require_usable)
        self._is_replaced = False
        # Of the child that runs; a new one counts from 0.
        self.speculation: Speculation | None = None
        # What measurements of it depend on; None until it was ready once.
        self.circumstances: Circumstances | None = None
        self._loading: Literal["starting", "restarting"] = "starting"
        self._keeper: asyncio.Task[None] | None = None
        self._started: asyncio.Future[None] | None = None

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
        """Load the model. Raises ModelError when it cannot be loaded, EngineUnavailable with vLLM's last words when
        that fails; then it may be called again."""
        if self._started is None or (self._started.done() and self._board.current.state == "failed"):
            self._n_crashes, self._loading, self._is_replaced = 0, "starting", False
            self._started = asyncio.get_running_loop().create_future()
            self._board.show(EngineStatus("starting", f"starting {self._info.name}"))
            self._keeper = asyncio.create_task(self._keep(self._started))
        await asyncio.shield(self._started)

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Delta]:
        """The model's answer. Leaving the loop aborts the request inside of vLLM."""
        self._board.require_ready()
        n_prompt = 0 if isinstance(request.prompt, str) else len(request.prompt)
        require_fitting(request, n_prompt, self._info)
        if request.adapter and not await self._adapters.can_serve(request.adapter):
            request = replace(request, adapter="")
            self._board.require_ready()
        async with aclosing(self._events({"generate": wire.request_to_json(request)})) as events:
            async for event in events:
                yield wire.read_event(event)

    async def chat(self, body: wire.Json, priority: Priority) -> AsyncGenerator[wire.Json]:
        """The response of vLLM's own serving to a chat, as events of `chat_events.py`. Leaving the loop aborts. Raises
        EngineError."""
        self._board.require_ready()
        async with aclosing(self._events({"chat": {"body": body, "priority": int(priority)}})) as events:
            async for event in events:
                if "error" in event:
                    wire.read_event(event)
                yield event

    async def close(self) -> None:
        """End the child and all that it started; running streams raise EngineCrashed."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper
        started, self._started = self._started, None
        if started is not None and not started.done():
            started.set_exception(EngineUnavailable("the engine was closed while it was starting"))
            started.exception()  # whoever waited may have left already
        self._board.show(EngineStatus("stopped"))

    async def _events(self, asked: wire.Json) -> AsyncGenerator[wire.Json]:
        """What the child says to one message, up to its last event."""
        key, events = next(self._keys), asyncio.Queue[_Event]()
        child = self._child
        assert child is not None, "ready without a child"
        self._answers[key] = events
        finished = False
        try:
            child.send({"key": key} | asked)
            while not finished:
                event = await events.get()
                if isinstance(event, EngineError):
                    finished = True
                    raise event
                finished = is_last(event)
                yield event
        finally:
            del self._answers[key]
            if not finished:
                child.send({"key": key, "abort": True})
            self._replace_if_idle()

    def _replace_if_idle(self) -> None:
        """End the child, so that another is started with adapters, once nobody waits for an answer of it."""
        wanted = self._adapters.wanted
        if wanted and not self._answers and self._child is not None and self._board.current.state == "ready":
            _log.info("the engine is started again, to answer with the adapter %s", wanted)
            self._is_replaced = True
            self._loading = "restarting"
            message = f"starting {self._info.name} with adapters"
            self._board.show(EngineStatus("restarting", message, None, self._restarts))
            self._child.send({"end": True})

    async def _keep(self, started: asyncio.Future[None]) -> None:
        """Run one child after the other, until one cannot even start for the first time, or too many have died."""
        while True:
            try:
                await self._run_child(started)
            except (EngineUnavailable, ModelError) as error:
                if self._is_replaced:
                    self._is_replaced = False
                    continue
                self._n_crashes += 1
                if not started.done():
                    self._board.show(EngineStatus("failed", str(error)))
                    started.set_exception(error)
                    return
                if self._n_crashes >= MAX_CRASHES:
                    told = f"gave up after {self._n_crashes} failures in a row: {error}"
                    _log.error("%s", told)
                    self._board.show(EngineStatus("failed", told, restarts=self._restarts))
                    return
                pause_s = min(2.0 ** (self._n_crashes - 1), _LONGEST_PAUSE_S)
                _log.warning("%s; it is started again in %.0f s", error, pause_s)
                self._board.show(EngineStatus("restarting", f"{error}; again in {pause_s:.0f} s", None, self._restarts))
                await self._sleep(pause_s)
                self._restarts += 1

    async def _run_child(self, started: asyncio.Future[None]) -> None:
        """From launch to death, which is an EngineUnavailable that says why."""
        was_ready = False
        try:
            self._child = child = await self._launch()
        except OSError as error:
            raise EngineUnavailable(f"no process can be started: {error}") from None
        try:
            while (message := await child.receive()) is not None:
                was_ready = was_ready or "ready" in message
                self._take(message, child, started)
            if not self._is_replaced:
                self._board.show(EngineStatus(self._loading, f"{self._info.name} ended", None, self._restarts))
        finally:
            self._child = None
            self._fail_answers()
            await _closed(child)
        what = "died" if was_ready else "cannot be started"
        raise EngineUnavailable(f"{self._info.name} {what}: {self._explain(child.log_tail(), was_ready=was_ready)}")

    def _take(self, message: wire.Json, child: Child, started: asyncio.Future[None]) -> None:
        if "ready" in message:
            self._adapters.started(message.get("lora_rank", 0))
            told = message.get("circumstances")
            self.circumstances = circumstances_from_json(told) if told is not None else None
            self._board.show(EngineStatus("ready", self._info.name, child.pid, self._restarts))
            self._loading = "restarting"
            if not started.done():
                started.set_result(None)
        elif "speculation" in message:
            self.speculation = drafts_from_json(message["speculation"])
        elif "progress" in message:
            self._board.show(EngineStatus(self._loading, message["progress"], child.pid, self._restarts))
        else:
            self._hand_over(message, child)

    def _hand_over(self, event: wire.Json, child: Child) -> None:
        """Give an event to whom it answers. The first that tells of vLLM's death is the end of readiness."""
        if "delta" in event or "head" in event:
            self._n_crashes = 0
        elif "error" in event and event["error"]["kind"] == EngineCrashed.__name__:
            self._board.show(EngineStatus("restarting", event["error"]["message"], child.pid, self._restarts))
        events = self._answers.get(event.pop("key"))
        if events is not None:
            events.put_nowait(event)

    def _fail_answers(self) -> None:
        for events in self._answers.values():
            events.put_nowait(EngineCrashed(f"{self._info.name} died while it was answering; it is being restarted"))
