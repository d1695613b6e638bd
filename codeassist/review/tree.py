"""The repository as it is with the change: the texts of changed files, others as they are beside it or on disk.

For threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from codeassist.review.changes import ChangedFile, Changes
from indexer.files import decode, read_bytes
from indexer.types import SkippedFile

MAX_FILE_KB = 1024


class ReviewedTree:
    """Reads each file once. Symbolic links are not followed."""

    def __init__(self, root: Path, changes: Changes) -> None:
        self.root = root
        self._changed: Mapping[str, ChangedFile] = {file.path: file for file in changes.files}
        self._gone = {file.former for file in changes.files if file.status == "renamed"} | {
            file.path for file in changes.files if file.status == "deleted"
        }
        had = [file for file in changes.files if file.status not in ("added", "copied")]
        self._before = {file.former or file.path: file for file in had}
        self._added = {file.path for file in changes.files if file.status != "modified"}
        self._read: dict[str, str | None] = dict(changes.beside)

    @property
    def changed_texts(self) -> dict[str, str]:
        """New texts by path, of the files that can be read."""
        return {path: file.new_text for path, file in self._changed.items() if file.new_text is not None}

    @property
    def gone(self) -> frozenset[str]:
        """Paths where there was a file, and is none any more."""
        return frozenset(path for path in self._gone if not self.is_file(path))

    def is_file(self, path: str) -> bool:
        """Whether there is such a file with the change."""
        if path in self._changed:
            return self._changed[path].status != "deleted"
        return path not in self._gone and _is_file(self.root, path)

    def was_file(self, path: str) -> bool:
        """Whether there was such a file without the change."""
        return path in self._before or (path not in self._added and _is_file(self.root, path))

    def text(self, path: str) -> str | None:
        """A file with the change; None where there is none, or none that can be read."""
        if path in self._changed:
            return self._changed[path].new_text
        return None if path in self._gone else self._on_disk(path)

    def text_before(self, path: str) -> str | None:
        """A file without the change, under the path that it had then."""
        if path in self._before:
            return self._before[path].old_text
        return None if path in self._added else self._on_disk(path)

    def _on_disk(self, path: str) -> str | None:
        if path not in self._read:
            content = read_bytes(self.root, path, MAX_FILE_KB)
            self._read[path] = None if isinstance(content, SkippedFile) else decode(content)
        return self._read[path]


def _is_file(root: Path, path: str) -> bool:
    try:
        return (root / path).is_file()
    except (OSError, ValueError):  # A name that no file can have.
        return False
