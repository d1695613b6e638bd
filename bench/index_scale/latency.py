"""Milliseconds on an index that stands: an edit until it is found, a keystroke's question, a person's."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bench.index_scale.corpus import SEED, Corpus, make_corpus, remove
from bench.index_scale.questions import cursor_queries, spoken_questions
from bench.measuring import summary
from codeassist.models.directory import shipped_embedder
from indexer.embedding import SentenceTransformerEmbedder
from indexer.index import CodeIndex
from indexer.types import Query

EDITS = 100
CURSORS = 200
QUESTIONS = 100
HITS = 12


def latency(sizes: Sequence[int], work: Path) -> dict[str, object]:
    """Figures at each size."""
    return {str(size): at_size(size, work) for size in sizes}


def at_size(size: int, work: Path) -> dict[str, object]:
    """Everything at one size."""
    corpus = make_corpus(work / f"of-{size}", size)
    directory = work / f"index-of-{size}"
    index = _open(corpus, directory)
    index.refresh()
    index.close()
    try:
        return {
            **corpus.described(),
            "retrieval_cold_ms": retrieval_cold(corpus, directory),
            **on_open_index(corpus, directory),
        }
    finally:
        remove(corpus)


def on_open_index(corpus: Corpus, directory: Path) -> dict[str, object]:
    """What is asked of an index that a Language Server has open: it was refreshed, so its vectors are loaded."""
    index = _open(corpus, directory)
    try:
        index.refresh()
        cursors = cursor_queries(corpus, CURSORS)
        words = [Query(text) for text in spoken_questions(corpus, QUESTIONS)]
        for query in (cursors[0], words[0]):
            index.search(query, HITS)  # Loads what is loaded once.
        return {
            "retrieval_warm_ms": asked(index, cursors),
            "retrieval_next_key_ms": next_keys(index, cursors[:50]),
            "words_ms": asked(index, words),
            "edits": edits(index, corpus),
        }
    finally:
        index.close()


def asked(index: CodeIndex, queries: Sequence[Query]) -> dict[str, float]:
    """Milliseconds for each query."""
    return summary(_timed_ms(partial(index.search, query, HITS)) for query in queries)


def next_keys(index: CodeIndex, queries: Sequence[Query]) -> dict[str, float]:
    """Milliseconds for the key after a place's first: within a word, what is asked stays the same."""
    times_ms = []
    for query in queries:
        index.search(query, HITS)
        times_ms.append(_timed_ms(partial(index.search, query, HITS)))
    return summary(times_ms)


def retrieval_cold(corpus: Corpus, directory: Path) -> dict[str, float]:
    """Each question is the first of an index that was just opened and stands in no cache of the system's."""
    return summary(_first_ms(corpus, directory, query) for query in cursor_queries(corpus, CURSORS)[:30])


def _first_ms(corpus: Corpus, directory: Path, query: Query) -> float:
    for file in directory.iterdir():
        _drop_from_cache(file)
    index = _open(corpus, directory)
    try:
        return _timed_ms(partial(index.search, query, HITS))
    finally:
        index.close()


def edits(index: CodeIndex, corpus: Corpus) -> dict[str, object]:
    """A function is added to a file and the file saved: until the index finds it, and the next keystroke's question."""
    python = [path for path in corpus.paths if path.endswith(".py") and path in index.versions([path])]
    paths = random.Random(SEED).sample(python, min(EDITS, len(python)))
    cursor, fresh, next_question = cursor_queries(corpus, 1)[0], [], []
    for number, path in enumerate(paths):
        name = f"added_by_edit_{number}"
        file = corpus.root / path
        file.write_text(
            f"{file.read_text(encoding='utf-8')}\n\ndef {name}(graph):\n    return graph\n", encoding="utf-8"
        )
        fresh.append(_timed_ms(partial(_until_found, index, path, name)))
        next_question.append(_timed_ms(partial(index.search, cursor, HITS)))
    whole_tree = [_timed_ms(index.refresh) for _ in range(5)]
    return {
        "edit_to_found_ms": summary(fresh),
        "next_retrieval_ms": summary(next_question),
        "whole_tree_unchanged_ms": summary(whole_tree),
    }


def _until_found(index: CodeIndex, path: str, name: str) -> None:
    """Raises SystemExit when the index missed the edit."""
    index.refresh_file(path)
    if not index.symbols(name):
        raise SystemExit(f"the index does not know {name}, which was added to {path}")


def _open(corpus: Corpus, directory: Path) -> CodeIndex:
    return CodeIndex.open(corpus.root, directory=directory, embedder=SentenceTransformerEmbedder(shipped_embedder()))


def _timed_ms(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


def _drop_from_cache(file: Path) -> None:
    """Ask the system to forget the file's pages; those that are written already go."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
