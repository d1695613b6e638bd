"""The reviewed repository's files with their syntax, before and after the change; each read once. For one thread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from codeassist.next_edit.source import Source, source_of
from codeassist.review.changes import ChangedFile
from codeassist.review.passes.types import Review
from codeassist.review.static.heads import LANGUAGES, Head, heads
from indexer.languages import language_name
from indexer.module_names import NamedImport, imports_of
from indexer.ranking import is_test_path

# So much text is parsed for one question; a name that is in more files says little.
MAX_CHARS = 3_000_000
MAX_DEFINITIONS = 40


class ReviewedFile:
    """One text: its syntax, and the functions and classes in it."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.language = language_name(path)

    @cached_property
    def source(self) -> Source:
        """The text with its syntax."""
        return source_of(self.path, self.text)

    @cached_property
    def heads(self) -> list[Head]:
        """Its functions and classes; none where it cannot be parsed."""
        syntax = self.source.syntax
        return heads(syntax, self.language) if syntax is not None and self.language in LANGUAGES else []

    @cached_property
    def named_imports(self) -> list[NamedImport]:
        """The names that it imports and has no plan for missing."""
        return imports_of(self.path, self.text)

    def line(self, number: int) -> str:
        """A line by its number."""
        lines = self.source.lines
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def place(self, number: int) -> str:
        """`path:line`, as findings name their places; who shows one reads the code there."""
        return f"{self.path}:{number}"


class Trees:
    """What the rules of one review read."""

    def __init__(self, review: Review) -> None:
        self.review = review
        self.changed = {file.path: file for file in review.changes.files}
        self._after: dict[str, ReviewedFile | None] = {}
        self._before: dict[str, ReviewedFile | None] = {}

    @property
    def is_over(self) -> bool:
        """Whether time is up."""
        return self.review.deadline.is_over

    def after(self, path: str) -> ReviewedFile | None:
        """A file as it is with the change."""
        if path not in self._after:
            text = self.review.tree.text(path)
            self._after[path] = ReviewedFile(path, text) if text is not None else None
        return self._after[path]

    def before(self, file: ChangedFile) -> ReviewedFile | None:
        """A changed file as it was."""
        path = file.former or file.path
        if path not in self._before:
            self._before[path] = ReviewedFile(path, file.old_text) if file.old_text is not None else None
        return self._before[path]

    def mentioning(self, name: str, language: str) -> Iterator[ReviewedFile]:
        """Files of a language (or of one that goes with it) that have a name in them, those of tests last."""
        if not name.isidentifier():
            return
        family = _FAMILY.get(language, frozenset({language}))
        paths = {*self.review.index.mentioning(name), *self.changed}
        ordered = sorted((path for path in paths if language_name(path) in family), key=lambda p: (is_test_path(p), p))
        n_left = MAX_CHARS
        for path in ordered:
            if self.is_over or n_left <= 0:
                return
            file = self.after(path)
            if file is not None and name in file.text:
                n_left -= len(file.text)
                yield file

    def definitions(self, name: str, language: str) -> list[tuple[str, str]]:
        """(path, container) of everything that is called so after the change, as far as the index goes."""
        family = _FAMILY.get(language, frozenset({language}))
        found = [
            (symbol.path, symbol.container)
            for symbol in self.review.index.symbols(name, MAX_DEFINITIONS)
            if symbol.name == name and symbol.path not in self.changed and self.is_file(symbol.path)
        ]
        for path in self.changed:
            file = self.after(path)
            found += [(path, head.container) for head in (file.heads if file else ()) if head.name == name]
        return [(path, container) for path, container in found if language_name(path) in family]

    def is_file(self, path: str) -> bool:
        """Whether there is such a file after the change."""
        return self.review.tree.is_file(path)

    @cached_property
    def touches_tests(self) -> bool:
        """Whether the change has a test in it."""
        return any(is_test_path(path) for path in self.changed)


def readable(files: Iterable[ChangedFile]) -> Iterator[ChangedFile]:
    """Changed files of languages that are understood, with both texts."""
    for file in files:
        if file.old_text is not None and file.new_text is not None and language_name(file.path) in LANGUAGES:
            yield file


_JAVASCRIPT = frozenset({"javascript", "typescript", "tsx"})
_FAMILY = dict.fromkeys(_JAVASCRIPT, _JAVASCRIPT)
