"""A repository -> the change that is to be reviewed. Runs git, and reads nothing of the work tree: for a thread."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from codeassist.errors import ReviewImpossible
from codeassist.review.changes import ChangedFile, Changes, FileStatus
from indexer.files import decode
from indexer.gitcommand import GitTrouble
from indexer.revisions import SUBMODULE, SYMLINK, Entry, blobs, entries_between, sizes, staged_entries

MAX_FILE_BYTES = 1024 * 1024
_STATUS: dict[str, FileStatus] = {"A": "added", "D": "deleted", "R": "renamed", "C": "copied"}
_LFS = b"version https://git-lfs.github.com/spec/"


def staged(root: Path) -> Changes:
    """What the next commit would change. Raises ReviewImpossible."""
    try:
        return _changes(root, "staged changes", staged_entries(root))
    except GitTrouble as trouble:
        raise _impossible(root, trouble) from trouble


def between(root: Path, first: str, last: str) -> Changes:
    """What changed from one commit to another. Raises ReviewImpossible."""
    try:
        return _changes(root, f"changes from {first} to {last}", entries_between(root, first, last))
    except GitTrouble as trouble:
        raise _impossible(root, trouble) from trouble


def _changes(root: Path, source: str, entries: Iterable[Entry]) -> Changes:
    known = list(entries)
    contents = blobs(root, (one for entry in known for one in _ids(entry)), MAX_FILE_BYTES)
    unread = [entry.new_id for entry in known if contents.get(entry.new_id, b"") is None]
    n_bytes = sizes(root, unread) if unread else {}
    files = tuple(_file(entry, contents, n_bytes) for entry in known)
    notes = tuple(f"{file.path} is not looked at: {file.skipped}" for file in files if file.skipped)
    return Changes(source, files, notes)


def _ids(entry: Entry) -> list[str]:
    sides = ((entry.old_mode, entry.old_id), (entry.new_mode, entry.new_id))
    return [one for mode, one in sides if mode.startswith("100") and one.strip("0")]


def _file(entry: Entry, contents: dict[str, bytes | None], n_bytes: dict[str, int]) -> ChangedFile:
    status = _STATUS.get(entry.status, "modified")
    old, old_reason = _text(entry.old_mode, entry.old_id, contents)
    new, new_reason = _text(entry.new_mode, entry.new_id, contents)
    size = n_bytes.get(entry.new_id) or len(contents.get(entry.new_id) or b"")
    return ChangedFile(entry.path, status, entry.former, old, new, new_reason or old_reason, n_bytes=size)


def _text(mode: str, blob: str, contents: dict[str, bytes | None]) -> tuple[str | None, str]:
    """The text of one side, or why it cannot be read; nothing of both where there is no such side."""
    if mode == SUBMODULE:
        return None, "submodule"
    if mode == SYMLINK:
        return None, "symbolic link"
    if not blob.strip("0"):
        return None, ""
    content = contents.get(blob)
    if content is None:
        return None, f"larger than {MAX_FILE_BYTES // 1024} KB"
    if content.startswith(_LFS):
        return None, "LFS pointer"
    text = decode(content)
    return (None, "binary") if text is None else (text, "")


def _impossible(root: Path, trouble: GitTrouble) -> ReviewImpossible:
    why = str(trouble).partition("; the folder is walked instead")[0]
    return ReviewImpossible(why or f"{root} is no git repository; review a diff with --diff FILE")
