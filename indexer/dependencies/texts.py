"""Definitions of libraries as prompts show them: functions with their whole heads, classes as lists of members. Pure.

The text of one definition is always the same, so that its slot in a prompt keeps its bytes.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

from indexer.dependencies.heads import DOCUMENTED
from indexer.dependencies.types import Defined
from indexer.members import balanced, headline, one_line, undecorated
from indexer.types import Hit, Symbol

MAX_LINES = 48
MAX_CHARS = 1800
MAX_CONSTRUCTOR = 900
MAX_OFFERED = 24
MAX_HEAD = 200

_CONSTRUCTORS = ("__init__", "constructor", "__new__")
_SHOWN_PRIVATE = frozenset({*_CONSTRUCTORS, "__call__", "__getitem__", "__enter__", "__aenter__", "__iter__"})
_PROPERTY = re.compile(r"^\s*@[\w.]*property\b")
_PROPERTY_TYPE = re.compile(r"->\s*(.+?):?\s*(?:\.\.\.)?\s*$")
_PYTHON = (".py", ".pyi")
_VALUES = ("field", "constant")
_HIDDEN = re.compile(r"^\s*(?:private|protected|#)")


def definition_hit(found: Defined, members: Sequence[Symbol], inherited: Sequence[Symbol], package: str) -> Hit:
    """A definition as a hit; members and inherited ones of a class are those that its text lists, in this order."""
    symbol, why = found.symbol, f"from {package}, used here"
    text, end_line = symbol.signature, symbol.end_line
    if found.is_class and (members or inherited):
        text = _outline(symbol, members, inherited)
        end_line = symbol.start_line  # Its methods are hits of their own, so it covers its first line alone.
    elif symbol.container and symbol.path.endswith(_PYTHON):
        text = f"class {symbol.container}:\n{textwrap.indent(_shown_alone(symbol), '    ')}"
    path = found.file.location.key
    return Hit(
        path, symbol.start_line, end_line, 0.0, text, "dependency", why, symbol=found.qualified, is_skeleton=True
    )


def module_hit(path: str, name: str, symbols: Sequence[Symbol], package: str) -> Hit | None:
    """What a module offers, one line for each; None where that is next to nothing."""
    shown = list(dict.fromkeys(map(headline, symbols[:MAX_OFFERED])))
    if len(shown) < 2:
        return None
    text = "\n".join([*shown, *(["..."] if len(symbols) > MAX_OFFERED else [])])
    return Hit(
        path, 1, 1, 0.0, text, "dependency", f"what `{name}` from {package} offers", symbol=name, is_skeleton=True
    )


def _shown_alone(symbol: Symbol) -> str:
    lines = symbol.signature.split("\n")
    return (
        symbol.signature if symbol.kind in ("function", "method") else headline(symbol) if len(lines) > 1 else lines[0]
    )


def _outline(symbol: Symbol, members: Sequence[Symbol], inherited: Sequence[Symbol]) -> str:
    lines = undecorated(symbol.signature.split("\n"))
    before, brace, _ = "\n".join(lines).partition("{")
    is_python = symbol.path.endswith(_PYTHON)
    head = one_line(balanced(lines) if is_python else f"{before}{brace}".split("\n"))[:MAX_HEAD]
    documented = symbol.signature.partition(DOCUMENTED)[2].partition("\n")[0]
    left = MAX_CHARS - len(head)
    kept: dict[str, str] = {}
    is_cut = False
    for member in (*_values_last(members), *_values_last(inherited)):
        if member.name in kept or not _is_public(member):
            continue
        line = _member_line(member)
        if len(kept) == MAX_LINES or len(line) > left:
            is_cut = True
            continue
        kept[member.name] = line
        left -= len(line)
    inner = [*([f'"""{documented}'] if documented else []), *kept.values(), *(["..."] if is_cut or not kept else [])]
    body = textwrap.indent("\n".join(inner), "    ")
    return f"{head}\n{body}" + ("\n}" if head.endswith("{") else "")


def _values_last(members: Iterable[Symbol]) -> list[Symbol]:
    """Members of a class that has methods: those that are mere values and say no type come last."""
    listed = list(members)
    if all(member.kind in _VALUES for member in listed):
        return listed
    return sorted(listed, key=lambda member: member.kind in _VALUES and ":" not in member.signature.partition("=")[0])


def _member_line(member: Symbol) -> str:
    """A member in one line: a constructor whole, a property as the value that it is."""
    first = member.signature.partition(DOCUMENTED)[0]
    if _PROPERTY.match(first) and (of_type := _PROPERTY_TYPE.search(first.rpartition("\n")[2])):
        return f"{member.name}: {of_type[1]}"
    if member.name not in _CONSTRUCTORS:
        return headline(member)
    whole = one_line(undecorated(first.split("\n")))[:MAX_CONSTRUCTOR]
    return whole if whole.endswith(("...", "}", ";")) else f"{whole} ..."


def _is_public(member: Symbol) -> bool:
    if member.path.endswith(".go"):
        return member.name[:1].isupper()
    if member.name in _SHOWN_PRIVATE:
        return True
    return not member.name.startswith(("_", "#")) and not _HIDDEN.match(member.signature)
