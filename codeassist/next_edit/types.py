"""The values of next edits: what repeats, where, and what is offered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from codeassist.next_edit.source import Source
from codeassist.types import Cursor, Document


@dataclass(frozen=True, slots=True)
class Replacement:
    """Code points start..end of a text become `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Example:
    """A line (0-based) in which something was done."""

    path: str
    row: int


@dataclass(frozen=True, slots=True)
class NextEdit:
    """An edit that is offered: start..end of the document become `text` (LF line ends).

    rule: which rule found it. title: what repeats, for a person. n_more: how many further lines were found, in the
    places that were looked at. pattern: names what repeats; the same for all its places.
    """

    id: str
    document: Document
    start: Cursor
    end: Cursor
    text: str
    rule: str
    title: str
    n_more: int
    pattern: str


class Pattern(Protocol):
    """What the last edits have in common, as a rule that finds further places of it."""

    @property
    def rule(self) -> str:
        """Which rule it is."""
        ...

    @property
    def key(self) -> str:
        """Its name: the same for all its places, and when it is found again."""
        ...

    @property
    def title(self) -> str:
        """What repeats, for a person."""
        ...

    @property
    def word(self) -> str:
        """A word that every place has, by which other files are found; "" where none are looked at."""
        ...

    @property
    def age(self) -> int:
        """How many edits are newer than the newest one that speaks for it."""
        ...

    @property
    def is_unique(self) -> bool:
        """Whether other files count only where nothing else is called by the word."""
        ...

    @property
    def examples(self) -> tuple[Example, ...]:
        """Where it was done, newest first, if it is known by its examples alone; else nothing."""
        ...

    def places(self, source: Source) -> list[Replacement]:
        """What is left to be done in a text."""
        ...
