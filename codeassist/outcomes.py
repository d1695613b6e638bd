"""What requests came to: a line in the log for each, and the last one of every document for those who ask why."""

from __future__ import annotations

import logging
from collections import OrderedDict

from codeassist.types import Cursor, Document, Outcome, Suggestion

logger = logging.getLogger(__name__)

_REMEMBERED_DOCUMENTS = 64


class Outcomes:
    """The last outcome of each of the documents that were asked about lately."""

    def __init__(self) -> None:
        self._by_path: OrderedDict[str, Outcome] = OrderedDict()

    def note(self, document: Document, cursor: Cursor, suggestion: Suggestion) -> None:
        """A request was answered."""
        self._by_path[document.path] = Outcome(
            id=suggestion.id,
            path=document.path,
            line=cursor.line,
            text=suggestion.text,
            drop_reason=suggestion.drop_reason,
            confidence=suggestion.confidence,
            sources=suggestion.sources,
            ms=suggestion.ms,
        )
        self._by_path.move_to_end(document.path)
        while len(self._by_path) > _REMEMBERED_DOCUMENTS:
            self._by_path.popitem(last=False)

    def last(self, path: str | None) -> Outcome | None:
        """The last outcome in this document, in any document for None."""
        if path is not None:
            return self._by_path.get(path)
        return next(reversed(self._by_path.values()), None)


def log_outcome(document: Document, cursor: Cursor, suggestion: Suggestion) -> None:
    """The one line that every request leaves in the log."""
    usage = suggestion.usage
    logger.info(
        "%s %s:%d %s prompt=%d cached=%d out=%d %s",
        suggestion.id,
        document.path,
        cursor.line + 1,
        suggestion.drop_reason or ("reused" if suggestion.from_cache else "shown"),
        usage.prompt_tokens,
        usage.cached_tokens,
        usage.completion_tokens,
        " ".join(f"{stage}={ms:.1f}ms" for stage, ms in suggestion.ms.items()),
    )
