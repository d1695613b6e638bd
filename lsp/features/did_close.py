"""`textDocument/didClose`."""

from __future__ import annotations

from lsprotocol import types

from lsp.language_server import CodeassistServer


def did_close(server: CodeassistServer, params: types.DidCloseTextDocumentParams) -> None:
    """Forget the text, and stop what runs for it."""
    server.latest.drop(params.text_document.uri)
    server.editing.closed(params.text_document.uri)
    server.documents.close(params.text_document.uri)
