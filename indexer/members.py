"""Definitions in one line each, and classes as lists of such lines: what a prompt can afford of long ones."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence

from indexer.types import Symbol

MAX_MEMBERS = 48
MAX_HEADLINE = 160

_MADE = re.compile(r"\s+(?:def __init__|constructor)\b")
_SPACE = re.compile(r"\s+")
_TRAILING_COMMA = re.compile(r",\s*([)\]])")
_AFTER_BRACKET = re.compile(r"([(\[]) ")


def headline(symbol: Symbol) -> str:
    """A definition in one line: decorators, documentation and body left out."""
    lines = symbol.signature.split("\n")
    while len(lines) > 1 and lines[0].startswith("@"):
        lines.pop(0)
    if symbol.kind not in ("function", "method"):
        first = lines[0]
        return (first if first.endswith("...") or len(lines) == 1 else f"{first} ...")[:MAX_HEADLINE]
    head: list[str] = []
    for line in lines:
        if line.lstrip().startswith('"""'):
            break
        head.append(line.strip())
    one = _SPACE.sub(" ", " ".join(head))
    one = _TRAILING_COMMA.sub(r"\1", _AFTER_BRACKET.sub(r"\1", one)).replace(" )", ")")
    one = f"{one} ..." if one.endswith(":") else one
    return one if len(one) <= MAX_HEADLINE else f"{one[: MAX_HEADLINE - 4]} ..."


def outline(head: Symbol, members: Sequence[Symbol], uses: Mapping[str, int]) -> str:
    """A class and its members, one line each; of too many those that are used most, in the order of the source."""
    first = _class_line(head)
    kept = list(members)
    if len(kept) > MAX_MEMBERS:
        best = sorted(kept, key=lambda member: (-uses.get(member.name, 0), member.start_line))[:MAX_MEMBERS]
        kept = [member for member in kept if member in best]
    lines = list(dict.fromkeys(headline(member) for member in kept))
    body = textwrap.indent("\n".join([*lines, *(["..."] if len(kept) < len(members) else [])]), "    ")
    return f"{first}\n{body}" + ("\n}" if first.endswith("{") else "")


def brief(symbol: Symbol) -> str:
    """A definition in a line or two: a class says how it is made."""
    if symbol.kind != "class":
        return headline(symbol)
    lines = symbol.signature.split("\n")
    made = next((line for line in lines if _MADE.match(line)), None)
    rest = [made[:MAX_HEADLINE]] if made else []
    return "\n".join([_class_line(symbol), *rest, *(["    ..."] if len(lines) > 1 + len(rest) else [])])


def _class_line(head: Symbol) -> str:
    for line in head.signature.split("\n"):
        if not line.startswith("@"):
            return line[:MAX_HEADLINE]
    return head.name


def is_cut(symbol: Symbol) -> bool:
    """Whether members are missing from a class's signature."""
    return symbol.kind == "class" and symbol.signature.rstrip("\n }").rpartition("\n")[2].strip() == "..."
