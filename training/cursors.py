"""Where a training sample's cursor stands and what is missing there: places that an editor sees."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

MAX_MIDDLE_LINES = 12

_BOUNDARY = re.compile(r"[.(\[{,=:]\s?|\s+")
_WORD = re.compile(r"[A-Za-z_]\w{2,}")
_CLOSING = re.compile(r"[)\]}:;,\"']+$")


@dataclass(frozen=True, slots=True)
class Gap:
    """Text taken out: from `column` of line `line` to `end_column` of line `end_line`."""

    line: int
    column: int
    end_line: int
    end_column: int


def choose_gap(lines: list[str], line: int, random: Random) -> Gap:
    """A gap that begins on this line."""
    text = lines[line]
    _, column = choose_column(text, random)
    chance = random.random()
    at_end = column == len(text)
    if at_end and random.random() < 0.5:
        return Gap(line, column, line, column)
    if chance < 0.3 or at_end:
        end = _block_end(lines, line, random)
        return Gap(line, column, end, len(lines[end]))
    if chance < 0.40:
        return _span(lines, line, column, random)
    if chance < 0.48 and (end_column := _part_end(text, column, random)) > column:
        return Gap(line, column, line, end_column)
    return Gap(line, column, line, len(text))


def indentation(text: str) -> int:
    """Width of the white space a line begins with."""
    return len(text) - len(text.lstrip())


def choose_column(text: str, random: Random) -> tuple[str, int]:
    """(kind of place, column) of a cursor on a line."""
    indent, length = indentation(text), len(text)
    chance = random.random()
    if chance < 0.13:
        return "start", 0
    if chance < 0.34:
        return "indent", indent
    if chance < 0.65:
        places = [match.end() for match in _BOUNDARY.finditer(text, indent) if match.end() < length]
        return ("boundary", random.choice(places)) if places else ("indent", indent)
    if chance < 0.85:
        words = [match.span() for match in _WORD.finditer(text, indent)]
        if not words:
            return "indent", indent
        start, end = random.choice(words)
        return "identifier", random.randrange(start + 1, end)
    return ("random", random.randint(indent, length)) if chance < 0.95 else ("end", length)


def _block_end(lines: list[str], line: int, random: Random) -> int:
    """Last line of the statement or block that goes on from this line, within limits."""
    base = indentation(lines[line])
    limit = min(line + random.choice((1, 2, 2, 3, 3, 4, 5, 6, 8, MAX_MIDDLE_LINES)), len(lines) - 1)
    opens = line + 1 < len(lines) and indentation(lines[line + 1]) > base and bool(lines[line + 1].strip())
    end = line
    for number in range(line + 1, limit):
        text = lines[number]
        if (
            not text.strip()
            or indentation(text) < base
            or (opens and indentation(text) == base and text[base] not in ")]}")
        ):
            break
        end = number
    return end


def _span(lines: list[str], line: int, column: int, random: Random) -> Gap:
    """A gap up to one of the next lines, to its end or to anywhere on it, as where somebody rewrites a passage."""
    end = min(line + random.choice((1, 1, 2, 2, 3, 5)), len(lines) - 1)
    if random.random() < 0.5:
        return Gap(line, column, end, len(lines[end]))
    least = column if end == line else 0
    return Gap(line, column, end, random.randint(least, len(lines[end])))


def _part_end(text: str, column: int, random: Random) -> int:
    closing = _CLOSING.search(text, column)
    if closing and closing.start() > column and random.random() < 0.6:
        return random.randint(closing.start(), max(closing.end() - 1, closing.start()))
    places = [match.start() for match in _BOUNDARY.finditer(text, column + 1)]
    return random.choice(places) if places else column
