"""`textDocument/copilotInlineEdit` and what goes with it: the next edit, and what the user made of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from codeassist.errors import CodeassistError
from codeassist.next_edit.offers import Offers
from codeassist.next_edit.types import NextEdit
from codeassist.types import Cursor
from codeassist.types import Document as CoreDocument
from lsp.applying import workspace_edit
from lsp.documents import Document
from lsp.features.execute_command import REQUEST_FAILED
from lsp.features.silence import silence
from lsp.json_parts import part, text_in
from lsp.language_server import CodeassistServer
from lsp.place import BOM, place_at
from lsp.positions import character_of
from lsp.workspace import path_of, uri_in

if TYPE_CHECKING:
    from codeassist.assistant import Assistant

logger = logging.getLogger(__name__)

INLINE_EDIT = "textDocument/copilotInlineEdit"
DID_SHOW = "textDocument/didShowInlineEdit"
NEXT_EDIT = "codeassist.nextEdit"
EDIT_ACCEPTED = "codeassist.editAccepted"

Edit = dict[str, Any]


def register_edit_commands(server: CodeassistServer) -> None:
    """Announce the commands; the client lists them under `executeCommandProvider`."""

    @server.command(NEXT_EDIT)
    async def next_edit(*arguments: Any) -> Edit | None:
        """The next edit, asked for by hand: what was turned down is offered again."""
        uri, position = _place(arguments)
        try:
            document = server.documents.get(uri)
            found = await _next_edit(server, document, position, invoked=True)
        except CodeassistError as error:
            raise JsonRpcException(str(error), REQUEST_FAILED) from error
        return found[0] if found is not None and server.documents.is_current(document) else None

    @server.command(EDIT_ACCEPTED)
    def accepted(*arguments: Any) -> None:
        """The editor runs this when the edit was taken."""
        details = arguments[0] if arguments and isinstance(arguments[0], dict) else {}
        rules = [offers.accepted(str(details.get("id", ""))) for offers in _offers(server)]
        logger.info("accepted id=%s rule=%s", details.get("id"), "".join(rules))


async def inline_edit(server: CodeassistServer, params: Any) -> dict[str, list[Edit]] | None:
    """At most one edit; None when there is no answer for the text as it is now."""
    uri, position = text_in(params, "textDocument", "uri"), _position(part(params, "position"))
    if uri is None or position is None:
        logger.warning("%s takes a textDocument and a position", INLINE_EDIT)
        return None
    server.asks_next_edits = True
    document = server.documents.get(uri)
    found = await _next_edit(server, document, position)
    if not server.documents.is_current(document):
        return None
    return {"edits": [found[0]] if found is not None else []}


async def next_edit_actions(server: CodeassistServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """The next edit as an entry of the light bulb, for editors that have no other way to show it.

    "next edit: rename `a` to `b` (3 more places)".
    """
    if server.asks_next_edits:
        return []
    document = server.documents.get(params.text_document.uri)
    found = await _next_edit(server, document, params.range.start)
    if found is None or not server.documents.is_current(document):
        return []
    edit, offer = found
    start, end = (types.Position(**edit["range"][name]) for name in ("start", "end"))
    text_edit = types.TextEdit(types.Range(start, end), edit["text"])
    return [
        types.CodeAction(
            title=f"codeassist: next edit: {described(offer)}",
            kind=types.CodeActionKind.QuickFix,
            edit=workspace_edit(server, **edit["textDocument"], edits=[text_edit]),
            command=types.Command(**edit["command"]),
        )
    ]


def did_show(server: CodeassistServer, params: Any) -> None:
    """The edit was on the screen: if the user goes on with something else, it was turned down."""
    arguments = part(part(part(params, "item"), "command"), "arguments")
    edit_id = text_in(arguments[0], "id") if isinstance(arguments, list | tuple) and arguments else None
    for offers in _offers(server):
        offers.shown(edit_id or "")


def _offers(server: CodeassistServer) -> list[Offers]:
    """Of all folders: an offer's number is that of one of them alone."""
    return [folder.assistant.next_edits.offers for folder in server.backend.folders if folder.assistant is not None]


def described(offer: NextEdit) -> str:
    """What repeats, and how often it is left."""
    if not offer.n_more:
        return offer.title
    return f"{offer.title} ({offer.n_more} more place{'s' if offer.n_more > 1 else ''})"


async def _next_edit(
    server: CodeassistServer, document: Document, position: types.Position, *, invoked: bool = False
) -> tuple[Edit, NextEdit] | None:
    folder = server.backend.folder_of(path_of(document.uri))
    if folder is None or folder.assistant is None or silence(server, document.uri, invoked=invoked) is not None:
        return None
    with folder.in_use() as assistant:
        source, cursor = place_at(document, position).source(assistant)
        beside = server.editing.open_beside(assistant)
        others = {path: _reader(assistant, other) for path, other in beside.items()}
        work = assistant.next_edits.ask(source, cursor, others, invoked=invoked)
        offer = await server.latest.run(f"next edit {document.uri}", work)
    opened = beside.get(offer.document.path) if offer is not None else None
    if offer is None or (opened is not None and not server.documents.is_current(opened)):
        return None
    return _encoded(offer, opened, folder.path, document), offer


def _reader(assistant: Assistant, document: Document) -> Callable[[], CoreDocument]:
    return lambda: assistant.document(path_of(document.uri), document.text, document.version)


def _encoded(offer: NextEdit, opened: Document | None, folder: Path, asked: Document) -> Edit:
    """The edit with the client's positions. opened: its document, where that is open."""
    uri = opened.uri if opened is not None else uri_in(folder, offer.document.path)
    lines = offer.document.text.split("\n")
    has_mark = opened is not None and opened.lines[0].startswith(BOM)

    def position(cursor: Cursor) -> dict[str, int]:
        character = character_of(lines[cursor.line], cursor.column, asked.encoding)
        return {"line": cursor.line, "character": character + (has_mark and cursor.line == 0)}

    return {
        "text": offer.text.replace("\n", offer.document.newline),
        "textDocument": {"uri": uri, "version": opened.version if opened is not None else None},
        "range": {"start": position(offer.start), "end": position(offer.end)},
        "command": {"title": "codeassist: accepted", "command": EDIT_ACCEPTED, "arguments": [{"id": offer.id}]},
    }


def _place(arguments: tuple[Any, ...]) -> tuple[str, types.Position]:
    """URI and position of a command's argument. Raises JsonRpcInvalidParams."""
    given = arguments[0] if arguments else None
    uri, position = text_in(given, "uri"), _position(part(given, "position"))
    if uri is None or position is None:
        expected = '{"uri": string, "position": {"line": number, "character": number}}'
        raise JsonRpcInvalidParams(f"{NEXT_EDIT} takes one argument {expected}")
    return uri, position


def _position(given: Any) -> types.Position | None:
    line, character = part(given, "line"), part(given, "character")
    if type(line) is not int or type(character) is not int:
        return None
    try:
        return types.Position(line=line, character=character)
    except ValueError:  # below 0, or more than the protocol's numbers go up to
        return None
