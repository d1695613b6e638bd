r"""A unified diff, as `diff -u`, git and others write it -> what it says of each file. Pure.

Source: POSIX, "diff -u"; git-diff(1), "GENERATING PATCH TEXT WITH -P". Names are as git quotes them: in double quotes
with escapes as C has them (`"a/\303\244.py"`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from codeassist.errors import DiffUnusable

_HUNK = re.compile(rb"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPED = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}
# What `a/` and `b/` may be besides: git-config(1), "diff.mnemonicPrefix".
_PREFIX = re.compile(rb"[abciow]/")
_NOWHERE = b"/dev/null"


@dataclass(slots=True)
class DiffHunk:
    """Lines as they were and as they are, context included, from these lines on (1-based; 0 for nothing at all)."""

    old_start: int
    new_start: int
    old: list[bytes] = field(default_factory=list)
    new: list[bytes] = field(default_factory=list)
    # For each line of both sides in their order: b" ", b"-" or b"+".
    marks: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class DiffFile:
    """What a diff says of one file; old, new: its paths, "" for none. kind: "binary", "submodule", "symbolic link" for
    what has no lines to review. is_copy: the old one stays."""

    old: str = ""
    new: str = ""
    kind: str = ""
    is_copy: bool = False
    hunks: list[DiffHunk] = field(default_factory=list)


def read_diff(content: bytes) -> list[DiffFile]:
    """The files of a diff, in its order; whatever else stands between them, as a mail's text does, is passed over.

    Raises DiffUnusable for what is no diff, and for one that is cut off.
    """
    files = list(_Reader(content).files())
    if not files and content.strip():
        raise DiffUnusable("this is no unified diff; make one with `git diff` or `diff -u`")
    return files


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._lines = content.split(b"\n")
        self._at = 0

    def files(self) -> Iterator[DiffFile]:
        file: DiffFile | None = None
        while self._at < len(self._lines):
            line = self._lines[self._at].rstrip(b"\r")
            if line.startswith(b"diff --git "):
                yield from [file] if file else []
                file = _named_by_git(line[11:])
            elif self._is_head():
                if file is None or file.hunks:
                    yield from [file] if file else []
                    file = DiffFile()
                file.old, file.new = _pair(line[4:], self._lines[self._at + 1].rstrip(b"\r")[4:])
                self._at += 1
            elif file is not None and (match := _HUNK.match(line)):
                file.hunks.append(self._hunk(match))
                continue
            elif file is not None and not file.hunks:
                _heed(file, line)
            self._at += 1
        yield from [file] if file else []

    def _is_head(self) -> bool:
        following = self._lines[self._at + 1 : self._at + 2]
        return self._lines[self._at].startswith(b"--- ") and bool(following) and following[0].startswith(b"+++ ")

    def _hunk(self, match: re.Match[bytes]) -> DiffHunk:
        """The lines that the head of a hunk has promised; reading goes on behind them."""
        at_line, hunk = self._at + 1, DiffHunk(int(match[1]), int(match[3]))
        n_old, n_new = int(match[2] or 1), int(match[4] or 1)
        self._at += 1
        while len(hunk.old) < n_old or len(hunk.new) < n_new:
            line = self._lines[self._at] if self._at < len(self._lines) else b"?"
            mark, text = line[:1] or b" ", line[1:]
            if mark == b"\r" and not text:  # an empty line of context, of which a mail has taken the space
                mark, text = b" ", b"\r"
            if mark not in (b" ", b"-", b"+", b"\\") or (line == b"" and self._at == len(self._lines) - 1):
                raise DiffUnusable(f"line {at_line}: the diff is cut off: the hunk has fewer lines than it says")
            if mark != b"\\":
                _add(hunk, mark, text)
            self._at += 1
        return hunk


def _add(hunk: DiffHunk, mark: bytes, text: bytes) -> None:
    hunk.marks.append(mark)
    if mark != b"+":
        hunk.old.append(text)
    if mark != b"-":
        hunk.new.append(text)


def _heed(file: DiffFile, line: bytes) -> None:
    """What git says of a file before its lines."""
    word, _, rest = line.partition(b" ")
    for start, side in ((b"rename from ", "old"), (b"copy from ", "old"), (b"rename to ", "new"), (b"copy to ", "new")):
        if line.startswith(start):
            setattr(file, side, _name(line[len(start) :]))
            file.is_copy |= word == b"copy"
    if line.startswith(b"new file mode"):
        file.old = ""
    elif line.startswith(b"deleted file mode"):
        file.new = ""
    elif line.startswith((b"Binary files ", b"GIT binary patch")):
        file.kind = file.kind or "binary"
    if word in (b"index", b"new", b"old", b"deleted") and rest.endswith(b" 160000"):
        file.kind = "submodule"
    elif word in (b"index", b"new", b"deleted") and rest.endswith(b" 120000"):
        file.kind = "symbolic link"


def _named_by_git(rest: bytes) -> DiffFile:
    """Both names of `diff --git`: equal but for their prefixes, unless a later line says otherwise."""
    if rest.startswith(b'"'):
        end = re.match(rb'"(?:[^"\\]|\\.)*"', rest)
        first, second = (end[0], rest[end.end() + 1 :]) if end else (rest, b"")
    elif rest.endswith(b'"'):
        first, _, second = rest.partition(b' "')
        second = b'"' + second
    else:
        half = len(rest) // 2
        first, second = rest[:half], rest[half + 1 :]
    old, new = _pair(first, second)
    return DiffFile(old, new)


def _pair(first: bytes, second: bytes) -> tuple[str, str]:
    """Two names without their prefixes, "" for no file."""
    old, new = _unquoted(first), _unquoted(second)
    has_prefixes = all(name == _NOWHERE or _PREFIX.match(name) for name in (old, new))
    bare = [b"" if name == _NOWHERE else name[2:] if has_prefixes else name for name in (old, new)]
    return _text(bare[0]), _text(bare[1])


def _name(written: bytes) -> str:
    return _text(_unquoted(written))


def _unquoted(written: bytes) -> bytes:
    """A name as it is: of `diff -u`, a tab and a time follow it."""
    if not written.startswith(b'"'):
        return written.split(b"\t", 1)[0]
    inside = written.rpartition(b'"')[0][1:]
    return _ESCAPE.sub(lambda found: _character(found[1]), inside)


def _character(escape: bytes) -> bytes:
    return bytes([int(escape, 8) & 255]) if len(escape) == 3 else _ESCAPED.get(escape, escape)


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
