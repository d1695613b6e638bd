"""`textDocument/inlineCompletion`: the ghost text at the cursor.

Two ways to say no. An empty list: there is nothing to suggest here, so take away what you show. null: no answer, for
the text has changed, a newer request came, or the engine is not there. Neovim keeps what it shows when the answer is
null, and would insert that at a place which has moved on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from lsp.documents import Document
from lsp.language_server import CodeassistServer
from lsp.place import Place, place_after, place_at
from lsp.suggestions import Offer
from lsp.workspace import path_of

if TYPE_CHECKING:
    from codeassist.assistant import Assistant


async def inline_completion(
    server: CodeassistServer, params: types.InlineCompletionParams
) -> types.InlineCompletionList | None:
    """Items, best first (one at most where the user has not asked), or None when there is no answer for the text as it
    is now."""
    path = path_of(params.text_document.uri)
    if server.backend.folder_of(path) is None:
        return None
    document = server.documents.get(params.text_document.uri)
    folder = await server.backend.open_folder_of(path)
    if folder is None or folder.assistant is None:
        return None
    is_invoked = params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
    with folder.in_use() as assistant:
        work = _complete(server, assistant, _place(document, params), is_invoked)
        items = await server.latest.run(document.uri, work)
    if items is None or not server.documents.is_current(document):
        return None
    if not items and assistant.engine.status.state != "ready":
        return None
    return types.InlineCompletionList(items=items)


def _place(document: Document, params: types.InlineCompletionParams) -> Place:
    selected = params.context.selected_completion_info
    if selected is None or "\n" in selected.text or "\r" in selected.text:
        return place_at(document, params.position)
    return place_after(document, selected)


async def _complete(
    server: CodeassistServer, assistant: Assistant, place: Place, is_invoked: bool
) -> list[types.InlineCompletionItem]:
    source, cursor = place.source(assistant)
    suggestions = await assistant.suggestions(source, cursor, invoked=is_invoked)
    offers = [server.suggestions.made(place, source, suggestion, invoked=is_invoked) for suggestion in suggestions]
    return [_item(offer) for offer in offers]


def _item(offer: Offer) -> types.InlineCompletionItem:
    return types.InlineCompletionItem(insert_text=offer.text, range=offer.span, command=offer.outcome)
