"""`textDocument/didSave`."""

from __future__ import annotations

from lsprotocol import types

from lsp.language_server import CodeassistServer
from lsp.workspace import path_of


def did_save(server: CodeassistServer, params: types.DidSaveTextDocumentParams) -> None:
    """The index follows in the background."""
    server.file_changed(path_of(params.text_document.uri))
    server.diagnostics.settled(params.text_document.uri)
    server.diagnostics.files_changed()
    server.reviews.saved(params.text_document.uri)
