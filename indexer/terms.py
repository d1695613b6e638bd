"""Text -> search terms: words, and the words inside of identifiers. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import PurePosixPath

from indexer.remembered import Remembered

_WORD = re.compile(r"[^\W\d_]\w*|\d{2,}|_+[^\W_]\w*")
STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
COMMENT = re.compile(r"(?:^|\s)(?:#|//)\s.*$")
_PART = re.compile(r"[A-Z]+(?![^\W\d_A-Z])|[A-Z]?[^\W\d_A-Z]+|\d+")
MAX_TERM = 48
_RUN = re.compile(r"\w+")
# What each ASCII character is between runs: twice as quick as the expression.
_ASCII_RUNS = "".join(char if _RUN.match(char) else " " for char in map(chr, range(128)))
# Their terms stay in memory, about 5 MB.
MAX_RUNS = 1 << 15

# Words that are in nearly every file of nearly every language: they find everything and so nothing.
STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "can",
        "do",
        "does",
        "for",
        "from",
        "get",
        "has",
        "have",
        "how",
        "i",
        "if",
        "in",
        "is",
        "it",
        "its",
        "let",
        "me",
        "new",
        "no",
        "not",
        "of",
        "on",
        "or",
        "set",
        "so",
        "that",
        "the",
        "their",
        "then",
        "there",
        "this",
        "to",
        "use",
        "used",
        "uses",
        "was",
        "we",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "you",
        "your",
        "self",
        "cls",
        "def",
        "class",
        "return",
        "import",
        "none",
        "true",
        "false",
        "null",
        "nil",
        "else",
        "elif",
        "try",
        "except",
        "finally",
        "raise",
        "pass",
        "break",
        "continue",
        "while",
        "lambda",
        "yield",
        "async",
        "await",
        "with",
        "global",
        "assert",
        "del",
        "print",
        "const",
        "var",
        "function",
        "export",
        "default",
        "extends",
        "implements",
        "public",
        "private",
        "protected",
        "static",
        "void",
        "final",
        "abstract",
        "int",
        "str",
        "bool",
        "float",
        "string",
        "number",
        "object",
        "boolean",
        "any",
        "type",
        "interface",
        "struct",
        "enum",
        "impl",
        "fn",
        "pub",
        "mut",
        "ref",
        "func",
        "package",
        "range",
        "map",
        "len",
        "go",
        "chan",
        "defer",
        "select",
        "case",
        "switch",
        "throw",
        "throws",
        "catch",
        "typeof",
        "instanceof",
        "super",
        "val",
        "fun",
        "override",
        "end",
        "begin",
        "require",
        "include",
        "namespace",
        "using",
    ]
)


def code_of(line: str) -> str:
    """A line without its comment and without what its strings say."""
    return COMMENT.sub("", STRING.sub('""', line))


def split_identifier(name: str) -> list[str]:
    """Lower-case words of a camelCase or snake_case name, at least two letters each."""
    return [part.lower() for part in _PART.findall(name) if len(part) > 1]


def words_of(text: str) -> list[str]:
    """Words of a text as they are spelled, in order, with repetitions."""
    return _WORD.findall(text)


def terms_of(text: str) -> list[str]:
    """Search terms of a text, in order, with repetitions: each word in lower case, and its parts."""
    terms: list[str] = []
    for word in _WORD.findall(text):
        terms += _terms_of_word(word)
    return terms


def _found_in_word(word: str) -> tuple[str, ...]:
    if len(word) > MAX_TERM:
        return ()
    whole = word.lower()
    parts = split_identifier(word)
    return (whole, *parts) if len(parts) > 1 or (parts and parts[0] != whole) else (whole,)


_terms_of_word = lru_cache(maxsize=1 << 14)(_found_in_word)


def indexed_text(text: str, path: str, names: Iterable[str]) -> str:
    """What the full-text index sees of a chunk: its terms, the file's name, and twice the names it defines."""
    defined = _joined_terms(" ".join(names))
    parts = (_terms_of_path(path), defined, defined, _joined_terms(text))
    return " ".join([part for part in parts if part])


@lru_cache(maxsize=64)
def _terms_of_path(path: str) -> str:
    return _joined_terms(" ".join(PurePosixPath(path).with_suffix("").parts[-3:]))


def _joined_terms(text: str) -> str:
    """`terms_of` with blanks between, for all the text there is: no word goes beyond letters, digits and underscores,
    so each run of these is looked up as a whole."""
    return " ".join(filter(None, map(_TERMS_OF_RUNS.__getitem__, runs_of(text))))


def runs_of(text: str) -> list[str]:
    """The runs of letters, digits and underscores in a text, in order."""
    return text.translate(_ASCII_RUNS).split() if text.isascii() else _RUN.findall(text)


def _terms_of_run(run: str) -> str:
    # What begins with a letter is one word.
    return " ".join(_found_in_word(run) if run[0].isalpha() and run.isascii() else terms_of(run))


_TERMS_OF_RUNS = Remembered(_terms_of_run, MAX_RUNS)


def query_terms(text: str, limit: int) -> list[str]:
    """The terms of a question that tell something, the most repeated first; ties in order of the text."""
    counts = Counter(term for term in terms_of(text) if term not in STOP_WORDS and len(term) > 1)
    return [term for term, _ in counts.most_common(limit)]
