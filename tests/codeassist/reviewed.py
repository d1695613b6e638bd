"""Small repositories written as one text, a change of them, and what the static pass says of it.

`== path` starts a file, `== -path` in a change deletes one. Lines that a finding has to name carry `STALE` or `GONE` in
a comment.
"""

from __future__ import annotations

import time
from pathlib import Path

from codeassist.findings.types import Category, Finding
from codeassist.review.changes import ChangedFile, Changes, FileStatus
from codeassist.review.passes.static import look
from codeassist.review.passes.types import Deadline, Review
from codeassist.review.tree import ReviewedTree
from indexer.index import CodeIndex


def files_of(source: str) -> dict[str, str]:
    """Texts by path."""
    found: dict[str, str] = {}
    for part in source.split("== ")[1:]:
        path, _, text = part.partition("\n")
        found[path.strip()] = text
    return found


def reviewed(root: Path, before: str, change: str, moved: dict[str, str] | None = None) -> list[Finding]:
    """What is found in the change of a repository, the work tree being as it is afterwards. moved: new paths by old."""
    old, new = files_of(before), files_of(change)
    after = {path: text for path, text in (old | new).items() if f"-{path}" not in new and not path.startswith("-")}
    for path, text in after.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    changed = [_changed(path, old.get(path), after.get(path)) for path in sorted(old.keys() | after.keys())]
    files = tuple(file for file in changed if file is not None)
    for former, path in (moved or {}).items():
        renamed = ChangedFile(path, "renamed", former, old[former], after[path])
        files = (*(file for file in files if file.path not in (former, path)), renamed)
    return found_in(root, Changes("a change", files))


def found_in(root: Path, changes: Changes, seconds: float = 60.0) -> list[Finding]:
    """What the static pass says."""
    index = CodeIndex.open(root, directory=root / ".index", embedder=None, exclude=(".index",))
    try:
        index.refresh()
        review = Review(changes, ReviewedTree(root, changes), index, Deadline(time.monotonic() + seconds))
        return list(look(review).findings)
    finally:
        index.close()


def places(findings: list[Finding], category: Category) -> list[str]:
    """`path:line` of everything that the findings of a category name."""
    named = [place for finding in findings if finding.category == category for place in finding.places]
    return sorted(":".join(place.split(":", 2)[:2]) for place in named)


def marked_lines(before: str, change: str, mark: str) -> list[str]:
    """`path:line` of the marked lines as they are after the change."""
    old, new = files_of(before), files_of(change)
    after = {path: text for path, text in (old | new).items() if f"-{path}" not in new and not path.startswith("-")}
    lines = ((path, number, line) for path, text in after.items() for number, line in enumerate(text.split("\n"), 1))
    return sorted(f"{path}:{number}" for path, number, line in lines if mark in line)


def _changed(path: str, old: str | None, new: str | None) -> ChangedFile | None:
    status: FileStatus = "added" if old is None else "deleted" if new is None else "modified"
    return ChangedFile(path, status, "", old, new) if old != new else None
