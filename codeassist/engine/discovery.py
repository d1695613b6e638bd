"""How processes of one user find the running `codeassist serve`: a small file that says where it listens.

The file is `serve.json` in the runtime directory: {"url", "pid", "version"}, readable by its owner only. The file of
a process that no longer lives, of another version, or that cannot be read counts as none.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codeassist import __version__
from codeassist.engine.fields import Fields, Misfit, integer, mapping, text

_log = logging.getLogger(__name__)

_FILE = "serve.json"


@contextmanager
def announce(url: str, directory: Path) -> Iterator[None]:
    """Let others find the server at `url` for the length of the block. Raises OSError."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    _write(directory / _FILE, {"url": url, "pid": os.getpid(), "version": __version__})
    try:
        yield
    finally:
        if _announced_pid(directory) == os.getpid():  # another server may have taken over
            (directory / _FILE).unlink(missing_ok=True)


def running_server(directory: Path) -> str | None:
    """The address of the user's running server, or None."""
    try:
        url, pid, version = _read(directory / _FILE)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        _log.warning("%s is passed over: %s", directory / _FILE, error)
        return None
    if not _lives(pid):
        return None
    if version != __version__:
        _log.warning("the running server is codeassist %s, this is %s: not attaching", version, __version__)
        return None
    return url


def _write(path: Path, value: dict[str, object]) -> None:
    """Replace `path` in one step; a reader sees the old file or the new one. The file is made with mode 0600."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(value, file)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _read(path: Path) -> tuple[str, int, str]:
    if path.stat().st_uid != os.getuid():
        raise ValueError("it belongs to another user")
    try:
        fields = Fields(mapping(json.loads(path.read_text(encoding="utf-8"))), "serve.json", ValueError)
    except Misfit as misfit:
        raise ValueError(f"it must be {misfit}") from None
    announced = fields.take("url", text), fields.take("pid", integer), fields.take("version", text)
    fields.finish()
    return announced


def _announced_pid(directory: Path) -> int | None:
    try:
        return _read(directory / _FILE)[1]
    except (OSError, ValueError):
        return None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return False
    return pid > 0
