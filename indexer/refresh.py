"""Bringing the store up to the working tree, and one file up to its text."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from indexer import records
from indexer.analysis import NO_PROCESS
from indexer.doubtful import doubtful_paths, note_at_risk
from indexer.embedding import Embedder
from indexer.errors import IndexClosed
from indexer.files import blob_id, decode_source, may_pass, read_bytes
from indexer.gittree import Tree, is_left_out, read_tree
from indexer.processes import SpareWorker
from indexer.rows import Facts, FileRows, rows_at
from indexer.rules import NameRules, Rules, read_rules
from indexer.store import Store
from indexer.types import IndexReport, Progress, ProgressCallback, SkippedFile
from indexer.update import UpdatePlan, plan_update
from indexer.workers import analyse_apart, analyse_text, divide

logger = logging.getLogger(__name__)

# Files per transaction. A refresh of fewer is one transaction; a first index of many keeps what it has when killed.
# What was found in them waits in memory, where each full garbage collection goes through all of it and keeps every
# thread waiting meanwhile (`bench/index_scale/loop.py`); plain rows it looks at once. Each transaction writes pages of
# every index anew: fewer files to each mean more of that.
FILES_PER_TRANSACTION = 300
TEXTS_PER_BATCH = 256
# Vectors of texts that are gone serve the next branch switch; beyond this many they are deleted.
STALE_VECTORS_KEPT = 20_000
MAX_UNPARSED_TOLD = 3


@dataclass(slots=True)
class Refresher:
    """Writes the index of one workspace. One refresh at a time; `refresh_file` may come in between its transactions."""

    root: Path
    store: Store
    max_file_kb: int
    exclude: tuple[str, ...]
    _running: threading.Lock = field(default_factory=threading.Lock)
    _spare: SpareWorker = field(default_factory=SpareWorker)

    def rules(self) -> Rules:
        """The rules as they are now: `.codeassistignore` is read again."""
        return read_rules(self.root, self.max_file_kb, self.exclude)

    def refresh(self, progress: ProgressCallback) -> IndexReport:
        """Files, symbols and chunks as they are in the working tree; vectors are `embed_missing`'s work."""
        with self._running:
            started, started_at = time.perf_counter(), time.time()
            rules = self.rules()
            tree = read_tree(self.root, rules, NameRules(rules).reason)
            self._forget_skipped_under_other_rules(rules)
            with self.store.reading() as connection:
                plan = plan_update(records.read_blobs(connection), tree.blobs)
            progress(Progress("scan", len(tree.blobs), len(tree.blobs)))
            facts = self._counted(self._analysed(plan.changed, rules), len(plan.changed), progress)
            done = self._apply(plan, facts, _Blobs(self.root, tree.blobs, started_at))
            self._note_time(changed=bool(plan))
            return self._report(plan, tree, done, started)

    def refresh_file(self, path: str, text: str | None) -> None:
        """One file as it is on disk, or as an editor has it (`text`)."""
        rules = self.rules()
        reason = NameRules(rules).reason(path)
        content = read_bytes(self.root, path, rules.max_file_kb) if text is None else _encoded(path, text, rules)
        if reason is not None or isinstance(content, SkippedFile) or self._is_left_out(path):
            self._forget(path)
            return
        blob = blob_id(content)
        with self.store.reading() as connection:
            if records.blob_of(connection, path) == blob:
                return
            is_doubtful = path in doubtful_paths(connection)
        self._note_at_risk([path])
        source = decode_source(path, content)
        facts = (
            source
            if isinstance(source, SkippedFile)
            else analyse_text(self.root, source, rules, is_doubtful, self._spare)
        )
        with self.store.writing() as connection:
            _write(connection, facts, blob)
            records.bump_generation(connection)
            note_at_risk(connection, ())

    def close(self) -> None:
        """End what waits for the next file."""
        self._spare.close()

    def _is_left_out(self, path: str) -> bool:
        """Whether a refresh of the whole tree leaves this path out; it has decided for what is indexed."""
        with self.store.reading() as connection:
            if records.blob_of(connection, path) is not None:
                return False
        return is_left_out(self.root, path)

    def _forget(self, path: str) -> None:
        with self.store.reading() as connection:
            if records.blob_of(connection, path) is None:
                return
        with self.store.writing() as connection:
            records.remove_path(connection, path)
            records.bump_generation(connection)

    def _forget_skipped_under_other_rules(self, rules: Rules) -> None:
        """A larger size limit may let in what was too large: such files are looked at again."""
        now = str(rules.max_file_kb)
        with self.store.reading() as connection:
            before = records.read_meta(connection, "max_file_kb")
        if before != now:
            with self.store.writing() as connection:
                connection.execute("DELETE FROM skipped")
                records.write_meta(connection, "max_file_kb", now)

    def _analysed(self, paths: Sequence[str], rules: Rules) -> Iterator[Facts]:
        """Facts of every path, in any order."""
        with self.store.reading() as connection:
            here, apart = divide(self.root, paths, doubtful_paths(connection))
        if here:
            self._note_at_risk(here)
        yield from (rows_at(self.root, path, rules) for path in here)
        yield from analyse_apart(self.root, apart, rules, self._spare)

    def _note_at_risk(self, paths: Sequence[str]) -> None:
        """What is parsed in this process may end it; whoever comes next parses it apart."""
        with self.store.writing() as connection:
            note_at_risk(connection, paths)

    def _apply(self, plan: UpdatePlan, facts: Iterator[Facts], blobs: _Blobs) -> _Done:
        removed, done = plan.removed, _Done()
        while True:
            batch = sorted(islice(facts, FILES_PER_TRANSACTION), key=lambda item: item.path)
            if not batch and not removed:
                return done
            with self.store.writing() as connection:
                for path in removed:
                    records.remove_path(connection, path)
                for item in batch:
                    _write(connection, item, blobs.of(item))
                records.bump_generation(connection)
                note_at_risk(connection, ())
            done.add(batch)
            removed = ()

    def _note_time(self, *, changed: bool) -> None:
        """Keep when this refresh ended; of refreshes that found nothing to do, one a minute is enough."""
        now = datetime.now(UTC)
        with self.store.reading() as connection:
            before = records.read_meta(connection, records.REFRESHED_AT)
        if changed or before < (now - timedelta(minutes=1)).isoformat(timespec="seconds"):
            with self.store.writing() as connection:
                records.write_meta(connection, records.REFRESHED_AT, now.isoformat(timespec="seconds"))

    def _counted(self, facts: Iterator[Facts], total: int, progress: ProgressCallback) -> Iterator[Facts]:
        for done, item in enumerate(facts, 1):
            if self.store.is_closed:
                raise IndexClosed("the index was closed while it was brought up to date")
            progress(Progress("parse", done, total))
            yield item

    def _report(self, plan: UpdatePlan, tree: Tree, done: _Done, started: float) -> IndexReport:
        with self.store.reading() as connection:
            n_files, n_chunks, n_symbols = records.count_all(connection)
            skipped = {item.path: item for item in (*records.read_skipped(connection), *tree.skipped)}
        return IndexReport(
            files=n_files,
            chunks=n_chunks,
            symbols=n_symbols,
            changed=len(plan.changed),
            removed=len(plan.removed),
            bytes_read=done.n_bytes,
            skipped=tuple(skipped[path] for path in sorted(skipped)),
            vectors=False,
            seconds=time.perf_counter() - started,
            warnings=(*self.store.warnings, *tree.warnings, *done.warnings()),
        )


@dataclass(slots=True)
class _Done:
    """What one refresh wrote. unparsed: files whose syntax was given up, with the reason."""

    n_bytes: int = 0
    unparsed: list[str] = field(default_factory=list)

    def add(self, batch: Iterable[Facts]) -> None:
        for item in batch:
            if isinstance(item, FileRows):
                self.n_bytes += item.size
                if item.unparsed:
                    self.unparsed.append(f"{item.path} is indexed without its syntax: {item.unparsed}")

    def warnings(self) -> list[str]:
        """A line for each of the first, and how many there are more."""
        n_more = len(self.unparsed) - MAX_UNPARSED_TOLD
        more = [f"{n_more} more files are indexed without their syntax"] if n_more > 0 else []
        return [*self.unparsed[:MAX_UNPARSED_TOLD], *more]


@dataclass(frozen=True, slots=True)
class _Blobs:
    """Under which blob ids facts are stored. started_at: when the tree began to be read."""

    root: Path
    tree: Mapping[str, str]
    started_at: float

    def of(self, facts: Facts) -> str:
        """The tree's, or one that no tree has: then the next refresh looks at the file again."""
        blob = self.tree[facts.path]
        if isinstance(facts, FileRows) and facts.unparsed == NO_PROCESS:
            return f"{blob}?"
        return f"{blob}?" if self._has_changed(facts.path) else blob

    def _has_changed(self, path: str) -> bool:
        """Whether a file was written since: amid a branch switch, what was read need not be what git named."""
        try:
            return os.lstat(f"{self.root}/{path}").st_ctime >= self.started_at
        except OSError:
            return False


def _encoded(path: str, text: str, rules: Rules) -> bytes | SkippedFile:
    content = text.encode("utf-8", "replace")
    too_large = len(content) > rules.max_file_kb * 1024
    return SkippedFile(path, f"larger than {rules.max_file_kb} KB") if too_large else content


def _write(connection: sqlite3.Connection, facts: Facts, blob: str) -> None:
    if isinstance(facts, SkippedFile):
        # Under no blob id, what may pass is looked at again by every refresh until it has.
        records.replace_skipped(connection, facts, "" if may_pass(facts.reason) else blob)
    else:
        records.replace_file(connection, facts, blob)


def embed_missing(
    store: Store, embedder: Embedder, name: str, progress: ProgressCallback, path: str | None = None
) -> int:
    """Vectors for every text (of one file) that has none; how many were made. Each batch is kept at once.

    name: the embedder's, asked once because it may be read from disk.
    """
    with store.reading() as connection:
        missing = records.unembedded(connection, name, path)
    for start in range(0, len(missing), TEXTS_PER_BATCH):
        with store.reading() as connection:
            texts = records.texts_by_id(connection, missing[start : start + TEXTS_PER_BATCH])
        vectors = embedder.embed([text for _, text in texts])
        with store.writing() as connection:
            records.insert_vectors(connection, name, [content_hash for content_hash, _ in texts], vectors)
        progress(Progress("embed", min(start + TEXTS_PER_BATCH, len(missing)), len(missing)))
    return len(missing)


def drop_stale_vectors(store: Store) -> None:
    """Delete vectors of vanished texts once there are many; readers start their vector index over."""
    with store.writing() as connection:
        if records.drop_stale_vectors(connection, STALE_VECTORS_KEPT):
            epoch = int(records.read_meta(connection, "vector_epoch") or 0) + 1
            records.write_meta(connection, "vector_epoch", str(epoch))
