"""The part of the cursor's file that a prompt shows. Pure.

    above   whole lines, from `head_line` to the line before the cursor's
    left    the cursor's line up to the cursor
    right   the cursor's line after the cursor
    below   whole lines after the cursor's

The head moves in steps and stays where it was as long as it fits, so that typing a line leaves the tokens before it,
and with them the engine's KV cache, as they were.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from codeassist.types import Cursor, Document

# Lines are counted and tokenised in groups of this many, so that an edit re-tokenises one group.
HEAD_STEP = 16
# When the head has to move, this share of the budget is left free for the lines that are typed next.
_HEAD_SLACK = 0.25
# A single line may be a megabyte (minified code); a prompt shows this much on either side of the cursor.
_MAX_LINE_SIDE = 1000

CountTokens = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class WindowBudget:
    """Tokens allowed above the cursor's line, right of and below the cursor, and on its line left of it."""

    above: int
    below: int
    left: int = 128


@dataclass(frozen=True, slots=True)
class Window:
    """What of the cursor's file is shown. `above` and `below` are groups of whole lines; join them for the text.

    head_line, end_line: 0-based first line shown and first line no longer shown.
    """

    path: str
    language: str
    head_line: int
    cursor_line: int
    end_line: int
    above: tuple[str, ...]
    left: str
    right: str
    below: tuple[str, ...]

    @property
    def above_text(self) -> str:
        """The lines above the cursor's, each with its newline."""
        return "".join(self.above)

    @property
    def suffix(self) -> str:
        """Everything right of and below the cursor, as it stands in the file."""
        return self.right + "".join(self.below)

    @property
    def indentation(self) -> str:
        """White space that the cursor's line starts with, as far as it stands left of the cursor."""
        return self.left[: len(self.left) - len(self.left.lstrip())]


def cut_window(
    document: Document,
    cursor: Cursor,
    budget: WindowBudget,
    count_tokens: CountTokens,
    previous_head: int | None = None,
) -> Window:
    """The window around a cursor that lies inside of the document.

    previous_head: `head_line` of the last window of this document; kept while it fits.
    """
    lines = document.text.split("\n")
    head = _choose_head(lines, cursor.line, budget.above, count_tokens, previous_head)
    line = lines[cursor.line]
    right = _start_of(line[cursor.column :], budget.below, count_tokens)
    n_right = count_tokens(right + "\n")
    below, end_line = _cut_below(lines, cursor.line, budget.below - n_right, count_tokens)
    return Window(
        path=document.path,
        language=document.language,
        head_line=head,
        cursor_line=cursor.line,
        end_line=end_line,
        above=_groups(lines, head, cursor.line),
        left=_end_of(line[: cursor.column], budget.left, count_tokens),
        right=right,
        below=below,
    )


def _groups(lines: Sequence[str], start: int, end: int) -> tuple[str, ...]:
    """Lines start..end in groups that break at multiples of HEAD_STEP, each line with its newline."""
    first_break = start - start % HEAD_STEP + HEAD_STEP
    breaks = [start, *range(first_break, end, HEAD_STEP), end]
    return tuple("\n".join(lines[a:b]) + "\n" for a, b in itertools.pairwise(breaks) if a < b)


def _choose_head(
    lines: Sequence[str], line: int, budget: int, count_tokens: CountTokens, previous_head: int | None
) -> int:
    least = _lowest_head(lines, line, budget, count_tokens)
    if previous_head is not None and least <= previous_head <= line and not previous_head % HEAD_STEP:
        reaches_far_enough = line - previous_head >= min(line, HEAD_STEP) or previous_head == least
        if reaches_far_enough:
            return previous_head
    if least == 0:
        return 0
    return _lowest_head(lines, line, int(budget * (1 - _HEAD_SLACK)), count_tokens)


def _lowest_head(lines: Sequence[str], line: int, budget: int, count_tokens: CountTokens) -> int:
    """Smallest multiple of HEAD_STEP from which the lines above fit; the cursor's own group may be cut to nothing."""
    head = line - line % HEAD_STEP
    spent = _count_group(lines, head, line, count_tokens)
    if spent > budget:
        return _lowest_line(lines, line, budget, count_tokens)
    while head > 0:
        spent += _count_group(lines, head - HEAD_STEP, head, count_tokens)
        if spent > budget:
            return head
        head -= HEAD_STEP
    return 0


def _lowest_line(lines: Sequence[str], line: int, budget: int, count_tokens: CountTokens) -> int:
    """Like `_lowest_head` line by line, for lines so long that not one group fits."""
    spent = 0
    for head in range(line, max(line - HEAD_STEP, 0), -1):
        spent += _count_line(lines[head - 1], count_tokens)
        if spent > budget:
            return head
    return max(line - HEAD_STEP, 0)


def _start_of(text: str, budget: int, count_tokens: CountTokens) -> str:
    """As much of the beginning of a line as the budget allows."""
    return _shortened(text[:_MAX_LINE_SIDE], budget, count_tokens, lambda part, size: part[:size])


def _end_of(text: str, budget: int, count_tokens: CountTokens) -> str:
    """As much of the end of a line as the budget allows."""
    return _shortened(text[-_MAX_LINE_SIDE:], budget, count_tokens, lambda part, size: part[len(part) - size :])


def _shortened(text: str, budget: int, count_tokens: CountTokens, cut: Callable[[str, int], str]) -> str:
    while text and (n_tokens := count_tokens(text)) > budget:
        text = cut(text, min(len(text) - 1, len(text) * budget // n_tokens))
    return text


def _cut_below(lines: Sequence[str], line: int, budget: int, count_tokens: CountTokens) -> tuple[tuple[str, ...], int]:
    """The newline that ends the cursor's line with the first lines below it, and the first line not shown."""
    if line + 1 >= len(lines) or budget < 0:
        return (), line + 1
    end, spent = line + 1, 0
    while end < len(lines):
        spent += _count_line(lines[end], count_tokens)
        if spent > budget:
            break
        end += 1
    text = "\n" + "".join(f"{below}\n" for below in lines[line + 1 : end])
    if end == len(lines):
        text = text[:-1]  # the last line of a file ends with its text, not with a newline
    return (text,), end


def _count_group(lines: Sequence[str], start: int, end: int, count_tokens: CountTokens) -> int:
    if start >= end:
        return 0
    text = "\n".join(lines[start:end]) + "\n"
    return _estimate(text) if len(text) > _MAX_LINE_SIDE * HEAD_STEP else count_tokens(text)


def _count_line(line: str, count_tokens: CountTokens) -> int:
    return _estimate(line) if len(line) > _MAX_LINE_SIDE else count_tokens(line + "\n")


def _estimate(text: str) -> int:
    """Tokens of text that is too long to be worth tokenising: it will not fit."""
    return len(text)


_OPENS_BLOCK = re.compile(r"(:|\{|\(|\[|=>|->|\bdo|\bthen|\belse|\bbegin)\s*$")


def starts_block(window: Window) -> bool:
    """Whether the cursor stands where a block begins: behind its opener, or on the empty line under it."""
    if window.right.strip():
        return False
    if window.left.strip():
        return bool(_OPENS_BLOCK.search(window.left)) and not window.left.rstrip().endswith(("(", "["))
    above = [line for line in window.above_text.splitlines() if line.strip()]
    return bool(above) and bool(_OPENS_BLOCK.search(above[-1]))
