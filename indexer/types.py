"""The values that cross the indexer's borders: all frozen, all plain.

Lines are 1-based and inclusive; paths are POSIX strings relative to the workspace root, those of installed libraries
as `library_path` makes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, Protocol

ReferenceKind = Literal["call", "type", "attribute", "name"]
HitSource = Literal[
    "definition", "lexical", "vector", "import", "neighbour", "usage", "activity", "dependency", "client"
]
SymbolKind = Literal["class", "function", "method", "constant", "type", "module", "field"]

# Between the folder that libraries are installed in and the path inside of it: no path of a repository has it.
_IN_LIBRARY = "//"


def library_path(root: str, path: str) -> str:
    """The path of a file in a folder of installed libraries, unlike any path of a repository."""
    return f"{root}{_IN_LIBRARY}{path}"


def library_location(path: str) -> tuple[str, str]:
    """The folder and the path inside of it that a path was made of; the folder is "" for files of the repository."""
    root, _, inside = path.rpartition(_IN_LIBRARY)
    return root, inside


def shown_path(path: str) -> str:
    """A path as prompts and people see it: that of a library without the folder that it is installed in."""
    return library_location(path)[1]


@dataclass(frozen=True, slots=True)
class Symbol:
    """One definition: what it is called, where it stands, and how it announces itself.

    signature: source lines of the head (for a class: head, field and method signatures), without bodies.
    container: dotted names of the enclosing definitions, "" at module level.
    """

    name: str
    kind: SymbolKind
    path: str
    start_line: int
    end_line: int
    signature: str
    container: str = ""
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """One use of a name."""

    name: str
    path: str
    line: int
    kind: ReferenceKind = "name"


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name: `from module import name as alias`; name is "" when the module itself is bound."""

    module: str
    name: str
    alias: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Base:
    """What a class is derived from: `class heir(scope.name)`. Interfaces, traits, mixins, embedded types count.

    scope: what stands before the name, joined by dots; "" for most.
    """

    heir: str
    name: str
    scope: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of one file that is searched, embedded and shown as a whole."""

    path: str
    start_line: int
    end_line: int
    text: str
    language: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A found stretch of code, and why it was found.

    score: higher is better, comparable only within one answer.
    why: one phrase for a person ("defines Retriever, imported here", "similar code").
    text: exactly what a prompt may show: whole lines of the file, or a skeleton of them (`is_skeleton`).
    """

    path: str
    start_line: int
    end_line: int
    score: float
    text: str
    source: HitSource
    why: str
    symbol: str = ""
    is_skeleton: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for.

    text: a person's words, or the code around a cursor.
    identifiers: names at and near the cursor, most telling first; empty for a person's query.
    path, source, line: the file that asks, its whole current text (unsaved edits included) and the cursor's line;
        hits never come from the lines that the asking file's prompt window shows anyway (see `exclude_lines`).
    similar: whether code that is merely alike is wanted too; without it a cursor's question costs half as much.
    """

    text: str
    identifiers: tuple[str, ...] = ()
    path: str | None = None
    source: str | None = None
    line: int = 1
    exclude_lines: tuple[int, int] | None = None
    similar: bool = True


class Retriever(Protocol):
    """The seam between retrieval and prompts: hits, never prompt text."""

    def search(self, query: Query, limit: int) -> list[Hit]:
        """Best first; ties break by path, then start line. Thread-safe; may be called while a refresh runs."""
        ...

    def versions(self, paths: Iterable[str]) -> dict[str, str]:
        """What each file's hits are made from, as a word without meaning: it changes when they may. A file that no hit
        may come from any more has none."""
        ...


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that is not indexed, and the reason in a few words ("larger than 1 MB", "looks like a secret")."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What one refresh did. Counts of files, chunks and symbols are totals of the index afterwards."""

    files: int
    chunks: int
    symbols: int
    changed: int
    removed: int
    bytes_read: int
    skipped: tuple[SkippedFile, ...]
    vectors: bool
    seconds: float
    warnings: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a refresh is: `done` of `total` files in `phase`."""

    phase: Literal["scan", "parse", "embed", "store"]
    done: int
    total: int


ProgressCallback = Callable[[Progress], None]


def no_progress(progress: Progress) -> None:
    """Nobody watches."""
