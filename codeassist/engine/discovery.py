"""How processes of one user find the running `codeassist serve`: a small file that says where it listens.

The file is `serve.json` in the runtime directory: {"url", "socket", "pid", "version"}, readable by its owner only. The
file of a process that no longer lives, of another version, or that cannot be read counts as none.

`socket` is a Unix socket in the same directory, which nobody but the owner can enter: whoever asks through it is the
owner, and so is who answers there. It needs no key and no TLS, and is there whatever address the server listens on for
others. Where no such socket could be made it is "", and the server is asked at `url`.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from codeassist import __version__
from codeassist.engine.fields import Fields, Misfit, integer, mapping, text
from codeassist.private_files import replace_private

_log = logging.getLogger(__name__)

_FILE = "serve.json"


@dataclass(frozen=True, slots=True)
class RunningServer:
    """url: where clients reach it. socket: path of the Unix socket for its owner's own processes, or ""."""

    url: str
    socket: str = ""


@contextmanager
def announce(server: RunningServer, directory: Path) -> Iterator[None]:
    """Let others find the server for the length of the block; one that was found before is found again afterwards,
    where it still runs. Raises OSError."""
    make_private(directory)
    earlier = _announced(directory)
    announced = {"url": server.url, "socket": server.socket, "pid": os.getpid(), "version": __version__}
    replace_private(directory / _FILE, json.dumps(announced))
    try:
        yield
    finally:
        if (now := _announced(directory)) and now[0] == os.getpid():  # another server may have taken over
            if earlier and _lives(earlier[0]) and earlier[0] != os.getpid():
                replace_private(directory / _FILE, earlier[1])
            else:
                (directory / _FILE).unlink(missing_ok=True)


def make_private(directory: Path) -> None:
    """A directory that its owner alone can enter. Raises OSError."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)


def running_server(directory: Path) -> RunningServer | None:
    """The user's running server, or None."""
    try:
        server, pid, version = _read(directory / _FILE)
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
    return server


def _read(path: Path) -> tuple[RunningServer, int, str]:
    if path.stat().st_uid != os.getuid():
        raise ValueError("it belongs to another user")
    try:
        fields = Fields(mapping(json.loads(path.read_text(encoding="utf-8"))), "serve.json", ValueError)
    except Misfit as misfit:
        raise ValueError(f"it must be {misfit}") from None
    server = RunningServer(fields.take("url", text), fields.take("socket", text, ""))
    announced = server, fields.take("pid", integer), fields.take("version", text)
    fields.finish()
    return announced


def _announced(directory: Path) -> tuple[int, str] | None:
    """The process that is announced, and what the file says of it."""
    try:
        return _read(directory / _FILE)[1], (directory / _FILE).read_text(encoding="utf-8")
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
