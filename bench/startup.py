"""From starting a process to the first suggestion, cold and warm, and what each process weighs.

    python -m bench.startup

Cold: no index, and empty caches of the compilers (what the operating system keeps of files cannot be emptied here).
Warm: what the start before left behind. `lsp` is an editor's Language Server with a model of its own, `serve` the HTTP
endpoint. The baseline of the same run is `import torch` in a fresh Python.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measuring import Repository, parser, workbench, write_result
from bench.probes import LspProbe, post, processes
from bench.typing_replay import Place, choose_places

Starter = Callable[["Scene"], Coroutine[Any, Any, "Start"]]

DEADLINE_S = 300
PAUSE_S = 0.02
CODEASSIST = str(Path(sys.executable).parent / "codeassist")

# A completion that every model answers with something.
ASKED = {"prompt": "def add(a, b):\n    return ", "suffix": "\n\nprint(add(1, 2))\n", "max_tokens": 8}


@dataclass(frozen=True)
class Start:
    """Seconds until a server answered at all, until its first suggestion, and what it weighed then."""

    answers_s: float
    suggestion_s: float
    memory: list[dict[str, object]]


@dataclass(frozen=True)
class Scene:
    """Where servers are started: a repository, settings, and folders that no other program uses."""

    repository: Repository
    options: list[str]
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        caches = ("XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "VLLM_CACHE_ROOT", "TORCHINDUCTOR_CACHE_DIR")
        folders = {name: self.folder / name.lower() for name in caches}
        for path in folders.values():
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return {**os.environ, **{name: str(path) for name, path in folders.items()}}

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def command(self, *arguments: str) -> list[str]:
        return [CODEASSIST, *arguments, *(word for option in self.options for word in ("-o", option))]


async def start_lsp(scene: Scene) -> Start:
    """A Language Server, driven as an editor does, until ghost text comes."""
    started = time.perf_counter()
    probe = await LspProbe.start(scene.command("lsp"), scene.environment, scene.log)
    reading = asyncio.create_task(probe.read())
    try:
        root = scene.repository.root.as_uri()
        folders = [{"uri": root, "name": scene.repository.package}]
        await probe.request("initialize", {"rootUri": root, "workspaceFolders": folders, "capabilities": {}})
        answers_s = time.perf_counter() - started
        await probe.notify("initialized", {})
        places = choose_places(scene.repository, 10, 20, 0)
        for place in places:
            await probe.notify("textDocument/didOpen", {"textDocument": opened(place)})
        await until(lambda: any_suggestion(probe, places))
        suggestion_s = time.perf_counter() - started
        memory = processes(probe.process.pid)
        await probe.request("shutdown", None)
        await probe.notify("exit", None)
        await asyncio.wait_for(probe.process.wait(), 30)
        return Start(answers_s, suggestion_s, memory)
    finally:
        reading.cancel()
        end(probe.process.pid)


def opened(place: Place) -> dict[str, object]:
    """A document with half a line typed."""
    text, _ = place.after(10)
    return {"uri": place.path.as_uri(), "languageId": "python", "version": 1, "text": text}


async def any_suggestion(probe: LspProbe, places: list[Place]) -> bool:
    """Whether ghost text comes at one of the places, asked for by hand."""
    for place in places:
        _, cursor = place.after(10)
        params = {
            "textDocument": {"uri": place.path.as_uri()},
            "position": {"line": cursor.line, "character": cursor.column},
            "context": {"triggerKind": 1},
        }
        result = await probe.request("textDocument/inlineCompletion", params)
        if result and (result if isinstance(result, list) else result["items"]):
            return True
    return False


async def start_serve(scene: Scene) -> Start:
    """The HTTP endpoint, until it completes."""
    port = free_port()
    started = time.perf_counter()
    with scene.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *scene.command("serve", str(scene.repository.root), "--port", str(port)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=scene.environment,
            start_new_session=True,
        )
    try:
        await until(lambda: asyncio.to_thread(listens, port))
        answers_s = time.perf_counter() - started
        await until(lambda: asyncio.to_thread(completes, port))
        suggestion_s = time.perf_counter() - started
        memory = processes(process.pid)
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.wait(), 30)
        return Start(answers_s, suggestion_s, memory)
    finally:
        end(process.pid)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def listens(port: int) -> bool:
    """Whether anybody listens."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def completes(port: int) -> bool:
    """Whether a completion comes."""
    answer = post(port, "/v1/completions", ASKED)
    return bool(answer and answer["choices"][0]["text"])


async def until(happens: Callable[[], Awaitable[bool]]) -> None:
    """Ask again and again. Raises TimeoutError."""
    async with asyncio.timeout(DEADLINE_S):
        while not await happens():  # noqa: ASYNC110 - it is another process that we wait for
            await asyncio.sleep(PAUSE_S)


def end(pid: int) -> None:
    """End what is left of a server and of all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def cold_and_warm(start: Starter, scene: Scene, n_runs: int) -> dict[str, object]:
    """One cold start per fresh folder and a warm one after it; medians."""
    cold, warm = [], []
    for _ in range(n_runs):
        fresh = Scene(scene.repository, scene.options, Path(tempfile.mkdtemp(dir=scene.folder)))
        cold.append(asyncio.run(start(fresh)))
        warm.append(asyncio.run(start(fresh)))
    return {"cold": medians(cold), "warm": medians(warm), "memory": warm[-1].memory}


def medians(starts: list[Start]) -> dict[str, float]:
    """Seconds, over several starts."""
    return {
        "answers_s": round(statistics.median(start.answers_s for start in starts), 2),
        "first_suggestion_s": round(statistics.median(start.suggestion_s for start in starts), 2),
        "n": len(starts),
    }


def seconds_to_import_torch() -> float:
    """The baseline."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    return time.perf_counter() - started


def measure(options: argparse.Namespace, folder: Path, repository: Repository) -> dict[str, object]:
    """Both servers."""
    scene = Scene(repository, options.option, folder)
    baseline = [seconds_to_import_torch() for _ in range(options.runs + 1)][1:]
    return {
        "baseline_import_torch_s": round(statistics.median(baseline), 2),
        "lsp": cold_and_warm(start_lsp, scene, options.runs),
        "serve": cold_and_warm(start_serve, scene, options.runs),
    }


def main() -> None:
    """Measure and write bench/results/startup.json."""
    options = parser(__doc__).parse_args()
    with workbench(options.package) as (folder, repository):
        write_result("startup", options.result, repository, measure(options, folder, repository))


if __name__ == "__main__":
    main()
