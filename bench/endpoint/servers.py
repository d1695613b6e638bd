"""The servers that are measured, each in a process group of its own, ended with the block."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from bench.endpoint.load import Target, load
from bench.endpoint.prompts import raw
from codeassist.assistant import Assistant, open_assistant
from codeassist.engine.hardware import read_hardware, vllm_runs_on_cpu
from codeassist.engine.vllm_arguments import HostOptions, engine_arguments, environment
from codeassist.models.directory import read_model, shipped_model
from codeassist.protocols import Engine
from codeassist.server.app import create_app
from codeassist.server.health import IndexHealth
from codeassist.server.listening import listen
from codeassist.server.service import Service
from codeassist.settings import EngineSettings, IndexSettings, Settings

CODEASSIST = str(Path(sys.executable).parent / "codeassist")
_DEADLINE_S = 180
# Ours alone: vLLM's server tokenises itself.
_NOT_FOR_SERVER = ("model", "skip_tokenizer_init", "enable_log_requests")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@asynccontextmanager
async def ours(folder: Path) -> AsyncIterator[Target]:
    """`codeassist serve` with the shipped model, in an empty workspace."""
    port, workspace = free_port(), folder / "workspace"
    workspace.mkdir(exist_ok=True)
    command = [CODEASSIST, "serve", str(workspace), "--port", str(port), "-o", "engine.kind=embedded"]
    with _running(command, os.environ | _folders(folder), folder / "ours.log"):
        target = Target(port, headers={"codeassist-context": "off"})
        await _answers(target)
        yield target


@asynccontextmanager
async def vllms(folder: Path) -> AsyncIterator[Target]:
    """The server of vLLM itself with the same model and the arguments that ours gives vLLM."""
    directory, hardware, on_cpu = read_model(shipped_model()), read_hardware(), vllm_runs_on_cpu()
    options = HostOptions(str(directory.path), directory.n_mtp_layers, directory.info.context_tokens)
    config = json.loads((directory.path / "config.json").read_text(encoding="utf-8"))
    port, arguments = free_port(), engine_arguments(options, config, hardware, on_cpu=on_cpu)
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(directory.path)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--disable-uvicorn-access-log", *_flags(arguments)]
    variables = os.environ | environment(options, hardware, on_cpu=on_cpu) | _folders(folder)
    with _running(command, variables, folder / "vllms.log"):
        target = Target(port)
        await _answers(target)
        yield target


@asynccontextmanager
async def in_process(settings: EngineSettings, folder: Path) -> AsyncIterator[tuple[Target, Assistant, Engine]]:
    """Our server in this process's loop, and the engine below it, which can be asked beside it."""
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    opened = Settings(engine=settings, index=IndexSettings(directory=str(folder / "index"), vectors=False))
    assistant = open_assistant(opened, folder, attach=False)
    await assistant.start_engine()
    await asyncio.to_thread(lambda: assistant.completer)
    listener = listen("127.0.0.1", free_port())
    engine = assistant.engine
    app = create_app(Service(assistant), IndexHealth())
    # As codeassist/server/listening.py has it.
    server = uvicorn.Server(
        uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, server_header=False, ws="none")
    )
    with contextlib.closing(listener):
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield Target(int(listener.getsockname()[1]), headers={"codeassist-context": "off"}), assistant, engine
        finally:
            server.should_exit = True
            await serving
            await assistant.close()


def _flags(arguments: dict[str, Any]) -> Sequence[str]:
    flags: list[str] = []
    for name, value in arguments.items():
        flag = "--" + name.replace("_", "-")
        if name in _NOT_FOR_SERVER:
            continue
        if value is True:
            flags.append(flag)
        elif value is not False:
            flags += [flag, json.dumps(value) if isinstance(value, dict) else str(value)]
    return flags


def _folders(folder: Path) -> dict[str, str]:
    """Caches of the run's own, so that no editor finds its server."""
    named = ("XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "VLLM_CACHE_ROOT")
    for name in named:
        (folder / name.lower()).mkdir(exist_ok=True, mode=0o700)
    return {name: str(folder / name.lower()) for name in named}


@contextmanager
def _running(command: Sequence[str], variables: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, env=variables, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)


async def _answers(target: Target) -> None:
    """Wait until it does. Raises TimeoutError."""
    async with asyncio.timeout(_DEADLINE_S):
        while True:
            try:
                await load(target, [raw("def f(", 2)], 1)
                return
            except* (OSError, RuntimeError, asyncio.IncompleteReadError):
                pass
            await asyncio.sleep(0.3)


@contextmanager
def folder() -> Iterator[Path]:
    """A temporary folder; its name is short, since vLLM makes sockets below it."""
    with tempfile.TemporaryDirectory(prefix="cab-") as made:
        yield Path(made)
