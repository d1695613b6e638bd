"""Asks the editor to tell of changes on disk, folder by folder where it can be asked so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lsprotocol import types

from lsp.folder import Folder

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

_EVERYWHERE = "codeassist-files"
_FILES, _HEADS = "**/*", "**/.git/HEAD"


class Watching:
    """What is watched for one session. An editor that cannot be asked is not.

    Without relative patterns one watches everywhere, once: the editor says what that is.
    """

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._watched: set[str] = set()

    def follow(self, folders: Iterable[Folder]) -> None:
        """Watch these folders, and no others any more."""
        workspace = self._server.client_capabilities.workspace
        watching = workspace.did_change_watched_files if workspace else None
        if watching is None or not watching.dynamic_registration:
            return
        wanted = {_EVERYWHERE: [types.FileSystemWatcher(_FILES), types.FileSystemWatcher(_HEADS)]}
        if watching.relative_pattern_support:
            wanted = {f"{_EVERYWHERE} {folder.path}": _watchers(folder) for folder in folders}
        gone = self._watched.difference(wanted)
        new = {name: watchers for name, watchers in wanted.items() if name not in self._watched}
        self._watched = set(wanted)
        if gone:
            self._unregister(sorted(gone))
        if new:
            self._register(new)

    def _register(self, watchers: dict[str, list[types.FileSystemWatcher]]) -> None:
        self._server.client_register_capability(
            types.RegistrationParams(
                registrations=[
                    types.Registration(
                        id=name,
                        method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                        register_options=types.DidChangeWatchedFilesRegistrationOptions(watchers=wanted),
                    )
                    for name, wanted in watchers.items()
                ]
            )
        )

    def _unregister(self, names: list[str]) -> None:
        self._server.client_unregister_capability(
            types.UnregistrationParams(
                unregisterations=[
                    types.Unregistration(id=name, method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES) for name in names
                ]
            )
        )


def _watchers(folder: Folder) -> list[types.FileSystemWatcher]:
    """For a folder's files, and for the file that says what is checked out: a worktree's lies elsewhere."""
    base = folder.path.as_uri()
    patterns = [types.RelativePattern(base_uri=base, pattern=pattern) for pattern in (_FILES, _HEADS)]
    if folder.head is not None and not folder.head.is_relative_to(folder.root):
        patterns.append(types.RelativePattern(base_uri=folder.head.parent.as_uri(), pattern=folder.head.name))
    return [types.FileSystemWatcher(pattern) for pattern in patterns]
