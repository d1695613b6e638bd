"""What two states of a repository differ in, by git's own plumbing: which files, and their bytes on both sides.

Nothing of the work tree is read but by its name: a file that is staged in part is given as it is staged.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from indexer.gitcommand import PLAIN_DIFF, GitTrouble, output_of

# The tree without files, which git knows without having it: what there was before the first commit.
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

REGULAR, SYMLINK, SUBMODULE = "100", "120000", "160000"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file that differs. status: git's letter (A, M, D, R, C, T, U). former: its path before, if that was another.

    old_mode, new_mode: as git writes them, "000000" for none. old_id, new_id: blob ids, all zeros for none.
    """

    status: str
    path: str
    former: str
    old_mode: str
    new_mode: str
    old_id: str
    new_id: str


def staged_entries(root: Path) -> list[Entry]:
    """What git's index has changed since the last commit, below root. Raises GitTrouble."""
    base = "HEAD" if has_commit(root) else EMPTY_TREE
    return list(_entries(output_of(root, "diff-index", "--cached", *_RAW, base, "--")))


def entries_between(root: Path, first: str, last: str) -> list[Entry]:
    """What one commit has changed since another, below root. Raises GitTrouble."""
    return list(_entries(output_of(root, "diff-tree", "-r", *_RAW, first, last, "--")))


def subjects(root: Path, limit: int = 20) -> list[str]:
    """First lines of the last commits' messages, newest first; none before the first. Merges are left out.

    Raises GitTrouble.
    """
    if not has_commit(root):
        return []
    answer = output_of(root, "log", "-z", "--no-merges", "--format=%s", f"--max-count={limit}", "HEAD", "--")
    return [line for line in answer.decode("utf-8", "replace").split("\0") if line]


def has_commit(root: Path) -> bool:
    """Whether there is a commit at all."""
    try:
        output_of(root, "rev-parse", "--quiet", "--verify", "HEAD")
    except GitTrouble:
        return False
    return True


def blobs(root: Path, ids: Iterable[str], max_bytes: int) -> dict[str, bytes | None]:
    """Contents by id, those that are no larger than that; None for larger ones and for what git lacks.

    Raises GitTrouble.
    """
    wanted = sorted(set(ids))
    sizes = _sizes(root, wanted)
    small = [one for one in wanted if 0 <= sizes.get(one, -1) <= max_bytes]
    contents: Mapping[str, bytes] = _contents(root, small) if small else {}
    return {one: contents.get(one) for one in wanted}


_RAW = ("--raw", "-z", "--no-abbrev", *PLAIN_DIFF)


def _entries(output: bytes) -> Iterator[Entry]:
    """Source: git-diff-index(1), "RAW OUTPUT FORMAT"; with -z each field has its own end."""
    fields = iter([os.fsdecode(field) for field in output.split(b"\0") if field])
    for meta in fields:
        old_mode, new_mode, old_id, new_id, status = meta.removeprefix(":").split(" ")
        former = path = next(fields)
        if status[0] in "RC":
            path = next(fields)
        yield Entry(status[0], path, "" if former == path else former, old_mode, new_mode, old_id, new_id)


def _sizes(root: Path, ids: list[str]) -> dict[str, int]:
    answer = output_of(root, "cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=_lines(ids))
    fields = (line.split(" ") for line in answer.decode().splitlines())
    return {found[0]: int(found[1]) for found in fields if len(found) == 2 and found[1].isdigit()}


def _contents(root: Path, ids: list[str]) -> dict[str, bytes]:
    answer = output_of(root, "cat-file", "--batch=%(objectsize)", stdin=_lines(ids))
    found, at = {}, 0
    for one in ids:
        end = answer.index(b"\n", at)
        size = int(answer[at:end])
        found[one] = answer[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
    return found


def _lines(ids: list[str]) -> bytes:
    return "".join(f"{one}\n" for one in ids).encode()
