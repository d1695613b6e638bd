"""What a line of the log looks like. An exception's message may quote the text it arose from, so it is left out."""

from __future__ import annotations

import logging
import traceback
from types import TracebackType

_LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"

_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def log_formatter(*, texts: bool) -> logging.Formatter:
    """texts: whether exceptions are told with their messages, and not by their kind and place alone."""
    return logging.Formatter(_LINE) if texts else _WithoutMessages(_LINE)


class _WithoutMessages(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # what another handler may have made of the exception
        return super().format(record)

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802  the name is Python's
        error, parts = ei[1], list[str]()
        while error is not None and len(parts) < 8:
            frames = "".join(traceback.format_tb(error.__traceback__))
            parts.append(f"{type(error).__name__} (log.texts = true tells its message), from\n{frames}")
            error = error.__cause__ or error.__context__
        return "\n".join(parts)
