"""A diff, and the files that it is of -> the change. Reads files: for a thread.

The diff may have been applied to the work tree or not: each file is taken as whichever of both it is. Of one that is
neither, the lines of the diff are all that is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from codeassist.review.changes import ChangedFile, Changes, FileStatus, Hunk
from codeassist.review.diffs import DiffFile, DiffHunk, read_diff
from codeassist.review.file_texts import LFS, MAX_BYTES, MAX_FILE_BYTES, TOO_MUCH, side_on_disk
from codeassist.review.line_difference import lines_of
from indexer.files import decode
from indexer.rules import leaves_root

MAX_DIFF_BYTES = 64 * 1024 * 1024
# So far from where its head says a hunk is looked for, as `patch` does.
MAX_SHIFT = 1_000
_STRANGE = "is not as the diff has it, neither before nor after"

Lines = Sequence[str]
# A row (0-based), the lines that stand there, and those to put in their place.
_Edit = tuple[int, Lines, Lines]


def given(root: Path, content: bytes, name: str) -> Changes:
    """The change that a diff describes. name: what it is called. Raises DiffUnusable."""
    files, notes, room = [], [], MAX_BYTES
    for one in read_diff(content):
        path = one.new or one.old
        if not path or leaves_root(path) or "\0" in path:
            notes.append(f"{path or 'a file without a name'} is not looked at: it lies outside of the workspace")
            continue
        file, note = _file(root, one) if room > 0 else (ChangedFile(path, _status(one), skipped=TOO_MUCH), "")
        room -= len(file.old_text or "") + len(file.new_text or "")
        files.append(file)
        notes += [note] if note else []
    return Changes(name, tuple(files), tuple(notes))


def _file(root: Path, one: DiffFile) -> tuple[ChangedFile, str]:
    path, status = one.new or one.old, _status(one)
    former = one.old if status in ("renamed", "copied") else ""
    if one.kind:
        return ChangedFile(path, status, former, skipped=one.kind), ""
    hunks = [hunk for raw in one.hunks if (hunk := _decoded(raw)) is not None]
    if len(hunks) < len(one.hunks):
        return ChangedFile(path, status, former, skipped="binary"), ""
    if one.old and one.new and (reason := side_on_disk(root, path).reason):
        return ChangedFile(path, status, former, skipped=reason), ""
    texts = _texts(root, one, hunks)
    if texts is None:
        return _alone(path, status, former, hunks), f"{path} {_STRANGE}: only detectors look at the diff's own lines"
    return _checked(ChangedFile(path, status, former, *texts)), ""


def _checked(file: ChangedFile) -> ChangedFile:
    """The file with its size, and without texts where that is too large or the file's content is elsewhere."""
    n_bytes = len((file.new_text or "").encode("utf-8", "replace"))
    reason = ""
    if n_bytes > MAX_FILE_BYTES:
        reason = f"larger than {MAX_FILE_BYTES // 1024} KB"
    elif (file.new_text or "").startswith(LFS.decode()):
        reason = "LFS pointer"
    texts = (None, None) if reason else (file.old_text, file.new_text)
    return replace(file, old_text=texts[0], new_text=texts[1], skipped=reason, n_bytes=n_bytes)


def _status(one: DiffFile) -> FileStatus:
    if not one.old:
        return "added"
    if not one.new:
        return "deleted"
    if one.is_copy:
        return "copied"
    return "modified" if one.old == one.new else "renamed"


class _Decoded:
    """A hunk's lines as texts."""

    def __init__(self, hunk: DiffHunk, old: Lines, new: Lines) -> None:
        self.old, self.new = tuple(old), tuple(new)
        # A side without lines is said to stand behind the line before it.
        self.old_at = hunk.old_start - bool(hunk.old)
        self.new_at = hunk.new_start - bool(hunk.new)
        self._marks = hunk.marks

    @property
    def parts(self) -> list[Hunk]:
        """What differs, without context."""
        found: list[Hunk] = []
        old_at = new_at = 0
        gone: list[str] = []
        come: list[str] = []
        for mark in (*self._marks, b" "):
            if mark == b"-":
                gone.append(self.old[old_at])
            elif mark == b"+":
                come.append(self.new[new_at])
            elif gone or come:
                starts = self.old_at + old_at - len(gone) + 1, self.new_at + new_at - len(come) + 1
                found.append(Hunk(starts[0], tuple(gone), starts[1], tuple(come)))
                gone, come = [], []
            old_at += mark != b"+"
            new_at += mark != b"-"
        return found


def _decoded(hunk: DiffHunk) -> _Decoded | None:
    """None where the lines are no text."""
    old, new = (decode(b"\n".join(line.removesuffix(b"\r") for line in side)) for side in (hunk.old, hunk.new))
    if old is None or new is None:
        return None
    sides = old.split("\n") if hunk.old else [], new.split("\n") if hunk.new else []
    return _Decoded(hunk, *sides) if (len(sides[0]), len(sides[1])) == (len(hunk.old), len(hunk.new)) else None


def _texts(root: Path, one: DiffFile, hunks: Sequence[_Decoded]) -> tuple[str | None, str | None] | None:
    """The whole file before and after; None where the work tree has neither."""
    forth = [(hunk.old_at, hunk.old, hunk.new) for hunk in hunks]
    back = [(hunk.new_at, hunk.new, hunk.old) for hunk in hunks]
    if not one.old:
        return None, _text([line for hunk in hunks for line in hunk.new])
    if not one.new:
        return _text([line for hunk in hunks for line in hunk.old]), None
    before, after = _read(root, one.old), _read(root, one.new)
    becomes = _applied(before, forth) if before is not None else None
    was = _applied(after, back) if after is not None else None
    # Where both would do, that side counts of which more lines stand there.
    if was is not None and (becomes is None or _n_lines(back) > _n_lines(forth)):
        return was, after
    return None if becomes is None else (before, becomes)


def _n_lines(edits: Sequence[_Edit]) -> int:
    return sum(len(there) for _, there, _ in edits)


def _read(root: Path, path: str) -> str | None:
    return None if leaves_root(path) else side_on_disk(root, path).text


def _applied(text: str, edits: Sequence[_Edit]) -> str | None:
    """The text with each edit made; None where one of them finds no place."""
    lines, at, shift = lines_of(text), 0, 0
    done: list[str] = []
    for row, there, instead in edits:
        place = _place(lines, there, max(row + shift, at), at)
        if place is None:
            return None
        shift = place - row
        done += [*lines[at:place], *instead]
        at = place + len(there)
    whole = _text([*done, *lines[at:]])
    return whole if text.endswith("\n") or not text else whole[:-1]


def _place(lines: Lines, there: Lines, expected: int, least: int) -> int | None:
    """The row nearest to the expected one at which these lines stand; none of them, where they are expected."""
    if not there:
        return expected if expected <= len(lines) else None
    wanted = tuple(there)
    for distance in range(MAX_SHIFT + 1):
        for row in (expected + distance, expected - distance):
            if least <= row <= len(lines) - len(wanted) and _stand_at(lines, row, wanted):
                return row
    return None


def _stand_at(lines: Lines, row: int, wanted: Lines) -> bool:
    """Looked at line by line: a large hunk is tried in thousands of places."""
    return all(lines[row + place] == line for place, line in enumerate(wanted))


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _alone(path: str, status: FileStatus, former: str, hunks: Sequence[_Decoded]) -> ChangedFile:
    """A file of which only a diff's lines are known: they stand in a text that is empty elsewhere."""
    n_lines = max((hunk.new_at + len(hunk.new) for hunk in hunks), default=0)
    if n_lines > MAX_FILE_BYTES:
        return ChangedFile(path, status, former, skipped=_STRANGE)
    lines = [""] * n_lines
    for hunk in hunks:
        lines[hunk.new_at : hunk.new_at + len(hunk.new)] = hunk.new
    parts = tuple(part for hunk in hunks for part in hunk.parts)
    return _checked(
        ChangedFile(path, status, former, None, _text(lines), set_aside=_STRANGE, is_partial=True, given_hunks=parts)
    )
