"""Next edits of one workspace: follows what is edited, and says what comes next."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Mapping

from codeassist.next_edit.finding import (
    LEAST_DOCUMENTS,
    LEAST_DOCUMENTS_INVOKED,
    Elsewhere,
    Found,
    Question,
    find_next,
)
from codeassist.next_edit.history import EditHistory
from codeassist.next_edit.offers import Offers
from codeassist.next_edit.types import NextEdit
from codeassist.types import Cursor, Document

# A thread looks no longer than this for an answer; who asked by hand is ready to wait.
UNASKED_S = 0.3
INVOKED_S = 2.0

# One process may have several workspaces, and tells their offers apart by the number alone.
_NUMBERS = itertools.count(1)

OpenDocuments = Mapping[str, Callable[[], Document]]


class NextEditor:
    """history: is told of every edit. Any thread."""

    def __init__(self, elsewhere: Elsewhere, clock: Callable[[], float] = time.monotonic) -> None:
        self.history = EditHistory()
        self.offers = Offers()
        self._elsewhere = elsewhere
        self._clock = clock

    async def ask(
        self, document: Document, cursor: Cursor, others: OpenDocuments, *, invoked: bool = False
    ) -> NextEdit | None:
        """The next edit, found in a thread. Cancelling ends it before the next file is read.

        others: the other open documents by path, made when they are asked for. invoked: by hand; then what was turned
        down is offered once more.
        """
        cancelled = threading.Event()
        try:
            return await asyncio.to_thread(self.find, document, cursor, others, cancelled.is_set, invoked=invoked)
        finally:
            cancelled.set()

    def find(
        self,
        document: Document,
        cursor: Cursor,
        others: OpenDocuments,
        is_cancelled: Callable[[], bool],
        *,
        invoked: bool = False,
    ) -> NextEdit | None:
        """The same, in this thread."""
        edits, n_edits = self.history.seen()
        if not edits:
            return None
        self.offers.settle(document.path, cursor, edits, n_edits)
        ends = self._clock() + (INVOKED_S if invoked else UNASKED_S)
        documents = {
            document.path: document,
            **{path: make() for path, make in others.items() if path != document.path},
        }
        question = Question(
            edits=edits,
            path=document.path,
            offset=_offset(document, cursor),
            documents=documents,
            elsewhere=self._elsewhere,
            following=self.offers.following,
            is_quiet=lambda pattern: not invoked and self.offers.is_quiet(pattern, n_edits),
            is_over=lambda: is_cancelled() or self._clock() > ends,
            least_documents=LEAST_DOCUMENTS_INVOKED if invoked else LEAST_DOCUMENTS,
        )
        found = find_next(question)
        if found is None or is_cancelled():
            return None
        offer = self._offer(found)
        self.offers.offered(offer, document.path, cursor, n_edits)
        return offer

    def _offer(self, found: Found) -> NextEdit:
        source, made = found.source, found.replacement
        return NextEdit(
            id=f"edit-{next(_NUMBERS)}",
            document=found.document,
            start=source.cursor(made.start),
            end=source.cursor(made.end),
            text=made.text,
            rule=found.pattern.rule,
            title=found.pattern.title,
            n_more=found.n_more,
            pattern=found.pattern.key,
        )


def _offset(document: Document, cursor: Cursor) -> int:
    """The cursor in the text; one outside of it clamps."""
    lines = document.text.split("\n")
    above = lines[: cursor.line]
    column = cursor.column if cursor.line < len(lines) else 0
    return min(sum(len(line) + 1 for line in above) + column, len(document.text))
