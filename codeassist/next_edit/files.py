"""The files of a workspace that are not open, by its index; texts are read from disk when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from codeassist.documents import read_document
from codeassist.errors import DocumentError
from codeassist.types import Document
from indexer.index import CodeIndex
from indexer.syntax import MAX_CHARS


class IndexedFiles:
    """Implements `finding.Elsewhere`."""

    def __init__(self, index: CodeIndex, workspace: Path) -> None:
        self._index = index
        self._workspace = workspace

    def paths(self, word: str) -> Sequence[str]:
        """Indexed files that have a word."""
        return self._index.mentioning(word)

    def defining(self, name: str) -> Sequence[str]:
        """Indexed files that define something of exactly this name."""
        return sorted({symbol.path for symbol in self._index.symbols(name) if symbol.name == name})

    def document(self, path: str) -> Document | None:
        """A file as it is now; None where it is gone, too large, or none of the workspace's own."""
        try:
            document = read_document(self._workspace / path, path)
        except DocumentError:
            return None
        is_ours = len(document.text) <= MAX_CHARS and self._index.withheld(path, document.text) is None
        return document if is_ours else None
