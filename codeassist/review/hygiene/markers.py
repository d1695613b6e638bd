"""Parts of a merge conflict that were left when the rest was taken out. Pure.

A whole conflict, from `<<<<<<<` over `=======` to `>>>>>>>`, is found by `findings.conflicts`.
"""

from __future__ import annotations

import re
from collections import Counter

from codeassist.findings.conflicts import merge_conflicts
from codeassist.findings.types import Finding, Replacement, finding_id
from codeassist.review.changes import ChangedFile
from indexer.outline import read_syntax

# With what git writes behind a marker: a branch, a commit, a path.
_MARKER = re.compile(
    r"^(?:<{7} (?:HEAD|Updated upstream|ours|[0-9a-f]{7,40}\b)"
    r"|>{7} (?:Stashed changes|theirs|[\w./@#-]+(?: \(.*\))?$)"
    r"|\|{7} (?:merged|[0-9a-f]{7,40}\b))"
)


def find_markers(file: ChangedFile) -> list[Finding]:
    """Markers that stand alone on changed lines, where they break the file or nobody can tell."""
    if file.new_text is None or file.path.lower().endswith((".md", ".rst", ".txt", ".adoc", ".diff", ".patch")):
        return []
    lines = [number for number in sorted(file.changed_lines) if _MARKER.match(file.new_lines[number - 1])]
    if not lines or merge_conflicts(file.path, file.new_text) or not _is_broken(file):
        return []
    seen: Counter[str] = Counter()
    return [_finding(file, number, seen) for number in lines]


def _is_broken(file: ChangedFile) -> bool:
    syntax = read_syntax(file.path, file.new_text or "")
    return syntax is None or syntax.n_errors > 0


def _finding(file: ChangedFile, number: int, seen: Counter[str]) -> Finding:
    line = file.new_lines[number - 1]
    identity = finding_id("merge-conflict", file.path, line, seen[line])
    seen[line] += 1
    message = f"a part of a merge conflict is left: `{line[:60]}`"
    place = f"{file.path}:{number}"
    return Finding(
        identity, file.path, number, number, "error", "merge-conflict", message, place,
        replacement=Replacement(number, number, ""),
    )  # fmt: skip
