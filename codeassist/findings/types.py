"""The value that findings are."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]
Category = Literal["missing-name", "merge-conflict"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. Lines are 1-based, inclusive; columns 0-based code points, the end not included.

    message: one sentence. evidence: `path:line` of what shows that it is so. id: of the path and what is wrong, so that
    it stays when lines move.
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


def finding_id(category: Category, path: str, what: str, n_before: int) -> str:
    """A name for a finding. n_before: how many there are above it of which all this is the same."""
    key = "\0".join([category, path, what, str(n_before)])
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]
