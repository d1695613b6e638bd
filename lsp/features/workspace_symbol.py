"""`workspace/symbol`: definitions anywhere in the workspace, by a few letters of their names."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types

from indexer.types import Symbol, SymbolKind
from lsp.language_server import CodeassistServer
from lsp.positions import without_lone_surrogates
from lsp.workspace import uri_in, workspace_folder

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
    """The definitions that fit best; none before the workspace is open."""
    assistant = server.backend.assistant
    query = without_lone_surrogates(params.query).strip()
    # VS Code asks for "" when its box opens. Any 200 of all definitions would be the wrong ones.
    if assistant is None or not 0 < len(query) <= MAX_QUERY_LETTERS:
        return []
    symbols = await assistant.find_symbols(query, MAX_SYMBOLS)
    # The folder as the editor spells it: with symbolic links resolved, it would open a second copy of an open file.
    folder = workspace_folder(server.initialize_params) or assistant.workspace
    return [_encode(symbol, folder) for symbol in symbols]


def _encode(symbol: Symbol, folder: Path) -> types.WorkspaceSymbol:
    """A location that needs no second request to be resolved; in JSON it is a SymbolInformation, too."""
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
