"""What the index found, as an agent reads it: places that can be opened, and the code that stands there. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.types import Hit, Symbol

MAX_LINES_SHOWN = 40
MAX_LETTERS_QUOTED = 80
# What a line does with a name that is said beside it.
_TOLD = ("inherits", "re-exports", "exports", "imports")


def hits_text(hits: Sequence[Hit]) -> str:
    """Places with their code, as many lines of it as an agent reads."""
    return "\n\n".join(
        f"{_place(hit.path, hit.start_line, hit.end_line)}  ({hit.why})\n{_cut(hit.text)}" for hit in hits
    )


def symbols_text(symbols: Sequence[Symbol], limit: int) -> str:
    """The first `limit` definitions with their heads, and whether there are more."""
    found = [
        f"{_place(symbol.path, symbol.start_line, symbol.end_line)}  {_kind(symbol)}\n{_cut(symbol.signature)}"
        for symbol in symbols
    ]
    return "\n\n".join(_limited(found, limit))


def usages_text(hits: Sequence[Hit], limit: int) -> str:
    """The first `limit` lines, with what they do where a reader may miss it, and whether there are more."""
    return "\n".join(_limited([_usage(hit) for hit in hits], limit))


def _usage(hit: Hit) -> str:
    """One line; that it calls or reads a name is seen."""
    is_told = hit.why.startswith(_TOLD) or "here `" in hit.why
    what = f"  ({hit.why})" if is_told else ""
    return f"{hit.path}:{hit.start_line}: {hit.text.strip()}{what}"


def readable(text: str) -> str:
    """The text without halves of surrogate pairs, which neither the index nor UTF-8 can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def quoted(text: str) -> str:
    """What an agent asked for, in an answer that must not grow with it."""
    return repr(text if len(text) <= MAX_LETTERS_QUOTED else f"{text[:MAX_LETTERS_QUOTED]}...")


def _limited(found: list[str], limit: int) -> list[str]:
    return [*found[:limit], f"(There are more, beyond this limit of {limit}.)"] if len(found) > limit else found


def _kind(symbol: Symbol) -> str:
    return f"({symbol.kind} of {symbol.container})" if symbol.container else f"({symbol.kind})"


def _place(path: str, start_line: int, end_line: int) -> str:
    return f"{path}:{start_line}" if start_line == end_line else f"{path}:{start_line}-{end_line}"


def _cut(text: str) -> str:
    lines = text.rstrip("\n").split("\n")
    n_more = len(lines) - MAX_LINES_SHOWN
    return "\n".join([*lines[:MAX_LINES_SHOWN], f"... {n_more} more lines"] if n_more > 0 else lines)
