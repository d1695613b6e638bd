"""Which namespaces or packages a file declares its code in, for the languages whose imports name these. Pure.

Read with regular expressions, from a file that is indexed and from one that is being typed alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_NAMESPACES = 40
MAX_NAME = 200

_CURLY = re.compile(r"[{}]")
_DECLARES = {
    "c_sharp": re.compile(r"^[ \t]*namespace[ \t]+([\w.]+)", re.MULTILINE),
    "php": re.compile(r"^[ \t]*(?:<\?php[ \t]+)?(?:declare[^;\n]*;[ \t]*)?namespace[ \t]+([\w\\]+)", re.MULTILINE),
    **dict.fromkeys(("java", "kotlin", "scala"), re.compile(r"^[ \t]*package[ \t]+([\w.`]+)", re.MULTILINE)),
}
# One within the other; elsewhere a second one ends the first.
_NESTING = frozenset({"c_sharp", "scala"})

NAMESPACED = frozenset(_DECLARES)


def separator_of(language: str) -> str:
    """What stands between the parts of a namespace."""
    return "\\" if language == "php" else "."


def namespaces_in(text: str, language: str) -> tuple[str, ...]:
    """The namespaces that a text declares, in order, nested ones in full."""
    pattern = _DECLARES.get(language)
    found: dict[str, None] = {}
    outer: list[tuple[int, str]] = []
    depth = end = 0
    for match in pattern.finditer(text) if pattern else ():
        if language in _NESTING:
            depth = _close(outer, _CURLY.findall(text, end, match.start()), depth)
        name, end = match[1].strip("\\").replace("`", ""), match.end()
        found[".".join([*(around for _, around in outer), name])[:MAX_NAME]] = None
        if language in _NESTING:
            outer.append((depth, name))
        if len(found) >= MAX_NAMESPACES:
            break
    return tuple(found)


def _close(outer: list[tuple[int, str]], braces: Iterable[str], depth: int) -> int:
    """The depth behind some braces; namespaces that end there are taken from `outer`."""
    for brace in braces:
        depth += 1 if brace == "{" else -1
        while brace == "}" and outer and outer[-1][0] >= depth:
            outer.pop()
    return depth


def visible_from(namespace: str, language: str) -> tuple[str, ...]:
    """The namespaces whose types code in a namespace sees without an import, innermost first."""
    if language != "c_sharp":
        return (namespace,)
    parts = namespace.split(".")
    return tuple(".".join(parts[:length]) for length in range(len(parts), 0, -1))
