"""What is written of each request that has ended: one line in the log, and one line of JSON in a file of its own.

The file (`log.requests`) holds no texts of prompts and answers unless the user wants them (`log.texts`). It is written
in a thread: nobody waits for the disk. It is bounded: a full one becomes `FILE.1`, that one `FILE.2`, and so on.
"""

from __future__ import annotations

import datetime
import json
import logging
import os
import queue
import threading
from collections.abc import Mapping
from dataclasses import asdict
from io import FileIO
from itertools import pairwise
from pathlib import Path
from typing import Any

from codeassist.server.journal import Exchange, Record

logger = logging.getLogger(__name__)

MAX_FILE_BYTES = 16 * 1024 * 1024
N_OLD_FILES = 4
# While the disk is slow, no more than this waits for it; what is beyond is not written.
MAX_WAITING = 4096


def log_record(record: Record) -> None:
    """Log a request that has ended."""
    if record.state == "running":
        return
    logger.info(
        "%s %s %s prompt=%d cached=%d out=%d total=%.1fms",
        record.id,
        record.route,
        record.finish_reason if record.state == "done" else record.state,
        record.usage.prompt_tokens,
        record.usage.cached_tokens,
        record.usage.completion_tokens,
        record.ms.get("total", 0.0),
    )


class RequestLog:
    """Takes requests from the event loop. What goes wrong with the file is one warning, until it is written again."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_FILE_BYTES, n_old_files: int = N_OLD_FILES) -> None:
        self._path = path
        self._waiting: queue.Queue[dict[str, Any] | None] = queue.Queue(MAX_WAITING)
        self._file = _Lines(path, max_bytes, n_old_files)
        self._is_failing = False
        self._thread = threading.Thread(target=self._run, name="codeassist-request-log", daemon=True)
        self._thread.start()

    def put(self, record: Record) -> None:
        """Write a request that has ended, without its texts."""
        if record.state != "running":
            self._enqueue(log_entry(record))

    def put_with_texts(self, record: Record, exchange: Exchange) -> None:
        """Write a request that has ended, with its texts."""
        self._enqueue(log_entry(record) | {"asked": _asked(exchange), "answer": exchange.answer})

    def close(self, within_s: float = 2.0) -> None:
        """Write what waits, for a limited time; safe to call twice. Blocks."""
        try:
            self._waiting.put(None, timeout=within_s)
        except queue.Full:
            return
        self._thread.join(within_s)

    def _enqueue(self, entry: dict[str, Any]) -> None:
        try:
            self._waiting.put_nowait(entry)
        except queue.Full:
            self._fail("its disk is too slow")

    def _run(self) -> None:
        while (entry := self._waiting.get()) is not None:
            try:
                self._file.write(json.dumps(entry, separators=(",", ":")))
                self._is_failing = False
            except (OSError, ValueError, TypeError) as error:  # a dialect's own body may hold what JSON has no word for
                self._fail(str(error))
        self._file.close()

    def _fail(self, reason: str) -> None:
        if not self._is_failing:
            logger.warning("requests are not written to %s (%s); set log.requests to another file", self._path, reason)
        self._is_failing = True


class _Lines:
    """A file of lines that its owner alone may read, and the full ones before it. Its methods raise OSError."""

    def __init__(self, path: Path, max_bytes: int, n_old_files: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._n_old_files = n_old_files
        self._file: FileIO | None = None

    def write(self, line: str) -> None:
        data = line.encode() + b"\n"
        file = self._file or self._open()
        if file.tell() > 0 and file.tell() + len(data) > self._max_bytes:
            self.close()
            self._rotate()
            file = self._open()
        file.write(data)

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _open(self) -> FileIO:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._file = file = FileIO(descriptor, "w")
        if file.seekable():
            file.seek(0, os.SEEK_END)
        return file

    def _rotate(self) -> None:
        names = [self._path, *(Path(f"{self._path}.{number}") for number in range(1, self._n_old_files + 1))]
        for older, newer in reversed(list(pairwise(names))):
            if older.exists():
                older.replace(newer)


def log_entry(record: Record) -> dict[str, Any]:
    """A request as the file has it: no texts, and the paths of files that were added."""
    moment = datetime.datetime.fromtimestamp(record.started, datetime.UTC)
    return {
        "time": moment.isoformat(timespec="milliseconds"),
        "id": record.id,
        "route": record.route,
        "client": record.caller.name,
        "model": record.model,
        "state": record.state,
        "finish_reason": record.finish_reason,
        "is_streamed": record.is_streamed,
        "is_shared": record.shared,
        "message": record.message,
        "usage": asdict(record.usage),
        "context": asdict(record.context) if record.context else None,
        "ms": {stage: round(ms, 2) for stage, ms in record.ms.items()},
    }


def _asked(exchange: Exchange) -> dict[str, Any] | None:
    if exchange.asked is None:
        return None
    return dict(exchange.asked) if isinstance(exchange.asked, Mapping) else asdict(exchange.asked)
