"""What the repository knows of the code that a chat model is asked about. Reads the index and files: for a thread."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from codeassist.chat.places_of_tests import PlaceOfTests, place_of_tests
from codeassist.chat.prompts import Context, Snippet
from codeassist.documents import read_document
from codeassist.errors import DocumentError
from codeassist.types import Document
from indexer.index import CodeIndex
from indexer.languages import language_name
from indexer.outline import Outlined, Syntax, read_syntax
from indexer.types import Query

MAX_NAMES = 24
MAX_HITS = 10
MAX_USAGES = 40
MAX_CALLERS = 8
MAX_EXAMPLES = 2
# So many files of the folder are looked through for documented code.
MAX_NEIGHBOURS = 6
MAX_EXAMPLE_LINES = 40
MAX_TEST_LINES = 80

_NAME = re.compile(r"[^\W\d]\w{2,}")


@dataclass(frozen=True, slots=True)
class Repository:
    """Where a question about code is asked. open_texts: what the editor has open, by path, with LF line ends."""

    root: Path
    index: CodeIndex
    open_texts: Mapping[str, str]

    def require_shown(self, document: Document) -> None:
        """Raises DocumentError for a document that no model may see."""
        if reason := self.index.withheld(document.path, document.text):
            raise DocumentError(f"{document.path} is not shown to any model: {reason}")

    def read(self, path: str) -> Document | None:
        """A file as the editor has it, else as it is on disk; None for one that cannot be read or no model may see."""
        try:
            text = self.open_texts.get(path)
            document = Document(path, text) if text is not None else read_document(self.root / path, path)
        except DocumentError:
            return None
        return None if self.index.withheld(path, document.text) else document


def context_of(repository: Repository, document: Document, lines: tuple[int, int]) -> Context:
    """Definitions of what the lines name. lines: 1-based, inclusive."""
    code = "\n".join(document.text.split("\n")[lines[0] - 1 : lines[1]])
    query = Query(
        text=code,
        identifiers=_names(code),
        path=document.path,
        source=document.text,
        line=lines[0],
        exclude_lines=lines,
        similar=False,
    )
    hits = repository.index.search(query, MAX_HITS)
    found = tuple(Snippet(hit.path, hit.start_line, hit.end_line, hit.text) for hit in hits)
    return Context(definitions=tuple(item for item in found if item.path != document.path))


def callers_of(repository: Repository, name: str, path: str) -> tuple[str, ...]:
    """Lines of other files that use a name: `path:line: code`."""
    hits = repository.index.usages(name, MAX_USAGES) if name else []
    lines = [f"{hit.path}:{hit.start_line}: {hit.text.strip()}" for hit in hits if hit.path != path]
    return tuple(lines[:MAX_CALLERS])


def documented_examples(
    repository: Repository, document: Document, syntax: Syntax, wanted: Outlined
) -> tuple[Snippet, ...]:
    """Documented definitions of the same file, else of files beside it."""
    found = _documented(document, syntax, wanted.kind)
    if found:
        return found[:MAX_EXAMPLES]
    folder, language = posixpath.dirname(document.path), language_name(document.path)
    beside = [
        path
        for path in repository.index.paths()
        if posixpath.dirname(path) == folder and language_name(path) == language and path != document.path
    ]
    for path in sorted(beside)[:MAX_NEIGHBOURS]:
        other = repository.read(path)
        parsed = read_syntax(path, other.text) if other is not None else None
        if other is not None and parsed is not None:
            found += _documented(other, parsed, wanted.kind)
        if len(found) >= MAX_EXAMPLES:
            break
    return found[:MAX_EXAMPLES]


def tests_of(repository: Repository, path: str) -> tuple[PlaceOfTests, str, tuple[Snippet, ...]]:
    """Where the tests of a file go, what stands there, and how tests are written here. Raises DocumentError."""
    place = place_of_tests(repository.index.paths(), path)
    if place.is_new and ((repository.root / place.path).exists() or place.path in repository.open_texts):
        place = replace(place, is_new=False)  # Newer than the index.
    existing = "" if place.is_new else _text(repository, place.path)
    example = _head(repository, place.neighbour) if place.neighbour not in ("", place.path) else ()
    return place, existing, example


def _text(repository: Repository, path: str) -> str:
    document = repository.read(path)
    if document is None:
        raise DocumentError(f"{path} is where the tests belong, and it cannot be read or may not be shown to a model")
    return document.text


def _head(repository: Repository, path: str) -> tuple[Snippet, ...]:
    document = repository.read(path)
    lines = document.text.split("\n")[:MAX_TEST_LINES] if document is not None else []
    return (Snippet(path, 1, len(lines), "\n".join(lines)),) if lines else ()


def _documented(document: Document, syntax: Syntax, kind: str) -> tuple[Snippet, ...]:
    """Definitions with documentation, those of the same kind first, short ones alone."""
    lines = document.text.split("\n")
    fitting = [item for item in syntax.outline if item.doc and _n_lines(item) <= MAX_EXAMPLE_LINES]
    ordered = sorted(fitting, key=lambda item: (item.kind != kind, -len(item.doc) > -40, item.start_line))
    return tuple(_example(document.path, item, lines) for item in ordered[:MAX_EXAMPLES])


def _example(path: str, item: Outlined, lines: Sequence[str]) -> Snippet:
    n_above = item.doc.count("\n") + 1 if item.doc_line <= item.start_line else 0
    first = max(1, item.start_line - n_above)
    return Snippet(path, first, item.end_line, "\n".join(lines[first - 1 : item.end_line]))


def _n_lines(item: Outlined) -> int:
    return item.end_line - item.start_line + 1 + item.doc.count("\n")


def _names(code: str) -> tuple[str, ...]:
    counted = Counter(_NAME.findall(code))
    return tuple(name for name, _ in counted.most_common(MAX_NAMES))
