"""Runs what a model wrote, in a copy of the workspace that is thrown away, without network and without a way out of it.

Linux alone has what this needs (namespaces that any user may make); where it is missing, nothing is run.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from codeassist.errors import SandboxUnavailable
from codeassist.writing.confined import NOT_CONFINED
from codeassist.writing.interpreter import folders_of
from indexer.gitcommand import GitTrouble, list_files
from indexer.secret_rules import is_secret_name

# A copy of more is not made: large files are data that no unit test wants.
MAX_COPIED_BYTES = 500 * 2**20
MAX_FILE_BYTES = 20 * 2**20
MAX_OUTPUT = 20_000

_CONFINED = str(Path(__file__).with_name("confined.py"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to. status: the exit code, None where its time was over. output: its end."""

    status: int | None
    output: str


@contextmanager
def copied(root: Path) -> Iterator[Path]:
    """A copy of the workspace's own files: tracked ones and those that git does not ignore, without what keeps secrets.

    What a run prints goes to the chat model. Raises SandboxUnavailable.
    """
    with tempfile.TemporaryDirectory(prefix="codeassist-run-") as folder:
        target = Path(folder).resolve() / root.name
        room = MAX_COPIED_BYTES
        for path in _files(root):
            source = root / path
            if not _is_copied(root, path) or source.stat().st_size > MAX_FILE_BYTES:
                continue
            room -= source.stat().st_size
            if room < 0:
                raise SandboxUnavailable(f"{root} has more than {MAX_COPIED_BYTES // 2**20} MiB to copy")
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / path)
        target.mkdir(exist_ok=True)
        yield target


def run(folder: Path, command: Sequence[str], seconds: float, environment: Mapping[str, str]) -> Outcome:
    """Run a command that may write into the folder alone. Raises SandboxUnavailable."""
    if not can_confine():
        raise SandboxUnavailable(
            "this machine has no sandbox for code that a model wrote; Linux with user namespaces and `unshare` has one"
        )
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [*_confined(folder, command[0]), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,  # Not a pipe: the limit of a file's size is that of what is written here, too.
            stderr=subprocess.STDOUT,
            env=dict(environment) | {"HOME": str(folder), "TMPDIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
            start_new_session=True,
        )
        try:
            status: int | None = process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            _end(process)
        output.seek(max(0, output.seek(0, os.SEEK_END) - MAX_OUTPUT))
        return Outcome(status, output.read(MAX_OUTPUT).decode("utf-8", "replace"))


@functools.cache
def can_confine() -> bool:
    """Whether this machine lets a process be confined."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return False
    with tempfile.TemporaryDirectory(prefix="codeassist-run-") as folder:
        command = [*_confined(Path(folder), "true"), "true"]
        tried = subprocess.run(command, capture_output=True, check=False)
    return tried.returncode not in (NOT_CONFINED, 1)


def _confined(folder: Path, program: str) -> list[str]:
    """The command in front of the program's own."""
    kept = dict.fromkeys([*folders_of(sys.executable), *folders_of(program)])
    apart = ("--net", "--mount", "--pid", "--ipc", "--mount-proc", "--fork", "--kill-child")
    ours = (sys.executable, "-I", "-S", _CONFINED)
    return ["unshare", "--map-root-user", *apart, *ours, str(folder), *map(str, kept), "--"]


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it and all that it began: with the first process of their namespace, the kernel ends the others."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _is_copied(root: Path, path: str) -> bool:
    source = root / path
    if is_secret_name(path) or source.is_symlink() or not source.is_file():
        return False
    return source.resolve().is_relative_to(root.resolve())


def _files(root: Path) -> list[str]:
    try:
        return list_files(root, "--cached", "--others", "--exclude-standard", "--deduplicate")
    except GitTrouble:
        found = (path for path in sorted(root.rglob("*")) if ".git" not in path.parts)
        return [path.relative_to(root).as_posix() for path in found if path.is_file()]
