"""The Unix socket through which this user's own processes ask, whatever the server demands of others.

It lies in the runtime directory, which its owner alone can enter, under a name that is the same at each start on the
same address: an editor that is attached finds the server again after a restart.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codeassist.engine.discovery import make_private


@contextmanager
def own_socket(directory: Path, listener: socket.socket) -> Iterator[socket.socket]:
    """A listening socket for the length of the block, for a server that listens on `listener`. Raises OSError."""
    make_private(directory)
    host, port = listener.getsockname()[:2]
    path = directory / f"serve-{host}-{port}.sock"
    path.unlink(missing_ok=True)  # of a server that was killed: two cannot listen on one address
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as own:
        own.bind(str(path))
        ours = path.stat().st_ino
        try:
            path.chmod(0o600)
            own.listen(128)
            yield own
        finally:
            _remove(path, ours)


def _remove(path: Path, ours: int) -> None:
    """While running answers end, another server may have begun on the address, whose socket it is then."""
    with contextlib.suppress(OSError):
        if path.stat().st_ino == ours:
            path.unlink()
