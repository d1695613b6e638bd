"""From the last edits to the next one: patterns, places that are left, and the nearest that stands the checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from typing import Protocol

from codeassist.next_edit.blocks import find_blocks
from codeassist.next_edit.evidence import Seen, seen
from codeassist.next_edit.history import Edit
from codeassist.next_edit.moved import find_moved, is_moved
from codeassist.next_edit.rename import find_renames
from codeassist.next_edit.repeated import find_templates
from codeassist.next_edit.signature import find_call_changes
from codeassist.next_edit.source import Source, open_source, source_of
from codeassist.next_edit.tokens import trimmed
from codeassist.next_edit.types import Pattern, Replacement
from codeassist.types import Document

# So many other files are read for one pattern.
MAX_FILES = 40
# So many patterns are followed.
MAX_PATTERNS = 12
# So many places of a pattern are checked in one text.
MAX_TRIED = 8
# What is known by examples goes on in other documents once it was done in so many; in fewer where somebody asks.
LEAST_DOCUMENTS = 3
LEAST_DOCUMENTS_INVOKED = 2
# What was done once in each of some documents may be done twice by chance.
LEAST_EXAMPLES = 3
# A pattern none of whose examples is among the newest edits is over.
MAX_AGE = 4


class Elsewhere(Protocol):
    """The files of the workspace that are not open."""

    def paths(self, word: str) -> Sequence[str]:
        """Files that have a word."""
        ...

    def document(self, path: str) -> Document | None:
        """A file as it is on disk now; None where it cannot be edited."""
        ...

    def defining(self, name: str) -> Sequence[str]:
        """Files that define something of this name."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the edits, the open documents by path, and where the cursor is in one of them.

    following: the key of the pattern whose last offer was taken. is_over: whether there is no time left.
    least_documents: in how many documents what is known by examples was done before others are looked at.
    """

    edits: tuple[Edit, ...]
    path: str
    offset: int
    documents: dict[str, Document]
    elsewhere: Elsewhere
    following: str
    is_quiet: Callable[[Pattern], bool]
    is_over: Callable[[], bool]
    least_documents: int = LEAST_DOCUMENTS


@dataclass(frozen=True, slots=True)
class Found:
    """One line's replacement, and how many more lines of its pattern were seen."""

    pattern: Pattern
    document: Document
    source: Source
    replacement: Replacement
    n_more: int


def find_next(question: Question) -> Found | None:
    """The next edit, or None."""
    edits = seen(question.edits, lambda path: _open(question, path))
    for pattern in islice(_patterns(question, edits), MAX_PATTERNS):
        if question.is_over():
            return None
        is_alive = pattern.age < MAX_AGE or pattern.key == question.following
        if is_alive and not question.is_quiet(pattern):
            found = _first(question, pattern)
            if found is not None:
                return found
    return None


def _patterns(question: Question, edits: Sequence[Seen]) -> Iterator[Pattern]:
    """What the edits have in common: what says most comes first."""
    moved = (
        each for each in find_moved(edits) if each.age < MAX_AGE and is_moved(each, lambda path: _any(question, path))
    )
    return chain(find_renames(edits), find_call_changes(edits), moved, find_blocks(edits), find_templates(edits))


def _any(question: Question, path: str) -> Source | None:
    """A file as it is now, open or not."""
    document = question.elsewhere.document(path) if path not in question.documents else None
    return source_of(path, document.text) if document is not None else _open(question, path)


def _open(question: Question, path: str) -> Source | None:
    document = question.documents.get(path)
    return open_source(path, document.text) if document is not None else None


def _first(question: Question, pattern: Pattern) -> Found | None:
    n_passed_over = 0
    for document in _documents(question, pattern):
        source = _open(question, document.path) or source_of(document.path, document.text)
        lines = _by_line(source, pattern.places(source))
        rows = [example.row for example in pattern.examples if example.path == source.path]
        if pattern.examples and not rows and (n_passed_over or not _is_wide(question, pattern)):
            return None
        if len(rows) == 1 and len(pattern.examples) < LEAST_EXAMPLES:
            continue
        onward = _onward(source, lines, rows) if rows else lines
        n_passed_over += len(lines) - len(onward)
        in_order = _from_cursor(onward, question.offset) if document.path == question.path and not rows else onward
        for at, line in enumerate(in_order[:MAX_TRIED]):
            if _is_sound(source, line):
                return Found(pattern, document, source, line, len(onward) - at - 1)
    return None


def _is_wide(question: Question, pattern: Pattern) -> bool:
    """Whether what is known by examples was done in several documents, and so may go on in others."""
    return len({example.path for example in pattern.examples}) >= question.least_documents


def _onward(source: Source, lines: Sequence[Replacement], rows: Sequence[int]) -> list[Replacement]:
    """The places beyond the newest of these rows, in the direction in which the user goes through the text.

    None where one in between was passed over: then not all of them are meant.
    """
    if any(min(rows) < source.row(line.start) < max(rows) for line in lines):
        return []
    if len(rows) > 1 and rows[0] < rows[1]:
        return [line for line in lines if source.row(line.start) < rows[0]][::-1]
    return [line for line in lines if source.row(line.start) > rows[0]]


def _documents(question: Question, pattern: Pattern) -> Iterator[Document]:
    """The document itself, other open ones, and files that have the pattern's word."""
    yield from (document for path, document in question.documents.items() if path == question.path)
    yield from (document for path, document in question.documents.items() if path != question.path)
    if pattern.word and not question.is_over() and not _is_ambiguous(question, pattern):
        yield from _files(question, pattern.word)


def _is_ambiguous(question: Question, pattern: Pattern) -> bool:
    """Whether something else has the name, too."""
    mine = {edit.path for edit in question.edits}
    return pattern.is_unique and any(path not in mine for path in question.elsewhere.defining(pattern.word))


def _files(question: Question, word: str) -> Iterator[Document]:
    paths = (path for path in question.elsewhere.paths(word) if path not in question.documents)
    for path in islice(_near_first(paths, question.path), MAX_FILES):
        if question.is_over():
            return
        document = question.elsewhere.document(path)
        if document is not None and word in document.text:
            yield document


def _near_first(paths: Iterable[str], path: str) -> list[str]:
    """Files in the same folder come first."""
    folder = path.rpartition("/")[0]
    return sorted(paths, key=lambda other: (other.rpartition("/")[0] != folder, other))


def _from_cursor(lines: Sequence[Replacement], offset: int) -> list[Replacement]:
    """Those below the cursor, the nearest first, then those above it, from the top on."""
    below = [line for line in lines if line.end >= offset]
    return below + [line for line in lines if line.end < offset]


def _by_line(source: Source, places: Sequence[Replacement]) -> list[Replacement]:
    """One replacement for each line in which something is to be done."""
    lines: dict[int, list[Replacement]] = {}
    for place in sorted(places, key=lambda item: item.start):
        same = lines.setdefault(source.row(place.start), [])
        if not same or same[-1].end <= place.start:
            same.append(place)
    return [_together(source.text, items) for items in lines.values()]


def _together(text: str, items: Sequence[Replacement]) -> Replacement:
    parts = [items[0].text]
    for before, item in pairwise(items):
        parts += [text[before.end : item.start], item.text]
    start, end = items[0].start, items[-1].end
    first, last, made = trimmed(text[start:end], "".join(parts))
    return Replacement(start + first, start + last, made)


def _is_sound(source: Source, line: Replacement) -> bool:
    """Whether it changes something, and the text parses no worse with it."""
    if source.text[line.start : line.end] == line.text:
        return False
    if source.syntax is None:
        return True
    after = source.with_text(source.text[: line.start] + line.text + source.text[line.end :])
    return after.syntax is None or after.syntax.n_faults <= source.syntax.n_faults
