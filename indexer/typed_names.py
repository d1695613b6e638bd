"""Which types the variables of a text are said to have: annotations, constructor calls, declarations. Pure.

Read with regular expressions, in every language alike: `name: Type`, `name = Type(`, `Type name;`, `with Type() as
name`, `def name() -> Type:`.
"""

from __future__ import annotations

import re

from indexer.terms import STOP_WORDS

MAX_WORDS_OF_A_TYPE = 4
MAX_TYPES = 6
# A file with more typed names than this is data in the shape of code.
MAX_TYPED = 1000
MAX_NAME = 80
MAX_LINE = 400

# A type ends at a comma, unless it stands in brackets: another parameter follows.
_TYPED = re.compile(
    r"(?<!\w)((?:self\.|this\.|@)?[^\W\d]\w*)\??\s*:[ \t]*"
    r"((?:\[[^=;{}()\n]{0,80}?\]|<[^=;{}()\n<>]{0,80}>|[^=;{}()\n:,\[]){1,80})"
)
_ASSIGNED = re.compile(r"(?<!\w)((?:self\.|this\.|@)?[^\W\d]\w*)\s*:?=\s*(?:await\s|new\s|&)?\s*([^\W\d][\w.:]*)")
_WITH = re.compile(r"\bwith\s+([^\W\d][\w.]*)\([^\n]{0,200}\)\s+as\s+([^\W\d]\w*)")
_RETURNS = re.compile(r"\bdef\s+([^\W\d]\w*)\([^\n]{0,400}\)\s*->\s*([^\n]{1,80}):[ \t]*$", re.MULTILINE)
_DECLARED = re.compile(r"\b([A-Z]\w*)(?:<[^>\n]{0,80}>)?[&*]*\s+[&*]*([a-z_]\w*)\s*(?=[=;,)])")
_PATTERNS = ((_TYPED, 1, 2), (_ASSIGNED, 1, 2), (_WITH, 2, 1), (_DECLARED, 2, 1), (_RETURNS, 1, 2))
_DOTTED = re.compile(r"[^\W\d][\w.]*")
NOT_TYPES = STOP_WORDS | frozenset({
    "list", "dict", "set", "tuple", "len", "print", "isinstance", "optional", "Optional", "Any", "None", "True",
    "False",
})  # fmt: skip


def types_in(text: str) -> dict[str, tuple[str, ...]]:
    """Words that may name the type of each variable, `self.` before attributes. A function (a property, a fixture) has
    the type that it returns.
    """
    found: dict[str, dict[str, None]] = {}
    for pattern, name_group, type_group in _PATTERNS:
        for match in pattern.finditer(text):
            name = match.group(name_group).replace("this.", "self.").replace("@", "self.")
            of_type = match.group(type_group).removesuffix("::new").removesuffix(".new")
            words = [word for word in _DOTTED.findall(of_type) if word not in NOT_TYPES]
            found.setdefault(name, {}).update(dict.fromkeys(words[:MAX_WORDS_OF_A_TYPE]))
    return {name: tuple(words)[:MAX_TYPES] for name, words in found.items() if words}


def typed_names(text: str) -> tuple[tuple[str, str], ...]:
    """(name, type) pairs of a file for the index: names without their `self.`, types that begin with a capital letter
    without their module. What is all capitals is a constant.
    """
    pairs: dict[tuple[str, str], None] = {}
    short = "\n".join(line for line in text.split("\n") if len(line) <= MAX_LINE)
    for name, words in types_in(short).items():
        for word in words:
            kind = word.rpartition(".")[2]
            if kind[:1].isupper() and not kind.isupper() and len(kind) <= MAX_NAME:
                pairs.setdefault((name.removeprefix("self.").lstrip("_")[:MAX_NAME], kind), None)
        if len(pairs) >= MAX_TYPED:
            break
    return tuple(pairs)[:MAX_TYPED]
