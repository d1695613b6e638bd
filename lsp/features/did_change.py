"""`textDocument/didChange`."""

from __future__ import annotations

from lsprotocol import types

from lsp.language_server import CodeassistServer


def did_change(server: CodeassistServer, params: types.DidChangeTextDocumentParams) -> None:
    """Take over an edit; a suggestion for the text before it would come too late, so it is stopped."""
    uri = params.text_document.uri
    server.latest.drop(uri)
    server.documents.change(uri, params.text_document.version, params.content_changes)
    server.editing.edited(uri, params.content_changes)
