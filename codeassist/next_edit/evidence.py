"""What the last edits did, seen in the texts as they are now."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from codeassist.next_edit.history import Edit
from codeassist.next_edit.source import Source
from codeassist.next_edit.tokens import Change, changes_between

_IMPORT = re.compile(
    r"^\s*(?:(?:import|from|use|pub use|using|export|require_once|include)\b|#\s*include\b"
    r"|(?:const|let|var)\b[^=]*=\s*(?:await\s+)?(?:require|import)\s*\()"
)

Sources = Callable[[str], Source | None]


@dataclass(frozen=True)
class Seen:
    """An edit whose lines still stand where it left them. age: 0 for the newest."""

    edit: Edit
    source: Source
    age: int

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """What it did to tokens."""
        return changes_between("\n".join(self.edit.before), "\n".join(self.edit.after))

    @property
    def start(self) -> int:
        """The offset at which its lines start now."""
        return self.source.starts[min(self.edit.start, len(self.source.starts) - 1)]

    @cached_property
    def before(self) -> Source:
        """The whole text with this edit taken back."""
        lines, edit = self.source.lines, self.edit
        text = "\n".join((*lines[: edit.start], *edit.before, *lines[edit.start + len(edit.after) :]))
        return self.source.with_text(text)

    @cached_property
    def rows(self) -> range:
        """Its lines now."""
        return range(self.edit.start, self.edit.start + max(1, len(self.edit.after)))


@dataclass(frozen=True, slots=True)
class LinePair:
    """One line that became another."""

    seen: Seen
    row: int
    before: str
    after: str


def seen(edits: Sequence[Edit], sources: Sources) -> list[Seen]:
    """The newest edits, those left out that were written over since or whose document is gone."""
    found: list[Seen] = []
    for age, edit in enumerate(edits):
        source = sources(edit.path)
        if source is not None and source.lines[edit.start : edit.start + len(edit.after)] == edit.after:
            found.append(Seen(edit, source, age))
    return found


def is_edited(edits: Sequence[Seen], source: Source, offset: int) -> bool:
    """Whether a place is in a line that was edited."""
    row = source.row(offset)
    return any(item.source.path == source.path and row in item.rows for item in edits)


def is_import(line: str) -> bool:
    """Whether a line looks like an import."""
    return _IMPORT.match(line) is not None


def line_pairs(edits: Sequence[Seen]) -> Iterator[LinePair]:
    """Lines that became others one for one, newest edit first, and of an edit the last line first."""
    for item in edits:
        edit = item.edit
        if len(edit.before) == len(edit.after):
            pairs = list(enumerate(zip(edit.before, edit.after, strict=True)))
            for number, (before, after) in reversed(pairs):
                if before.strip() != after.strip() and before.strip() and after.strip():
                    yield LinePair(item, edit.start + number, before, after)
