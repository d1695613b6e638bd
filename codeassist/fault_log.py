"""Where the trace of a fault of ours goes: to the log, and to a file of its own while a command keeps no log."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from codeassist.directories import faults_file
from codeassist.log_lines import log_formatter

_log = logging.getLogger(__name__)

# A trace has some 5 KB; the last hundred of them tell more than anybody reads.
MAX_BYTES = 512 * 1024


class FaultFile(RotatingFileHandler):
    """Keeps what was logged with a trace, messages of exceptions left out. A disk that takes nothing costs the trace
    and nothing else."""

    def __init__(self) -> None:
        super().__init__(faults_file(), maxBytes=MAX_BYTES, backupCount=1, encoding="utf-8", delay=True)
        self.setLevel(logging.ERROR)
        self.setFormatter(log_formatter(texts=False))
        self.addFilter(has_trace)

    def emit(self, record: logging.LogRecord) -> None:
        """Raises nothing."""
        try:
            Path(self.baseFilename).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            return
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the name is Python's
        """Says nothing: the fault itself is told."""


def keep_trace(error: BaseException) -> str:
    """Logs a fault of ours; where its trace is, as a person is told."""
    root = logging.getLogger()
    if not root.handlers:  # Python's own last resort would print it.
        root.addHandler(FaultFile())
    _log.error("internal error", exc_info=error)
    return log_place()


def has_trace(record: logging.LogRecord) -> bool:
    """Whether a record tells of an exception."""
    return bool(record.exc_info)


def log_place() -> str:
    """What a person is told of where the log is: its file, where there is one that was written."""
    files = [handler for handler in logging.getLogger().handlers if isinstance(handler, logging.FileHandler)]
    return next((file.baseFilename for file in files if Path(file.baseFilename).is_file()), "the log")
