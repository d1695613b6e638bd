"""From what the model wrote to what is shown. Pure.

Each rule can end the suggestion earlier; none adds text. `settled` tells a streaming caller that nothing that follows
could change the result, so that generation can stop.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from codeassist.right_side import closers_taken
from codeassist.window import Window

_PAIRS = {")": "(", "]": "[", "}": "{"}
_OPENERS = frozenset(_PAIRS.values())
# A line this short ("}", "else:") may well stand twice in a row.
_SHORT_LINE = 5
# Lines that no statement begins with.
_GOES_ON = re.compile(r"\s*(?:[)\]}]|(?:else|elif|except|finally|catch|rescue|ensure|end|then|do|and|or)\b)")
# The end of a suggestion that stands below already is looked for in so many lines.
_LINES_BELOW = 24


@dataclass(frozen=True, slots=True)
class TrimLimits:
    """multiline: whether more than one line may be shown. max_lines: of the suggestion."""

    multiline: bool
    max_lines: int


@dataclass(frozen=True, slots=True)
class Trimmed:
    """text: what to show, "" for nothing. settled: more input cannot change it. reason: why text is empty.
    replace_right: characters right of the cursor that the text brings along, with more behind them."""

    text: str
    settled: bool
    reason: str | None = None
    replace_right: int = 0


def trim(raw: str, window: Window, limits: TrimLimits, *, finished: bool, truncated: bool = False) -> Trimmed:
    """What to show of the model's answer.

    raw: everything generated so far right of the cursor. finished: no more will come.
    truncated: it ended because of a length limit, so its last line may be half a line.
    """
    lines, settled = _cut_lines(raw, window, limits, finished=finished)
    if truncated and not settled and len(lines) > 1:
        lines = lines[:-1]
    if not (settled or finished):
        return Trimmed("\n".join(lines), settled=False)
    lines = _without_what_stands_below(lines, window)
    if not lines:
        return Trimmed("", settled=True, reason="repeats the lines below")
    whole = "\n".join(lines).rstrip()
    n_taken = closers_taken(window.left, whole, window.right)
    text = whole if n_taken else _drop_repeated_right(whole, window)
    reason = _reject_reason(text, window)
    return Trimmed("", settled=True, reason=reason) if reason else Trimmed(text, True, replace_right=n_taken)


def without_repetition(text: str, window: Window) -> str:
    """A whole answer without an end that stands right of the cursor or below already; as it is where nothing does."""
    lines = text.split("\n")
    kept = _without_what_stands_below(lines, window)
    if not kept:
        return ""
    whole = text if len(kept) == len(lines) else "\n".join(kept)
    dropped = _drop_repeated_right(whole.rstrip(), window)
    return whole if dropped == whole.rstrip() else dropped


def _cut_lines(raw: str, window: Window, limits: TrimLimits, *, finished: bool) -> tuple[list[str], bool]:
    """The lines to keep, and whether a rule ended them."""
    lines = raw.split("\n")
    n_whole = len(lines) if finished else len(lines) - 1
    limit = limits.max_lines if limits.multiline else _first_line_count(lines)
    scope = _Scope.of(window, lines[0], multiline=limits.multiline)
    for index in range(1, min(len(lines), limit + 1)):
        if scope.ends_before(lines[index], lines[:index], is_whole=index < n_whole):
            return _with_closer(lines, index, scope, window), True
    if len(lines) > limit:
        return lines[:limit], True
    return lines, False


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where a suggestion ends: at a dedent under `base` columns, or at the line that the file goes on with."""

    base: int
    allows_base: bool
    next_line: str
    next_columns: int

    @classmethod
    def of(cls, window: Window, first: str, *, multiline: bool) -> _Scope:
        """first: the suggestion's first line. An empty one opens a block: only deeper lines belong to the cursor's."""
        starts_below = multiline and not first.strip() and bool(window.left.strip())
        opening = window.left + first if first.strip() else window.left
        below = _next_line_below(window)
        return cls(_columns(opening), not starts_below, below.strip(), _columns(below))

    def ends_before(self, line: str, before: Sequence[str], *, is_whole: bool) -> bool:
        stripped = line.strip()
        if not stripped:
            return is_whole and any(map(str.strip, before)) and not before[-1].strip()
        indentation = _columns(line)
        if is_whole and self.is_next(line):
            return True
        return indentation < self.base or (indentation == self.base and not self.allows_base)

    def is_next(self, line: str) -> bool:
        """Whether this is the line that the file goes on with: the same text at the same depth."""
        return line.strip() == self.next_line and _columns(line) == self.next_columns


def _columns(line: str) -> int:
    """Width of the white space that a line begins with."""
    return len(line[: len(line) - len(line.lstrip())].expandtabs(4))


def _first_line_count(lines: Sequence[str]) -> int:
    """How many lines make up a one-line suggestion: empty ones at its start do not count."""
    return sum(1 for _ in takewhile(lambda line: not line.strip(), lines)) + 1


def _with_closer(lines: Sequence[str], index: int, scope: _Scope, window: Window) -> list[str]:
    """The kept lines, and the line that closes their block when that is what ended them."""
    kept = list(lines[:index])
    closer = lines[index].strip().rstrip(";,")
    is_whole = index < len(lines) - 1
    is_there = closer == scope.next_line.rstrip(";,") and _columns(lines[index]) == scope.next_columns
    closes = bool(closer) and all(character in _PAIRS for character in closer)
    if closes and is_whole and _columns(lines[index]) == scope.base and not is_there:
        opened = _unclosed(window.left + "\n".join(kept))
        return [*kept, lines[index]] if opened >= len(closer) else kept
    return kept


def _without_what_stands_below(lines: Sequence[str], window: Window) -> list[str]:
    """The lines up to where the rest of them, two or more, stands below in the same order; none where that rest is the
    end of what began above it."""
    stripped = [line.rstrip() for line in lines]
    while stripped and not stripped[-1]:
        stripped.pop()
    below = "".join(window.below).split("\n")[1 : _LINES_BELOW + 1]
    for start in range(1, len(stripped) - 1):
        rest = stripped[start:]
        if any(rest == [line.rstrip() for line in below[at : at + len(rest)]] for at in range(len(below))):
            return [] if _GOES_ON.match(rest[0]) else list(lines[:start])
    return list(lines)


def _next_line_below(window: Window) -> str:
    """The first line below the cursor's that is not blank, with its indentation."""
    below = "".join(window.below).split("\n")
    return next((line for line in below if line.strip()), "")


def _drop_repeated_right(text: str, window: Window) -> str:
    """The text without an end that is there already: right of the cursor, or as closing brackets on the next line."""
    right = window.right.strip() or _leading_closers(_next_line_below(window))
    overlap = _overlap(_last_line(text), right)
    if not overlap:
        return text
    if all(character in _PAIRS for character in overlap):
        # The text may close what stands open on the cursor's line and is not closed there; the rest is surplus.
        surplus = -_unclosed(text) - max(_unclosed(window.left + window.right), 0)
        n_drop = min(max(surplus, 0), len(overlap))
    else:
        n_drop = len(overlap)
    kept = text[: len(text) - n_drop]
    # What is closed right of the cursor, but not on the line that opens it, stands on a line of its own.
    is_own_line = (
        bool(n_drop) and bool(window.right.strip()) and "\n" in kept.strip(" \t") and not _last_line(kept).strip()
    )
    return kept if is_own_line else kept.rstrip()


def _last_line(text: str) -> str:
    return text.rpartition("\n")[2]


def _leading_closers(line: str) -> str:
    return "".join(takewhile(lambda character: character in _PAIRS, line.strip()))


def _overlap(text: str, right: str) -> str:
    """Longest end of `text` that `right` starts with."""
    longest = min(len(text), len(right))
    return next((right[:size] for size in range(longest, 0, -1) if text.endswith(right[:size])), "")


def _unclosed(code: str) -> int:
    """Opening minus closing brackets."""
    return sum((character in _OPENERS) - (character in _PAIRS) for character in code)


def _reject_reason(text: str, window: Window) -> str | None:
    stripped = text.strip()
    if not stripped:
        return "the model had nothing to add"
    line = (window.left + text).strip()
    if len(line) > _SHORT_LINE and not window.right.strip() and line == _next_line_below(window).strip():
        return "repeats the line below"
    if not window.left.strip():
        above = [line.strip() for line in window.above_text.splitlines() if line.strip()]
        if above and len(stripped) > _SHORT_LINE and stripped == above[-1]:
            return "repeats the line above"
    return None
