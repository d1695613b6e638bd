"""What modules offer: those that are named near the cursor, and the one that an import line is about to import from."""

from __future__ import annotations

import posixpath
import re
import sqlite3
from collections.abc import Sequence

from indexer import records
from indexer.asker import Asker
from indexer.cursor import CursorView
from indexer.definitions import Definitions
from indexer.graph import definitions_of, resolve_import
from indexer.members import headline
from indexer.repository_map import RepositoryMap
from indexer.types import Hit, Import, Query, Symbol

MAX_OFFERED = 24
# Names that a package has from elsewhere and that are looked at.
MAX_RE_EXPORTED = 200
MAX_MODULES = 3

_KINDS = ("class", "function", "constant", "type")
_FROM = (
    re.compile(r"^\s*from\s+(\.*[\w.]*)\s+import\b"),
    re.compile(r"^\s*(?:import|export)\b.*\bfrom\s+[\"']([^\"']+)[\"']"),
    re.compile(r"^\s*(?:pub\s+)?use\s+((?:\w+::)*\w+)::"),
)


class Modules:
    """Outlines of modules for one cursor."""

    def __init__(
        self, connection: sqlite3.Connection, repository: RepositoryMap, look_up: Definitions, asker: Asker
    ) -> None:
        self._connection = connection
        self._repository = repository
        self._look_up = look_up
        self._asker = asker

    def named(self, view: CursorView) -> list[Hit]:
        """What an imported module offers, for modules that are named near the cursor."""
        hits: list[Hit] = []
        for rank, base in enumerate(dict.fromkeys(base for base, _ in view.members)):
            item = self._look_up.imported_as(base)
            path = self._module_of(item) if item is not None else None
            if item is None or path is None:
                continue
            why = f"what `{base}` offers, imported on line {item.line}"
            if (hit := self._outline(path, base, why, 1.6 - 0.02 * rank)) is not None:
                hits.append(hit)
            if len(hits) == MAX_MODULES:
                break
        return hits

    def to_import_from(self, query: Query) -> list[Hit]:
        """For a cursor on an import line: what the module that it names offers."""
        name = module_on_line(query)
        item = Import(name, "*", "*", self._asker.path, query.line)
        paths = resolve_import(self._repository, item, self._asker) if name else []
        hit = self._outline(paths[0], name, f"what `{name}` offers", 2.2) if paths else None
        return [hit] if hit is not None else []

    def _module_of(self, item: Import) -> str | None:
        """The file of an imported module; None when what is imported is something within a module."""
        targets = self._look_up.targets(item)
        if item.name == "" and item.module.startswith(f"{item.alias}."):
            return None  # `import a.b` binds `a`, which is another module.
        if item.name in ("", "*"):
            return targets[0] if targets else None
        return next((path for path in targets if _stem(path) == item.name), None)

    def _outline(self, path: str, name: str, why: str, score: float) -> Hit | None:
        if path == self._asker.path:
            return None
        symbols = [symbol for symbol in self._offered(path) if self._is_public(symbol)]
        shown = symbols[:MAX_OFFERED]
        if len(shown) < 2:
            return None
        text = "\n".join([*map(headline, shown), *([] if len(shown) == len(symbols) else ["..."])])
        here = [symbol for symbol in shown if symbol.path == path]
        first, last = (here[0].start_line, here[-1].end_line) if here else (1, 1)
        return Hit(path, first, last, score, text, "import", why, name, True)

    def _offered(self, path: str) -> Sequence[Symbol]:
        """Names of a module: those that it defines, then those that it has from its own package."""
        own = [symbol for symbol in records.symbols_in(self._connection, path) if not symbol.container]
        if not posixpath.basename(path).startswith(("__init__.", "index.", "mod.", "lib.")):
            return own
        there = Asker(path, self._asker.language, self._asker.root_name)
        rows: dict[int, None] = {}
        for item in self._repository.imports(path)[:MAX_RE_EXPORTED]:
            if item.name == "" or item.alias.startswith("_") or item.alias == "default":
                continue
            for target in resolve_import(self._repository, item, there)[:1]:
                rows.update(dict.fromkeys(self._given_on(item, target, there)))
        given = [symbol for symbol in records.symbols_by_id(self._connection, list(rows)) if symbol not in own]
        return [*own, *given]

    def _given_on(self, item: Import, target: str, there: Asker) -> Sequence[int]:
        """Rows of what a module has from another one: one name, or all that this one defines."""
        if item.name != "*":
            return definitions_of(self._repository, item.name, target, there)[-1:]
        entry = self._repository.files.get(target)
        return [found[-1] for name, found in entry.names.items() if name != "default"] if entry else []

    def _is_public(self, symbol: Symbol) -> bool:
        if self._asker.language == "go":
            return symbol.kind in _KINDS and symbol.name[:1].isupper()
        return symbol.kind in _KINDS and not symbol.name.startswith("_")


def module_on_line(query: Query) -> str:
    """The module that the cursor's line imports from, "" when it is no such line."""
    source = query.source or ""
    line = source.split("\n", query.line)[query.line - 1] if source.count("\n") >= query.line - 1 else ""
    return next((match[1] for pattern in _FROM if (match := pattern.match(line)) is not None), "")


def _stem(path: str) -> str:
    folder, name = posixpath.split(path)
    stem = name.partition(".")[0]
    return posixpath.basename(folder) if stem in ("__init__", "index", "mod") else stem
