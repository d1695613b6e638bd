"""`textDocument/didOpen`."""

from __future__ import annotations

from lsprotocol import types

from lsp.language_server import CodeassistServer


def did_open(server: CodeassistServer, params: types.DidOpenTextDocumentParams) -> None:
    """From now on the editor's text counts, not the one on disk."""
    server.latest.drop(params.text_document.uri)
    server.documents.open(params.text_document)
    server.see_to_homes()
    server.editing.opened(params.text_document.uri)
    server.diagnostics.settled(params.text_document.uri)
