"""Pairs of texts that belong together, from source files: what is asked, and the code that answers. Pure.

Three kinds: a definition's documentation with its code; a definition's name, as words, with its code; code with the
code that follows it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from random import Random

from codeassist.documents import language_of
from indexer.terms import split_identifier

MAX_CODE_LINES = 40
MIN_BODY_LINES = 3
MAX_QUERY_CHARS = 240

_PYTHON_DEFINITION = re.compile(r"^([ \t]*)(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)")
_OTHER_DEFINITION = re.compile(
    r"^([ \t]*)(?:(?:export|default|public|private|protected|static|abstract|final|async|pub(?:\(\w+\))?|unsafe|const|"
    r"inline|virtual|override)[ \t]+)*"
    r"(?:(?:class|function|fn|func|interface|struct|enum|trait|type)[ \t]+(?:\([^)\n]*\)[ \t]*)?(\w+)"
    r"|(?!return|else|throw|new|await|if|for|while|switch|case)[\w<>\[\],.*&:]+[ \t]+[*&]?(\w+)"
    r"[ \t]*\([^;]*\)[^;]*\{[ \t]*$)"
)
_DOCSTRING = re.compile(r"^[ \t]*[rRuU]?(\"\"\"|''')(.*?)\1[ \t]*$", re.S | re.M)
_COMMENT = re.compile(r"^[ \t]*(?:///?!?|/\*\*?|\*/|\*|#(?!\[|include|define|if|endif|else))[ \t]?(.*?)(?:\*/)?[ \t]*$")
_SENTENCE_WORDS = 3
_QUESTIONS = (
    "how does {} work",
    "where is {}",
    "how to {}",
    "what does {} do",
    "code that {}",
    "function to {}",
    "find {}",
)


@dataclass(frozen=True, slots=True)
class Definition:
    """A function or class: what is said about it, and its lines with and without that."""

    name: str
    documentation: str
    code: str
    bare: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and the code that answers it."""

    query: str
    code: str


def definitions(path: str, text: str) -> list[Definition]:
    """Functions and classes with at least a few lines, in order."""
    lines = text.split("\n")
    read = _python if language_of(path) == "python" else _braces
    found = (read(lines, number) for number in range(len(lines)))
    return [definition for definition in found if definition]


def pairs_of(path: str, text: str, random: Random, limit: int) -> list[Pair]:
    """At most so many pairs of a file, of all kinds."""
    found = definitions(path, text)
    told = [definition for definition in found if definition.documentation]
    pairs = [_asked(definition, random) for definition in random.sample(told, min(len(told), limit // 2))]
    named = random.sample(found, min(len(found), limit // 4))
    pairs += [pair for definition in named if (pair := _named(path, definition, random))]
    lines = text.split("\n")
    wanted = min(limit - len(pairs), len(lines) // 60 + 1)
    return pairs + [pair for _ in range(wanted) if (pair := _followed(lines, random))]


def _asked(definition: Definition, random: Random) -> Pair:
    query = definition.documentation
    if random.random() < 0.12:
        query = random.choice(_QUESTIONS).format(query.rstrip("."))
    return Pair(query, definition.code if random.random() < 0.25 else definition.bare)


def _named(path: str, definition: Definition, random: Random) -> Pair | None:
    words = split_identifier(definition.name)
    if not words or (len(words) == 1 and len(words[0]) < 4):
        return None
    query = " ".join(words)
    chance = random.random()
    if chance < 0.3:
        query += " " + " ".join(split_identifier(PurePosixPath(path).stem))
    elif chance < 0.5:
        query = random.choice(_QUESTIONS).format(query)
    code = definition.bare if random.random() < 0.5 else definition.code
    if random.random() < 0.3:
        code = code.replace(definition.name, "f")
    return Pair(query, code)


def _followed(lines: list[str], random: Random) -> Pair | None:
    if len(lines) < 12:
        return None
    middle = random.randrange(5, len(lines) - 5)
    before = "\n".join(lines[max(middle - random.randint(4, 20), 0) : middle])
    after = "\n".join(lines[middle : middle + random.randint(5, MAX_CODE_LINES)])
    return Pair(before, after) if min(len(before), len(after)) > 60 else None


def _python(lines: list[str], number: int) -> Definition | None:
    match = _PYTHON_DEFINITION.match(lines[number])
    if not match:
        return None
    end = _end_of_block(lines, number, len(match[1]))
    if end - number < MIN_BODY_LINES:
        return None
    code = "\n".join(lines[number:end])
    found = _DOCSTRING.search(code)
    is_docstring = found is not None and re.search(r":\s*(#.*)?$", code[: found.start()].rstrip()) is not None
    if found is None or not is_docstring:
        return Definition(match[2], "", code, code)
    bare = code[: found.start()] + code[found.end() :].lstrip("\n")
    if bare.count("\n") < MIN_BODY_LINES - 1:
        return None
    return Definition(match[2], first_paragraph(found[2]), code, bare)


def _braces(lines: list[str], number: int) -> Definition | None:
    match = _OTHER_DEFINITION.match(lines[number]) if len(lines[number]) < 200 else None
    if not match:
        return None
    end = _end_of_block(lines, number, len(match[1]))
    if end - number < MIN_BODY_LINES:
        return None
    start = number
    said: list[str] = []
    while start > 0 and number - start < 15 and (comment := _COMMENT.match(lines[start - 1])):
        said.insert(0, comment[1])
        start -= 1
    bare = "\n".join(lines[number:end])
    return Definition(match[2] or match[3], first_paragraph("\n".join(said)), "\n".join(lines[start:end]), bare)


def _end_of_block(lines: list[str], start: int, indent: int) -> int:
    """After the last line that is further in than the definition, or closes it; not beyond the limit."""
    end = start + 1
    for number in range(start + 1, min(start + MAX_CODE_LINES, len(lines))):
        text = lines[number].strip()
        if text and len(lines[number]) - len(lines[number].lstrip()) <= indent:
            if text[0] not in ")]}":
                break
            end = number + 1
            if text[0] == "}":
                break
        elif text:
            end = number + 1
    return end


def first_paragraph(documentation: str) -> str:
    """The first paragraph in one line; nothing when it says less than a few words or is mark-up."""
    paragraph = documentation.strip().split("\n\n")[0]
    text = " ".join(paragraph.split())[:MAX_QUERY_CHARS]
    words = re.findall(r"[A-Za-z]{2,}", text)
    is_markup = text.startswith((":", "@", ">>>", "..", "//", "-", "=", "Copyright", "SPDX"))
    return "" if is_markup or len(words) < _SENTENCE_WORDS else text
