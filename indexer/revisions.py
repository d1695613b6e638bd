"""What two states of a repository differ in, by git's own plumbing: which files, and their bytes on both sides.

Nothing of the work tree is read but by its name: a file that is staged in part is given as it is staged.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from indexer.gitcommand import PLAIN_DIFF, GitTrouble, output_of

REGULAR, SYMLINK, SUBMODULE = "100", "120000", "160000"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file that differs. status: git's letter (A, M, D, R, C, T, U). former: its path before, if that was another.

    old_mode, new_mode: as git writes them, "000000" for none. old_id, new_id: blob ids, all zeros for none, and for
    what is in the work tree alone.
    """

    status: str
    path: str
    former: str
    old_mode: str
    new_mode: str
    old_id: str
    new_id: str


def staged_entries(root: Path, index: str = "", base: str = "") -> list[Entry]:
    """What git's index has changed since a commit, below root. Raises GitTrouble.

    index: another file than the repository's own. base: "" for the last commit; where there is none, everything is new.
    """
    since = base or base_of(root)
    return list(_entries(output_of(root, "diff-index", "--cached", *_RAW, since, "--", index=index)))


def entries_between(root: Path, first: str, last: str) -> list[Entry]:
    """What one commit has changed since another, below root. Raises GitTrouble."""
    return list(_entries(output_of(root, "diff-tree", "-r", *_RAW, first, last, "--")))


def subjects(root: Path, limit: int = 20) -> list[str]:
    """First lines of the last commits' messages, newest first; none before the first. Merges are left out.

    Raises GitTrouble.
    """
    if not commit_of(root, "HEAD"):
        return []
    answer = output_of(root, "log", "-z", "--no-merges", "--format=%s", f"--max-count={limit}", "HEAD", "--")
    return [line for line in answer.decode("utf-8", "replace").split("\0") if line]


def work_tree_entries(root: Path, revision: str) -> list[Entry]:
    """What tracked files of the work tree differ in from a commit, below root. Raises GitTrouble."""
    return list(_entries(output_of(root, "diff-index", *_RAW, revision, "--")))


def unstaged_entries(root: Path, index: str = "") -> list[Entry]:
    """What tracked files of the work tree differ in from git's index, below root. Raises GitTrouble."""
    return list(_entries(output_of(root, "diff-files", *_RAW, "--", index=index)))


def untracked_files(root: Path, paths: Iterable[str] = (), index: str = "") -> list[str]:
    """Files below root that git neither knows nor ignores; of these paths, where some are given. Raises GitTrouble.

    index: another file than the repository's own.
    """
    asked = [f":(literal){path}" for path in paths]
    answer = output_of(root, "ls-files", "-z", "--others", "--exclude-standard", "--", *asked, index=index)
    return [os.fsdecode(path) for path in answer.split(b"\0") if path]


def tracked_files(root: Path) -> list[tuple[str, str]]:
    """(mode, path) of every file below root that git knows. Raises GitTrouble.

    Source: git-ls-files(1), "OUTPUT"; a file in conflict has several entries and counts once.
    """
    fields = (os.fsdecode(entry).partition("\t") for entry in output_of(root, "ls-files", "-z", "--stage").split(b"\0"))
    return list({path: (meta.split(" ", 1)[0], path) for meta, _, path in fields if path}.values())


def base_of(root: Path) -> str:
    """The last commit, or the tree without files where there is none yet. Raises GitTrouble."""
    if commit := commit_of(root, "HEAD"):
        return commit
    output_of(root, "rev-parse", "--git-dir")  # The next one answers where there is no repository, too.
    return output_of(root, "hash-object", "-t", "tree", "--stdin").decode().strip()


def commit_of(root: Path, revision: str) -> str:
    """The id of the commit that a revision names, "" where it names none."""
    try:
        found = output_of(root, "rev-parse", "--quiet", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    except GitTrouble:
        return ""
    return found.decode().strip()


def merge_base(root: Path, one: str, other: str) -> str:
    """The commit that two others have come from, "" where they have none in common."""
    try:
        return output_of(root, "merge-base", one, other).decode().split("\n", 1)[0]
    except GitTrouble:
        return ""


def commits_being_merged(root: Path) -> list[str]:
    """The commits that a merge, which is under way here, brings in. Raises GitTrouble."""
    named = os.fsdecode(output_of(root, "rev-parse", "--git-path", "MERGE_HEAD").rstrip(b"\n"))
    try:
        lines = (root / named).read_text(encoding="ascii", errors="replace").split("\n")
    except OSError:
        return []
    return [commit for line in lines if line and (commit := commit_of(root, line))]


def index_in_use(root: Path, named: Path) -> str:
    """The index that a `git commit` in progress has named to its hooks, "" where it is not of this repository.

    Such an index lies in the repository's own folder. Source: git-commit(1), "--only"; githooks(5).
    """
    try:
        own = os.fsdecode(output_of(root, "rev-parse", "--absolute-git-dir").rstrip(b"\n"))
    except GitTrouble:
        return ""
    is_own = named.resolve().is_relative_to(Path(own).resolve()) and named.is_file()
    return str(named.resolve()) if is_own else ""


def messages_between(root: Path, first: str, last: str, limit: int) -> str:
    """What the last commits between two were said to do, `limit` of them at most. Raises GitTrouble."""
    chosen = (f"--max-count={limit}", "--format=%B", "--no-merges")
    return output_of(root, "log", *chosen, f"{first}..{last}", "--").decode("utf-8", "replace").strip()


def blobs(root: Path, ids: Iterable[str], max_bytes: int) -> dict[str, bytes | None]:
    """Contents by id, those that are no larger than that; None for larger ones and for what git lacks.

    Raises GitTrouble.
    """
    wanted = sorted(set(ids))
    known = sizes(root, wanted)
    found = contents(root, [one for one in wanted if 0 <= known.get(one, -1) <= max_bytes])
    return {one: found.get(one) for one in wanted}


def sizes(root: Path, ids: Iterable[str]) -> dict[str, int]:
    """Bytes of each blob, by id; what git lacks is left out. Raises GitTrouble."""
    wanted = _lines(ids)
    if not wanted:
        return {}
    answer = output_of(root, "cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=wanted)
    fields = (line.split(" ") for line in answer.decode().split("\n"))
    return {found[0]: int(found[1]) for found in fields if len(found) == 2 and found[1].isdigit()}


def contents(root: Path, ids: Iterable[str]) -> Mapping[str, bytes]:
    """Bytes by id, of blobs that git has. Raises GitTrouble."""
    wanted = list(ids)
    answer = output_of(root, "cat-file", "--batch=%(objectsize)", stdin=_lines(wanted)) if wanted else b""
    found, at = {}, 0
    for one in wanted:
        end = answer.index(b"\n", at)
        size = int(answer[at:end])
        found[one] = answer[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
    return found


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


def _lines(ids: Iterable[str]) -> bytes:
    return "".join(f"{one}\n" for one in ids).encode()
