"""Work that the editor shows as running: `window/workDoneProgress/create`, then `$/progress` from begin to end."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer


def supports_progress(capabilities: types.ClientCapabilities) -> bool:
    """Whether the client lets a server start progress of its own."""
    return bool(capabilities.window and capabilities.window.work_done_progress)


class WorkDone:
    """One piece of work. Nothing here waits for the client: what it has not asked to see yet is kept, not sent."""

    def __init__(self, server: LanguageServer, title: str, on_cancel: Callable[[], None] | None = None) -> None:
        """on_cancel: stops the work when the user wants that; None where it cannot be stopped."""
        self._server = server
        self._title = title
        self._on_cancel = on_cancel
        self._token = str(uuid.uuid4())
        self._message = ""
        self._percentage: int | None = None
        self._is_shown = False
        self._is_over = False

    def begin(self) -> None:
        """Ask the client for a place to show the work; a client that cannot show any is not asked."""
        if supports_progress(self._server.client_capabilities):
            params = types.WorkDoneProgressCreateParams(token=self._token)
            self._server.window_work_done_progress_create(params).add_done_callback(self._created)

    def report(self, message: str, percentage: int | None = None) -> None:
        """Say how far the work is; sent only when it says something new."""
        if (message, percentage) == (self._message, self._percentage):
            return
        self._message, self._percentage = message, percentage
        if self._is_shown and not self._is_over:
            self._send(types.WorkDoneProgressReport(message=message, percentage=percentage))

    def end(self, message: str) -> None:
        """The work is over, well or badly."""
        if self._is_shown and not self._is_over:
            self._send(types.WorkDoneProgressEnd(message=message))
        self._is_over = True
        self._server.work_done_progress.tokens.pop(self._token, None)

    def _created(self, reply: Future[None]) -> None:
        if reply.cancelled() or reply.exception() is not None or self._is_over:
            return
        self._is_shown = True
        if self._on_cancel is not None:
            self._server.work_done_progress.tokens[self._token] = _cancelling(self._on_cancel)
        self._send(
            types.WorkDoneProgressBegin(
                title=self._title,
                message=self._message or None,
                percentage=self._percentage,
                cancellable=self._on_cancel is not None,
            )
        )

    def _send(
        self, value: types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd
    ) -> None:
        self._server.protocol.notify(types.PROGRESS, types.ProgressParams(token=self._token, value=value))


def _cancelling(on_cancel: Callable[[], None]) -> Future[None]:
    """What pygls cancels when the client says `window/workDoneProgress/cancel`."""
    future: Future[None] = Future()
    future.add_done_callback(lambda _: on_cancel())
    return future
