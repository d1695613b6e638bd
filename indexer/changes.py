"""What the user was doing before anybody watched: the lines that differ from what is committed.

Only files that the index has count, and so neither secrets nor ignored, generated or very large ones. In a merge, and
where anything has stopped at a conflict, the changes are not the user's, and there are none.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from indexer.files import decode, read_bytes
from indexer.gitcommand import GitTrouble, changed_entries, commits_of_branch, difference, is_merging, list_files
from indexer.types import SkippedFile

UNCOMMITTED = "uncommitted changes"
LAST_COMMIT = "changed in the branch's last commit"

# The files that were written last say what the user is doing; so many places in each of them.
MAX_FILES = 8
MAX_SPANS = 16
# Lines so near to each other are one place, which is not longer than so many lines.
NEAR_LINES = 8
SPAN_LINES = 16
# A branch of more commits has been worked on for so long that its last one says little.
BRANCH_COMMITS = 10
# Of a working tree in which everything differs (line ends, a script over all files) no more is looked at.
MAX_LOOKED_AT = 5_000
# Files whose time alone has changed are found out one by one: so many are compared.
MAX_COMPARED = 3 * MAX_FILES
# Nothing more is read after this time.
WITHIN_S = 10.0

_HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_REGULAR = "100"

Versions = Callable[[Iterable[str]], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file that differs from a commit. spans: its lines start..end that do, 0-based, end excluded; `text` has them.

    why: a phrase for a person.
    """

    path: str
    text: str
    spans: tuple[tuple[int, int], ...]
    why: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A path that may have changed. former: what the path was in the commit, "" for a new file."""

    path: str
    former: str
    revision: str
    why: str


def read_changes(root: Path, versions: Versions, max_file_kb: int) -> tuple[ChangedFile, ...]:
    """The files that were changed last, newest first, those of the last commit behind those that are in none.

    versions: of the paths that it is asked about those that are indexed. Never raises for what is on disk or what git
    says: without git, without a commit or in a merge there are none.
    """
    deadline = time.monotonic() + WITHIN_S
    found: list[ChangedFile] = []
    try:
        for candidate in islice(_candidates(root, versions), MAX_COMPARED):
            if len(found) == MAX_FILES or time.monotonic() > deadline:
                break
            changed = _changed(root, candidate, max_file_kb)
            if changed is not None:
                found.append(changed)
    except GitTrouble:
        pass  # What was found before that is as true as ever.
    return tuple(found)


def spans_of(difference: str) -> tuple[tuple[int, int], ...]:
    """The places of a difference without context: near ones as one, long ones in pieces."""
    spans: list[tuple[int, int]] = []
    for match in _HUNK.finditer(difference):
        length = int(match[2] or 1)
        start = int(match[1]) - (1 if length else 0)  # Where lines were taken out, the line above them is named.
        end = max(start + length, start + 1)
        if spans and start <= spans[-1][1] + NEAR_LINES:
            spans[-1] = spans[-1][0], end
        else:
            spans.append((start, end))
    return _in_pieces(spans)


def _in_pieces(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    pieces = [(first, min(first + SPAN_LINES, end)) for start, end in spans for first in range(start, end, SPAN_LINES)]
    return tuple(pieces[:MAX_SPANS])


def _candidates(root: Path, versions: Versions) -> Iterator[_Candidate]:
    """Raises GitTrouble."""
    if is_merging(root):
        return
    uncommitted = [*_differing(root, "HEAD", UNCOMMITTED), *_untracked(root)]
    yield from _newest_first(root, versions, uncommitted)
    commits = commits_of_branch(root, BRANCH_COMMITS + 1)
    if 1 <= len(commits) <= BRANCH_COMMITS and len(commits[0]) == 2:  # A merge's changes are other people's.
        told = {candidate.path for candidate in uncommitted}
        committed = [one for one in _differing(root, commits[0][1], LAST_COMMIT) if one.path not in told]
        yield from _newest_first(root, versions, committed)


def _differing(root: Path, revision: str, why: str) -> list[_Candidate]:
    fields = iter(changed_entries(root, revision))
    found = []
    for meta in fields:
        mode, status = meta.split(" ")[1], meta.rpartition(" ")[2]
        former = path = next(fields)
        if status[0] in "RC":
            path = next(fields)
        if mode.startswith(_REGULAR) and status != "R100":
            found.append(_Candidate(path, "" if status[0] == "A" else former, revision, why))
    return found[:MAX_LOOKED_AT]


def _untracked(root: Path) -> list[_Candidate]:
    paths = list_files(root, "--others", "--exclude-standard")
    return [_Candidate(path, "", "HEAD", UNCOMMITTED) for path in paths[:MAX_LOOKED_AT]]


def _newest_first(root: Path, versions: Versions, candidates: Collection[_Candidate]) -> list[_Candidate]:
    """Those that are indexed, by when they were written."""
    known = versions([candidate.path for candidate in candidates])
    written = [(_written_at(root / one.path), one) for one in candidates if one.path in known]
    written.sort(key=lambda pair: (-pair[0], pair[1].path))
    return [candidate for _, candidate in written]


def _written_at(file: Path) -> float:
    try:
        return file.lstat().st_mtime
    except (OSError, ValueError):
        return 0.0


def _changed(root: Path, candidate: _Candidate, max_file_kb: int) -> ChangedFile | None:
    """Raises GitTrouble."""
    content = read_bytes(root, candidate.path, max_file_kb)
    text = None if isinstance(content, SkippedFile) else decode(content)
    if text is None:
        return None
    if candidate.former:
        paths = sorted({candidate.path, candidate.former})
        spans = spans_of(difference(root, candidate.revision, paths))
    else:
        spans = _in_pieces([(0, text.count("\n") + (not text.endswith("\n")))])
    return ChangedFile(candidate.path, text, spans, candidate.why) if spans else None
