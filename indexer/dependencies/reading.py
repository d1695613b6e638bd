"""A file of a library -> what it defines: from memory, from the store, else by parsing it in another process."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable

from indexer.dependencies.disk import read_text, version_of
from indexer.dependencies.heads import default_in, exports_in, with_whole_heads
from indexer.dependencies.parser import LOST, Parser
from indexer.dependencies.store import LibraryStore
from indexer.dependencies.types import LibraryFile, Location, library_file
from indexer.files import SourceFile
from indexer.rules import reason_by_content
from indexer.secret_rules import is_secret_name
from indexer.types import Import, Symbol, library_location

MAX_REMEMBERED = 200
MAX_VERSIONS = 20_000
# So many files are parsed for one question; the next question goes on from there.
MAX_PARSED = 40


class Reader:
    """What is known of files. For one thread, but for `version`.

    is_withheld: whether no model may see the file with this absolute path.
    """

    def __init__(self, store: LibraryStore, parser: Parser, is_withheld: Callable[[str], bool]) -> None:
        self._store = store
        self._parser = parser
        self._is_withheld = is_withheld
        self._remembered: OrderedDict[str, tuple[str, LibraryFile]] = OrderedDict()
        self._versions: OrderedDict[str, str] = OrderedDict()
        self._n_parsed = 0

    def next_question(self) -> None:
        """Files may be parsed again."""
        self._n_parsed = 0

    def version(self, key: str) -> str | None:
        """What was last seen of a file, by the path of its hits; None when it cannot be read. From any thread."""
        return self._versions.get(key)

    def look_again(self, key: str) -> None:
        """See whether a file that was read is what it was."""
        self._note(key, version_of(Location(*library_location(key))))

    def read(self, location: Location) -> LibraryFile | None:
        """What a file defines; None when it is not there, may not be shown, or cannot be parsed now."""
        if is_secret_name(location.path) or self._is_withheld(f"{location.root}/{location.path}"):
            return None
        version = version_of(location)
        seen = self._note(location.key, version)
        if version is None:
            return None
        known_version, known = self._remembered.get(location.key, ("", None))
        if known is not None and known_version == seen:
            self._remembered.move_to_end(location.key)
            return known
        file = self._kept(location, version) or self._parsed(location, version)
        if file is not None:
            self._remembered[location.key] = seen, file
            if len(self._remembered) > MAX_REMEMBERED:
                self._remembered.popitem(last=False)
        return file

    def _note(self, key: str, version: tuple[int, int] | None) -> str:
        if version is None:
            self._versions.pop(key, None)
            return ""
        seen = self._versions[key] = f"{version[0]} {version[1]}"
        if len(self._versions) > MAX_VERSIONS:
            self._versions.popitem(last=False)
        return seen

    def _kept(self, location: Location, version: tuple[int, int]) -> LibraryFile | None:
        text = self._store.get(f"{location.root}/{location.path}", version)
        try:
            return _from_json(location, text) if text is not None else None
        except (ValueError, TypeError, KeyError):
            return None

    def _parsed(self, location: Location, version: tuple[int, int]) -> LibraryFile | None:
        if self._n_parsed >= MAX_PARSED:
            return None
        self._n_parsed += 1
        text = read_text(location)
        if text is None or reason_by_content(location.path, text) not in (None, "generated"):
            return library_file(location, (), ())
        found = self._parser.symbols_of(SourceFile(location.path, text, len(text)))
        if found is None:
            return None
        is_python = location.path.endswith((".py", ".pyi"))
        symbols = tuple(with_whole_heads(found.symbols, text)) if is_python else found.symbols
        exports = exports_in(text) if is_python else ()
        file = library_file(location, symbols, found.imports, exports, "" if is_python else default_in(text))
        if found is not LOST:
            self._store.put(f"{location.root}/{location.path}", version, _to_json(file))
        return file


def _to_json(file: LibraryFile) -> str:
    symbols = [(s.name, s.kind, s.start_line, s.end_line, s.signature, s.container, s.doc) for s in file.symbols]
    imports = [(item.module, item.name, item.alias, item.line) for item in file.imports]
    return json.dumps({"symbols": symbols, "imports": imports, "exports": file.exports, "default": file.default})


def _from_json(location: Location, text: str) -> LibraryFile:
    facts = json.loads(text)
    path = location.path
    symbols = tuple(
        Symbol(name, kind, path, start, end, signature, container, doc)
        for name, kind, start, end, signature, container, doc in facts["symbols"]
    )
    imports = tuple(Import(module, name, alias, path, line) for module, name, alias, line in facts["imports"])
    return library_file(location, symbols, imports, tuple(facts["exports"]), facts["default"])
