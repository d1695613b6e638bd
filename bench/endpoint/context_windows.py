"""Windows of files as clients cut them, with edits that the index has not seen. Pure, but for the tokenizer.

Budgets as the clients have them (November 2026): Continue 1,024 tokens, 30 % of them before the gap and at most 20 %
behind it, whole lines; llama.vim 256 lines before and 64 behind; minuet 16,000 characters, three quarters of them
before, cut inside of lines, under two lines that say the language; Zed 512 tokens, half of them on each side.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Count = Callable[[str], int]

CLIENTS = ("continue", "llama.vim", "minuet", "zed")
_CONTINUE_TOKENS, _BEFORE, _BEHIND = 1024, 0.3, 0.2
_LINES_BEFORE, _LINES_BEHIND = 256, 64
_MINUET_CHARS, _MINUET_BEFORE = 16_000, 0.75
_MINUET_HEAD = "# language: {language}\n# indentation: use 4 spaces for a tab\n"
_ZED_TOKENS = 512


@dataclass(frozen=True, slots=True)
class Gap:
    """What a client sends."""

    prefix: str
    suffix: str


def cut(client: str, before: str, behind: str, language: str, count: Count) -> Gap:
    """The window of a file around a gap. before, behind: all of the file on either side."""
    if client == "continue":
        prefix = last_lines(before, int(_CONTINUE_TOKENS * _BEFORE), count)
        room = min(_CONTINUE_TOKENS - count(prefix), int(_CONTINUE_TOKENS * _BEHIND))
        return Gap(prefix, first_lines(behind, room, count))
    if client == "llama.vim":
        prefix = "\n".join(before.split("\n")[-_LINES_BEFORE - 1 :])
        return Gap(prefix, "\n".join(behind.split("\n")[: _LINES_BEHIND + 1]))
    if client == "minuet":
        return _minuet(before, behind, language)
    half = _ZED_TOKENS // 2
    return Gap(last_lines(before, half, count), first_lines(behind, half, count))


def _minuet(before: str, behind: str, language: str) -> Gap:
    room_before, room_behind = int(_MINUET_CHARS * _MINUET_BEFORE), int(_MINUET_CHARS * (1 - _MINUET_BEFORE))
    if len(before) + len(behind) <= _MINUET_CHARS:
        room_before, room_behind = len(before), len(behind)
    elif len(before) < room_before:
        room_behind = _MINUET_CHARS - len(before)
    elif len(behind) < room_behind:
        room_before = _MINUET_CHARS - len(behind)
    head = _MINUET_HEAD.format(language=language or "text")
    return Gap(head + before[len(before) - min(room_before, len(before)) :], behind[:room_behind])


def last_lines(text: str, budget: int, count: Count) -> str:
    """As many of the last lines as fit; the very last one always."""
    lines = text.split("\n")
    return "\n".join(reversed(_fitting(lines[::-1], budget, count)))


def first_lines(text: str, budget: int, count: Count) -> str:
    """As many of the first lines as fit."""
    return "\n".join(_fitting(text.split("\n"), budget, count))


def _fitting(lines: Sequence[str], budget: int, count: Count) -> list[str]:
    kept = [lines[0]]
    spent = count(lines[0])
    for line in lines[1:]:
        spent += count(line + "\n")
        if spent > budget:
            break
        kept.append(line)
    return kept


def edited(gap: Gap, n_edits: int, others: Sequence[str], rng: random.Random) -> Gap:
    """The window with so many of its lines changed: one in three each is replaced by a line of another file of the
    repository, gets one behind it, or goes. The gap's own line stays."""
    before, behind = gap.prefix.split("\n"), gap.suffix.split("\n")
    for _ in range(n_edits):
        side, rows = (
            (before, len(before) - 1) if rng.random() < len(before) / (len(before) + len(behind)) else (behind, 0)
        )
        places = range(rows) if side is before else range(1, len(side))
        if not places:
            continue
        at = rng.choice(places)
        side[at : at + 1] = rng.choice(([rng.choice(others)], [side[at], rng.choice(others)], []))
    return Gap("\n".join(before), "\n".join(behind))
