"""Which folder a session works in, and where a document lies on this machine."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from lsprotocol import types
from pygls.uris import to_fs_path


def workspace_folder(params: types.InitializeParams) -> Path | None:
    """The folder that the editor has open; the first of several, and None for a lone file."""
    folders = [folder.uri for folder in params.workspace_folders or ()]
    for uri in (*folders, params.root_uri):
        if uri and (path := to_fs_path(uri)):
            return Path(path)
    return Path(params.root_path) if params.root_path else None


def uri_in(folder: Path, path: str) -> str:
    """URI of a file by its path in a folder; what is not ASCII, spaces and percent signs are encoded."""
    return (folder / path).absolute().as_uri()


def path_of(uri: str) -> Path:
    """Path of a document. One that is on no disk (`untitled:Untitled-1`) gets its last part as a bare name."""
    path = to_fs_path(uri)
    return Path(path) if path else Path(PurePosixPath(uri.partition(":")[2]).name or "untitled")
