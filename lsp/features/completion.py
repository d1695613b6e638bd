"""`textDocument/completion` and `completionItem/resolve`: the suggestion as an entry of the completion list.

For editors that have no ghost text.

Editors drop an entry whose `filterText` does not begin with what stands between the start of its range and the cursor;
some take the word left of the cursor for the start whatever the range says. So the range begins with that word.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from lsprotocol import types

from codeassist.types import Cursor, Source
from lsp.features.silence import silence
from lsp.json_parts import text_in
from lsp.language_server import CodeassistServer
from lsp.place import place_at
from lsp.positions import without_line_end
from lsp.suggestions import Offer
from lsp.workspace import path_of

if TYPE_CHECKING:
    from lsp.folder import Folder

# After these a suggestion may be worth a list that opens by itself; letters of a word open one anyway.
TRIGGERS = (".", "(", "[", "{", "=", ",", ":", ">", " ")
# Longer first lines are cut in the list; the documentation has them whole.
_LABEL_CHARACTERS = 80
# Above any letter, so that the entry is not the last of hundreds.
_SORTED_FIRST = "!"

_WORD_AT_END = re.compile(r"\w*\Z")


def key(uri: str) -> str:
    """Where `Latest` keeps the running request; ghost text of the same document has its own."""
    return f"completion {uri}"


async def completion(server: CodeassistServer, params: types.CompletionParams) -> types.CompletionList | None:
    """One entry or none; None when there is no answer for the text as it is now."""
    uri, path = params.text_document.uri, path_of(params.text_document.uri)
    if server.backend.folder_of(path) is None:
        return None
    server.cursors.asked(uri, params.position)
    document = server.documents.get(uri)
    line = without_line_end(document.lines[document.cursor(params.position).line])
    left = line[: document.cursor(params.position).column]
    if not server.lists_entries or not _makes_sense(params.context, left):
        return _list([])
    # A list opens while one types: being asked for one says nothing of the user's wish for a suggestion.
    if (reason := silence(server, uri, invoked=False)) is not None:
        server.suggestions.silent(uri, params.position.line, reason)
        return _list([])
    server.suggestions.asked(uri)
    folder = await server.backend.open_folder_of(path)
    if folder is None or folder.assistant is None:
        return None
    offers = await server.latest.run(key(uri), _offers(server, folder, uri, params.position))
    if offers is None or not server.documents.is_current(document):
        return None
    server.outcomes.sent(uri, offers)
    return _list([_item(offer, document.cursor(params.position)) for offer in offers])


async def resolve(server: CodeassistServer, item: types.CompletionItem) -> types.CompletionItem:
    """The entry with the whole text and where it came from; as it was when it is not ours or long past."""
    uri, identity = text_in(item.data, "uri"), text_in(item.data, "id")
    offer = server.suggestions.find(uri or "", identity or "")
    if offer is not None:
        item.documentation = types.MarkupContent(kind=types.MarkupKind.Markdown, value=_documentation(offer))
    return item


def _makes_sense(context: types.CompletionContext | None, left: str) -> bool:
    """Whether what has opened the list may be followed by code; left: the line up to the cursor."""
    if context is None or context.trigger_kind != types.CompletionTriggerKind.TriggerCharacter:
        return True
    if context.trigger_character == " ":
        return bool(left.strip()) and not left.endswith("  ")
    return context.trigger_character in TRIGGERS


async def _offers(server: CodeassistServer, folder: Folder, uri: str, position: types.Position) -> list[Offer]:
    with folder.in_use() as assistant:
        place = place_at(server.documents.get(uri), position)
        source, cursor = place.source(assistant)
        suggestions = await assistant.suggestions(source, cursor)
        return [server.suggestions.made(place, source, suggestion, invoked=False) for suggestion in suggestions]


def _list(items: list[types.CompletionItem]) -> types.CompletionList:
    """Incomplete: the next letter may bring, or end, a suggestion."""
    return types.CompletionList(is_incomplete=True, items=items)


def _item(offer: Offer, cursor: Cursor) -> types.CompletionItem:
    line = without_line_end(offer.document.lines[cursor.line])
    word = _WORD_AT_END.search(line[: cursor.column])
    start = min(offer.start.column, word.start() if word else cursor.column)
    kept, typed = line[start : offer.start.column], line[start : cursor.column]
    first, *more = (kept + offer.text).strip().splitlines() or [""]
    identity = {"id": offer.suggestion.id, "uri": offer.document.uri}
    span = types.Range(
        start=offer.document.position(replace(cursor, column=start)), end=offer.document.position(offer.end)
    )
    return types.CompletionItem(
        label=_cut(first) if not more else f"{_cut(first)} …",
        kind=types.CompletionItemKind.Text,
        detail="codeassist",
        sort_text=_SORTED_FIRST,
        filter_text=_filter_text(typed, kept + offer.text),
        insert_text_format=types.InsertTextFormat.PlainText,
        insert_text_mode=types.InsertTextMode.AsIs,
        text_edit=types.TextEdit(range=span, new_text=kept + offer.text),
        command=offer.outcome,
        data=identity,
    )


def _filter_text(typed: str, text: str) -> str:
    """Begins with what is typed, and goes on as the text does, so that typing along keeps the entry."""
    if text.startswith(typed):
        return text.partition("\n")[0].rstrip("\r") or typed
    return typed


def _cut(line: str) -> str:
    return line if len(line) <= _LABEL_CHARACTERS else f"{line[: _LABEL_CHARACTERS - 1]}…"


def _documentation(offer: Offer) -> str:
    fence = "```"
    while fence in offer.text:
        fence += "`"
    text = offer.text.replace("\r\n", "\n").strip("\n")
    sources = "\n".join(_came_from(source) for source in offer.suggestion.sources)
    code = f"{fence}{offer.document.language_id}\n{text}\n{fence}"
    return f"{code}\n\nwith context from\n\n{sources}" if sources else f"{code}\n\nfrom this file alone"


def _came_from(source: Source) -> str:
    why = f" ({source.why})" if source.why else ""
    return f"- `{source.path}:{source.start_line}-{source.end_line}`{why}"


def options() -> types.CompletionOptions:
    """What is announced."""
    return types.CompletionOptions(trigger_characters=list(TRIGGERS), resolve_provider=True)
