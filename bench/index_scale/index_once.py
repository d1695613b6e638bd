"""One cold index in a process of its own, so that its memory is its own: `weighing.weigh` runs this."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from codeassist.models.directory import shipped_embedder
from indexer.embedding import SentenceTransformerEmbedder
from indexer.index import CodeIndex
from indexer.types import IndexReport


def index_once(root: Path, directory: Path, vectors: str) -> IndexReport:
    """A new index of a repository."""
    embedder = SentenceTransformerEmbedder(shipped_embedder()) if vectors == "vectors" else None
    index = CodeIndex.open(root, directory=directory, embedder=embedder)
    try:
        return index.refresh()
    finally:
        index.close()


def main() -> None:
    root, directory, vectors = sys.argv[1:]
    report = index_once(Path(root), Path(directory), vectors)
    told = {"files": report.files, "chunks": report.chunks, "symbols": report.symbols, "skipped": len(report.skipped)}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
