"""An engine, and a server, that are killed while a review's surprise pass is at work.

What was found by then stays, a note says what happened, the exit code is what the findings make it, and the work tree
is as it was.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.server.serve_process import Server, running_server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_S = 200.0
# A review of what is staged here keeps an engine busy for several seconds of a core.
WORK_S = 1.0
LEFTOVER = "def area(radius):\n    breakpoint()\n    return radius\n"
HOOK = ("codeassist.commands.pre_commit", "--max-seconds=100")
REVIEW = ("codeassist.cli", "review", "--max-seconds=100")


def git(server: Server, *arguments: str) -> str:
    command = ["git", "-C", str(server.workspace), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose repository has a large change staged, with a fault that needs no model to be found."""
    with running_server(tmp_path_factory.mktemp("killed"), CODEASSIST_ENGINE_DTYPE="auto") as server:
        git(server, "init", "-q")
        (server.workspace / "a.py").write_text(LEFTOVER)
        for file in sorted((ROOT / "codeassist" / "review").glob("*.py")):
            shutil.copy(file, server.workspace)
        git(server, "add", ".")
        yield server


def wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        if httpx.get(f"{server.url}/health").json()["status"] == "ready":
            return
        time.sleep(0.3)
    pytest.fail((server.workspace.parent / "log").read_text()[-3000:])


def worked_s(group: int) -> float:
    """Seconds of a core that the processes of a group have used."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[2]) == group:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def reviewed_while_killing(server: Server, program: tuple[str, ...], victim: int) -> tuple[int, str]:
    """Exit code and words of a program, with a process killed once the engine has worked on what is asked of it."""
    engine = server.engine_pid()
    before = worked_s(engine)
    with subprocess.Popen(
        [sys.executable, "-P", "-m", *program], cwd=server.workspace, env=server.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        while worked_s(engine) - before < WORK_S:
            assert process.poll() is None, "the review was over before its engine had worked"
            time.sleep(0.01)
        os.kill(victim, signal.SIGKILL)
        killed_at = time.monotonic()
        said, _ = process.communicate(timeout=120)
    assert time.monotonic() - killed_at < 30
    return process.returncode, said


def state(server: Server) -> tuple[str, str]:
    """What git says of the work tree, and all that is in it."""
    texts = [file.read_text() for file in sorted(server.workspace.glob("*")) if file.is_file()]
    return git(server, "status", "--porcelain=v1", "--ignored", "--", ":!.codeassist"), "".join(texts)


def test_an_engine_that_is_killed_costs_no_finding_and_no_commit(server: Server) -> None:
    wait_until_ready(server)
    before = state(server)
    code, said = reviewed_while_killing(server, HOOK, server.engine_pid())
    assert code == 0, said
    assert "a.py:2  warning  debug-leftover" in said
    assert "died while it was answering" in said
    assert "not everything was looked at" in said
    assert state(server) == before
    wait_until_ready(server)
    log = (server.workspace.parent / "log").read_text()
    assert "died: the system killed it" in log


def test_a_server_that_is_killed_costs_no_finding(server: Server) -> None:
    """The last test of these: nobody starts it again."""
    wait_until_ready(server)
    before = state(server)
    code, said = reviewed_while_killing(server, REVIEW, server.process.pid)
    assert code == 0, said
    assert "a.py:2  warning  debug-leftover" in said
    assert "surprise: ended: " in said
    assert "is the server running?" in said
    assert state(server) == before
