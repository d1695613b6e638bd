"""`codeassist-pre-commit` as git starts it: a process of its own, in a repository where something is staged."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from codeassist.engine.discovery import RunningServer, announce
from codeassist.findings.types import Finding
from codeassist.review.asked import Answer, Asked, answer_to_json, asked_to_json
from codeassist.review.report import PassReport, Report
from tests.kept import keep_compiled_rules

COMMAND = [sys.executable, "-P", "-m", "codeassist.commands.pre_commit"]
ROOT = Path(__file__).resolve().parents[2]
CONFLICT = "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> other\n"
CLEAN = Report("staged changes", (), (PassReport("static", 1.0, 0),), n_files=1, n_lines=1)
WARNING = Finding("1", "b.py", 3, 3, "warning", "debug-leftover", "A leftover.", "b.py:3")


@dataclass(frozen=True)
class Hooked:
    """What a run of the hook came to."""

    code: int
    out: str
    err: str
    seconds: float


@dataclass
class Repository:
    """A repository in which `b.py` is staged."""

    root: Path
    environ: dict[str, str]
    runtime: Path
    heard: list[str] = field(default_factory=list)

    def git(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "commit.gpgsign=false", *arguments]
        return subprocess.run(
            command, cwd=self.root, env=self.environ | environ, capture_output=True, text=True, check=False
        )

    def stage(self, text: str) -> None:
        (self.root / "b.py").write_text(text)
        assert self.git("add", "b.py").returncode == 0

    def hook(self, *arguments: str, **environ: str) -> Hooked:
        begun = time.monotonic()
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.root,
            env=self.environ | environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Hooked(done.returncode, done.stdout, done.stderr, time.monotonic() - begun)

    @contextmanager
    def server(self, answer: Callable[[socket.socket], None]) -> Iterator[None]:
        """A server of this user's that is announced, and does this with each connection once it has been asked."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            path = self.runtime / "codeassist" / "s.sock"
            path.parent.mkdir(parents=True)
            listener.bind(str(path))
            listener.listen()
            threading.Thread(target=self._serve, args=(listener, answer), daemon=True).start()
            with announce(RunningServer("http://127.0.0.1:1", str(path)), path.parent):
                yield

    def _serve(self, listener: socket.socket, answer: Callable[[socket.socket], None]) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                self.heard.append(whole_request(connection))
                answer(connection)


def whole_request(connection: socket.socket) -> str:
    heard = b""
    while b"\r\n\r\n" not in heard:
        heard += connection.recv(65_536)
    head, _, body = heard.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while length is not None and len(body) < int(length[1]):
        body += connection.recv(65_536)
    return (head + b"\r\n\r\n" + body).decode()


def saying(status: int, value: object) -> Callable[[socket.socket], None]:
    body = json.dumps(value)

    def answer(connection: socket.socket) -> None:
        head = f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        connection.sendall((head + body).encode())

    return answer


def reporting(report: Report, fail_on: str = "error") -> Callable[[socket.socket], None]:
    return saying(200, answer_to_json(Answer(report, fail_on)))


def hanging(connection: socket.socket) -> None:
    connection.recv(1)


def refusing(status: int, code: str) -> Callable[[socket.socket], None]:
    return saying(status, {"error": {"code": code, "message": f"told: {code}"}})


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    root = tmp_path / "repo"
    root.mkdir()
    keep_compiled_rules(tmp_path / ".cache")
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "CODEASSIST_INDEX_DIRECTORY": str(tmp_path / "indexes"),
    }
    made = Repository(root, environ, tmp_path / "run")
    made.git("init", "-q")
    (root / "a.py").write_text("def area(radius):\n    return radius\n")
    made.git("add", ".")
    assert made.git("commit", "-qm", "one").returncode == 0
    made.stage("x = 1\n")
    return made


def test_a_commit_without_findings_is_silent(repository: Repository) -> None:
    with repository.server(reporting(CLEAN)):
        hooked = repository.hook("b.py", "--max-seconds=20")
    assert (hooked.code, hooked.out, hooked.err) == (0, "", "")
    head, _, body = repository.heard[0].partition("\r\n\r\n")
    assert head.startswith("POST /codeassist/v1/review HTTP/1.1")
    asked = json.loads(body)
    assert asked == {
        "workspace": str(repository.root),
        "max_seconds": 19.0,
        "index_file": str(repository.root / ".git" / "index"),
        "passes": None,
    }


def test_the_index_that_is_committed_is_named(repository: Repository) -> None:
    with repository.server(reporting(CLEAN)):
        repository.hook(GIT_INDEX_FILE=".git/index")
        repository.hook("--passes", "static, surprise", GIT_INDEX_FILE=str(repository.root / ".git/next-index-7.lock"))
    asked = [json.loads(heard.partition("\r\n\r\n")[2]) for heard in repository.heard]
    assert [Path(one["index_file"]).name for one in asked] == ["index", "next-index-7.lock"]
    assert asked[1]["passes"] == ["static", "surprise"]


FAILING = [
    ("error", (), 0),
    ("warning", (), 1),
    ("error", ("--fail-on=warning",), 1),
    ("warning", ("--fail-on", "never"), 0),
]


@pytest.mark.parametrize(("configured", "arguments", "code"), FAILING)
def test_findings_are_shown_and_stop_the_commit_from_the_level_that_is_asked_for(
    repository: Repository, configured: str, arguments: tuple[str, ...], code: int
) -> None:
    report = Report("staged changes", (WARNING,), n_files=1, n_lines=3)
    with repository.server(reporting(report, configured)):
        hooked = repository.hook(*arguments)
    assert hooked.code == code
    assert "b.py:3" in hooked.out
    assert "A leftover." in hooked.out
    assert ("SKIP=codeassist-review" in hooked.out) == bool(code)


@pytest.mark.parametrize("environ", [{}, {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}])
def test_a_finding_in_a_file_of_any_name_stops_the_commit(repository: Repository, environ: dict[str, str]) -> None:
    odd = replace(WARNING, path="dir/é\udcff\n.py", message="A leftover: “…”.")
    with repository.server(reporting(Report("staged changes", (odd,), n_files=1, n_lines=3), "warning")):
        hooked = repository.hook(**environ)
    assert (hooked.code, hooked.err) == (1, "")
    assert "udcff" in hooked.out


def test_what_was_not_looked_at_is_told_in_one_line(repository: Repository) -> None:
    crashed = PassReport("surprise", 3.0, 0, "the engine died while it was working", is_complete=False)
    passes = (crashed, PassReport("model", 0.0, 0, "no chat model is configured"))
    with repository.server(reporting(Report("staged changes", (), passes, is_complete=False))):
        hooked = repository.hook()
    assert (hooked.code, hooked.out) == (0, "")
    assert hooked.err.count("\n") == 1
    assert "surprise: the engine died while it was working" in hooked.err
    assert "chat" not in hooked.err
    assert "the commit goes on" in hooked.err


@pytest.mark.parametrize("findings", [(), (WARNING,)])
def test_passes_that_are_not_available_here_are_not_told_at_each_commit(
    repository: Repository, findings: tuple[Finding, ...]
) -> None:
    passes = (PassReport("surprise", 0.0, 0, "no engine"), PassReport("model", 0.0, 0, "no chat model"))
    report = Report("staged changes", findings, passes, notes=("not looked at (binary): a.bin",), n_files=1, n_lines=3)
    with repository.server(reporting(report)):
        hooked = repository.hook()
    assert (hooked.code, hooked.err, bool(hooked.out)) == (0, "", bool(findings))
    assert "no engine" not in hooked.out
    assert "no chat model" not in hooked.out


def test_a_server_that_hangs_costs_the_time_limit_and_no_more(repository: Repository) -> None:
    repository.stage(CONFLICT)
    with repository.server(hanging):
        hooked = repository.hook("--max-seconds=1")
    assert (hooked.code, hooked.out) == (0, "")
    assert hooked.err == "codeassist review: the review took longer than 1 s; the commit goes on\n"
    assert 1 <= hooked.seconds < 4


def test_a_server_that_accepts_nobody_hinders_nobody(repository: Repository) -> None:
    path = repository.runtime / "codeassist" / "full.sock"
    path.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen(0)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as first:
            first.connect(str(path))  # the queue is full now
            with announce(RunningServer("http://127.0.0.1:1", str(path)), path.parent):
                hooked = repository.hook("--max-seconds=1")
    assert (hooked.code, hooked.seconds < 4) == (0, True)
    assert "the commit goes on" in hooked.err


def test_what_cannot_be_reviewed_is_told_and_let_through(repository: Repository) -> None:
    with repository.server(refusing(422, "review_impossible")):
        hooked = repository.hook()
    assert (hooked.code, hooked.err) == (0, "codeassist review: told: review_impossible; the commit goes on\n")


def broken(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n{")


ELSEWHERE = [
    pytest.param(refusing(409, "other_workspace"), id="another repository"),
    pytest.param(refusing(404, "not_found"), id="an older server"),
    pytest.param(broken, id="killed in the middle"),
    pytest.param(lambda connection: None, id="killed at once"),
    pytest.param(saying(200, {"report": {"version": 99}}), id="another version"),
    pytest.param(saying(200, ["?"]), id="something else"),
]


@pytest.mark.parametrize("answer", ELSEWHERE)
def test_without_a_server_that_reviews_the_hook_does(
    repository: Repository, answer: Callable[[socket.socket], None]
) -> None:
    repository.stage(CONFLICT)
    with repository.server(answer):
        hooked = repository.hook("--max-seconds=60")
    assert hooked.code == 1, hooked.err
    assert "b.py:1" in hooked.out
    assert hooked.err == ""


def test_without_any_server_it_reviews_with_the_index_on_disk(repository: Repository, tmp_path: Path) -> None:
    (repository.root / "json.py").write_text("raise SystemExit('a module of the repository was imported')\n")
    hooked = repository.hook("--max-seconds=60")
    assert (hooked.code, hooked.out, hooked.err) == (0, "", "")
    assert list((tmp_path / "indexes").iterdir())


def test_nothing_staged_costs_no_review(repository: Repository) -> None:
    repository.git("reset", "-q")
    with repository.server(hanging):
        hooked = repository.hook("--max-seconds=30")
    assert (hooked.code, hooked.out, hooked.err, repository.heard) == (0, "", "", [])


def test_a_setting_that_is_wrong_lets_the_commit_through(repository: Repository) -> None:
    (repository.root / "codeassist.toml").write_text("[review]\npasses = 7\n")
    hooked = repository.hook("--max-seconds=60")
    assert (hooked.code, hooked.out) == (0, "")
    assert "review.passes" in hooked.err
    assert hooked.err.endswith("; the commit goes on\n")


def test_outside_of_a_repository_it_says_so(repository: Repository, tmp_path: Path) -> None:
    repository.root = tmp_path
    hooked = repository.hook()
    assert hooked.code == 0
    assert "not a git repository" in hooked.err
    assert hooked.err.count("\n") == 1


@pytest.mark.parametrize("argument", ["--fail-on=all", "--max-seconds=0", "--max-seconds=soon", "--passes=lint"])
def test_an_argument_that_is_wrong_is_told(repository: Repository, argument: str) -> None:
    hooked = repository.hook(argument)
    assert hooked.code == 2
    assert argument.split("=", maxsplit=1)[0] in hooked.err


def test_an_interruption_ends_it_with_all_that_it_started(repository: Repository) -> None:
    slow = repository.root.parent / "slow"
    slow.mkdir()
    marker = repository.root.parent / "child"
    (slow / "sitecustomize.py").write_text(
        "import os, sys, time, pathlib\n"
        "if any('local_review' in one for one in sys.orig_argv):\n"
        f"    pathlib.Path({str(marker)!r}).write_text(str(os.getpid()))\n"
        "    time.sleep(600)\n"
    )
    environ = repository.environ | {"PYTHONPATH": f"{slow}{os.pathsep}{ROOT}"}
    process = subprocess.Popen(
        [*COMMAND, "--max-seconds=300"], cwd=repository.root, env=environ, stderr=subprocess.PIPE, text=True
    )
    with process:
        _wait(lambda: marker.exists() and bool(marker.read_text()))
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    _wait(lambda: not Path(f"/proc/{marker.read_text()}").exists())


def test_a_review_of_its_own_that_hangs_is_ended_with_its_process(repository: Repository) -> None:
    slow = repository.root.parent / "slow"
    slow.mkdir()
    (slow / "sitecustomize.py").write_text(
        "import sys, time\nif any('local_review' in one for one in sys.orig_argv):\n    time.sleep(600)\n"
    )
    hooked = repository.hook("--max-seconds=1", PYTHONPATH=f"{slow}{os.pathsep}{ROOT}")
    assert (hooked.code, hooked.out) == (0, "")
    assert hooked.err == "codeassist review: the review took longer than 1 s; the commit goes on\n"
    assert hooked.seconds < 4


def test_what_loading_takes_counts_for_the_time_of_a_review(repository: Repository) -> None:
    repository.stage("breakpoint()\n")
    request = json.dumps(asked_to_json(Asked(str(repository.root), 30.0)))
    command = [sys.executable, "-P", "-m", "codeassist.commands.local_review"]
    environ = repository.environ | {"PYTHONPATH": str(ROOT)}

    def asked(*begun: str) -> dict[str, Any]:
        done = subprocess.run([*command, *begun], input=request, capture_output=True, text=True, timeout=120,
                              cwd=repository.root, env=environ, check=True)  # fmt: skip
        return dict(json.loads(done.stdout))

    assert asked(str(time.time()))["report"]["is_complete"]
    assert "time was up" in asked(str(time.time() - 60))["error"]


def test_a_commit_without_findings_loads_little() -> None:
    """What takes its time to load is loaded where something is to be shown, or reviewed here."""
    code = "import sys, codeassist.commands.pre_commit; print(*sorted(sys.modules))"
    said = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, cwd="/")
    loaded = set(said.stdout.split())
    slow = {
        "asyncio",
        "git",
        "httpx",
        "numpy",
        "rich",
        "tokenizers",
        "tree_sitter",
        "typer",
        "indexer.index",
        "sqlite3",
    }
    assert loaded & slow == set()


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
