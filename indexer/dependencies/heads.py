"""Heads of definitions in libraries: whole ones where an index cuts them, and which types they name. Pure.

An index shows twelve lines of a head. Of a library the rest is what matters: the keyword arguments that come last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from indexer.members import one_line
from indexer.types import Symbol

# How a signature goes on where it has a line of documentation.
DOCUMENTED = '\n    """'

MAX_HEAD_LINES = 800
MAX_HEAD_CHARS = 60_000
MAX_HEAD = 1500
# So many heads of a file are read anew, and so many annotations in one made plain.
MAX_READ = 200
MAX_ANNOTATED, MAX_ANNOTATED_CHARS = 60, 12_000
MAX_TYPES = 4
MAX_EXPORTS = 1000
MAX_ASSIGNED = 20

_TOKEN = re.compile(
    r"(?P<long>\"\"\"|''')|(?P<text>\"(?:[^\"\\\n]|\\.){0,400}\"|'(?:[^'\\\n]|\\.){0,400}')|(?P<comment>#[^\n]*)"
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<colon>:)|(?P<comma>,)|(?P<other>[^\"'#()\[\]{}:,]+|.)",
    re.DOTALL,
)
_DEFINES = re.compile(r"^\s*(?:async\s+)?def\b")
_KEPT_DECORATORS = re.compile(
    r"^\s*@(?:property|classmethod|staticmethod|overload|[\w.]*(?:cached_property|setter|deleter))\b"
)
_ANNOTATED = re.compile(r"\b(?:typing\.|t\.|typing_extensions\.)?Annotated\[")
_WORD = re.compile(r"[^\W\d]\w*(?:(?:\.|::)[^\W\d]\w*)*")
_ALL = re.compile(r"^__all__", re.MULTILINE)
_LIST = re.compile(r"[ \t]*(?::[^=\n]{0,80})?\+?=\s{0,80}[\[(]([^\])]{0,40000})[\])]")
_QUOTED = re.compile(r"[\"']([^\W\d]\w*)[\"']")
_DEFAULT = re.compile(
    r"^export[ \t]{1,9}(?:=|default)[ \t]{1,9}([A-Za-z_$][\w$]{0,100})[ \t]{0,9};?[ \t]{0,9}$", re.MULTILINE
)
_ALIAS = re.compile(r"^[^\W\d]\w*\s*(?::\s*[\w.]+\s*)?=\s*([^\W\d]\w*(?:\.[^\W\d]\w*)*)\s*$")
_VALUE = re.compile(r"^[^\n=:]+(?::\s*([^=\n]+))?(?:=\s*([^\W\d][\w.]*)\()?")
# Words of annotations that say how something comes, not what it is.
_NO_TYPES = frozenset({
    "Any", "Annotated", "Arc", "Awaitable", "Box", "Callable", "ClassVar", "Coroutine", "Final", "Generator",
    "Iterable", "Iterator", "List", "Literal", "None", "Option", "Optional", "Promise", "Readonly", "Result",
    "Sequence", "Type", "Union", "Vec", "async", "await", "const", "dict", "error", "export", "fn", "func", "impl",
    "int", "list", "mut", "new", "null", "number", "pub", "readonly", "static", "str", "string", "tuple", "type",
    "undefined", "var", "void",
})  # fmt: skip
_OWN = frozenset({"Self", "this"})


def with_whole_heads(symbols: Sequence[Symbol], text: str) -> Iterator[Symbol]:
    """Python's definitions, those whose heads were cut or are full of documentation with the whole of them."""
    lines = text.split("\n")
    n_read = 0
    for symbol in symbols:
        if symbol.kind in ("function", "method") and n_read < MAX_READ and _needs_reading(symbol.signature):
            n_read += 1
            yield _with_whole_head(symbol, lines)
        else:
            yield symbol


def _needs_reading(signature: str) -> bool:
    """Whether a signature was cut, or holds more than types and defaults."""
    head = signature.partition(DOCUMENTED)[0]
    return "Annotated[" in head or "#" in head or sum(map(head.count, "([{")) != sum(map(head.count, ")]}"))


def _with_whole_head(symbol: Symbol, lines: Sequence[str]) -> Symbol:
    start = symbol.start_line - 1
    end = min(symbol.end_line, start + MAX_HEAD_LINES)
    at = next((row for row in range(start, end) if _DEFINES.match(lines[row])), None)
    if at is None:
        return symbol
    head = _plain(one_line(_up_to_body("\n".join(lines[at:end])[:MAX_HEAD_CHARS]).split("\n")))
    head = head if len(head) <= MAX_HEAD else f"{head[:MAX_HEAD]} ..."
    decorators = [line.strip() for line in lines[start:at] if _KEPT_DECORATORS.match(line)]
    body = f'{DOCUMENTED}{symbol.doc}"""\n    ...' if symbol.doc else " ..."
    return replace(symbol, signature="\n".join([*decorators, head + body]))


def _tokens(text: str, start: int = 0) -> Iterator[tuple[str, str, int]]:
    """(kind, token, where it ends) from a place on; each place is looked at once."""
    while (match := _TOKEN.match(text, start)) is not None:
        kind, start = match.lastgroup or "other", match.end()
        if kind == "long":
            closed = text.find(match[0], start)
            start = closed + len(match[0]) if closed >= 0 else len(text)
        yield kind, text[match.start() : start], start


def _up_to_body(source: str) -> str:
    """A head up to the colon that ends it, without comments, and without strings of several lines."""
    depth = 0
    kept: list[str] = []
    for kind, token, _ in _tokens(source):
        depth += (kind == "open") - (kind == "close")
        kept.append({"comment": "", "long": '""'}.get(kind, token))
        if kind == "colon" and depth == 0:
            break
    return "".join(kept)


def _plain(head: str) -> str:
    """`Annotated[T, ...]` as `T`."""
    for _ in range(MAX_ANNOTATED if len(head) <= MAX_ANNOTATED_CHARS else 0):
        if (match := _ANNOTATED.search(head)) is None:
            break
        parts, end = _bracketed(head, match.end())
        head = head[: match.start()] + (parts[0].strip() + head[end:] if parts else head[match.end() :])
    return head


def _bracketed(text: str, start: int) -> tuple[list[str], int]:
    """What stands behind an opened bracket, split at its commas, and where it ends; nothing when it is never closed."""
    depth, last = 1, start
    parts: list[str] = []
    for kind, token, end in _tokens(text, start):
        depth += (kind == "open") - (kind == "close")
        if depth == 0 or (depth == 1 and kind == "comma"):
            parts.append(text[last : end - len(token)])
            last = end
        if depth == 0:
            return parts, end
    return [], len(text)


def bases_of(symbol: Symbol, family: str) -> list[str]:
    """What a class is derived from, as its head names it."""
    head = " ".join(symbol.signature.partition(DOCUMENTED)[0].split("\n")[:8])
    if family == "python":
        start = head.find("(", head.find("class "))
        parts = _bracketed(head, start + 1)[0] if start >= 0 and ":" not in head[:start] else []
        return [word[0] for part in parts if "=" not in part and (word := _WORD.match(part.strip()))]
    found = re.search(r"\b(?:extends|implements)\s+([^{]*)", head.partition("{")[0])
    return [word for word in _WORD.findall(re.sub(r"<[^>]*>", "", found[1])) if word != "implements"] if found else []


def types_of_value(symbol: Symbol, family: str) -> list[str]:
    """What calling a function gives, or what a variable holds, as its head names it; `Self` for the class around it."""
    head = symbol.signature.partition(DOCUMENTED)[0]
    if symbol.kind not in ("function", "method"):
        match = _VALUE.match(head)
        named = f"{match[1] or ''} {match[2] or ''}" if match else ""
        return _types(named)
    return _types(_returned(head, family))


def is_own(word: str) -> bool:
    """Whether a type means the class that it stands in."""
    return word.rpartition(".")[2] in _OWN


def _returned(head: str, family: str) -> str:
    if family in ("python", "rust"):
        return head.rpartition("->")[2] if "->" in head else ""
    opened = head.find("(", 6 if head.startswith("func (") else 0)
    if family == "go" and head.startswith("func ("):
        opened = head.find("(", head.find(")"))
    after = head[_bracketed(head, opened + 1)[1] :] if opened >= 0 else ""
    return after.partition("{")[0]


def _types(text: str) -> list[str]:
    words = dict.fromkeys(word for word in _WORD.findall(text) if word.rpartition(".")[2] not in _NO_TYPES)
    return list(words)[:MAX_TYPES]


def alias_of(symbol: Symbol) -> str:
    """The other name that a constant stands for (`Table = _impl.Table`), "" for none."""
    match = _ALIAS.match(symbol.signature) if symbol.kind == "constant" else None
    return match[1] if match else ""


def exports_in(text: str) -> tuple[str, ...]:
    """The names in `__all__`, wherever the text sets it or adds to it."""
    places = islice(_ALL.finditer(text), MAX_ASSIGNED)
    lists = (match[1] for place in places if (match := _LIST.match(text, place.end())) is not None)
    return tuple(dict.fromkeys(name for names in lists for name in _QUOTED.findall(names)))[:MAX_EXPORTS]


def default_in(text: str) -> str:
    """The name that JavaScript's `export default` or `export =` gives, "" for none."""
    match = _DEFAULT.search(text)
    return match[1] if match else ""
