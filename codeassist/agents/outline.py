"""The repository map: the definitions that matter most, by file, as many as a budget of tokens holds. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from indexer.importance import Ranked
from indexer.members import headline
from indexer.types import Symbol

# Bytes that a token stands for in source code, where there is no tokenizer to ask: rounded down, so that budgets hold.
BYTES_PER_TOKEN = 3.0

# What is written behind a definition, as `# type: ignore`.
_COMMENT = re.compile(r"\s+(?:#|//)\s.*$")


def estimated_tokens(text: str) -> int:
    """Tokens of a text, estimated from above."""
    return int(len(text.encode("utf-8", "surrogatepass")) / BYTES_PER_TOKEN) + 1


def outline(ranked: Sequence[Ranked], max_tokens: int, count: Callable[[str], int] = estimated_tokens) -> str:
    """Files in the order of their best definition, under each its definitions by line; "" when nothing fits.

    A line reads `  12: def name(arguments) -> type`. Definitions inside others are indented.
    """
    files: dict[str, set[tuple[int, str]]] = {}
    left = max_tokens
    for item in ranked:
        symbol = item.symbol
        heading = "" if symbol.path in files else f"{symbol.path}\n"
        line = _line(symbol)
        cost = count(heading + line + "\n")
        if cost > left:
            break
        left -= cost
        files.setdefault(symbol.path, set()).add((symbol.start_line, line))
    return "\n".join("\n".join([path, *(line for _, line in sorted(lines))]) for path, lines in files.items())


def _line(symbol: Symbol) -> str:
    depth = len([part for part in symbol.container.split(".") if part])
    head = _COMMENT.sub("", headline(symbol).strip().removesuffix("...").rstrip()).rstrip("{:").rstrip()
    if symbol.container and depth:
        return f"{symbol.start_line:>5}: {'  ' * depth}{head}  ({symbol.container})"
    return f"{symbol.start_line:>5}: {head}"
