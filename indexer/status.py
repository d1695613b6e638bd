"""What there is of an index on disk, and how far it is behind the working tree. Nothing is made or mended."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from indexer import records
from indexer.gittree import read_tree
from indexer.place import SUFFIXES
from indexer.rules import NameRules, read_rules
from indexer.schema import FORMAT
from indexer.store import FILE_NAME
from indexer.update import plan_update


@dataclass(frozen=True, slots=True)
class StoredIndex:
    """An index as it lies there. problem: why it cannot be used as it is, "" when it can; then all counts are 0.

    bytes_on_disk: of the file and its log. source_bytes: of the indexed files. refreshed_at: when it was last brought
    up to date, ISO 8601 in UTC, "" when never. changed, new, gone: files that the next refresh reads or forgets.
    skipped: files that are left out, by reason.
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
    refreshed_at: str = ""
    changed: int = 0
    new: int = 0
    gone: int = 0
    skipped: dict[str, int] = field(default_factory=dict)

    @property
    def is_current(self) -> bool:
        """Whether a refresh would find nothing to do."""
        return self.exists and not (self.problem or self.changed or self.new or self.gone)


def read_status(root: Path, directory: Path, max_file_kb: int, exclude: Sequence[str]) -> StoredIndex:
    """The index of `root` in `directory`. Raises WorkspaceError when root cannot be read."""
    file = directory / FILE_NAME
    if not file.is_file():
        return StoredIndex(str(directory), exists=False)
    size = sum(part.stat().st_size for suffix in SUFFIXES if (part := Path(f"{file}{suffix}")).exists())
    try:
        connection = sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, timeout=1.0)
        try:
            return _read(connection, root, directory, size, max_file_kb, tuple(exclude))
        finally:
            connection.close()
    except sqlite3.Error as error:
        return StoredIndex(str(directory), exists=True, problem=f"it cannot be read ({error})", bytes_on_disk=size)


def _read(
    connection: sqlite3.Connection, root: Path, directory: Path, size: int, max_file_kb: int, exclude: tuple[str, ...]
) -> StoredIndex:
    connection.execute("BEGIN")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != FORMAT:
        problem = f"it has format {version}, this version reads {FORMAT}"
        return StoredIndex(str(directory), exists=True, problem=problem, format=version, bytes_on_disk=size)
    rules = read_rules(root, max_file_kb, exclude)
    tree = read_tree(root, rules, NameRules(rules).reason)
    known = records.read_blobs(connection)
    plan = plan_update(known, tree.blobs)
    skipped = {file.path: file.reason for file in (*records.read_skipped(connection), *tree.skipped)}
    files, chunks, symbols = records.count_all(connection)
    n_new = sum(path not in known for path in plan.changed)
    return StoredIndex(
        directory=str(directory),
        exists=True,
        format=version,
        bytes_on_disk=size,
        source_bytes=connection.execute("SELECT coalesce(sum(size), 0) FROM files").fetchone()[0],
        files=files,
        chunks=chunks,
        symbols=symbols,
        vectors=connection.execute("SELECT count(*) FROM vectors").fetchone()[0],
        refreshed_at=records.read_meta(connection, records.REFRESHED_AT),
        changed=len(plan.changed) - n_new,
        new=n_new,
        gone=len(plan.removed),
        skipped=dict(Counter(skipped.values()).most_common()),
    )
