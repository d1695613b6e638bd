"""What git says of two states of files -> the texts of both, or why there are none. Runs git and reads files: for a
thread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from codeassist.review.changes import ChangedFile, FileStatus
from indexer.files import decode, read_bytes
from indexer.gitcommand import heed_the_end
from indexer.revisions import REGULAR, SUBMODULE, SYMLINK, Entry, contents, sizes
from indexer.types import SkippedFile

_T = TypeVar("_T")

MAX_FILE_BYTES = 1024 * 1024
# Of all files of a change together: what would not fit into a review's time anyway.
MAX_BYTES = 64 * 1024 * 1024
LFS = b"version https://git-lfs.github.com/spec/"
_STATUS: dict[str, FileStatus] = {"A": "added", "D": "deleted", "R": "renamed", "C": "copied"}
TOO_MUCH = f"the change has more than {MAX_BYTES // 1024 // 1024} MB"


@dataclass(frozen=True, slots=True)
class Side:
    """A file before or after: its text, or why it has none; neither where there is no such file."""

    text: str | None = None
    reason: str = ""
    n_bytes: int = 0


def changed_files(root: Path, entries: Sequence[Entry], *, on_disk: bool = False) -> list[ChangedFile]:
    """The files of a change, in git's order. on_disk: whether what git has no id for is to be read from the work tree.

    Raises GitTrouble.
    """
    known = Blobs(root, (one for entry in entries for one in _ids(entry)))
    return [_file(root, entry, known, on_disk=on_disk) for entry in in_time(entries)]


def in_time(items: Iterable[_T]) -> Iterator[_T]:
    """The same, as long as there is time for them. Raises GitLate."""
    for item in items:
        heed_the_end()
        yield item


def side_on_disk(root: Path, path: str) -> Side:
    """A file of the work tree; symbolic links are not followed."""
    content = read_bytes(root, path, MAX_FILE_BYTES // 1024)
    if not isinstance(content, SkippedFile):
        return side_of(content)
    return Side() if content.reason == "gone" else Side(None, content.reason, _size_on_disk(root / path))


def side_of(content: bytes) -> Side:
    """The text that bytes spell."""
    if content.startswith(LFS):
        return Side(None, "LFS pointer", len(content))
    text = decode(content)
    return Side(text, "" if text is not None else "binary", len(content))


class Blobs:
    """Contents that git has, each read once, as far as they are not too large."""

    def __init__(self, root: Path, ids: Iterable[str]) -> None:
        """Raises GitTrouble."""
        wanted = list(dict.fromkeys(ids))
        self._sizes = sizes(root, wanted)
        total, small = 0, []
        for one in wanted:
            size = self._sizes.get(one, -1)
            if 0 <= size <= MAX_FILE_BYTES and total + size <= MAX_BYTES:
                total += size
                small.append(one)
        self._contents = contents(root, small)

    def side(self, mode: str, blob: str) -> Side:
        """One side of a file, by git's mode and id."""
        if mode == SUBMODULE:
            return Side(None, "submodule")
        if mode == SYMLINK:
            return Side(None, "symbolic link")
        if not blob.strip("0"):
            return Side()
        if blob in self._contents:
            return side_of(self._contents[blob])
        if blob not in self._sizes:
            return Side(None, "this clone of the repository lacks its content")
        size = self._sizes[blob]
        return Side(None, f"larger than {MAX_FILE_BYTES // 1024} KB" if size > MAX_FILE_BYTES else TOO_MUCH, size)


def _ids(entry: Entry) -> list[str]:
    sides = ((entry.old_mode, entry.old_id), (entry.new_mode, entry.new_id))
    return [one for mode, one in sides if mode.startswith(REGULAR) and one.strip("0")]


def _file(root: Path, entry: Entry, known: Blobs, *, on_disk: bool) -> ChangedFile:
    status = _STATUS.get(entry.status, "modified")
    old = known.side(entry.old_mode, entry.old_id)
    if entry.status == "U":
        new = Side(None, "it has conflicts: resolve them, and `git add` it")
    elif on_disk and entry.new_mode.startswith(REGULAR) and not entry.new_id.strip("0"):
        new = side_on_disk(root, entry.path)
    else:
        new = known.side(entry.new_mode, entry.new_id)
    reason = new.reason or ("" if new.text is not None else old.reason)
    return ChangedFile(entry.path, status, entry.former, old.text, new.text, reason, n_bytes=new.n_bytes)


def _size_on_disk(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
