"""One `codeassist serve` with the shipped model for a whole module of tests; Language Servers attach to it."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.kept import keep_compiled_rules

ROOT = Path(__file__).resolve().parents[2]
LOAD_WITHIN_S = 400.0
END_WITHIN_S = 60.0


@contextlib.contextmanager
def shared_engine(repository: Path, folder: Path, environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """What of the environment makes a Language Server attach to the engine, which is ready."""
    found = {"XDG_RUNTIME_DIR": str(folder / "run"), "XDG_CACHE_HOME": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
    (folder / "run").mkdir(parents=True)
    keep_compiled_rules(folder / "cache")
    port = free_port()
    command = [sys.executable, "-m", "codeassist.cli", "serve", str(repository), "--port", str(port)]
    log = folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env={**environment, **found}, cwd=ROOT
        )
        try:
            wait_until_ready(port, process, log)
            yield found
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(END_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def engine_state(port: int) -> str:
    """What the server says of its engine; "" while it does not answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            return str(json.load(answer)["engine"]["state"])
    except OSError:
        return ""


def wait_until_ready(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the engine answers; what it said is in the error."""
    deadline = time.monotonic() + LOAD_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        if engine_state(port) == "ready":
            return
        time.sleep(0.5)
    raise AssertionError(f"the engine is not ready: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
