"""Markers of merge conflicts that somebody forgot. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from codeassist.findings.types import Finding, finding_id
from indexer.outline import read_syntax

_START = re.compile(r"^<{7} (?P<label>\S.*)$")
_MIDDLE = re.compile(r"^={7}$")
_END = re.compile(r"^>{7} \S.*$")
# Labels of other tools' patches, which people write about.
_NO_MERGE = re.compile(r"^(?:SEARCH|ORIGINAL|FIND)\b")
# What git writes where there is no branch name; prose that shows conflicts has other labels as a rule.
_GIT_LABELS = re.compile(r"^(?:HEAD\b|Updated upstream\b|[0-9a-f]{7,40}\b)")
_PROSE = (".md", ".rst", ".txt", ".adoc", ".markdown")
_FENCE = re.compile(r"^\s*(?:```|~~~)")


def merge_conflicts(path: str, text: str) -> list[Finding]:
    """Each stretch from `<<<<<<<` over `=======` to `>>>>>>>`, where it is no text about conflicts."""
    lines = text.split("\n")
    found = list(_stretches(lines))
    if not found or not _is_broken(path, text, lines, found):
        return []
    findings: list[Finding] = []
    seen: Counter[str] = Counter()
    for start, end in found:
        what = "\n".join(lines[start : end + 1])
        identity = finding_id("merge-conflict", path, what, seen[what])
        seen[what] += 1
        message = f"a merge conflict is not resolved: `{lines[start][:60]}` to line {end + 1}"
        findings.append(
            Finding(identity, path, start + 1, end + 1, "error", "merge-conflict", message, f"{path}:{start + 1}")
        )
    return findings


def _stretches(lines: list[str]) -> Iterator[tuple[int, int]]:
    """0-based first and last lines."""
    start = middle = -1
    is_fenced = False
    for number, line in enumerate(lines):
        is_fenced ^= bool(_FENCE.match(line))
        if (match := _START.match(line)) and not is_fenced and not _NO_MERGE.match(match["label"]):
            start, middle = number, -1
        elif start >= 0 and middle < 0 and _MIDDLE.match(line):
            middle = number
        elif middle >= 0 and _END.match(line):
            yield start, number
            start = middle = -1


def _is_broken(path: str, text: str, lines: list[str], found: list[tuple[int, int]]) -> bool:
    """Whether the markers break the file; within a string of a program that is about conflicts they do not."""
    if path.lower().endswith(_PROSE):
        return all(_GIT_LABELS.match(lines[start].removeprefix("<<<<<<< ")) for start, _ in found)
    syntax = read_syntax(path, text)
    return syntax is None or syntax.n_errors > 0
