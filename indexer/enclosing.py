"""Which class a line stands in, read from the text above it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_LINES_UP = 400
MAX_HEAD_LINES = 6
MAX_WORDS = 8
MAX_NESTED = 6

_MODIFIERS = (
    r"(?:(?:export|default|public|private|protected|internal|abstract|final|sealed|static|partial|open|data|inner|case"
    r"|readonly|pub(?:\([^)\n]*\))?|unsafe|declare|annotation|enum|value|ref|template[ \t]*<[^>\n]*>"
    r"|@\w+(?:\([^)\n]*\))?|\[[^\]\n]*\])[ \t]+)*"
)
_CLASS = re.compile(
    rf"^([ \t]*){_MODIFIERS}(?:(?:class|struct|interface|trait|enum)[ \t]+|impl\b[ \t]*"
    r"|(?:object|record|module|protocol|extension)[ \t]+(?=[A-Z]))(?:<[^>\n]*>[ \t]*)?([^\W\d].*)$"
)
# The type that a method belongs to, where methods stand outside of it: Go's receiver, C++'s `Cart::add(`.
_RECEIVER = re.compile(r"^func[ \t]*\([ \t]*(\w+)[ \t]+\*?([^\W\d]\w*)")
_OUTSIDE = re.compile(r"^(?:[\w:&*<>,~ \t]{0,200}?[\s&*])?([^\W\d]\w*)(?:<[^>\n]*>)?::~?\w+[ \t]*\((?![^\n]*;[ \t]*$)")
_FOR_TYPE = re.compile(r"\bfor[ \t]+(?:&[ \t]*)?(?:mut[ \t]+)?((?:\w+::)*\w+)")
_GOES_ON = re.compile(r"^\s*(?:(?:extends|implements|with)\b|:)")
# Python's way; elsewhere what stands in brackets are parameters of the class and arguments of the base.
_BASES_IN_BRACKETS = re.compile(r"\w+[ \t]*\([^:{]*:?\s*$")
_GENERIC = re.compile(r"<[^<>]*>")
_GENERIC_OR_ARGUMENTS = re.compile(r"<[^<>]*>|\([^()]*\)")
_WORD = re.compile(r"[^\W\d]\w*")
_NO_NAMES = frozenset({
    "class", "const", "extends", "final", "for", "implements", "in", "internal", "open", "out", "override", "private",
    "protected", "public", "struct", "use", "virtual", "where", "with",
})  # fmt: skip


def class_around(lines: Sequence[str], row: int) -> tuple[str, ...]:
    """Names in the head of the class around a row, its own name first."""
    least = _indent(lines[row])
    for position in range(row, max(-1, row - MAX_LINES_UP), -1):
        line = lines[position]
        is_outside = _indent(line) < least or position == row
        if is_outside and (match := _CLASS.match(line)):
            return _names(_whole_head(lines, position, match.start(2)))
        if is_outside and (name := receiver_type(line)):
            return (name,)
        if not line.lstrip().startswith(("{", ")")):  # They end a head that began above.
            least = min(least, _indent(line))
    return ()


def receiver_around(lines: Sequence[str], row: int) -> tuple[str, str] | None:
    """In Go: the receiver of the method around a row, and its type."""
    for position in range(row, max(-1, row - MAX_LINES_UP), -1):
        if match := _RECEIVER.match(lines[position]):
            return match[1], match[2]
        if position != row and lines[position].startswith(("}", "func")):
            return None
    return None


def receiver_type(line: str) -> str:
    """The type whose method begins on a line outside of it, "" for any other line."""
    if match := _RECEIVER.match(line):
        return match[2]
    return match[1] if (match := _OUTSIDE.match(line)) else ""


def _whole_head(lines: Sequence[str], row: int, start: int) -> str:
    """The head of a class from its name on, over several lines where brackets or `extends` say so."""
    head = lines[row][start:]
    for line in lines[row + 1 : row + MAX_HEAD_LINES]:
        is_open = head.count("(") > head.count(")")
        if not is_open and ("{" in head or not _GOES_ON.match(line)):
            break
        head = f"{head} {line.strip()}"
    return head.partition("{")[0]


def _names(head: str) -> tuple[str, ...]:
    between = _GENERIC if _BASES_IN_BRACKETS.match(head) else _GENERIC_OR_ARGUMENTS
    for _ in range(MAX_NESTED):
        head, n_cut = between.subn("", head)
        if not n_cut:
            break
    names = [name for name in _WORD.findall(head) if name not in _NO_NAMES]
    if of_type := _FOR_TYPE.search(head):  # `impl Trait for Type`
        own = of_type[1].rpartition("::")[2]
        names = [own, *(name for name in names if name != own)]
    return tuple(dict.fromkeys(names))[:MAX_WORDS]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip()) if line.strip() else 999
