"""Files that a parser may hang on or die of: known from earlier attempts, and parsed in a process of their own."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from indexer import records

# The note of what is being parsed in a process that would die with its parser.
_AT_RISK = "at_risk"


def doubtful_paths(connection: sqlite3.Connection) -> frozenset[str]:
    """Files whose syntax was given up, and those that were being parsed when a process died (or that are now)."""
    given_up = {path for (path,) in connection.execute("SELECT path FROM files WHERE unparsed <> ''")}
    return frozenset(given_up.union(json.loads(records.read_meta(connection, _AT_RISK) or "[]")))


def note_at_risk(connection: sqlite3.Connection, paths: Sequence[str]) -> None:
    """Keep in mind what is about to be parsed in this process; nothing once that went well."""
    records.write_meta(connection, _AT_RISK, json.dumps(list(paths)))
