"""Commits of a repository as hunks to replay, and the files around them as they were before."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from codeassist.next_edit.tokens import tokens_of
from indexer.languages import language_of

# Fewer hunks repeat nothing; more are the work of a program.
MIN_HUNKS, MAX_HUNKS = 2, 60
MAX_FILES = 20
MAX_FILE_LINES = 4000
# Messages of commits that a formatter made.
_BULK = re.compile(
    r"\b(?:black|isort|ruff|yapf|autopep8|flake8|pyupgrade|prettier|gofmt|reformat|whitespace|code ?style"
    r"|lint(?:ing|er)?|pre-commit|format(?:ting)? code|copyright|bump version|changelog)\b",
    re.IGNORECASE,
)
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@dataclass
class Segment:
    """Lines as they are now, and as the commit leaves them; the same where nothing happens. number: of the hunk."""

    now: list[str]
    final: list[str]
    number: int = -1


@dataclass
class Replayed:
    """One file on its way through a commit."""

    path: str
    segments: list[Segment]

    def lines(self) -> list[str]:
        """The lines as they are now."""
        return [line for segment in self.segments for line in segment.now]

    def text(self) -> str:
        """The same as one text."""
        return "\n".join(self.lines())

    def row_of(self, wanted: Segment) -> int:
        """Where a segment starts now, from 0."""
        row = 0
        for segment in self.segments:
            if segment is wanted:
                return row
            row += len(segment.now)
        raise ValueError("another file's segment")


@dataclass
class Commit:
    """One commit: its files in the order of the diff. gone: paths that it deletes or moves away."""

    name: str
    files: list[Replayed] = field(default_factory=list)
    gone: frozenset[str] = frozenset()

    def hunks(self) -> list[tuple[Replayed, Segment]]:
        """Every hunk with its file."""
        return [(file, segment) for file in self.files for segment in file.segments if segment.number >= 0]


class GitFiles:
    """Files of one commit's parent, by `git grep` and `git cat-file`; stands for the index and the disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.revision = "HEAD"
        self.gone: frozenset[str] = frozenset()
        self._reader = subprocess.Popen(
            ["git", "-C", str(root), "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._remembered: dict[tuple[str, ...], list[str]] = {}

    def close(self) -> None:
        """End git."""
        with self._reader:
            assert self._reader.stdin is not None
            self._reader.stdin.close()

    def before(self, commit: Commit) -> None:
        """From now on, the files of this commit's parent, without those that the commit takes away: to edit these
        first would be odd, and nothing says whether it would be right.
        """
        self.revision, self.gone = f"{commit.name}^", commit.gone
        self._remembered.clear()

    def paths(self, word: str) -> list[str]:
        """Files with a word."""
        return self._grep("-w", "-F", "-e", word)

    def defining(self, name: str) -> list[str]:
        """Files that define something of this name."""
        return self._grep("-E", "-e", rf"\b(def|class|function|func|const|type|interface|struct)\s+{re.escape(name)}\b")

    def text(self, path: str) -> str | None:
        """What a file holds, with LF line ends; None where there is none."""
        assert self._reader.stdin is not None
        assert self._reader.stdout is not None
        self._reader.stdin.write(f"{self.revision}:{path}\n".encode())
        self._reader.stdin.flush()
        head = self._reader.stdout.readline().split()
        if head[-1] == b"missing":
            return None
        body = self._reader.stdout.read(int(head[2]))
        self._reader.stdout.read(1)
        return body.decode("utf-8", "replace").replace("\r\n", "\n")

    def _grep(self, *arguments: str) -> list[str]:
        if arguments not in self._remembered:
            command = ["git", "-C", str(self.root), "grep", "-l", "-I", *arguments, self.revision]
            found = subprocess.run(command, capture_output=True, check=False).stdout.decode("utf-8", "replace")
            paths = [line.partition(":")[2] for line in found.splitlines()]
            known = (path for path in paths if language_of(path) is not None)
            self._remembered[arguments] = [path for path in known if path not in self.gone]
        return self._remembered[arguments]


def suitable_commits(root: Path, limit: int) -> Iterator[Commit]:
    """The newest `limit` commits that are no merge, no work of a program and change code in several places."""
    log = _git(root, "log", "--no-merges", "--format=%H%x00%s")
    n_found = 0
    for line in log.splitlines():
        name, _, subject = line.partition("\0")
        if _BULK.search(subject):
            continue
        commit = _read(root, name)
        if commit is not None:
            yield commit
            n_found += 1
            if n_found >= limit:
                return


def _read(root: Path, name: str) -> Commit | None:
    listed = _git(root, "diff-tree", "-r", "--no-commit-id", "--name-status", "--diff-filter=M", name)
    paths = [line.split("\t", 1)[1] for line in listed.splitlines() if "\t" in line]
    paths = [path for path in paths if language_of(path) is not None]
    if not 1 <= len(paths) <= MAX_FILES:
        return None
    diff = _git(root, "diff", "-U0", "--no-color", "--no-ext-diff", "--diff-filter=M", f"{name}^", name, "--", *paths)
    gone = _git(root, "diff-tree", "-r", "--no-commit-id", "--name-only", "--diff-filter=D", name).splitlines()
    commit = Commit(name, gone=frozenset(gone))
    number = 0
    for path, hunks in _by_file(diff):
        before = _git(root, "show", f"{name}^:{path}").replace("\r\n", "\n").split("\n")
        if len(before) > MAX_FILE_LINES:
            return None
        file = _segments(path, before, hunks, number)
        number += len(hunks)
        commit.files.append(file)
    if not MIN_HUNKS <= number <= MAX_HUNKS or _is_format(commit):
        return None
    return commit


def _is_format(commit: Commit) -> bool:
    """Whether most hunks change no token."""
    same = [_texts(segment.now) == _texts(segment.final) for _, segment in commit.hunks()]
    return sum(same) * 2 > len(same)


def _texts(lines: list[str]) -> list[str]:
    return [token.text for token in tokens_of("\n".join(lines))]


_Hunk = tuple[int, int, list[str]]


def _by_file(diff: str) -> Iterator[tuple[str, list[_Hunk]]]:
    """For each file its hunks: first line (0-based), number of lines, new lines."""
    path = ""
    hunks: list[_Hunk] = []
    for line in diff.split("\n"):
        if line.startswith("diff --git"):
            if hunks:
                yield path, hunks
            path, hunks = "", []
        elif line.startswith("+++ b/") and not hunks:
            path = line[6:].rstrip("\t")
        elif match := _HUNK.match(line):
            n_old = int(match[2] or 1)
            hunks.append((int(match[1]) - (n_old > 0), n_old, []))
        elif line.startswith("+") and hunks:
            hunks[-1][2].append(line[1:].rstrip("\r"))
    if hunks:
        yield path, hunks


def _segments(path: str, before: list[str], hunks: list[_Hunk], number: int) -> Replayed:
    segments, row = [], 0
    for start, n_old, new in hunks:
        segments.append(Segment(before[row:start], before[row:start]))
        segments.append(Segment(before[start : start + n_old], new, number))
        row, number = start + n_old, number + 1
    segments.append(Segment(before[row:], before[row:]))
    return Replayed(path, segments)


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)
    return done.stdout.decode("utf-8", "replace")
