"""`workspace/didChangeWorkspaceFolders`."""

from __future__ import annotations

from lsprotocol import types

from lsp.language_server import CodeassistServer
from lsp.workspace import folder_path


def did_change_workspace_folders(server: CodeassistServer, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Open the folders that came, close those that went; documents that stay open move over."""
    for folder in params.event.added:
        if (path := folder_path(folder.uri)) is not None:
            server.backend.add(path)
    for folder in params.event.removed:
        if (path := folder_path(folder.uri)) is not None:
            server.backend.remove(path)
    server.watching.follow(server.backend.folders)
