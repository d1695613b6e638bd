"""`workspace/didChangeWatchedFiles`."""

from __future__ import annotations

from lsprotocol import types

from lsp.language_server import CodeassistServer
from lsp.workspace import path_of


def did_change_watched_files(server: CodeassistServer, params: types.DidChangeWatchedFilesParams) -> None:
    """Another program has changed files: a generator, a pull, or git, whose HEAD says that the branch is another."""
    for change in params.changes:
        path = path_of(change.uri)
        if path.name == "HEAD" and ".git" in path.parts:
            server.backend.head_changed(path)
        elif ".git" not in path.parts:
            server.file_changed(path)
    server.diagnostics.files_changed()
