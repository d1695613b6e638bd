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
from indexer.gitcommand import GitTrouble, list_files

# A copy of more is not made: large files are data that no unit test wants.
MAX_COPIED_BYTES = 500 * 2**20
MAX_FILE_BYTES = 20 * 2**20
MAX_OUTPUT = 20_000

_CONFINED = str(Path(__file__).with_name("confined.py"))
# Of the user's home, what programs keep keys and passwords in.
_PRIVATE = (".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".netrc.d", ".password-store", ".config/gcloud",
            ".config/codeassist", ".mozilla", ".thunderbird", ".local/share/keyrings")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to. status: the exit code, None where its time was over. output: its end."""

    status: int | None
    output: str


@contextmanager
def copied(root: Path) -> Iterator[Path]:
    """A copy of the workspace's own files: tracked ones and those that git does not ignore.

    Raises SandboxUnavailable.
    """
    with tempfile.TemporaryDirectory(prefix="codeassist-run-") as folder:
        target = Path(folder).resolve() / root.name
        room = MAX_COPIED_BYTES
        for path in _files(root):
            source = root / path
            if source.is_symlink() or not source.is_file() or source.stat().st_size > MAX_FILE_BYTES:
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
    process = subprocess.Popen(
        [*_confined(folder), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(environment) | {"HOME": str(folder), "TMPDIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=seconds)
        status: int | None = process.returncode
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        status = None
    return Outcome(status, output.decode("utf-8", "replace")[-MAX_OUTPUT:])


@functools.cache
def can_confine() -> bool:
    """Whether this machine lets a process be confined."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return False
    with tempfile.TemporaryDirectory(prefix="codeassist-run-") as folder:
        tried = subprocess.run([*_confined(Path(folder)), "true"], capture_output=True, check=False)
    return tried.returncode not in (NOT_CONFINED, 1)


def _confined(folder: Path) -> list[str]:
    home = Path.home()
    hidden = [str(place) for name in _PRIVATE if (place := home / name).is_dir()]
    apart = ("unshare", "--map-root-user", "--net", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child")
    return [*apart, sys.executable, "-I", "-S", _CONFINED, str(folder), *hidden, "--"]


def _files(root: Path) -> list[str]:
    try:
        return list_files(root, "--cached", "--others", "--exclude-standard", "--deduplicate")
    except GitTrouble:
        found = (path for path in sorted(root.rglob("*")) if ".git" not in path.parts)
        return [path.relative_to(root).as_posix() for path in found if path.is_file()]
