"""Definitions in one line each, and classes as lists of such lines: what a prompt can afford of long ones."""

from __future__ import annotations

import re
import sqlite3
import textwrap
from collections.abc import Sequence
from dataclasses import replace

from indexer import records
from indexer.types import Hit, Symbol

MAX_MEMBERS = 48
MAX_HEADLINE = 160

_MADE = re.compile(r"\s+(?:def __init__|constructor)\b")
_SPACE = re.compile(r"\s+")
_TRAILING_COMMA = re.compile(r",\s*([)\]])")
_AFTER_BRACKET = re.compile(r"([(\[]) ")


def headline(symbol: Symbol) -> str:
    """A definition in one line: decorators, documentation and body left out."""
    lines = undecorated(symbol.signature.split("\n"))
    if symbol.kind not in ("function", "method"):
        first = lines[0]
        return (first if first.endswith("...") or len(lines) == 1 else f"{first} ...")[:MAX_HEADLINE]
    return _joined(lines)


def brief(symbol: Symbol) -> str:
    """A definition in a line or two: a class says how it is made."""
    if symbol.kind != "class":
        return headline(symbol)
    lines = undecorated(symbol.signature.split("\n"))
    at = next((at for at, line in enumerate(lines) if _MADE.match(line)), None)
    made = [f"    {_joined(balanced(lines[at:]))}"] if at is not None else []
    return "\n".join([lines[0][:MAX_HEADLINE], *made, *(["    ..."] if len(lines) > 1 + len(made) else [])])


def with_all_members(connection: sqlite3.Connection, hit: Hit, symbol: Symbol) -> Hit:
    """The hit of a class whose skeleton lacks members, with as many as fit, one line each."""
    if symbol.kind != "class" or symbol.signature.rstrip("\n }").rpartition("\n")[2].strip() != "...":
        return hit
    members = records.members_of(connection, symbol)
    return replace(hit, text=_outline(symbol, members)) if members else hit


def _outline(head: Symbol, members: Sequence[Symbol]) -> str:
    first = undecorated(head.signature.split("\n"))[0][:MAX_HEADLINE]
    lines = list(dict.fromkeys(headline(member) for member in members))
    shown = lines[:MAX_MEMBERS] + (["..."] if len(lines) > MAX_MEMBERS else [])
    body = textwrap.indent("\n".join(shown), "    ")
    return f"{first}\n{body}" + ("\n}" if first.endswith("{") else "")


def undecorated(lines: Sequence[str]) -> Sequence[str]:
    """The lines of a signature from the definition itself on."""
    at = 0
    while at < len(lines) - 1 and lines[at].lstrip().startswith("@"):
        at += len(balanced(lines[at:-1]))
    return lines[at:]


def balanced(lines: Sequence[str]) -> Sequence[str]:
    """The first lines, as many as it takes for their brackets to close; at least one."""
    depth = 0
    for n_lines, line in enumerate(lines, 1):
        depth += sum(line.count(bracket) for bracket in "([{") - sum(line.count(bracket) for bracket in ")]}")
        if depth <= 0:
            return lines[:n_lines]
    return lines


def one_line(lines: Sequence[str]) -> str:
    """A head of several lines as one, up to the documentation."""
    head: list[str] = []
    for line in lines:
        if line.lstrip().startswith('"""'):
            break
        head.append(line.strip())
    one = _SPACE.sub(" ", " ".join(head))
    return _TRAILING_COMMA.sub(r"\1", _AFTER_BRACKET.sub(r"\1", one)).replace(" )", ")")


def _joined(lines: Sequence[str]) -> str:
    one = one_line(lines)
    one = f"{one} ..." if one.endswith(":") else one
    return one if len(one) <= MAX_HEADLINE else f"{one[: MAX_HEADLINE - 4]} ..."
