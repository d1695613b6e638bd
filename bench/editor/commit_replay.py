"""A commit replayed hunk by hunk: after each the next edit is asked for, and judged by what comes later."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from bench.editor.commits import Commit, GitFiles, Replayed, Segment
from codeassist.next_edit.finding import Found, Question, find_next
from codeassist.next_edit.history import EditHistory, LineChange
from codeassist.next_edit.tokens import changes_between, is_name, tokens_of
from codeassist.types import Document

Answer = TypeVar("Answer")

MAX_ACCEPTED = 100
# A longer hunk is compared by its lines alone.
MAX_COMPARED_TOKENS = 600


@dataclass
class Offer:
    """One offer. is_right: it is on a shortest way to what the commit has. is_exact: its lines stand there so in the
    commit, spaces included. is_left: the commit leaves the place as it is (else a wrong one changes it otherwise).
    """

    rule: str
    is_right: bool
    is_exact: bool
    is_left: bool
    is_near: bool
    shown: str


@dataclass
class Outcome:
    """What one commit came to. hit: hunks that a right offer did, wholly or in part.

    repeats: hunks that repeat a change of an earlier one, far_repeats: of one in another file alone.
    ms: milliseconds of each question, without the time that git took.
    """

    n_hunks: int
    offers: list[Offer] = field(default_factory=list)
    hit: set[int] = field(default_factory=set)
    repeats: set[int] = field(default_factory=set)
    far_repeats: set[int] = field(default_factory=set)
    ms: list[float] = field(default_factory=list)


class TimedFiles:
    """The files of a commit's parent, and how long git took over them."""

    def __init__(self, files: GitFiles) -> None:
        self._files = files
        self.seconds = 0.0

    def paths(self, word: str) -> Sequence[str]:
        """As GitFiles."""
        return self._timed(self._files.paths, word)

    def defining(self, name: str) -> Sequence[str]:
        """As GitFiles."""
        return self._timed(self._files.defining, name)

    def document(self, path: str) -> Document | None:
        """A file with LF line ends."""
        text = self._timed(self._files.text, path)
        return Document(path, text) if text is not None else None

    def _timed(self, ask: Callable[[str], Answer], argument: str) -> Answer:
        started = time.perf_counter()
        answer = ask(argument)
        self.seconds += time.perf_counter() - started
        return answer


class Replay:
    """One commit and the editor that makes it. limit_s: how long a question may take, without the time of git."""

    def __init__(self, commit: Commit, files: GitFiles, limit_s: float = math.inf) -> None:
        files.before(commit)
        self._commit = commit
        self._limit_s = limit_s
        self._files = TimedFiles(files)
        self._history = EditHistory()
        self._open: dict[str, Replayed] = {}
        self._quiet: set[str] = set()
        self._following = ""
        self.outcome = Outcome(len(commit.hunks()))
        self.outcome.repeats, self.outcome.far_repeats = _repeats(commit)

    def run(self) -> Outcome:
        """Make the commit, hunk by hunk; what a right offer did is done."""
        for file, segment in self._commit.hunks():
            self._open[file.path] = file
            if _texts(segment.now) == _texts(segment.final):
                continue
            row = file.row_of(segment)
            self._apply(file, segment, segment.final)
            self._follow(file, row + len(segment.now))
        return self.outcome

    def _follow(self, file: Replayed, row: int) -> None:
        """Take what is offered as long as it is right."""
        for _ in range(MAX_ACCEPTED):
            found = self._ask(file, row)
            if found is None:
                return
            made = self._judge(found, file)
            if made is None:
                self._quiet.add(found.pattern.key)
                return
            file, row = made

    def _ask(self, file: Replayed, row: int) -> Found | None:
        documents = {path: Document(path, other.text()) for path, other in self._open.items()}
        lines = file.lines()
        offset = sum(len(line) + 1 for line in lines[:row])
        self._files.seconds, started = 0.0, time.perf_counter()
        question = Question(
            edits=self._history.seen()[0],
            path=file.path,
            offset=offset,
            documents=documents,
            elsewhere=self._files,
            following=self._following,
            is_quiet=lambda pattern: pattern.key in self._quiet,
            is_over=lambda: self._took_s(started) > self._limit_s,
        )
        found = find_next(question)
        self.outcome.ms.append(1000 * self._took_s(started))
        return found

    def _took_s(self, started: float) -> float:
        """Seconds of a question so far."""
        return time.perf_counter() - started - self._files.seconds

    def _judge(self, found: Found, here: Replayed) -> tuple[Replayed, int] | None:
        """Where the cursor is once a right offer is taken; None for a wrong one."""
        row, old, new = _as_lines(found)
        target = next((file for file in self._commit.files if file.path == found.source.path), None)
        segment, at = _segment_at(target, row, len(old)) if target is not None else (None, 0)
        made = [*segment.now[:at], *new, *segment.now[at + len(old) :]] if segment is not None else []
        is_right = segment is not None and _is_on_the_way(segment.now, made, segment.final)
        is_exact = segment is not None and is_right and set(new) <= set(segment.final)
        shown = f"{found.source.path}:{row + 1}: {old} -> {new}"
        is_near = found.source.path == here.path
        self.outcome.offers.append(Offer(found.pattern.rule, is_right, is_exact, segment is None, is_near, shown))
        if target is None or segment is None or not is_right:
            return None
        self._following = found.pattern.key
        self.outcome.hit.add(segment.number)
        self._open[target.path] = target
        self._apply(target, segment, made)
        return target, row + len(new)

    def _apply(self, file: Replayed, segment: Segment, lines: list[str]) -> None:
        start, before, n_old = file.row_of(segment), file.lines(), len(segment.now)
        segment.now = list(lines)
        self._history.changed(file.path, before, file.lines(), LineChange(start, start + n_old, len(lines)))


def _as_lines(found: Found) -> tuple[int, list[str], list[str]]:
    """An offer as lines that become others, without those that stay the same."""
    source, made = found.source, found.replacement
    first, last = source.row(made.start), source.row(made.end)
    start, end = source.starts[first], source.starts[last] + len(source.lines[last])
    old = source.text[start:end].split("\n")
    text = source.text[start : made.start] + made.text + source.text[made.end : end]
    new = text.split("\n")
    while old and new and old[0] == new[0]:
        old, new, first = old[1:], new[1:], first + 1
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return first, old, new


def _segment_at(file: Replayed, row: int, n_lines: int) -> tuple[Segment | None, int]:
    """The hunk that holds these lines, and at which of its lines they start."""
    start = 0
    for segment in file.segments:
        end = start + len(segment.now)
        if segment.number >= 0 and start <= row and row + n_lines <= end and segment.now != segment.final:
            return segment, row - start
        start = end
    return None, 0


def _is_on_the_way(now: list[str], made: list[str], final: list[str]) -> bool:
    """Whether an edit is part of a shortest way, in tokens, from the lines now to the final ones."""
    one, two, three = _texts(now), _texts(made), _texts(final)
    if one == two:
        return False
    if max(map(len, (one, two, three))) > MAX_COMPARED_TOKENS:
        return all(line in final for line in made if line not in now)
    return distance(one, two) + distance(two, three) == distance(one, three)


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """How many tokens have to be removed and added to get from one to the other."""
    n = min(len(one), len(other))
    head = next((at for at in range(n) if one[at] != other[at]), n)
    tail = next((at for at in range(n - head) if one[-1 - at] != other[-1 - at]), n - head)
    one, other = one[head : len(one) - tail], other[head : len(other) - tail]
    row = [0] * (len(other) + 1)
    for text in one:
        last = row
        row = [0]
        for at, second in enumerate(other):
            row.append(last[at] + 1 if text == second else max(row[at], last[at + 1]))
    return len(one) + len(other) - 2 * row[-1]


def _texts(lines: Sequence[str]) -> list[str]:
    return [token.text for token in tokens_of("\n".join(lines))]


def _repeats(commit: Commit) -> tuple[set[int], set[int]]:
    """Hunks that change tokens, names among them, as an earlier hunk did; and those where that was in no hunk of the
    same file.
    """
    shapes: dict[tuple[tuple[str, ...], tuple[str, ...]], set[str]] = {}
    repeats, far = set(), set()
    for file, segment in commit.hunks():
        mine = {
            (change.old, change.new)
            for change in changes_between("\n".join(segment.now), "\n".join(segment.final))
            if any(is_name(text) and len(text) > 1 for text in (*change.old, *change.new))
        }
        known = [shapes[shape] for shape in mine if shape in shapes]
        if known:
            repeats.add(segment.number)
            if not any(file.path in paths for paths in known):
                far.add(segment.number)
        for shape in mine:
            shapes.setdefault(shape, set()).add(file.path)
    return repeats, far
