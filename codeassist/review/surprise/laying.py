"""A stretch of lines as the gap of a fill-in-the-middle prompt. Pure but for the retriever, which reads the index."""

from __future__ import annotations

from dataclasses import dataclass

from codeassist.context import arrange
from codeassist.fim import Slot, Template, prompt_ids, render_fim
from codeassist.protocols import Tokenizer
from codeassist.query import identifiers_of
from codeassist.review.surprise.stretches import Stretch
from codeassist.types import Cursor, Document
from codeassist.window import Window, WindowBudget, cut_window
from indexer.types import Query, Retriever

_MAX_HITS = 12


@dataclass(frozen=True, slots=True)
class Room:
    """Tokens of a prompt: for code from elsewhere, above the gap and below it. Less than a completion gets: a change
    has many stretches, and two cores read some 1,000 tokens a second."""

    slots: int = 192
    above: int = 192
    below: int = 96


@dataclass(frozen=True, slots=True)
class Gap:
    """The ids of everything that stands before the middle, the middle as it is written, and what was shown beside."""

    opening: tuple[int, ...]
    middle: str
    slots: tuple[Slot, ...]


def lay(
    document: Document,
    stretch: Stretch,
    room: Room,
    template: Template,
    tokenizer: Tokenizer,
    retriever: Retriever | None,
) -> Gap:
    """The prompt of a stretch. Raises ModelError where the tokenizer lacks one of the template's tokens."""
    lines = document.text.split("\n")
    middle = "\n".join(lines[stretch.first : stretch.last + 1])
    window = _window(document, lines, stretch, room, tokenizer)
    slots = _slots(document, stretch, middle, window, room, tokenizer, retriever) if retriever and room.slots else ()
    prompt = render_fim(template, window, slots, 0)
    return Gap(prompt_ids(prompt, tokenizer), middle, slots)


def _window(document: Document, lines: list[str], stretch: Stretch, room: Room, tokenizer: Tokenizer) -> Window:
    """What is shown of the file, with an empty line where the stretch was."""
    without = "\n".join([*lines[: stretch.first], "", *lines[stretch.last + 1 :]])
    around = Document(document.path, without, language=document.language)
    budget = WindowBudget(room.above, room.below, 0)
    return cut_window(around, Cursor(stretch.first, 0), budget, lambda text: len(tokenizer.encode(text)))


def _slots(
    document: Document,
    stretch: Stretch,
    middle: str,
    window: Window,
    room: Room,
    tokenizer: Tokenizer,
    retriever: Retriever,
) -> tuple[Slot, ...]:
    """Code from elsewhere for the names of the stretch."""
    query = Query(
        text=middle,
        identifiers=identifiers_of(reversed(middle.split("\n"))),
        path=document.path,
        source=document.text,
        line=stretch.first + 1,
        exclude_lines=(window.head_line + 1, max(window.end_line + stretch.n_lines - 1, stretch.last + 1)),
    )
    hits = retriever.search(query, _MAX_HITS)
    return arrange((), hits, room.slots, lambda text: len(tokenizer.encode(text))).slots
