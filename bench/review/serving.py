"""`codeassist serve` of a copy of a repository, and reviews by it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.endpoint.servers import free_port
from bench.measuring import ROOT
from bench.review.staging import Clone
from codeassist.commands.hook_server import OwnConnection
from codeassist.engine.discovery import running_server
from codeassist.review.asked import REVIEW_PATH, Asked, answer_from_json, asked_to_json
from codeassist.review.report import Report

MODEL_FREE = ("static", "vulnerabilities")
PASSES = (*MODEL_FREE, "surprise")
_READY_WITHIN_S = 900.0
_ANSWER_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Bench:
    """What is measured on. hook: the command of the hook."""

    clone: Clone
    runtime: Path
    hook: tuple[str, ...]


def cloned(repository: Path, folder: Path) -> Clone:
    """A copy to work on, and all that is kept for it, in one folder."""
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(repository), str(folder / "repo")], check=True)
    (folder / "run").mkdir()
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "CODEASSIST_"))},
        "PYTHONPATH": str(ROOT),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "PRE_COMMIT_HOME": str(folder / "pre-commit"),
    }
    return Clone(folder / "repo", environ)


@contextmanager
def serving(bench: Bench, options: Sequence[str], log: Path) -> Iterator[int]:
    """`codeassist serve` in the repository, its engine and index ready: its port."""
    port = free_port()
    settings = [part for option in options for part in ("-o", option)]
    command = [
        sys.executable,
        "-P",
        "-m",
        "codeassist.cli",
        "serve",
        str(bench.clone.root),
        "--port",
        str(port),
        *settings,
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=dict(bench.clone.environ), stdout=output, stderr=output)
        try:
            _wait_until_ready(bench, process, log)
            yield port
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _wait_until_ready(bench: Bench, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            health = json.loads(_asked(bench, "GET", "/health", None))
            if health["status"] == "ready" and health["index"]["state"] == "ready":
                return
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.5)
    raise SystemExit(f"the server is not ready: {log.read_text(encoding='utf-8', errors='replace')[-3000:]}")


def _asked(bench: Bench, method: str, path: str, body: str | None) -> bytes:
    server = running_server(bench.runtime)
    if server is None:
        raise ConnectionRefusedError
    connection = OwnConnection(server.socket)
    try:
        connection.request(method, path, body)
        return connection.getresponse().read()
    finally:
        connection.close()


def reviewed(bench: Bench, passes: tuple[str, ...]) -> Report:
    body = json.dumps(asked_to_json(Asked(str(bench.clone.root), _ANSWER_WITHIN_S, "", passes)))
    return answer_from_json(json.loads(_asked(bench, "POST", REVIEW_PATH, body))).report
