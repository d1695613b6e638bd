"""What to look for at a cursor. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from codeassist.types import Cursor, Document
from codeassist.window import Window
from indexer.terms import code_of
from indexer.types import Query

# Names further up than this have little to do with the next line.
_LINES_ABOVE = 24
_LINES_OF_TEXT = 12
_MAX_IDENTIFIERS = 24

_IDENTIFIER = re.compile(r"[A-Za-z_]\w{2,}")
# Words that name nothing: keywords of the languages we index, and the receivers that every method has.
_NOT_NAMES = frozenset(
    re.split(
        r"\s+",
        """and any are args assert async await bool break case catch char class cls const continue def default del dict
        elif else end enum except export extends False false final finally float for from func function global goto has
        if impl implements import include instanceof int interface internal kwargs let list long match mod module mut
        namespace new nil None none not null object operator override package pass print private protected pub public
        raise return Self self short static str string struct super switch template this throw throws trait True true
        try tuple type typedef typeof union unless unsafe use using var virtual void where while with yield""",
    )
)


def cursor_query(document: Document, cursor: Cursor, window: Window) -> Query:
    """Names near the cursor, nearest first, and the text around it.

    The word that is being typed is left out, so that the query, and with it the prompt, stays the same until the
    word is finished.
    """
    finished_left = re.sub(r"\w+$", "", window.left)
    above = window.above_text.splitlines()
    near = [finished_left, *reversed(above[-_LINES_ABOVE:]), *"".join(window.below).splitlines()[:4]]
    text = "\n".join([*above[-_LINES_OF_TEXT:], finished_left])
    return Query(
        text=text,
        identifiers=identifiers_of(near),
        path=document.path,
        source=document.text,
        line=cursor.line + 1,
        exclude_lines=(window.head_line + 1, window.end_line),
    )


def identifiers_of(lines: Iterable[str]) -> tuple[str, ...]:
    """Names in lines, the last of each line first, without those that name nothing."""
    found: dict[str, None] = {}
    for line in lines:
        for name in reversed(_IDENTIFIER.findall(code_of(line))):
            if name not in _NOT_NAMES:
                found.setdefault(name)
        if len(found) >= _MAX_IDENTIFIERS:
            break
    return tuple(found)[:_MAX_IDENTIFIERS]
