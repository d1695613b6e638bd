"""`initialized`: from now on the server may speak first, so model and indexes start to load."""

from __future__ import annotations

from lsprotocol import types

from lsp.language_server import CodeassistServer
from lsp.options import read_options
from lsp.parent import watch_parent


def initialized(server: CodeassistServer, _: types.InitializedParams) -> None:
    """Open the folders in the background."""
    params = server.initialize_params
    overrides, warnings = read_options(params.initialization_options)
    for warning in warnings:
        server.warn(warning)
    if params.process_id is not None:
        server.background.start(watch_parent(params.process_id, server.end), "watching the editor")
    server.backend.start(overrides)
    server.watching.follow(server.backend.folders)
