"""`textDocument/didFocus`: the editor shows another document now."""

from __future__ import annotations

import logging
from typing import Any

from codeassist.errors import CodeassistError
from lsp.features.silence import silence
from lsp.json_parts import text_in
from lsp.language_server import CodeassistServer
from lsp.place import place_at
from lsp.workspace import path_of

logger = logging.getLogger(__name__)

# Where `Latest` keeps the running work: of documents that one leafs through only the last is worth it.
_KEY = "focus"


def did_focus(server: CodeassistServer, params: Any) -> None:
    """Have the prompt of this document computed before the first key; Copilot's clients send no document for "none"."""
    uri = text_in(params, "textDocument", "uri")
    if uri is None or server.documents.find(uri) is None:
        server.latest.drop(_KEY)
        return
    server.background.start(_latest(server, uri), "preparing for the document that is shown")


async def _latest(server: CodeassistServer, uri: str) -> None:
    await server.latest.run(_KEY, _prewarm(server, uri))


async def _prewarm(server: CodeassistServer, uri: str) -> None:
    folder = await server.backend.open_folder_of(path_of(uri))
    document = server.documents.find(uri)
    if folder is None or folder.assistant is None or document is None or silence(server, uri, invoked=False):
        return
    with folder.in_use() as assistant:
        place = place_at(document, document.position(server.cursors.of(document)))
        try:
            await assistant.prewarm(*place.source(assistant))
        except CodeassistError as error:
            logger.info("nothing is prepared for %s: %s", uri, error)
