"""A stored index, opened in a fresh process, until its first answer; and what its answers cost afterwards."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from codeassist.models.directory import shipped_embedder
from indexer.embedding import SentenceTransformerEmbedder
from indexer.index import CodeIndex
from indexer.types import Query

LIMIT = 12


def main() -> None:
    root, directory, path, text = sys.argv[1:]
    query = Query(text) if not path else Query(text, path=path, source=text, line=1)
    started = time.perf_counter()
    index = CodeIndex.open(
        Path(root), directory=Path(directory), embedder=SentenceTransformerEmbedder(shipped_embedder())
    )
    opened = time.perf_counter()
    hits = index.search(query, LIMIT)
    first = time.perf_counter()
    index.search(query, LIMIT)
    second = time.perf_counter()
    index.close()
    told = {"open_s": opened - started, "first_answer_s": first - started, "second_answer_s": second - first}
    json.dump({**told, "hits": len(hits)}, sys.stdout)


if __name__ == "__main__":
    main()
