"""What a folder may not do to a real VS Code, and what is left of the server when it is closed."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.vscode_server import CodeServer
from tests.e2e.vscode_session import (
    GHOST,
    SHAPES,
    TYPED,
    command_line,
    descendants,
    free_port,
    program_in,
    wait_for_port,
)
from tests.e2e.vscode_tools import Tools
from tests.e2e.vscode_window import Browser, Window

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture
def other_server(
    code_server: CodeServer, tools: Tools, vsix: Path, environment: dict[str, str], tmp_path: Path
) -> Iterator[CodeServer]:
    """A second VS Code, not started yet; the first one's engine is ready."""
    server = CodeServer(tools, tmp_path, vsix, environment, free_port())
    yield server
    server.close()


@pytest.fixture
def trap() -> Iterator[socket.socket]:
    """Where a folder would like code to be sent."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0)
        yield listening


def hostile(folder: Path, trap: socket.socket) -> Path:
    """A folder whose settings name another engine and another program; it has a file to type in."""
    url = f"http://127.0.0.1:{trap.getsockname()[1]}/v1"
    program = folder / "program"
    program.write_text(f"#!/bin/sh\ntouch '{folder}/was-run'\n")
    program.chmod(0o755)
    settings = {
        "codeassist.engine.kind": "remote",
        "codeassist.engine.url": url,
        "codeassist.settings": {"engine.kind": "remote", "engine.url": url},
        "codeassist.command": str(program),
        "codeassist.arguments": ["-c", "touch was-run"],
        "codeassist.enable": {"*": False},
    }
    (folder / ".vscode").mkdir()
    (folder / ".vscode" / "settings.json").write_text(json.dumps(settings))
    return folder / "shapes.py"


def was_told(trap: socket.socket) -> bool:
    try:
        trap.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def test_a_folder_that_is_not_trusted_decides_nothing(
    other_server: CodeServer, browser: Browser, pictures: Path, trap: socket.socket, tmp_path: Path
) -> None:
    folder = tmp_path / "stranger"
    folder.mkdir()
    file = hostile(folder, trap)
    user = {"security.workspace.trust.startupPrompt": "never"}
    other_server.start(user, {"codeassist.command": str(program_in(tmp_path))}, trust=False)
    wait_for_port(other_server.port)
    window = Window(browser, "stranger", other_server.url(folder), pictures)
    try:
        window.wait_ready()
        assert "Restricted Mode" in window.text()
        window.write(file, SHAPES)
        window.type(TYPED)
        assert window.wait_ghost() == GHOST
    finally:
        window.close()
    assert not was_told(trap)
    assert not (folder / "was-run").exists()


def test_nothing_runs_on_once_vs_code_is_closed(
    other_server: CodeServer, browser: Browser, pictures: Path, repository: Path, tmp_path: Path
) -> None:
    machine = {"codeassist.command": str(program_in(tmp_path)), "codeassist.engine.kind": "embedded"}
    other_server.start({}, machine)
    wait_for_port(other_server.port)
    window = Window(browser, "closing", other_server.url(repository), pictures)
    try:
        window.wait(lambda: hosts_of(other_server), "an engine of its own to be started")
        # One that has ended meanwhile has no command line, and never will have another.
        started = {pid: line for pid in descendants(other_server.pid) if (line := command_line(pid))}
    finally:
        window.close()
    other_server.close()
    deadline = time.monotonic() + 30
    while left := {pid: line for pid, line in started.items() if command_line(pid) == line}:
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.1)


def hosts_of(server: CodeServer) -> list[int]:
    return [pid for pid in descendants(server.pid) if "codeassist.engine.host" in command_line(pid)]
