"""The value that findings are."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]
Category = Literal[
    # of any file (`findings/`)
    "missing-name",
    "merge-conflict",
    # of a change: what the index knows (`review/static`)
    "stale-call",
    "removed-symbol",
    "unstaged-module",
    "unused-parameter",
    "untested-change",
    # of changed lines, by well-kept detectors
    "secret",
    "debug-leftover",
    "huge-file",
    "vulnerability",
    "vulnerable-dependency",
    # what the completion model would have written otherwise
    "surprise",
    # what the chat model says, by kind
    "bug",
    "security",
    "performance",
    "maintainability",
]


@dataclass(frozen=True, slots=True)
class Replacement:
    """What to put in the place of lines of the finding's file: 1-based, both ends included. text: LF line ends, none at
    its end; "" takes the lines out. An insertion has `end_line` one less than `start_line`."""

    start_line: int
    end_line: int
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. Lines are 1-based, inclusive; columns 0-based code points, the end not included.

    message: one sentence. evidence: `path:line` of what shows that it is so; `places`: further ones. id: of the path
    and what is wrong, so that it stays when lines move. confidence: from 0 to 1, how sure it is that this is worth
    a person's time. found_by: the pass, "" for what is looked for in any file.
    replacement: a remedy, of which is known that it applies and parses.
    """

    id: str
    path: str
    start_line: int
    end_line: int
    severity: Severity
    category: Category
    message: str
    evidence: str
    start_column: int = 0
    end_column: int | None = None
    places: tuple[str, ...] = ()
    confidence: float = 1.0
    found_by: str = ""
    replacement: Replacement | None = None


def finding_id(category: Category, path: str, what: str, n_before: int) -> str:
    """A name for a finding. n_before: how many there are above it of which all this is the same."""
    key = "\0".join([category, path, what, str(n_before)])
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]
