"""`textDocument/didChange`."""

from __future__ import annotations

from lsprotocol import types

from lsp.features.completion import key as list_key
from lsp.language_server import CodeassistServer


def did_change(server: CodeassistServer, params: types.DidChangeTextDocumentParams) -> None:
    """Take over an edit; a suggestion for the text before it would come too late, so it is stopped."""
    uri, changes = params.text_document.uri, params.content_changes
    server.latest.drop(uri)
    server.latest.drop(list_key(uri))
    former = server.documents.get(uri)
    document = server.documents.change(uri, params.text_document.version, changes)
    server.cursors.edited(document, changes)
    server.outcomes.edited(former, document, changes)
    server.editing.edited(uri, changes, former)
    server.diagnostics.edited(uri)
