"""A repository -> the change that is to be reviewed. Runs git and reads files, and writes none: for a thread.

What each of these gives is all source that was changed: what may not be reviewed as such, and by whom it may be looked
at all the same, is said by `setting_aside`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from codeassist.errors import ReviewImpossible, UnknownRevision
from codeassist.review.changes import ChangedFile, Changes
from codeassist.review.file_texts import MAX_FILE_BYTES, Blobs, Side, changed_files, in_time, side_on_disk
from codeassist.review.merging import only_ours
from indexer import revisions
from indexer.gitcommand import GitLate, GitTrouble
from indexer.revisions import SUBMODULE, SYMLINK, Entry

__all__ = ["MAX_FILE_BYTES", "between", "since_divided", "staged", "tracked", "uncommitted"]

# Files beside the change whose text is taken from the state that is reviewed rather than from the work tree.
MAX_BESIDE = 500
MAX_MESSAGES = 20
_TOO_LATE = "time was up before all of the change was read; --max-seconds (review.max_seconds) gives it more"
_MERGED = "all that is staged comes from one side of the merge or the other"


def staged(root: Path, index: Path | None = None, merging: Sequence[str] = ()) -> Changes:
    """What the next commit would change; amid a merge, what is like neither side of it. Raises ReviewImpossible.

    index: what a `git commit` in progress has named as git's index (GIT_INDEX_FILE). merging: the commits that a `git
    merge` in progress has told its hook, which runs before the repository knows of them.
    """
    with _telling(root):
        in_use = revisions.index_in_use(root, index) if index is not None else ""
        entries = revisions.staged_entries(root, in_use)
        files = changed_files(root, entries)
        merged = [
            changed_files(root, revisions.staged_entries(root, in_use, commit))
            for commit in revisions.commits_being_merged(root) or _known(root, merging)
        ]
        beside = _beside(root, revisions.unstaged_entries(root, in_use), entries)
        ours = only_ours(files, merged)
        changes = replace(_changes("staged changes", ours, beside), git_index=in_use)
        return replace(changes, notes=(*changes.notes, _MERGED)) if files and not ours else changes


def uncommitted(root: Path) -> Changes:
    """What the work tree has other than the last commit, staged or not, with files that git does not know yet.

    Raises ReviewImpossible.
    """
    with _telling(root):
        entries = revisions.work_tree_entries(root, revisions.base_of(root))
        files = changed_files(root, entries, on_disk=True)
        merged = [
            changed_files(root, revisions.work_tree_entries(root, commit), on_disk=True)
            for commit in revisions.commits_being_merged(root)
        ]
        new = [_added(path, side_on_disk(root, path)) for path in in_time(revisions.untracked_files(root))]
        return _changes("uncommitted changes", [*only_ours(files, merged), *new])


def between(root: Path, first: str, last: str) -> Changes:
    """What changed from one commit to another. Raises ReviewImpossible, also where one of them is unknown."""
    with _telling(root):
        before, after = _commit(root, first), _commit(root, last)
        return _between(root, before, after, f"changes from {first} to {last}")


def since_divided(root: Path, one: str, other: str) -> Changes:
    """What a commit has changed since it and another had their last commit in common. Raises ReviewImpossible."""
    with _telling(root):
        base, after = _commit(root, one), _commit(root, other)
        common = revisions.merge_base(root, base, after)
        if not common:
            raise ReviewImpossible(
                f"{one} and {other} have no commit in common in this clone; fetch more of its history"
            )
        return _between(root, common, after, f"changes of {other} since {one}")


def tracked(root: Path) -> Changes:
    """Every file that git knows, as it is in the work tree; each of their lines counts. Raises ReviewImpossible."""
    with _telling(root):
        files = [_whole(root, mode, path) for mode, path in in_time(revisions.tracked_files(root))]
        changes = _changes("all files", [file for file in files if file is not None])
        return replace(changes, is_whole=True)


def _between(root: Path, before: str, after: str, source: str) -> Changes:
    entries = revisions.entries_between(root, before, after)
    beside = _beside(root, revisions.work_tree_entries(root, after), entries)
    message = revisions.messages_between(root, before, after, MAX_MESSAGES)
    return _changes(source, changed_files(root, entries), beside, message)


def _changes(
    source: str, files: Sequence[ChangedFile], beside: tuple[dict[str, str | None], str] = ({}, ""), message: str = ""
) -> Changes:
    return Changes(source, tuple(files), (beside[1],) if beside[1] else (), message, beside=beside[0])


def _beside(root: Path, entries: Sequence[Entry], changed: Sequence[Entry]) -> tuple[dict[str, str | None], str]:
    """Texts that other files have in the state that is reviewed, by path, and what is to be said of it.

    entries: from that state to the work tree.
    """
    paths = {entry.path for entry in changed}
    others = [entry for entry in entries if (entry.former or entry.path) not in paths]
    if len(others) > MAX_BESIDE:
        return {}, (
            f"{len(others)} files beside the change are looked at as the work tree has them, not as in the change"
        )
    known = Blobs(root, (entry.old_id for entry in others if entry.old_mode.startswith(revisions.REGULAR)))
    texts: dict[str, str | None] = {}
    for entry in in_time(others):
        if entry.status != "R":
            texts[entry.path] = known.side(entry.old_mode, entry.old_id).text
            continue
        texts[entry.path] = None
        texts[entry.former] = known.side(entry.old_mode, entry.old_id).text
    return texts, ""


def _whole(root: Path, mode: str, path: str) -> ChangedFile | None:
    if mode in (SUBMODULE, SYMLINK):
        return ChangedFile(path, "added", skipped="submodule" if mode == SUBMODULE else "symbolic link")
    side = side_on_disk(root, path)
    return _added(path, side) if side.text is not None or side.reason else None


def _added(path: str, side: Side) -> ChangedFile:
    return ChangedFile(path, "added", new_text=side.text, skipped=side.reason, n_bytes=side.n_bytes)


def _known(root: Path, commits: Sequence[str]) -> list[str]:
    return [found for commit in commits if (found := revisions.commit_of(root, commit))]


def _commit(root: Path, revision: str) -> str:
    found = revisions.commit_of(root, revision)
    if found:
        return found
    revisions.base_of(root)  # Where git cannot tell anything here, that is told.
    raise UnknownRevision(
        f"{revision!r} names no commit here; give a branch, a tag or an id (a shallow clone lacks older ones: "
        "git fetch --unshallow)"
    )


@contextmanager
def _telling(root: Path) -> Iterator[None]:
    """Git's trouble as why there can be no review."""
    try:
        yield
    except GitLate as late:
        raise ReviewImpossible(_TOO_LATE) from late
    except GitTrouble as trouble:
        what, _, hint = str(trouble).partition("; the folder is walked instead")
        told = f"{what}{hint}" or f"{root} is no git repository; review a diff with --diff FILE"
        raise ReviewImpossible(told) from trouble
