"""Which folders a session works in, and where a document lies on this machine."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from lsprotocol import types
from pygls.uris import to_fs_path

# The `.git` of a worktree or a submodule is a file of one line; a longer one is something else.
_MAX_GITFILE_BYTES = 4096


def workspace_folders(params: types.InitializeParams) -> list[Path]:
    """The folders that the editor has open, in its order; none for a lone file."""
    uris = [folder.uri for folder in params.workspace_folders or ()] or [params.root_uri or ""]
    folders = [folder for uri in uris if uri and (folder := folder_path(uri)) is not None]
    if not folders and params.root_path:
        folders = [Path(params.root_path)]
    return list(dict.fromkeys(folders))


def folder_path(uri: str) -> Path | None:
    """Where a folder lies; None for one that is on no disk."""
    path = to_fs_path(uri)
    return Path(path) if path and Path(path).is_absolute() else None


def uri_in(folder: Path, path: str) -> str:
    """URI of a file by its path in a folder; what is not ASCII, spaces and percent signs are encoded."""
    return (folder / path).absolute().as_uri()


def path_of(uri: str) -> Path:
    """Path of a document. One that is on no disk (`untitled:Untitled-1`) gets its last part as a bare name."""
    path = to_fs_path(uri)
    return Path(path) if path else Path(PurePosixPath(uri.partition(":")[2]).name or "untitled")


def resolved(path: Path) -> Path:
    """The path without symbolic links, as far as they can be followed."""
    try:
        return path.resolve()
    except (ValueError, OSError, RuntimeError):  # a NUL, a name too long, a symlink to itself
        return Path(os.path.normpath(path))


def head_file(folder: Path) -> Path | None:
    """The file in which git says what is checked out here: in a worktree or a submodule it lies somewhere else."""
    for place in (folder, *folder.parents):
        git = place / ".git"
        try:
            if git.is_dir():
                return git / "HEAD"
            if git.is_file() and git.stat().st_size <= _MAX_GITFILE_BYTES:
                name, _, target = git.read_text(encoding="utf-8").strip().partition(": ")
                return resolved(place / target) / "HEAD" if name == "gitdir" else None
        except (OSError, ValueError):
            return None
    return None
