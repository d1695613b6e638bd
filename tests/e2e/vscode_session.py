"""One VS Code for all tests of a run: the packed extension in code-server, this clone's server, the shipped model.

The model runs once, in `codeassist serve`, to which each window's language server attaches as a user's would.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.vscode_tools import cannot
from tests.kept import keep_compiled_rules

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = ROOT / "extension-config" / "vscode"
ENGINE_WITHIN_S = 400.0

SHAPES = '''"""Shapes and their measures."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Rectangle:
    """A rectangle, by its two sides."""

    width: float
    height: float

    def area(self) -> float:
        """What it covers."""
        return self.width * self.height

    def perimeter(self) -> float:
        """The length of its border."""
        return 2 * (self.width + self.height)


@dataclass(frozen=True)
class Circle:
    """A circle, by its radius."""

    radius: float

    def area(self) -> float:
        """What it covers."""
        return math.pi * self.radius**2

    ‸
        """The length of its border."""
        return 2 * math.pi * self.radius
'''
# Typed at the mark of SHAPES, this brings the ghost text, with a confidence of 0.96.
TYPED, GHOST = "def ", "perimeter(self) -> float:"
MARK = "‸"

ORDERS = '''"""Orders."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Order:
    """What somebody has ordered."""

    number: int
    customer: str
    ‸token_of_payment: float
'''


def environment_in(folder: Path) -> dict[str, str]:
    """This process's environment with all of codeassist's own files in a folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CODEASSIST", "VSCODE"))}
    kinds = ("CACHE_HOME", "CONFIG_HOME", "STATE_HOME", "DATA_HOME", "RUNTIME_DIR")
    for kind in kinds:
        (folder / kind.lower()).mkdir(parents=True, exist_ok=True)
    keep_compiled_rules(folder / "cache_home")
    return kept | {f"XDG_{kind}": str(folder / kind.lower()) for kind in kinds}


def program_in(folder: Path) -> Path:
    """A program `codeassist` that runs this clone's code."""
    file = folder / "codeassist"
    file.write_text(f'#!/bin/sh\nexport PYTHONPATH="{ROOT}"\nexec "{sys.executable}" -m codeassist.cli "$@"\n')
    file.chmod(0o755)
    return file


def repository_in(folder: Path) -> Path:
    repository = folder / "repository"
    repository.mkdir()
    subprocess.run(["git", "init", "-q", str(repository)], check=True, timeout=30)
    for name, text in (("shapes.py", SHAPES.replace(MARK, TYPED + GHOST)), ("orders.py", ORDERS.replace(MARK, ""))):
        (repository / name).write_text(text, encoding="utf-8")
    return repository


def packed_extension() -> Path:
    """The .vsix, made by the one command that users are told."""
    done = subprocess.run(["make", "vsix"], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        cannot(f"`make vsix` failed: {(done.stdout + done.stderr)[-1500:]}")
    (vsix,) = EXTENSION.glob("*.vsix")
    return vsix


@contextmanager
def running_engine(folder: Path, environment: dict[str, str]) -> Iterator[Path]:
    """`codeassist serve`, begun; the log says when it is ready."""
    log = folder / "engine.log"
    empty = folder / "empty"
    empty.mkdir()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "codeassist.cli", "serve", str(empty), "--port", str(free_port())],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield log
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def wait_for_engine(log: Path) -> None:
    deadline = time.monotonic() + ENGINE_WITHIN_S
    while " is ready after " not in (said := log.read_text(errors="replace")):
        assert time.monotonic() < deadline, f"the engine is not ready: {said[-2000:]}"
        time.sleep(0.2)


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10):
                return
        except OSError:
            assert time.monotonic() < deadline, "code-server does not answer"
            time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def servers_of(pid: int) -> list[int]:
    """Language servers among the processes that descend from this one."""
    return [child for child in descendants(pid) if " lsp " in f"{command_line(child)} "]


def descendants(pid: int) -> Iterator[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return
    for child in children:
        yield child
        yield from descendants(child)


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
