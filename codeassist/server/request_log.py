"""The one line per request in the log."""

from __future__ import annotations

import logging

from codeassist.server.journal import Record

logger = logging.getLogger(__name__)


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
