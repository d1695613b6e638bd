"""The index of one workspace: open it, bring it up to date, ask it."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

from indexer import records, use_records
from indexer.dependencies.library import DependencyLibrary, in_libraries
from indexer.dependencies.types import Installed
from indexer.embedding import Embedder, ShortTexts
from indexer.errors import EmbedderUnavailable, WorkspaceError
from indexer.gittree import is_ignored_by_git
from indexer.healing import Healer
from indexer.importance import Ranked, rank_definitions
from indexer.line_votes import Hints
from indexer.locating import Located, Locator
from indexer.place import forget_aside
from indexer.places import all_chunks
from indexer.postings import Postings
from indexer.presence import refreshing
from indexer.privacy import Privacy
from indexer.refresh import Refresher, drop_stale_vectors, embed_missing
from indexer.repository_map import RepositoryMap, synced
from indexer.rules import leaves_root
from indexer.searching import Gathered, Sources, gather, prepare_libraries, search_cursor
from indexer.store import Store
from indexer.symbol_search import MAX_NAMES, best_names, in_place, split_question
from indexer.types import Chunk, Hit, IndexReport, ProgressCallback, Query, SkippedFile, Symbol, no_progress
from indexer.usages import find_usages
from indexer.vectors import VectorIndex, open_vectors
from indexer.word_search import by_meaning, by_text, search_words

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class CodeIndex:
    """Files, symbols, chunks and vectors of one workspace. A Retriever; every method may be called from any thread."""

    def __init__(
        self,
        root: Path,
        store: Store,
        embedder: Embedder | None,
        max_file_kb: int,
        exclude: Sequence[str],
        installed: Installed | None = None,
    ) -> None:
        self.root = root
        self._store = store
        self._healer = Healer(store)
        self._embedder = embedder
        self._short_texts = ShortTexts(embedder) if embedder else None
        self._refresher = Refresher(root, store, max_file_kb, tuple(exclude))
        self.rules = self._refresher.rules
        self._vectors: VectorIndex | None = None
        self._vectors_lock = threading.Lock()
        self._vector_warning = ""
        self._vectors_epoch = self._refreshed_epoch = store.epoch
        self._map = (store.epoch, RepositoryMap())
        self._postings = Postings()
        self._locator = Locator(self._reading, lambda: store.epoch)
        self._privacy = Privacy(self._refresher.rules, self._is_ignored_by_git)
        self._tree_skipped: tuple[SkippedFile, ...] | None = None
        self.libraries = DependencyLibrary(root, installed, self._privacy.is_named) if installed is not None else None

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        directory: Path,
        embedder: Embedder | None,
        max_file_kb: int = 1024,
        exclude: Sequence[str] = (),
        installed: Installed | None = None,
    ) -> CodeIndex:
        """The index of `root` kept in `directory`, as it was left; reads no file of the workspace yet.

        installed: where libraries may be that the workspace imports; None leaves them out.
        Raises WorkspaceError when root is no folder, IndexDamaged when the index can neither be used nor set aside.
        """
        resolved = root.resolve()
        if not resolved.is_dir():
            raise WorkspaceError(f"{root} is no folder; give the folder of a project")
        return cls(resolved, Store(directory), embedder, max_file_kb, exclude, installed)

    def refresh(self, progress: ProgressCallback | None = None) -> IndexReport:
        """Bring the index up to the working tree: parse what changed, embed what is new. Raises WorkspaceError."""

        def work() -> IndexReport:
            with refreshing(self._store.path.parent):
                return self._refresh_all(progress or no_progress)

        return self._healer.write(work, work)

    def refresh_file(self, path: str, text: str | None = None) -> None:
        """Bring one file up to date, as it is on disk or as an editor has it. Paths outside of root are ignored."""
        if leaves_root(path) or not records.can_hold(path):  # What is not UTF-8 cannot be kept.
            return

        def one() -> None:
            self._refresher.refresh_file(path, text)
            if self._vectors is not None:
                self._refresh_vectors(no_progress, path)

        def everything() -> None:
            self._refresh_all(no_progress)
            one()

        self._healer.write(one if self._store.settled_epoch() == self._refreshed_epoch else everything, everything)

    def search(self, query: Query, limit: int) -> list[Hit]:
        """Best first: a cursor's question when the query has a path, else a person's. Deterministic.

        A person waits until a damaged index is built anew; a cursor finds nothing until the next refresh.
        """
        if limit <= 0:
            return []
        if query.path is not None:
            return self._reading(lambda connection: search_cursor(self._sources(connection), query, limit), [])
        self._load_vectors()
        hits = self._search_words(query, limit)
        if not self._healer.damage:
            return hits
        self.refresh()
        return self._search_words(query, limit)

    def gather(self, query: Query, limit: int) -> Gathered | None:
        """What `search` chooses from at a cursor; None where the index cannot be read."""
        return self._reading(lambda connection: gather(self._sources(connection), query, limit), None)

    def search_by_meaning(self, text: str, limit: int) -> list[Hit]:
        """Nearest chunks by the embedding alone, best first; nothing where there are no vectors."""
        self._load_vectors()
        return self._reading(lambda connection: by_meaning(self._sources(connection), text, limit), [])

    def search_by_text(self, text: str, limit: int) -> list[Hit]:
        """Chunks by the full-text index alone (BM25), best first."""
        return self._reading(lambda connection: by_text(self._sources(connection), text, limit), [])

    def paths(self) -> list[str]:
        """Every indexed file."""
        return self._reading(lambda connection: list(records.file_ids(connection, 0)), [])

    def chunks(self) -> list[Chunk]:
        """Every chunk, by path and line."""
        return self._reading(all_chunks, [])

    def symbols(self, name: str, limit: int = 20) -> list[Symbol]:
        """Definitions with this name, by path and line; whatever the case when the exact name is nowhere."""

        def find(connection: sqlite3.Connection) -> list[Symbol]:
            exact = records.symbols_named(connection, name, limit)
            return exact or records.symbols_named_loosely(connection, name, limit)

        return self._reading(find, [])

    def known_names(self, names: Sequence[str]) -> frozenset[str]:
        """Those of the names that the repository has anywhere; all of them before the first refresh."""
        return self._reading(lambda connection: use_records.known_names(connection, names), frozenset(names))

    def find_symbols(self, text: str, limit: int) -> list[Symbol]:
        """Definitions by a few letters of their names (`rfq` finds `read_from_queue`), those that fit best first."""
        place, wanted = split_question(text)
        n_each = MAX_NAMES if place else limit  # In the place stand few of those that have the letters.

        def find(connection: sqlite3.Connection) -> list[Symbol]:
            names = best_names(use_records.names_with_letters(connection, wanted, MAX_NAMES), wanted, n_each)
            found = (in_place(records.symbols_named(connection, name, n_each), place) for name in names)
            return list(islice(chain.from_iterable(found), limit))

        return self._reading(find, []) if wanted and limit > 0 else []

    def usages(self, name: str, limit: int = 50) -> list[Hit]:
        """Lines that use a name, by path and line; those of tests last."""
        return self._reading(lambda c: find_usages(c, self._sources(c).repository, name, max(limit, 0)), [])

    def mentioning(self, name: str) -> list[str]:
        """Files that may have a name somewhere, by path."""
        return self._reading(lambda connection: use_records.paths_mentioning(connection, name), [])

    def important(
        self, limit: int, *, focus: Sequence[str] = (), mentioned: AbstractSet[str] = frozenset()
    ) -> list[Ranked]:
        """The definitions that matter most, to all files or to those in focus; names that are mentioned count more."""

        def find(connection: sqlite3.Connection) -> list[Ranked]:
            repository = self._sources(connection).repository
            return rank_definitions(connection, repository, focus, mentioned, limit, self.root.name)

        return self._reading(find, [])

    def withheld(self, path: str, text: str) -> str | None:
        """Why no model may see this document, or None; cheap enough for every keystroke."""
        return self._privacy.reason(path, text)

    def locate(self, part: Sequence[str], hints: Hints) -> Located:
        """The indexed file that these lines are of, edits since aside."""
        return self._locator.locate(part, hints)

    def versions(self, paths: Iterable[str]) -> dict[str, str]:
        """Blob ids of those of the paths that are indexed; files of libraries have words of their own."""
        outside, inside = in_libraries(paths)
        known: dict[str, str] = self._reading(lambda connection: records.blobs_of(connection, inside), {})
        return known | (self.libraries.versions(outside) if self.libraries is not None else {})

    def prepare(self, path: str, text: str) -> None:
        """Find out in the background what a document that was opened imports from libraries. Parses its imports."""
        if self.libraries is not None:
            self._reading(lambda connection: prepare_libraries(self._sources(connection), path, text), None)

    def skipped(self) -> tuple[SkippedFile, ...]:
        """Files that are not indexed and why, by path: as the last refresh here saw them, else as stored."""
        known = self._tree_skipped
        return known if known is not None else tuple(self._reading(records.read_skipped, []))

    def close(self) -> None:
        """Close the index; safe to call twice."""
        if self.libraries is not None:
            self.libraries.close()
        self._locator.close()
        self._postings.close()
        self._refresher.close()
        self._store.close()

    def _search_words(self, query: Query, limit: int) -> list[Hit]:
        return self._reading(lambda connection: search_words(self._sources(connection), query, limit), [])

    def _refresh_all(self, progress: ProgressCallback) -> IndexReport:
        epoch = self._store.settled_epoch()
        report = self._refresher.refresh(progress)
        has_vectors = self._refresh_vectors(progress)
        if self._store.settled_epoch() != epoch:  # The index was deleted meanwhile: only its last part was written.
            return self._refresh_all(progress)
        self._refreshed_epoch = epoch
        forget_aside(self._store.path)
        self._privacy.forget()
        self._tree_skipped = report.skipped
        warnings = report.warnings + ((self._vector_warning,) if self._vector_warning else ())
        return replace(report, vectors=has_vectors, warnings=warnings)

    def _sources(self, connection: sqlite3.Connection) -> Sources:
        epoch, (known_epoch, known) = self._store.epoch, self._map
        if known_epoch != epoch:
            self._postings.close()
        repository = synced(known if known_epoch == epoch else RepositoryMap(), connection)
        self._map = (epoch, repository)
        sources = Sources(connection, repository, None, 0, self.root.name, None, self.libraries, self._postings)
        vectors, embedder = self._load_vectors() if self._vectors is not None else None, self._embedder
        if vectors is None or embedder is None:
            return sources
        vectors.sync(connection)

        def nearest(text: str, limit: int) -> list[tuple[str, float]]:
            return vectors.nearest(embedder.embed([text]), limit)

        likeness = self._short_texts.likeness if self._short_texts else None
        return replace(sources, nearest=nearest, n_vectors=vectors.n_vectors, likeness=likeness)

    def _load_vectors(self) -> VectorIndex | None:
        """The vector index, made once an epoch; None (and a warning kept) when there can be none."""
        with self._vectors_lock:
            epoch = self._store.epoch
            is_new = self._vectors is None or self._vectors_epoch != epoch
            if is_new and self._embedder is not None and not self._vector_warning:
                try:
                    self._vectors, self._vectors_epoch = open_vectors(self._embedder), epoch
                    self._vector_warning = "" if self._vectors else "faiss is not installed: no search by meaning"
                except EmbedderUnavailable as error:
                    self._vector_warning = f"no search by meaning: {error}"
                    logger.warning("%s", self._vector_warning)
            return self._vectors

    def _refresh_vectors(self, progress: ProgressCallback, path: str | None = None) -> bool:
        vectors = self._load_vectors()
        if vectors is None or self._embedder is None:
            return False
        embed_missing(self._store, self._embedder, vectors.embedder_name, progress, path)
        if path is None:
            drop_stale_vectors(self._store)
        with self._store.reading() as connection:
            vectors.sync(connection)
        return True

    def _is_ignored_by_git(self, path: str) -> bool:
        """Whether git ignores a path; what is indexed is not ignored."""
        return self._reading(lambda c: records.blob_of(c, path) is None, True) and is_ignored_by_git(self.root, path)

    def _reading(self, read: Callable[[sqlite3.Connection], Answer], nothing: Answer) -> Answer:
        return self._healer.read(read, nothing)
