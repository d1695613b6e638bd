"""Tokens with holes in them that become others: where they fit, and what is there then. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codeassist.next_edit.holes import Element, match
from codeassist.next_edit.source import Source
from codeassist.next_edit.tokens import Token, is_name, line_tokens, n_common, texts_of
from codeassist.next_edit.types import Example, Replacement
from codeassist.next_edit.visible import binds, has_variable
from indexer.name_roles import is_code

_DOTS = frozenset({".", "?.", "::", "->"})


@dataclass(frozen=True, slots=True)
class Template:
    """Tokens `old` become `new` (numbers are holes). spaces: what stands before each of `new`.

    in_text: whether it was done inside of a string or a comment. is_member: whether it starts behind a dot, where
    names are others; None in a text. needs: variables of the function around that it uses. takes_place_of: the name
    that became another, where nothing else changed; "" elsewhere.
    """

    old: tuple[Element, ...]
    new: tuple[Element, ...]
    spaces: tuple[str, ...]
    in_text: bool
    shown: tuple[str, str]
    examples: tuple[Example, ...]
    age: int
    is_member: bool | None = None
    takes_place_of: str = ""
    needs: frozenset[str] = frozenset()
    rule: str = "template"

    @property
    def key(self) -> str:
        """The pattern's name."""
        return f"template {self.old} {self.new}"

    @property
    def title(self) -> str:
        """For a person."""
        old, new = self.shown
        return f"change `{old}` to `{new}`" if old and new else f"add `{new}`" if new else f"remove `{old}`"

    @property
    def word(self) -> str:
        """The longest name that every place has."""
        return max((item for item in self.old if isinstance(item, str) and is_name(item)), key=len, default="")

    @property
    def is_unique(self) -> bool:
        """It says itself where it fits."""
        return False

    def places(self, source: Source) -> list[Replacement]:
        """Every line in which it fits, once."""
        word, found = self.word, []
        if self.takes_place_of and self._is_foreign(source) and binds(source, self.takes_place_of):
            return []
        for row, line in enumerate(source.lines):
            if word in line and (made := self._in_line(line)) is not None:
                start, end, text = made
                at = source.starts[row]
                if self._is_meant(source, at + start, at + end):
                    found.append(Replacement(at + start, at + end, text))
        return found

    def _is_foreign(self, source: Source) -> bool:
        """Whether it was not done in this text yet."""
        return all(example.path != source.path for example in self.examples)

    def _is_meant(self, source: Source, start: int, end: int) -> bool:
        """Whether the place is code or text, as the examples were, and sees the variables."""
        if source.syntax is None:
            return True
        is_alike = is_code(source.syntax, start, end) != self.in_text
        return is_alike and all(has_variable(source, start, name) for name in self.needs)

    def makes(self, before: str, after: str) -> bool:
        """Whether one line becomes the other by it, but for spaces."""
        made = self._in_line(before)
        if made is None:
            return False
        start, end, text = made
        return texts_of(line_tokens(before[:start] + text + before[end:])) == texts_of(line_tokens(after))

    def _in_line(self, line: str) -> tuple[int, int, str] | None:
        tokens = line_tokens(line)
        for first in range(len(tokens)):
            is_same = self.is_member in (None, is_behind_dot(tokens, first))
            matched = match(self.old, tokens, first) if is_same else None
            if matched is not None and not self._is_done(tokens, first):
                return self._changed(line, tokens, (first, matched[0]), matched[1])
        return None

    def _is_done(self, tokens: Sequence[Token], first: int) -> bool:
        """Whether the new tokens are there already, of which the old ones may be a part."""
        starts = range(max(0, first - len(self.new) + 1), first + 1)
        ends = ((start, match(self.new, tokens, start)) for start in starts)
        return any(matched is not None and matched[0] > first for _, matched in ends)

    def _changed(
        self, line: str, tokens: Sequence[Token], span: tuple[int, int], holes: dict[int, tuple[int, int]]
    ) -> tuple[int, int, str]:
        """Which part of the line becomes what. What stays keeps its spaces, and so does what takes another's place."""
        head = n_common(self.old, self.new)
        tail = n_common(self.old[head:][::-1], self.new[head:][::-1])
        first = span[0] + _n_tokens(self.old[:head], holes)
        last = span[1] - _n_tokens(self.old[len(self.old) - tail :], holes)
        text = self._filled(line, tokens, slice(head, len(self.new) - tail), holes)
        if first < last and text:
            return tokens[first].start, tokens[last - 1].end, text
        if first < last:
            return _without(tokens, first, last)
        before = self.spaces[head] if head else ""
        behind = self.spaces[len(self.new) - tail] if tail else ""
        start = tokens[first - 1].end if head else tokens[first].start
        return start, tokens[first].start if tail else start, before + text + behind

    def _filled(self, line: str, tokens: Sequence[Token], elements: slice, holes: dict[int, tuple[int, int]]) -> str:
        """What these of the new elements are in a line, without the space before them."""
        parts: list[str] = []
        for space, item in zip(self.spaces[elements], self.new[elements], strict=True):
            held = tokens[slice(*holes[item])] if isinstance(item, int) else ()
            text = line[held[0].start : held[-1].end] if held else str(item)
            parts.append((space if parts else "") + text)
        return "".join(parts)


def _n_tokens(elements: Sequence[Element], holes: dict[int, tuple[int, int]]) -> int:
    """How many tokens of a line the elements stand for."""
    return sum(holes[item][1] - holes[item][0] if isinstance(item, int) else 1 for item in elements)


def _without(tokens: Sequence[Token], first: int, last: int) -> tuple[int, int, str]:
    """Tokens first..last go, and the space on one side of them."""
    if last < len(tokens):
        return tokens[first].start, tokens[last].start, ""
    return tokens[first - 1].end if first else tokens[first].start, tokens[last - 1].end, ""


def is_behind_dot(tokens: Sequence[Token], first: int) -> bool:
    """Whether a token is a member of what stands left of it."""
    return first > 0 and tokens[first - 1].text in _DOTS
