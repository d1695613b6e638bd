"""`workspace/executeCommand`: what an editor may ask for besides suggestions."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from codeassist.errors import CodeassistError
from lsp.features.session_commands import register_session_commands
from lsp.json_parts import part
from lsp.language_server import CodeassistServer
from lsp.place import place_at
from lsp.suggestions import ACCEPTED, named_in
from lsp.workspace import path_of

logger = logging.getLogger(__name__)

STATUS = "codeassist.status"
EXPLAIN = "codeassist.explain"

# "A request failed but it was syntactically correct" (LSP 3.17).
REQUEST_FAILED = -32803


def register_commands(server: CodeassistServer) -> None:
    """Announce the commands; the client lists them under `executeCommandProvider`."""

    @server.command(ACCEPTED)
    def accepted(*arguments: Any) -> None:
        """The editor runs this when a suggestion was taken; its arguments came with the suggestion."""
        key = named_in({"command": {"arguments": arguments}})
        if key is None:
            raise JsonRpcInvalidParams(f'{ACCEPTED} takes one argument {{"id": string, "uri": string}}')
        logger.info("accepted id=%s characters=%s", key[1], part(arguments[0], "characters"))
        server.accepted(*key)

    register_session_commands(server)

    @server.command(STATUS)
    def status(*_: Any) -> dict[str, Any]:
        return server.status()

    @server.command(EXPLAIN)
    async def explain(*arguments: Any) -> dict[str, Any]:
        uri, position = _document_position(arguments)
        try:
            return await _explain(server, uri, position)
        except CodeassistError as error:
            raise JsonRpcException(str(error), REQUEST_FAILED) from error


async def _explain(server: CodeassistServer, uri: str, position: types.Position) -> dict[str, Any]:
    folder = server.backend.folder_of(path_of(uri))
    if folder is None or folder.assistant is None:
        raise JsonRpcException("the workspace is not open yet", REQUEST_FAILED)
    with folder.in_use() as assistant:
        source, cursor = place_at(server.documents.get(uri), position).source(assistant)
        return asdict(await assistant.explain(source, cursor))


def _document_position(arguments: tuple[Any, ...]) -> tuple[str, types.Position]:
    """URI and position of one argument `{"uri": ..., "position": {"line": ..., "character": ...}}`."""
    try:
        given = arguments[0]
        position = types.Position(line=given["position"]["line"], character=given["position"]["character"])
        return str(given["uri"]), position
    except (IndexError, KeyError, TypeError, ValueError) as error:
        expected = '{"uri": string, "position": {"line": number, "character": number}}'
        raise JsonRpcInvalidParams(f"{EXPLAIN} takes one argument {expected}") from error
