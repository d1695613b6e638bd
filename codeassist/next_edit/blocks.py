"""Lines that were removed, added or replaced twice the same way, where the same lines stand once more. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codeassist.next_edit.evidence import Seen, is_import
from codeassist.next_edit.source import Source
from codeassist.next_edit.tokens import is_name, line_tokens
from codeassist.next_edit.types import Example, Replacement

MAX_LINES = 12

_Lines = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Block:
    """Lines `old` become `new`; both without the indentation of the first one.

    above, below: the line next to them, where it was the same at all examples: then it has to be there, too.
    """

    old: tuple[str, ...]
    new: tuple[str, ...]
    above: str | None
    below: str | None
    takes_away: bool
    examples: tuple[Example, ...]
    age: int
    rule: str = "lines"

    @property
    def key(self) -> str:
        """The pattern's name."""
        return f"lines {self._difference}"

    @property
    def _difference(self) -> tuple[list[str], list[str]]:
        """Lines that go and lines that come: the same by whichever line next to them the place is told."""
        gone = [line for line in self.old if line not in self.new]
        come = [line for line in self.new if line not in self.old]
        return gone, come

    @property
    def title(self) -> str:
        """For a person."""
        gone, come = self._difference
        if gone and come:
            return f"replace `{gone[0].strip()[:60]}`"
        return f"remove `{gone[0].strip()[:60]}`" if gone else f"add `{(come or self.new)[0].strip()[:60]}`"

    @property
    def word(self) -> str:
        """The longest name of the lines. What was only added is not looked for elsewhere: where it goes is doubtful."""
        if not self.takes_away:
            return ""
        names = (token.text for line in self.old for token in line_tokens(line) if is_name(token.text))
        return max(names, key=len, default="")

    @property
    def is_unique(self) -> bool:
        """It says itself where it fits."""
        return False

    def places(self, source: Source) -> list[Replacement]:
        """Where the old lines stand, whatever their indentation as a whole, and the new ones do not yet."""
        if not self.takes_away and source.path != self.examples[0].path:
            return []
        lines, n = source.lines, len(self.old)
        found = []
        for row, line in enumerate(lines):
            indent = _indent(line)
            if line[len(indent) :] != self.old[0] or _without(lines[row : row + n], indent) != self.old:
                continue
            if self.is_done(lines, row, indent) or not self._is_alike_around(lines, row):
                continue
            found.append(_replacement(source, row, n, [_with(line, indent) for line in self.new]))
        return found

    def _is_alike_around(self, lines: Sequence[str], row: int) -> bool:
        above, below = _around(lines, row, len(self.old))
        return self.above in (None, above) and self.below in (None, below)

    def is_done(self, lines: Sequence[str], row: int, indent: str) -> bool:
        """Whether the new lines, which hold the old ones, are here already."""
        for at, line in enumerate(self.new):
            if line == self.old[0]:
                there = lines[max(0, row - at) : row - at + len(self.new)]
                if row >= at and _without(there, indent) == self.new:
                    return True
        return False


def find_blocks(edits: Sequence[Seen]) -> Iterator[Block]:
    """What was done twice, newest first."""
    done: dict[_Lines, list[tuple[Seen, int]]] = {}
    for item in edits:
        for start, old, new in _blocks(item):
            done.setdefault((old, new), []).append((item, start))
    for (old, new), found in done.items():
        if len(found) > 1:
            around = [_around(item.source.lines, start, len(new)) for item, start in found]
            above, below = (sides[0] if len(set(sides)) == 1 else None for sides in zip(*around, strict=True))
            examples = tuple(Example(item.source.path, item.edit.start) for item, _ in found)
            yield Block(old, new, above, below, not set(old) <= set(new), examples, found[0][0].age)


def _around(lines: Sequence[str], row: int, n: int) -> tuple[str, str]:
    """The lines above and below n lines, without their indentation; "" at the ends of the text."""
    return "".join(lines[max(0, row - 1) : row]).strip(), "".join(lines[row + n : row + n + 1]).strip()


def _blocks(item: Seen) -> Iterator[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    """An edit as a block, and the line at which that starts now. Lines that were only added are told by the line above
    them, or by the one below.
    """
    edit, lines = item.edit, item.source.lines
    if any(is_import(line) and "__future__" not in line for line in (*edit.before, *edit.after)):
        return  # What a file imports is a matter of this file.
    above = lines[edit.start - 1 : edit.start]
    below = lines[edit.start + len(edit.after) :][:1]
    if len(edit.before) == len(edit.after) or max(len(edit.before), len(edit.after)) > MAX_LINES:
        return
    if any(line.strip() for line in edit.before):
        yield from _block(edit.start, edit.before, edit.after)
        return
    if any(line.strip() for line in edit.after):
        yield from _block(edit.start - 1, (*above, *edit.before), (*above, *edit.after))
        yield from _block(edit.start, (*edit.before, *below), (*edit.after, *below))


def _block(
    start: int, old: tuple[str, ...], new: tuple[str, ...]
) -> Iterator[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    if old and sum(is_name(token.text) for line in old for token in line_tokens(line)) >= 2 and old[0].strip():
        indent = _indent(old[0])
        yield start, _without(old, indent), _without(new, indent)


def _replacement(source: Source, row: int, n: int, new: list[str]) -> Replacement:
    start, last = source.starts[row], row + n - 1
    end = source.starts[last] + len(source.lines[last])
    if new:
        return Replacement(start, end, "\n".join(new))
    if last + 1 < len(source.lines):
        return Replacement(start, source.starts[last + 1], "")
    return Replacement(max(0, start - 1), end, "")


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _without(lines: Sequence[str], indent: str) -> tuple[str, ...]:
    return tuple(line.removeprefix(indent) if line.startswith(indent) else line for line in lines)


def _with(line: str, indent: str) -> str:
    return indent + line if line.strip() else line
