"""What there is of an index on disk, and how far it is behind the working tree. Nothing is made or mended."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from indexer import records
from indexer.errors import IndexDamaged
from indexer.files import read_bytes
from indexer.gittree import read_tree
from indexer.place import SUFFIXES, place_for
from indexer.presence import is_being_refreshed
from indexer.rules import NameRules, Rules, read_rules
from indexer.schema import FORMAT
from indexer.store import FILE_NAME, is_damage
from indexer.types import SkippedFile
from indexer.update import plan_update

BUSY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class StoredIndex:
    """An index as it lies there. problem: why it cannot be used as it is, "" when it can; then all counts are 0.

    bytes_on_disk: of the file and its log. source_bytes: of the indexed files. embedder: whose vectors are counted, ""
    for all. missing_vectors: texts that it has not seen yet. unparsed: files whose syntax was given up, by reason.
    skipped: files that are left out, by reason. refreshed_at: when it was last brought up to date, ISO 8601 in UTC, ""
    when never. changed, new, gone: files that the next refresh reads or forgets. refreshing: whether a process is
    bringing it up to date right now, None where that cannot be known.
    """

    directory: str
    exists: bool
    problem: str = ""
    format: int = 0
    bytes_on_disk: int = 0
    source_bytes: int = 0
    files: int = 0
    chunks: int = 0
    symbols: int = 0
    vectors: int = 0
    embedder: str = ""
    missing_vectors: int = 0
    unparsed: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    refreshed_at: str = ""
    changed: int = 0
    new: int = 0
    gone: int = 0
    refreshing: bool | None = False

    @property
    def is_current(self) -> bool:
        """Whether a refresh would find nothing to do."""
        return self.exists and not (self.problem or self.changed or self.new or self.gone or self.missing_vectors)

    @property
    def bytes_per_source_byte(self) -> float:
        """How much larger than what it indexes it is."""
        return self.bytes_on_disk / self.source_bytes if self.source_bytes else 0.0


def read_status(
    root: Path, directory: Path, max_file_kb: int, exclude: Sequence[str], embedder: str = ""
) -> StoredIndex:
    """The index of `root` in `directory`. embedder: the name of the one in use, if any.

    Raises WorkspaceError when root cannot be read.
    """
    if not (directory / FILE_NAME).is_file():
        return StoredIndex(str(directory), exists=False, refreshing=is_being_refreshed(directory))
    size = sum(part.stat().st_size for suffix in SUFFIXES if (part := directory / f"{FILE_NAME}{suffix}").exists())
    stored = StoredIndex(
        str(directory), exists=True, bytes_on_disk=size, embedder=embedder, refreshing=is_being_refreshed(directory)
    )
    try:
        place = place_for(directory, FILE_NAME)  # What may only be read is read in a copy: SQLite writes beside a log.
    except IndexDamaged as error:
        return replace(stored, problem=str(error))
    try:
        return _read(place.directory / FILE_NAME, stored, read_rules(root, max_file_kb, exclude), root)
    finally:
        place.remove()


def _read(file: Path, stored: StoredIndex, rules: Rules, root: Path) -> StoredIndex:
    """Without a log the file is all there is, and SQLite need make none; a second look if one came meanwhile."""
    log = Path(f"{file}-wal")
    for options in ("immutable=1", ""):
        if options and log.exists() and log.stat().st_size:
            continue
        try:
            return _read_once(file, options, stored, rules, root)
        except sqlite3.Error as error:
            known = isinstance(error, sqlite3.DatabaseError) and is_damage(error)
            stored = replace(stored, problem=f"damaged ({error})" if known else f"unreadable ({error})")
            if not log.exists():
                break
    return stored


def _read_once(file: Path, options: str, stored: StoredIndex, rules: Rules, root: Path) -> StoredIndex:
    uri = f"file:{quote(str(file))}?mode=ro&{options}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("BEGIN")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (n_tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version == n_tables == 0:  # A process is about to make it, or died just before.
            return replace(stored, exists=False, problem="")
        if version != FORMAT:
            problem = f"of format {version}, this version reads {FORMAT}"
            return replace(stored, problem=problem, format=version)
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict.splitlines()[-1])
        return _compared(connection, _counted(connection, stored), rules, root)
    finally:
        connection.close()


def _counted(connection: sqlite3.Connection, stored: StoredIndex) -> StoredIndex:
    files, chunks, symbols = records.count_all(connection)
    (source_bytes,) = connection.execute("SELECT coalesce(sum(size), 0) FROM files").fetchone()
    (vectors,) = connection.execute(
        "SELECT count(*) FROM vectors WHERE ?1 IN ('', embedder)", (stored.embedder,)
    ).fetchone()
    missing = records.unembedded(connection, stored.embedder, None) if stored.embedder else []
    reasons = connection.execute("SELECT unparsed FROM files WHERE unparsed <> ''")
    return replace(
        stored,
        problem="",
        format=FORMAT,
        source_bytes=source_bytes,
        files=files,
        chunks=chunks,
        symbols=symbols,
        vectors=vectors,
        missing_vectors=len(missing),
        unparsed=_by_reason(reason for (reason,) in reasons),
        refreshed_at=records.read_meta(connection, records.REFRESHED_AT),
    )


def _compared(connection: sqlite3.Connection, stored: StoredIndex, rules: Rules, root: Path) -> StoredIndex:
    tree = read_tree(root, rules, NameRules(rules).reason)
    left_out = records.read_skipped(connection)
    known = records.read_blobs(connection)
    if records.read_meta(connection, "max_file_kb") != str(rules.max_file_kb):
        known = {path: known[path] for path in known.keys() - {file.path for file in left_out}}
    plan = plan_update(known, tree.blobs)
    changed = [path for path in plan.changed if known.get(path) != "" or _is_there(root, path, rules)]
    n_new = sum(path not in known for path in changed)
    skipped = {file.path: file.reason for file in (*left_out, *tree.skipped)}
    return replace(
        stored,
        skipped=_by_reason(skipped.values()),
        changed=len(changed) - n_new,
        new=n_new,
        gone=len(plan.removed),
    )


def _is_there(root: Path, path: str, rules: Rules) -> bool:
    """Whether a file can be read now that could not before; such are looked at by every refresh."""
    return not isinstance(read_bytes(root, path, rules.max_file_kb), SkippedFile)


def _by_reason(reasons: Iterable[str]) -> dict[str, int]:
    return dict(Counter(reasons).most_common())
