"""`initialize`: agree on the position encoding, learn which folders are open."""

from __future__ import annotations

from typing import get_args

from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder

from lsp.documents import DocumentStore
from lsp.language_server import CodeassistServer
from lsp.positions import Encoding
from lsp.workspace import workspace_folders


def initialize(server: CodeassistServer, params: types.InitializeParams) -> None:
    """The first encoding that the client names and we know; UTF-16 when it names none."""
    chosen = ServerCapabilitiesBuilder.choose_position_encoding(params.capabilities)
    by_name: dict[str, Encoding] = {encoding: encoding for encoding in get_args(Encoding)}
    server.documents = DocumentStore(by_name[str(getattr(chosen, "value", chosen))])
    server.initialize_params = params
    server.configuration.start(params.initialization_options)
    for folder in workspace_folders(params):
        server.backend.add(folder)
