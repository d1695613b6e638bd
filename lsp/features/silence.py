"""Whether a document is to have suggestions now at all, and what became of those that it had."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps

from lsprotocol import types

from codeassist.documents import language_of
from lsp.language_server import CodeassistServer
from lsp.workspace import path_of

InlineCompletion = Callable[
    [CodeassistServer, types.InlineCompletionParams], Awaitable[types.InlineCompletionList | None]
]


def silence(server: CodeassistServer, uri: str, *, invoked: bool) -> str | None:
    """Why nothing is suggested in a document now, or None."""
    path, document = path_of(uri), server.documents.find(uri)
    language = language_of(path.name) or (document.language_id if document else "")
    folder = server.backend.folder_of(path)
    settings = folder.settings if folder and folder.assistant else server.configuration.settings
    return server.switches.silence(settings.completion, language, invoked=invoked)


def unless_silent(answer: InlineCompletion) -> InlineCompletion:
    """An empty list while suggestions are off; of what is sent it is noted that it was."""

    @wraps(answer)
    async def answer_unless_silent(
        server: CodeassistServer, params: types.InlineCompletionParams
    ) -> types.InlineCompletionList | None:
        uri = params.text_document.uri
        server.cursors.asked(uri, params.position)
        is_invoked = params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
        if (reason := silence(server, uri, invoked=is_invoked)) is not None:
            server.suggestions.silent(uri, params.position.line, reason)
            return types.InlineCompletionList(items=[])
        server.suggestions.asked(uri)
        items = await answer(server, params)
        if items is not None:
            server.sent(uri, items.items)
        return items

    return answer_unless_silent
