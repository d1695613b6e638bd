"""What the user has edited: consecutive keystrokes in one place are one edit. May be used from any thread.

A keystroke costs no copy of a text: the lines of a document before an edit are kept as the frozen value that they are.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

# So many edits are remembered.
MAX_EDITS = 64
# An edit of more lines is pasted, formatted, generated or a merge: nobody does the same again by hand.
MAX_LINES = 60

_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines `before` (without line ends) of a document became `after`, which now start at line `start` (0-based)."""

    path: str
    start: int
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineChange:
    """Lines start..end (0-based, end excluded) of a document became `n_lines` lines."""

    start: int
    end: int
    n_lines: int


@dataclass(frozen=True, slots=True)
class _Open:
    """The edit that is going on. base: all lines before it, of which start..end became start..end_now of `lines`."""

    path: str
    base: Sequence[str]
    lines: Sequence[str]
    start: int
    end: int
    end_now: int


class EditHistory:
    """The last edits of one workspace, newest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: _Open | None = None
        self._edits: tuple[Edit, ...] = ()
        self._n_edits = 0

    def changed(self, path: str, before: Sequence[str], after: Sequence[str], change: LineChange) -> None:
        """A document with these lines (line ends may be on them) got those."""
        with self._lock:
            joined = _joined(self._open, path, after, change)
            if joined is None:
                self._close()
                joined = _Open(path, before, after, change.start, change.end, change.start + change.n_lines)
            self._open = joined
            self._move(path, change)

    def forget(self, path: str) -> None:
        """A document was closed, or got another text as a whole: where its edits are is not known any more."""
        with self._lock:
            if self._open is not None and self._open.path == path:
                self._open = None
            self._edits = tuple(edit for edit in self._edits if edit.path != path)

    def seen(self) -> tuple[tuple[Edit, ...], int]:
        """The edits, newest first, the one that is going on included; and how many there have been in all."""
        with self._lock:
            now = _edit(self._open) if self._open is not None else None
            return _with(self._edits, now), self._n_edits + (self._open is not None)

    def _close(self) -> None:
        if self._open is None:
            return
        edit = _edit(self._open)
        self._n_edits += 1
        self._edits = _with(self._edits, edit)
        self._open = None

    def _move(self, path: str, change: LineChange) -> None:
        """Edits below a change move with it."""
        grown = change.n_lines - (change.end - change.start)
        if grown:
            self._edits = tuple(
                replace(edit, start=edit.start + grown) if edit.path == path and edit.start >= change.end else edit
                for edit in self._edits
            )


def _joined(now: _Open | None, path: str, after: Sequence[str], change: LineChange) -> _Open | None:
    """The edit that is going on with one more change; None where the change is in another place."""
    if now is None or now.path != path or change.start >= now.end_now or change.end <= now.start:
        return None
    start = min(now.start, change.start)
    below = max(0, change.end - now.end_now)
    end_now = max(change.end, now.end_now) + change.n_lines - (change.end - change.start)
    return _Open(path, now.base, after, start, now.end + below, end_now)


def _edit(now: _Open) -> Edit | None:
    """What the edit comes to; None where it came to nothing, or to too much."""
    before, after = now.base[now.start : now.end], now.lines[now.start : now.end_now]
    if len(before) > MAX_LINES or len(after) > MAX_LINES:
        return None
    old, new = ([_without_ends(line) for line in lines] for lines in (before, after))
    first = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), None)
    first = min(len(old), len(new)) if first is None else first
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last] == new[-1 - last]:
        last += 1
    old, new = old[first : len(old) - last], new[first : len(new) - last]
    return Edit(now.path, now.start + first, tuple(old), tuple(new)) if old != new else None


def _without_ends(line: str) -> str:
    """A line as sources have it: without its end, and a byte-order mark at its start."""
    return line.rstrip("\r\n").removeprefix(_MARK)


def _with(edits: tuple[Edit, ...], edit: Edit | None) -> tuple[Edit, ...]:
    """The edits and one more; one that undoes the newest of its place takes that away and is none itself."""
    if edit is None:
        return edits
    for at, other in enumerate(edits):
        if other.path == edit.path and other.start == edit.start and other.after == edit.before:
            merged = replace(edit, before=other.before)
            rest = (*edits[:at], *edits[at + 1 :])
            return rest if merged.before == merged.after else (merged, *rest)[:MAX_EDITS]
    return (edit, *edits)[:MAX_EDITS]
