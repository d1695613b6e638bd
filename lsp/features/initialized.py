"""`initialized`: from now on the server may speak first, so model and indexes start to load."""

from __future__ import annotations

from lsprotocol import types

from lsp.features.did_change_configuration import ask_to_be_told
from lsp.language_server import CodeassistServer
from lsp.parent import watch_parent


def initialized(server: CodeassistServer, _: types.InitializedParams) -> None:
    """Open the folders in the background."""
    params = server.initialize_params
    for warning in server.configuration.warnings:
        server.warn(warning)
    if params.process_id is not None:
        server.background.start(watch_parent(params.process_id, server.end), "watching the editor")
    server.backend.start(server.configuration.overrides())
    server.watching.follow(server.backend.folders)
    ask_to_be_told(server)
