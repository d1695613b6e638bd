"""The process that holds vLLM: `python -m codeassist.engine.host OPTIONS FD DIRECTORY`.

One socket, one JSON object per line. From the parent: {"key", "generate": request}, {"key", "chat": {"body",
"priority"}} and {"key", "abort": true}; {"end": true} and the end of the stream mean: finish. To the parent:
{"progress": text}, {"ready": true, "lora_rank": highest rank of adapters, 0 for none, "circumstances": {...}}
(`measured.py`), {"speculation": {...}} (so far, as `drafts.py` tells it; before an answer's last event it is up to
date), and {"key", ...} with an event of `wire.py` or `chat_events.py`. Whatever is printed here goes to stderr; the
parent reads it as a log. DIRECTORY is for temporary files (vLLM never removes its sockets); the parent deletes it.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from codeassist.engine import wire
from codeassist.engine.chat_events import END, is_last
from codeassist.engine.drafts import drafts_to_json
from codeassist.engine.hardware import read_hardware, vllm_runs_on_cpu, vllm_version
from codeassist.engine.measured import Circumstances, circumstances, read_choice
from codeassist.engine.vllm_arguments import HostOptions, decided, environment
from codeassist.errors import EngineCrashed, EngineError
from codeassist.models.fingerprint import fingerprint
from codeassist.speculation import Speculation

if TYPE_CHECKING:
    from codeassist.engine.vllm_adapter import VllmModel

_log = logging.getLogger(__name__)

LINE_LIMIT = 2**26
_PULSE_S = 0.25
_PR_SET_PDEATHSIG = 1


class Host:
    """Answers the parent's requests with one model."""

    def __init__(
        self, model: VllmModel, now: Circumstances, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.model = model
        self._now = now
        self._reader = reader
        self._writer = writer
        self._running: dict[int, asyncio.Task[None]] = {}
        self._told: Speculation | None = None

    async def serve(self) -> None:
        """Until the parent is gone. Raises EngineCrashed when vLLM's own processes die; a fault of ours ends it too."""
        await self.model.warm_up()
        rank = self.model.adapters.rank
        self._tell({"ready": True, "lora_rank": rank, "circumstances": asdict(self._now)})
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(self._listen(tasks))
            while not listening.done():
                await asyncio.wait({listening}, timeout=_PULSE_S)
                if not self.model.is_alive:
                    raise EngineCrashed("vLLM's engine process died")
                self._tell_speculation()
            for running in self._running.values():
                running.cancel()

    async def _listen(self, tasks: asyncio.TaskGroup) -> None:
        while line := await self._reader.readline():
            message = json.loads(line)
            if "end" in message:
                return
            key = message["key"]
            if "generate" in message:
                self._begin(tasks, key, self._generated(message["generate"]))
            elif "chat" in message:
                self._begin(tasks, key, self._chatted(message["chat"]))
            elif key in self._running:
                self._running[key].cancel()

    def _begin(self, tasks: asyncio.TaskGroup, key: int, answer: AsyncGenerator[wire.Json]) -> None:
        """Answer in a task of its own; one that is aborted before its first step never runs."""
        task = self._running[key] = tasks.create_task(self._answer(key, answer))
        task.add_done_callback(lambda _: self._running.pop(key))

    async def _generated(self, asked: wire.Json) -> AsyncGenerator[wire.Json]:
        async with aclosing(self.model.stream(wire.request_from_json(asked))) as deltas:
            async for delta in deltas:
                yield wire.delta_event(delta)

    async def _chatted(self, asked: wire.Json) -> AsyncGenerator[wire.Json]:
        async with aclosing(self.model.chat(asked["body"], asked["priority"])) as events:
            async for event in events:
                yield event
        yield END

    async def _answer(self, key: int, answer: AsyncGenerator[wire.Json]) -> None:
        try:
            async with aclosing(answer) as events:
                async for event in events:
                    if is_last(event):
                        self._tell_speculation()
                    self._tell({"key": key} | event)
                    await self._writer.drain()
        except EngineError as error:
            self._tell({"key": key} | wire.error_event(error))

    def _tell_speculation(self) -> None:
        now = self.model.speculation
        if now is not None and now != self._told:
            self._told = now
            self._tell({"speculation": drafts_to_json(now)})

    def _tell(self, message: wire.Json) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")


async def _serve(model: VllmModel, now: Circumstances, link: socket.socket, host: type[Host]) -> None:
    reader, writer = await asyncio.open_connection(sock=link, limit=LINE_LIMIT)
    await host(model, now, reader, writer).serve()


def _die_with_parent() -> None:
    """Linux ends this process when its parent ends, however that happens; elsewhere the closed socket must do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _tell(link: socket.socket, message: wire.Json) -> None:
    link.sendall(json.dumps(message).encode() + b"\n")


def _load(options: HostOptions, link: socket.socket) -> tuple[VllmModel, Circumstances]:
    on_cpu, hardware = vllm_runs_on_cpu(), read_hardware()
    os.environ.update(environment(options, hardware, on_cpu=on_cpu))
    _tell(link, {"progress": "importing vLLM"})
    gc.disable()  # 6,000 modules are imported, and nothing of them is garbage: a fifth of the time
    from codeassist.engine.vllm_adapter import VllmModel  # only now: it reads the environment
    from codeassist.engine.vllm_loading import device_name

    device = device_name(on_cpu=on_cpu)
    now = circumstances(options, fingerprint(Path(options.model)), vllm_version(), device, hardware, on_cpu=on_cpu)
    measured = read_choice(Path(options.measured), now, options.purpose) if options.measured else None
    options = decided(options, measured, on_cpu=on_cpu)
    _tell(link, {"progress": "loading the model"})
    model = VllmModel(options, hardware, on_cpu=on_cpu)
    gc.freeze()
    gc.enable()
    return model, now


def main(arguments: list[str], host: type[Host] = Host) -> int:
    """Load, answer, end. 0: the parent is gone; 1: the model cannot be loaded; 2: vLLM died. host: what answers."""
    options, link, directory = (
        HostOptions(**json.loads(arguments[0])),
        socket.socket(fileno=int(arguments[1])),
        arguments[2],
    )
    os.environ.update({"TMPDIR": directory, "VLLM_RPC_BASE_PATH": directory})
    _die_with_parent()
    os.register_at_fork(after_in_child=_die_with_parent)
    os.register_at_fork(after_in_child=link.close)  # else the parent would not see the end of this process
    model, now = _load(options, link)
    status = 0
    try:
        asyncio.run(_serve(model, now, link, host))
    except* EngineCrashed as deaths:
        _log.error("%s", deaths.exceptions[0])
        status = 2
    finally:
        model.close()
    return status


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(status)  # everything is closed; to take torch apart would need another second
