"""The host process as its parent sees it: a socket to talk through, a log, and an end that leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections import deque
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from codeassist.engine.host import LINE_LIMIT
from codeassist.engine.vllm_arguments import HostOptions
from codeassist.engine.wire import Json
from codeassist.errors import RequestRejected

_log = logging.getLogger(__name__)

# A death is told in up to 200 lines (each of vLLM's processes has the trace of its own), on several GPUs in as many for
# each; the cause stands first.
_LOG_LINES_KEPT = 2000
_GRACE_S = 4.0
# vLLM's sockets have 36 characters and a slash; the kernel takes 107.
_LONGEST_DIRECTORY = 70


class Child(Protocol):
    """A process that answers requests, as `host.py` does."""

    @property
    def pid(self) -> int:
        """Its process id."""
        ...

    def send(self, message: Json) -> None:
        """Say something; lost when the process is gone."""
        ...

    async def receive(self) -> Json | None:
        """The next thing it says; None when it has ended."""
        ...

    def log_tail(self) -> list[str]:
        """The last lines of its log."""
        ...

    async def close(self) -> None:
        """End it and all that it started; safe to call twice."""
        ...


class HostProcess:
    """A running `codeassist.engine.host` in a process group of its own."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        directory: Path,
    ) -> None:
        """directory: holds the host's temporary files; deleted at the end."""
        self._process = process
        self._reader = reader
        self._writer = writer
        self._directory = directory
        self._log_lines: deque[str] = deque(maxlen=_LOG_LINES_KEPT)
        self._has_left = False
        self._logging = asyncio.create_task(self._read_log())

    @property
    def pid(self) -> int:
        """Process id of the host, which is also its process group."""
        return self._process.pid

    def send(self, message: Json) -> None:
        """One line of JSON. Raises RequestRejected for one that the host could not read."""
        if not self._writer.is_closing():
            self._writer.write(line_of(message))

    async def receive(self) -> Json | None:
        """One line of JSON, or None at the end, orderly or not."""
        try:
            line = await self._reader.readline()
        except ConnectionError:
            line = b""
        if not line.endswith(b"\n"):
            self._has_left = True
            return None
        message: Json = json.loads(line)
        return message

    def log_tail(self) -> list[str]:
        """The last lines that the host and its children wrote."""
        return list(self._log_lines)

    async def close(self) -> None:
        """Ask it to end, wait a little, then end the whole process group. Of a death without words the log tells."""
        self._writer.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), _GRACE_S)
        status = self._process.returncode if self._has_left else None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        await self._process.wait()
        await self._logging
        if status is not None and (status < 0 or not self._log_lines):
            self._log_lines.append(f"it ended by itself with status {status}")
        await asyncio.to_thread(shutil.rmtree, self._directory, ignore_errors=True)

    async def _read_log(self) -> None:
        assert self._process.stderr is not None
        while line := await self._process.stderr.readline():
            text = line.decode("utf-8", "replace").rstrip()
            self._log_lines.append(text)
            _log.debug("%s", text)


def line_of(message: Json) -> bytes:
    """A message as the host reads it, which a longer line than its limit would end. Raises RequestRejected."""
    line = json.dumps(message).encode()
    if len(line) > LINE_LIMIT:
        raise RequestRejected(f"the request is larger than the {LINE_LIMIT // 2**20} MiB that the engine reads")
    return line + b"\n"


HOST = "codeassist.engine.host"


async def launch_host(options: HostOptions, program: str = HOST) -> HostProcess:
    """Start a host. It is quiet on stdout: that belongs to the protocol of whoever we are. Raises OSError.

    program: the module to run, for measurements.
    """
    ours, theirs = socket.socketpair()
    directory = temporary_directory()
    with (
        theirs,
        ExitStack() as undoing,
    ):  # whatever fails, or is given up; asyncio ends a process that is not waited for
        undoing.callback(shutil.rmtree, directory, ignore_errors=True)
        undoing.callback(ours.close)
        reader, writer = await asyncio.open_connection(sock=ours, limit=LINE_LIMIT)
        undoing.callback(writer.close)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            program,
            json.dumps(asdict(options)),
            str(theirs.fileno()),
            str(directory),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
            limit=LINE_LIMIT,
        )
        undoing.pop_all()
    return HostProcess(process, reader, writer, directory)


def temporary_directory() -> Path:
    """A new folder whose path is short enough for sockets in it, wherever TMPDIR points."""
    directory = tempfile.mkdtemp(prefix="codeassist-")
    if len(directory) > _LONGEST_DIRECTORY:
        Path(directory).rmdir()
        directory = tempfile.mkdtemp(prefix="codeassist-", dir="/tmp")
    return Path(directory)
