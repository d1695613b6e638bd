"""What the text around a cursor tells: names that matter, what their types may be, which lines import. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from indexer.enclosing import class_around, receiver_around
from indexer.languages import language_named
from indexer.parsing import parse
from indexer.symbols import extract
from indexer.terms import COMMENT, STRING, code_of
from indexer.typed_names import NOT_TYPES, types_in
from indexer.types import Import, Query

LINES_ABOVE = 12
LINES_BELOW = 4
LINES_TYPED = 60
MAX_ATTRIBUTE_LINES = 100
MAX_NAMES = 28
MAX_LINE = 1000
MAX_IMPORT_LINES = 400
MAX_STATEMENT_CHARS = 4000

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_ATTRIBUTE = re.compile(r"([^\W\d][\w]*(?:\.[^\W\d]\w*)?)(?:\?\.|\.|->|::)([^\W\d]\w*)?")
_SUPER = re.compile(r"\bsuper\([^()\n]{0,100}\)\.")
_IMPORT_LINE = re.compile(
    r"^[ \t]*(?:pub(?:\([^)\n]*\))?[ \t]+)?(?:(?:import|from|use|mod|require(?:_once|_relative)?|include|source|alias"
    r"|autoload)(?![ \t]*=)|(?:global[ \t]+)?using[ \t]+(?:static[ \t]+)?[\w.:]+[ \t]*(?=[=;]|$)"
    r"|export[ \t]+(?:\*|\{)|\#[ \t]*include|\.[ \t])(?=\W|$).*$|^<\?php.*$"
    r"|^[^\n]*\brequire[ \t]*\(?[ \t]*[\"'].*$",
    re.MULTILINE,
)
_SETS_ATTRIBUTE = re.compile(
    r"^[ \t]+(?:self\.|this\.|@)\w+[ \t]*(?::|=(?!=)).*$|^[ \t]+(?:def __init__|constructor)\(.*$", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class CursorView:
    """A reading of the cursor's surroundings.

    names: identifiers, most telling first. members: (base, attribute) pairs near the cursor, nearest first; attribute
    is "" right after a dot. types: what a variable may be, by its name (`self.` included). bases: words of the head of
    the enclosing class. nearby: the lines around the cursor. lines: each of them without its comment, and how many
    lines away it is, the cursor's own first; above: those above it, the nearest first.
    """

    names: tuple[str, ...]
    members: tuple[tuple[str, str], ...]
    types: dict[str, tuple[str, ...]]
    bases: tuple[str, ...]
    nearby: str
    lines: tuple[tuple[str, int], ...]
    above: tuple[str, ...]


def read_cursor(query: Query) -> CursorView:
    """What the query's source tells around its line.

    With identifiers given, the cursor's own line is taken from the end of `query.text`: the caller leaves the word
    that is being typed out of it, so that the answer stays the same until the word is finished.
    """
    source = query.source if query.source is not None else query.text
    lines = [line[:MAX_LINE] for line in source.split("\n")]
    row = max(0, min(query.line - 1, len(lines) - 1))
    here = query.text.rpartition("\n")[2][-MAX_LINE:] if query.identifiers else lines[row]
    above = lines[max(0, row - LINES_ABOVE) : row]
    below = lines[row + 1 : row + 1 + LINES_BELOW]
    bases = class_around(lines, row)
    near = [line for line in (here, *reversed(above), *below) if not _IMPORT_LINE.match(line)]
    names = _names([*_identifiers([here]), *query.identifiers, *_identifiers(near[1:]), *bases])
    types = types_in(_typed_text(source, lines, row))
    if receiver := receiver_around(lines, row):
        types.setdefault(receiver[0], (receiver[1],))
    around = [(here, 0), *_numbered(reversed(above)), *_numbered(below)]
    lines_around = tuple((COMMENT.sub("", line), distance) for line, distance in around)
    nearby = "\n".join([*above, here, *below])
    lines_above = tuple(line for line, _ in lines_around[1 : 1 + len(above)])
    return CursorView(names, _members(near), types, bases, nearby, lines_around, lines_above)


def _numbered(lines: Iterable[str]) -> Iterable[tuple[str, int]]:
    return ((line, distance) for distance, line in enumerate(lines, 1))


def _identifiers(lines: Iterable[str]) -> list[str]:
    found: list[str] = []
    for line in lines:
        found += reversed(_IDENTIFIER.findall(code_of(line)))
    return found


def _names(candidates: Iterable[str]) -> tuple[str, ...]:
    unique = dict.fromkeys(name for name in candidates if len(name) > 1 and name not in NOT_TYPES)
    return tuple(unique)[:MAX_NAMES]


def _members(lines: Sequence[str]) -> tuple[tuple[str, str], ...]:
    found: dict[tuple[str, str], None] = {}
    for line in lines:
        for match in reversed(list(_ATTRIBUTE.finditer(_SUPER.sub("super.", STRING.sub('""', line))))):
            found.setdefault((match.group(1), match.group(2) or ""), None)
    return tuple(found)[:MAX_NAMES]


def _typed_text(source: str, lines: Sequence[str], row: int) -> str:
    """Lines that may tell the types of what is used at the row: above it, and wherever attributes are set."""
    attributes = [match.group()[:MAX_LINE] for match in islice(_SETS_ATTRIBUTE.finditer(source), MAX_ATTRIBUTE_LINES)]
    return "\n".join([*attributes, *lines[max(0, row - LINES_TYPED) : row + 1]])


def types_of(view: CursorView, name: str) -> tuple[str, ...]:
    """Words that may name the type of a variable; `self.x = x` is followed one step."""
    words = view.types.get(name.replace("this.", "self.").replace("@", "self."), ())
    further = [word for step in words if step != name for word in view.types.get(step, ())]
    return tuple(dict.fromkeys([*words, *further]))


def imports_in(source: str, path: str, language: str) -> tuple[Import, ...]:
    """What a text imports, parsed from its import lines alone: typing elsewhere costs nothing."""
    return _parse_imports(import_lines(source), path, language)


@lru_cache(maxsize=64)
def _parse_imports(text: str, path: str, language: str) -> tuple[Import, ...]:
    known = language_named(language)
    parsed = parse(known, text) if known is not None and text.strip() else None
    found = extract(parsed, path).imports if parsed is not None else ()
    return tuple(item for item in found if item.module)  # What a file gives away of its own binds nothing in it.


def import_lines(source: str) -> str:
    """The source with every line blanked that does not import; trailing blanks cut off."""
    kept: list[str] = []
    end = 0
    for start, stop in _import_spans(source):
        kept.append("\n" * source.count("\n", end, start) + source[start:stop])
        end = stop
    return "".join(kept)


def import_statements(source: str) -> list[tuple[int, str]]:
    """(first line, text) of everything in a source that looks like an import, in order."""
    return [(source.count("\n", 0, start) + 1, source[start:stop]) for start, stop in _import_spans(source)]


def _import_spans(source: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for match in islice(_IMPORT_LINE.finditer(source), MAX_IMPORT_LINES):
        if not spans or match.start() >= spans[-1][1]:
            spans.append((match.start(), _statement_end(source, match.start(), match.end())))
    return spans


def _statement_end(source: str, start: int, end: int) -> int:
    """Where an import statement ends: at the end of the line, or where its brackets close."""
    limit = min(len(source), start + MAX_STATEMENT_CHARS)
    while end < limit and _depth(source[start:end]) > 0:
        newline = source.find("\n", end + 1)
        end = newline if newline >= 0 else len(source)
    return end


def _depth(text: str) -> int:
    return text.count("(") + text.count("{") - text.count(")") - text.count("}")
