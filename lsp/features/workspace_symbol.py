"""`workspace/symbol`: definitions anywhere in the open folders, by a few letters of their names."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from lsprotocol import types

from indexer.symbol_search import fit
from indexer.types import Symbol, SymbolKind
from lsp.folder import Folder
from lsp.language_server import CodeassistServer
from lsp.positions import without_lone_surrogates
from lsp.workspace import uri_in

logger = logging.getLogger(__name__)

_Found = tuple[Symbol, Folder]

# An editor shows a few dozen and asks again with the next letter.
MAX_SYMBOLS = 200
# No name is longer: what was pasted into the box by mistake is not looked for.
MAX_QUERY_LETTERS = 200

# The protocol has no kind for a type that is no class (an alias, a delegate); a class comes nearest.
_KINDS: dict[SymbolKind, types.SymbolKind] = {
    "class": types.SymbolKind.Class,
    "function": types.SymbolKind.Function,
    "method": types.SymbolKind.Method,
    "constant": types.SymbolKind.Constant,
    "type": types.SymbolKind.Class,
    "module": types.SymbolKind.Module,
    "field": types.SymbolKind.Field,
}


async def workspace_symbol(
    server: CodeassistServer, params: types.WorkspaceSymbolParams
) -> list[types.WorkspaceSymbol]:
    """The definitions that fit best; none before a folder is open."""
    query = without_lone_surrogates(params.query).strip()
    folders = [folder for folder in server.backend.folders if folder.assistant is not None]
    # VS Code asks for "" when its box opens. Any 200 of all definitions would be the wrong ones.
    if not folders or not 0 < len(query) <= MAX_QUERY_LETTERS:
        return []
    answers = await asyncio.gather(*(_find(folder, query) for folder in folders), return_exceptions=True)
    found = [answer for answer in answers if not isinstance(answer, BaseException)]
    failures = [answer for answer in answers if isinstance(answer, BaseException)]
    if not found:
        raise failures[0]
    for failure in failures:
        logger.warning("a folder's symbols are left out: %s", failure)
    return [_encode(symbol, folder.path) for symbol, folder in _merged(found, query)]


async def _find(folder: Folder, query: str) -> list[_Found]:
    with folder.in_use() as assistant:
        return [(symbol, folder) for symbol in await assistant.find_symbols(query, MAX_SYMBOLS)]


def _merged(answers: Iterable[Sequence[_Found]], query: str) -> list[_Found]:
    """The best of all folders. A file of a folder within another one is in both: it is told once."""
    in_order = heapq.merge(*answers, key=lambda found: fit(found[0].name, query))
    once = {
        (folder.root / symbol.path, symbol.start_line, symbol.name): (symbol, folder) for symbol, folder in in_order
    }
    return list(islice(once.values(), MAX_SYMBOLS))


def _encode(symbol: Symbol, folder: Path) -> types.WorkspaceSymbol:
    """A location that needs no second request to be resolved; in JSON it is a SymbolInformation, too.

    folder: as the editor spells it. With symbolic links resolved, it would open a second copy of an open file.
    """
    return types.WorkspaceSymbol(
        name=symbol.name,
        kind=_KINDS[symbol.kind],
        container_name=symbol.container or None,
        location=types.Location(uri=uri_in(folder, symbol.path), range=_lines(symbol)),
    )


def _lines(symbol: Symbol) -> types.Range:
    """All lines of the definition with their ends, which is up to the start of the next one (LSP 3.18, "Range").

    The index knows no columns, and the first one needs no encoding: Neovim 0.11 counts any other in whatever buffer is
    shown, not in the file that the location names.
    """
    return types.Range(
        start=types.Position(line=symbol.start_line - 1, character=0),
        end=types.Position(line=symbol.end_line, character=0),
    )
