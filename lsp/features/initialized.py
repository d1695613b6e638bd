"""`initialized`: from now on the server may speak first, so model and index start to load."""

from __future__ import annotations

import tempfile
from pathlib import Path

from lsprotocol import types

from lsp.language_server import CodeassistServer
from lsp.options import read_options
from lsp.parent import watch_parent
from lsp.workspace import workspace_folder


def initialized(server: CodeassistServer, _: types.InitializedParams) -> None:
    """Open the workspace in the background."""
    params = server.initialize_params
    overrides, warnings = read_options(params.initialization_options)
    for warning in warnings:
        server.warn(warning)
    if params.process_id is not None:
        server.background.start(watch_parent(params.process_id, server.end), "watching the editor")
    _watch_files(server)
    workspace = workspace_folder(params)
    if workspace is None:
        workspace, overrides = _nothing_to_index(server, overrides)
    server.backend.start(workspace, overrides)


def _nothing_to_index(server: CodeassistServer, overrides: dict[str, object]) -> tuple[Path, dict[str, object]]:
    """An empty workspace that ends with the session: a lone file is no reason to index the folder it lies in."""
    folder = Path(server.at_close.enter_context(tempfile.TemporaryDirectory(prefix="codeassist-")))
    workspace = folder / "workspace"
    workspace.mkdir()
    return workspace, {**overrides, "index.directory": str(folder / "index")}


def _watch_files(server: CodeassistServer) -> None:
    """Ask the client to tell of changes on disk, if it can be asked."""
    workspace = server.client_capabilities.workspace
    watching = workspace.did_change_watched_files if workspace else None
    if watching is None or not watching.dynamic_registration:
        return
    watchers = [types.FileSystemWatcher(glob_pattern="**/*"), types.FileSystemWatcher(glob_pattern="**/.git/HEAD")]
    server.client_register_capability(
        types.RegistrationParams(
            registrations=[
                types.Registration(
                    id="codeassist-files",
                    method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                    register_options=types.DidChangeWatchedFilesRegistrationOptions(watchers=watchers),
                )
            ]
        )
    )
