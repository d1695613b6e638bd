"""`textDocument/didClose`."""

from __future__ import annotations

from lsprotocol import types

from lsp.features.completion import key as list_key
from lsp.language_server import CodeassistServer


def did_close(server: CodeassistServer, params: types.DidCloseTextDocumentParams) -> None:
    """Forget the text, and stop what runs for it."""
    uri = params.text_document.uri
    server.latest.drop(uri)
    server.latest.drop(list_key(uri))
    server.outcomes.closed(uri)
    server.suggestions.closed(uri)
    server.cursors.closed(uri)
    server.editing.closed(uri)
    server.documents.close(uri)
    server.diagnostics.closed(uri)
