"""What stands right of the cursor and a suggestion brings along: the rest of a word, what an editor closed. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from codeassist.types import Suggestion

_WORD = re.compile(r"\w+")
_CLOSES = {")": "(", "]": "[", "}": "{", ">": "<"}
_QUOTES = "\"'`"
_CLOSERS = re.compile(r"""^[)\]}>"'`]+""")
_ESCAPED = re.compile(r"\\.")
_ARROW = re.compile(r"[-=]>|[<>]=")
# Angle brackets that open lists of types, and are no comparison: with nothing of this behind them.
_OPENS_TYPES, _ENDS_TYPES = re.compile(r"\w<"), ">()"


def closers_taken(left: str, text: str, right: str) -> int:
    """How many of the characters right of the cursor a suggestion brings along and goes on behind: these it replaces.

    `foo(|)` and `a, b):` is one; `foo(|)` and `bar(1)` or `a, b)` none. left, right: the cursor's line on both sides.
    """
    found = _CLOSERS.match(right)
    if found is None or "\n" in text:
        return 0
    closers = found.group()
    if not _OPENS_TYPES.search(left, max(map(left.rfind, _ENDS_TYPES)) + 1):
        closers = closers.partition(">")[0]
    places = _closed_at(_ARROW.sub("  ", _ESCAPED.sub("  ", text)), closers, _open_quotes(left))
    rest = text[places[0] :] if places else ""
    if right.startswith(rest) or all(character in _CLOSES for character in rest):
        return 0  # nothing goes on behind them
    further = right[len(places) :].strip()
    return len(right) if further and text.startswith(further, places[-1] + 1) else len(places)


def rest_of_word(text: str, offset: int) -> str:
    """What of the word that a place stands inside of stands right of it; "" where it stands inside of none."""
    if not _WORD.fullmatch(text, max(offset - 1, 0), offset):
        return ""
    found = _WORD.match(text, offset)
    return found.group() if found else ""


def in_place_of(rest: str, suggestion: Suggestion) -> Suggestion:
    """A suggestion that was made as if the rest of a word were not there: it takes its place."""
    if not rest or not suggestion.text:
        return suggestion
    if suggestion.text == rest:
        return replace(suggestion, text="", drop_reason="the word is there already")
    return replace(suggestion, replace_right=suggestion.replace_right + len(rest))


def _closed_at(text: str, closers: str, open_quotes: str) -> list[int]:
    """Where the text closes on its own level what the closers close, one after the other.

    open_quotes: those that stand open where the text begins.
    """
    places: list[int] = []
    opened = [""]
    quote = closers[:1] if closers[:1] in _QUOTES and closers[:1] in open_quotes else ""
    is_outer = bool(quote)
    openers = "([{<" if ">" in closers else "([{"
    for at, character in enumerate(text):
        is_next = closers[len(places) : len(places) + 1] == character
        if quote:
            if character == quote:
                places += [at] * (is_outer and is_next)
                quote, is_outer = "", False
        elif character in open_quotes and is_next and len(opened) == 1:
            places.append(at)
        elif character in _QUOTES:
            quote = character
        elif character in openers:
            opened.append(character)
        elif opened[-1] and opened[-1] == _CLOSES.get(character):
            opened.pop()
        elif character in _CLOSES and is_next and len(opened) == 1:
            places.append(at)
    return places


def _open_quotes(left: str) -> str:
    """The quotes that stand open at the end of a line."""
    line = _ESCAPED.sub("", left)
    return "".join(quote for quote in _QUOTES if line.count(quote) % 2)
