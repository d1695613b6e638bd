"""The hook under the real pre-commit, in an environment that it makes itself: real repositories, real commits."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from codeassist.engine.discovery import RunningServer, announce
from tests.cli.test_process import free_port
from tests.e2e.client_tools import cannot, pre_commit
from tests.e2e.shared_engine import wait_until_ready
from tests.e2e.vscode_tools import cache
from tests.kept import keep_compiled_rules

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[2]
CONFLICT = "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> other\n"
# What a base install does without, and what makes a clone of this repository slow.
_HEAVY = ("codeassist/models/", "bench/results/", "docs/")
_HEAVY_BYTES = 300_000


@dataclass(frozen=True)
class Hooked:
    """A repository whose commits pre-commit looks at."""

    root: Path
    environ: dict[str, str]

    def git(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        named = ["-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "commit.gpgsign=false"]
        return subprocess.run(
            ["git", *named, *arguments],
            cwd=self.root,
            env=self.environ | environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text, encoding="utf-8")

    def commit(self, *arguments: str, **environ: str) -> tuple[int, str]:
        """Exit code, and what was said."""
        done = self.git("commit", "-qm", "change", *arguments, **environ)
        return done.returncode, done.stdout + done.stderr

    def configure(self, hook_repository: Path, *arguments: str) -> None:
        rev = subprocess.run(
            ["git", "-C", str(hook_repository), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip()
        hook = {"id": "codeassist-review", "args": list(arguments)}
        config = {"repos": [{"repo": str(hook_repository), "rev": rev, "hooks": [hook]}]}
        self.write(".pre-commit-config.yaml", json.dumps(config))  # which is YAML, too
        assert self.git("add", ".pre-commit-config.yaml").returncode == 0


@pytest.fixture(scope="module")
def hook_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This work tree as a repository to take the hook from, without the weights."""
    folder = tmp_path_factory.mktemp("hook") / "codeassist"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if not source.is_file() or (name.startswith(_HEAVY) and source.stat().st_size > _HEAVY_BYTES):
            continue
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, folder / name)
    made = Hooked(folder, dict(os.environ))
    for arguments in (("init", "-q"), ("add", "--all")):
        assert made.git(*arguments).returncode == 0
    assert made.commit()[0] == 0
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, hook_repository: Path) -> dict[str, str]:
    """The environment of commits; pre-commit has made its own in it."""
    program, folder = pre_commit(), tmp_path_factory.mktemp("home")
    keep_compiled_rules(folder / "cache")
    environ = {
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "PRE_COMMIT_HOME": str(folder / "pre-commit"),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "PIP_CACHE_DIR": str(cache() / "pip"),
        **{name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_"))},
    }
    first = repository(folder / "first", environ, hook_repository)
    done = subprocess.run(
        [str(program), "install-hooks"], cwd=first.root, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stdout + done.stderr
        if "Could not find a version" in said or "No matching distribution" in said or "onnection" in said:
            cannot(f"pre-commit cannot have dependencies from PyPI: {said[-600:]}")
        pytest.fail(said[-3000:])
    return environ


def repository(root: Path, environ: dict[str, str], hook_repository: Path, *arguments: str) -> Hooked:
    root.mkdir(parents=True)
    made = Hooked(root, environ)
    made.git("init", "-q", "-b", "main")
    made.write("a.py", "def area(radius):\n    return radius\n")
    made.git("add", ".")
    assert made.commit()[0] == 0
    made.configure(hook_repository, *(arguments or ("--max-seconds=120",)))
    done = subprocess.run([str(pre_commit()), "install"], cwd=root, env=environ, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture
def hooked(tmp_path: Path, home: dict[str, str], hook_repository: Path) -> Hooked:
    return repository(tmp_path / "repo", home, hook_repository)


def test_a_commit_goes_through_until_something_is_wrong_with_it(hooked: Hooked) -> None:
    code, said = hooked.commit()
    assert code == 0, said
    assert "codeassist review" in said
    assert "Passed" in said
    hooked.write("b.py", CONFLICT)
    hooked.git("add", "b.py")
    code, said = hooked.commit()
    assert code == 1
    assert "b.py:1" in said
    assert "merge conflict" in said
    assert "Failed" in said
    assert hooked.git("log", "--oneline", "--", "b.py").stdout == ""
    code, said = hooked.commit(SKIP="codeassist-review")
    assert code == 0
    assert "Skipped" in said


def test_what_is_staged_in_part_is_reviewed_as_it_is_staged(hooked: Hooked) -> None:
    hooked.write("b.py", "b = 1\n")
    hooked.git("add", "b.py")
    hooked.write("b.py", CONFLICT)
    code, said = hooked.commit()
    assert code == 0, said
    assert (hooked.root / "b.py").read_text() == CONFLICT
    hooked.git("add", "b.py")
    hooked.write("b.py", "b = 2\n")
    assert hooked.commit()[0] == 1
    assert (hooked.root / "b.py").read_text() == "b = 2\n"


def test_commits_that_make_an_index_of_their_own_are_reviewed(hooked: Hooked) -> None:
    assert hooked.commit()[0] == 0
    hooked.write("a.py", CONFLICT)
    for arguments in (("-a",), ("a.py",)):
        code, said = hooked.commit(*arguments)
        assert code == 1
        assert "a.py:1" in said


def test_a_merge_and_a_rebase_are_committed(hooked: Hooked) -> None:
    assert hooked.commit()[0] == 0
    hooked.git("checkout", "-qb", "other")
    hooked.write("a.py", "def area(radius):\n    return radius * 2\n")
    assert hooked.commit("-a")[0] == 0
    hooked.git("checkout", "-q", "main")
    hooked.write("a.py", "def area(radius):\n    return radius * 3\n")
    assert hooked.commit("-a")[0] == 0
    assert hooked.git("merge", "other").returncode == 1
    hooked.git("add", "a.py")  # as it is, with its marks
    code, said = hooked.commit()
    assert code == 1
    assert "merge-conflict" in said
    hooked.write("a.py", "def area(radius):\n    return radius * 4\n")
    hooked.git("add", "a.py")
    code, said = hooked.commit()
    assert code == 0, said
    assert len(hooked.git("log", "-1", "--format=%P").stdout.split()) == 2
    hooked.git("checkout", "-q", "other")
    hooked.write("a.py", "def area(radius):\n    return radius * 5\n")
    assert hooked.commit("-a")[0] == 0
    assert hooked.git("rebase", "main").returncode == 1
    hooked.write("a.py", "def area(radius):\n    return radius * 6\n")
    hooked.git("add", "a.py")
    done = hooked.git("rebase", "--continue", GIT_EDITOR="true")
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def hanging_server(environ: dict[str, str]) -> Iterator[None]:
    path = Path(environ["XDG_RUNTIME_DIR"]) / "codeassist" / "hanging.sock"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
        with announce(RunningServer("http://127.0.0.1:1", str(path)), path.parent):
            yield


def test_a_server_that_hangs_keeps_nobody_from_committing(
    tmp_path: Path, home: dict[str, str], hook_repository: Path
) -> None:
    hooked = repository(tmp_path / "repo", home, hook_repository, "--max-seconds=2")
    hooked.write("b.py", CONFLICT)
    hooked.git("add", "b.py")
    begun = time.monotonic()
    with hanging_server(home):
        code, said = hooked.commit()
    assert code == 0
    assert "the review took longer than 2 s; the commit goes on" in said
    assert time.monotonic() - begun < 20


@contextmanager
def running_server(hooked: Hooked) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """`codeassist serve` of this work tree, with answers from a script, in the repository; and its log."""
    port, log = free_port(), hooked.root.parent / "serve.log"
    command = [sys.executable, "-P", "-m", "codeassist.cli", "serve", str(hooked.root), "--port", str(port)]
    environ = hooked.environ | {"PYTHONPATH": str(ROOT), "CODEASSIST_ENGINE_KIND": "scripted"}
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output, env=environ) as process:
        try:
            wait_until_ready(port, process, log)
            yield process, log
        finally:
            process.kill()


def test_a_running_server_is_asked_and_one_that_was_killed_is_missed_by_nobody(hooked: Hooked) -> None:
    hooked.write("b.py", CONFLICT)
    hooked.git("add", "b.py")
    with running_server(hooked) as (process, log):
        code, said = hooked.commit()
        assert (code, "b.py:1" in said) == (1, True)
        assert "codeassist.server.review: review of 2 files" in log.read_text()
        process.kill()
        process.wait()
        code, said = hooked.commit()
        assert (code, "b.py:1" in said) == (1, True)
        assert "goes on" not in said


def test_the_configuration_that_installs_nothing_works(tmp_path: Path, home: dict[str, str]) -> None:
    """With the script of an environment that has codeassist on the PATH."""
    program = tmp_path / "bin" / "codeassist-pre-commit"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable} -P\nfrom codeassist.commands.pre_commit import main\nmain()\n")
    program.chmod(0o755)
    environ = home | {"PATH": f"{program.parent}{os.pathsep}{home['PATH']}", "PYTHONPATH": str(ROOT)}
    environ["PRE_COMMIT_HOME"] = str(tmp_path / "pre-commit")
    made = Hooked(tmp_path / "repo", environ)
    made.root.mkdir()
    made.git("init", "-q")
    shutil.copy(ROOT / "extension-config" / "pre-commit" / ".pre-commit-config.yaml", made.root)
    subprocess.run([str(pre_commit()), "install"], cwd=made.root, env=environ, capture_output=True, check=True)
    made.git("add", ".")
    code, said = made.commit()
    assert code == 0, said
    made.write("b.py", CONFLICT)
    made.git("add", ".")
    code, said = made.commit()
    assert (code, "b.py:1" in said) == (1, True)
