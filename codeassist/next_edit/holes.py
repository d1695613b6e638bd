"""Runs of tokens with holes: what two runs have in common, and where that fits. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from codeassist.next_edit.tokens import Token, texts_of

MAX_HOLES = 3
MAX_HOLE_TOKENS = 24

# What an expression may start with, besides names and numbers.
_STARTS = frozenset("([{'\"_*-")
_OPEN, _CLOSED = frozenset("([{"), frozenset(")]}")
# What may stand behind an expression without being more of it.
_BEHIND = _CLOSED | frozenset(",:;'\"=")

# A token, or the number of a hole.
Element = str | int
# What is in each hole, in either run.
Held = list[tuple[tuple[str, ...], tuple[str, ...]]]


def match(
    elements: Sequence[Element], tokens: Sequence[Token], first: int
) -> tuple[int, dict[int, tuple[int, int]]] | None:
    """Where the elements end that start with token `first`, and what their holes hold; the shortest that fits."""
    if not elements:
        return first, {}
    item, rest = elements[0], elements[1:]
    if isinstance(item, str):
        fits = first < len(tokens) and tokens[first].text == item
        return match(rest, tokens, first + 1) if fits else None
    depth = 0
    for last in range(first, min(len(tokens), first + MAX_HOLE_TOKENS)):
        text = tokens[last].text
        depth += (text in _OPEN) - (text in _CLOSED)
        if depth < 0 or (depth == 0 and text == ","):
            return None
        is_whole = depth == 0 and (bool(rest) or last + 1 == len(tokens) or tokens[last + 1].text in _BEHIND)
        if is_whole and (matched := match(rest, tokens, last + 1)) is not None:
            end, holes = matched
            held = holes.get(item)
            if held is None or texts_of(tokens[slice(*held)]) == texts_of(tokens[first : last + 1]):
                return end, {**holes, item: (first, last + 1)}
    return None


def skeleton(
    one: Sequence[Token], other: Sequence[Token], known: Held | None = None
) -> tuple[tuple[Element, ...], Held] | None:
    """What two runs have in common, with holes where they differ; None where they are not alike.

    known: what alone may be in the holes.
    """
    first, second = texts_of(one), texts_of(other)
    elements: list[Element] = []
    holes: Held = list(known or [])
    at = to = 0
    while at < len(first) and to < len(second):
        if first[at] == second[to]:
            elements.append(first[at])
            at, to = at + 1, to + 1
            continue
        held = _hole(first[at:], second[to:])
        if held is None or (known is not None and held not in holes):
            return None
        holes += [held] if held not in holes else []
        elements.append(holes.index(held))
        at, to = at + len(held[0]), to + len(held[1])
    is_whole = at == len(first) and to == len(second)
    return (tuple(elements), holes) if is_whole and len(holes) <= MAX_HOLES else None


def runs_of(tokens: Sequence[Token], elements: Sequence[Element], holes: Held) -> list[Token] | None:
    """A token for each element: those in a hole as one."""
    found: list[Token] = []
    at = 0
    for item in elements:
        n = 1 if isinstance(item, str) else len(holes[item][0])
        run = tokens[at : at + n]
        if not run:
            return None
        found.append(Token("", run[0].start, run[-1].end))
        at += n
    return found


def _hole(one: Sequence[str], other: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The shortest beginnings of both that are expressions in themselves, behind which both go on alike."""
    ends, other_ends = _ends(one), _ends(other)
    for total in range(2, 2 * MAX_HOLE_TOKENS):
        for n in range(1, total):
            if n in ends and total - n in other_ends and one[n : n + 1] == other[total - n : total - n + 1]:
                return tuple(one[:n]), tuple(other[: total - n])
    return None


def _ends(texts: Sequence[str]) -> set[int]:
    """Where a run may end that starts here: within no bracket, and before a comma."""
    found: set[int] = set()
    depth = 0
    if not texts or not (texts[0][0].isalnum() or texts[0] in _STARTS):
        return found
    for at, text in enumerate(texts[:MAX_HOLE_TOKENS]):
        depth += (text in _OPEN) - (text in _CLOSED)
        if depth < 0 or (depth == 0 and text == ","):
            break
        if depth == 0:
            found.add(at + 1)
    return found
