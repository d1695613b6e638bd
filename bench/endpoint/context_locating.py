"""Is a window's file found, and is what is found its file? With edits, and for files that the index does not have."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.endpoint.context_windows import CLIENTS, Count, cut, edited
from bench.quality.intervals import interval
from codeassist.documents import read_document
from codeassist.errors import DocumentError
from codeassist.gap_text import read_gap
from codeassist.types import Document, FimRequest
from indexer.index import CodeIndex
from indexer.line_votes import Hints

EDITS = (0, 3, 10)
# One file in so many is left out of the second index: a window of it is of no file.
LEFT_OUT = 4
MIN_LINES = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One window. is_indexed: whether the index has its file. found: "right", "copy" (a file with the very same
    content), "wrong" or "none"."""

    repository: str
    path: str
    client: str
    n_edits: int
    is_indexed: bool
    found: str


def measure(root: Path, directory: Path, n_files: int, seed: int, count: Count) -> list[Row]:
    """Windows of so many files of a repository, and of those left out of its index."""
    rng = random.Random(f"{seed}:{root.name}")
    index = CodeIndex.open(root, directory=directory / f"whole-{root.name}", embedder=None)
    try:
        index.refresh()
        paths = sorted(index.paths())
        documents = _documents(root, paths)
        chosen = rng.sample(documents, min(n_files, len(documents)))
        rows = _rows(index, root.name, chosen, documents, rng, count, is_indexed=True)
    finally:
        index.close()
    out = rng.sample(documents, len(documents) // LEFT_OUT)
    names = [f"/{document.path}" for document in out]
    index = CodeIndex.open(root, directory=directory / f"part-{root.name}", embedder=None, exclude=names)
    try:
        index.refresh()
        chosen = rng.sample(out, min(n_files, len(out)))
        return rows + _rows(index, root.name, chosen, documents, rng, count, is_indexed=False)
    finally:
        index.close()


def _documents(root: Path, paths: Sequence[str]) -> list[Document]:
    documents = []
    for path in paths:
        try:
            document = read_document(root / path, path)
        except DocumentError:
            continue
        if document.text.count("\n") >= MIN_LINES:
            documents.append(document)
    return documents


def _rows(
    index: CodeIndex,
    repository: str,
    chosen: Sequence[Document],
    documents: Sequence[Document],
    rng: random.Random,
    count: Count,
    *,
    is_indexed: bool,
) -> list[Row]:
    texts = {document.path: document.text for document in documents}
    index.locate([], Hints())
    rows = []
    for document in chosen:
        lines = document.text.split("\n")
        row = rng.randrange(len(lines))
        column = rng.randint(0, len(lines[row]))
        before = "\n".join([*lines[:row], lines[row][:column]])
        behind = document.text[len(before) + len(lines[row]) - column :]
        others = rng.choice(documents).text.split("\n")
        for client in CLIENTS:
            for n_edits in EDITS:
                gap = edited(cut(client, before, behind, document.language, count), n_edits, others, rng)
                part = read_gap(FimRequest("", gap.prefix, gap.suffix)).lines
                path = index.locate(part, Hints()).path
                rows.append(Row(repository, document.path, client, n_edits, is_indexed, _judged(path, document, texts)))
    return rows


def _judged(path: str, document: Document, texts: dict[str, str]) -> str:
    if not path:
        return "none"
    if path == document.path:
        return "right"
    return "copy" if texts.get(path) == document.text else "wrong"


def summarise(rows: Sequence[Row]) -> dict[str, object]:
    """Recall and precision by client and number of edits, and how often a file is found for what the index lacks."""
    groups = {"all": rows}
    for client in CLIENTS:
        for n_edits in EDITS:
            groups[f"{client}, {n_edits} edits"] = [
                row for row in rows if row.client == client and row.n_edits == n_edits
            ]
    return {name: _figures(group) for name, group in groups.items()}


def _figures(rows: Sequence[Row]) -> dict[str, object]:
    indexed = [row for row in rows if row.is_indexed]
    matched = [row for row in indexed if row.found != "none"]
    unknown = [row for row in rows if not row.is_indexed]
    return {
        "recall": _share(indexed, "right", "copy"),
        "precision": _share(matched, "right", "copy"),
        "no_file_for_files_not_indexed": _share(unknown, "none", "copy"),
    }


def _share(rows: Sequence[Row], *found: str) -> object:
    return interval([float(row.found in found) for row in rows], [(row.repository, row.path) for row in rows])


async def measure_all(roots: Sequence[Path], directory: Path, n_files: int, seed: int, count: Count) -> list[Row]:
    """Of all repositories, in a thread."""
    rows: list[Row] = []
    for root in roots:
        rows += await asyncio.to_thread(measure, root, directory, n_files, seed, count)
    return rows
