"""File name -> grammar and its queries.

An allow-list of individually pinned grammar wheels. A grammar that is not installed only means line chunks. Turned
down: the COBOL grammar (never returns on `x = 1`), Haskell and Julia (seconds on a file of unclosed brackets).
"""

from __future__ import annotations

import importlib
import logging
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import PurePosixPath

from tree_sitter import Language as Grammar
from tree_sitter import Parser, Query

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Language:
    """How one language is read.

    module, factory: the Python module of the grammar wheel and the function in it that gives the grammar.
    query: name of the file in `queries/`, without its suffix. family: languages that import one another.
    body: how a left-out body is shown after a signature.
    """

    name: str
    module: str
    suffixes: tuple[str, ...]
    factory: str = "language"
    query: str = ""
    family: str = ""
    body: str = " { ... }"
    names: tuple[str, ...] = ()


LANGUAGES = (
    Language("python", "tree_sitter_python", (".py", ".pyi", ".pyw"), body=" ...", names=("SConstruct", "SConscript")),
    Language("javascript", "tree_sitter_javascript", (".js", ".jsx", ".mjs", ".cjs"), family="javascript"),
    Language(
        "typescript",
        "tree_sitter_typescript",
        (".ts", ".mts", ".cts"),
        factory="language_typescript",
        family="javascript",
    ),
    Language(
        "tsx", "tree_sitter_typescript", (".tsx",), factory="language_tsx", query="typescript", family="javascript"
    ),
    Language("go", "tree_sitter_go", (".go",)),
    Language("rust", "tree_sitter_rust", (".rs",)),
    Language("java", "tree_sitter_java", (".java",), family="jvm"),
    Language("kotlin", "tree_sitter_kotlin", (".kt", ".kts"), family="jvm"),
    Language("scala", "tree_sitter_scala", (".scala", ".sc"), family="jvm"),
    Language("c", "tree_sitter_c", (".c",), family="c"),
    Language("cpp", "tree_sitter_cpp", (".cc", ".cpp", ".cxx", ".hpp", ".hh", ".hxx", ".h", ".ipp"), family="c"),
    Language("c_sharp", "tree_sitter_c_sharp", (".cs",)),
    Language("ruby", "tree_sitter_ruby", (".rb", ".rake"), body=" ... end", names=("Rakefile", "Gemfile")),
    Language("php", "tree_sitter_php", (".php",), factory="language_php"),
    Language("swift", "tree_sitter_swift", (".swift",)),
    Language("lua", "tree_sitter_lua", (".lua",), body=" ... end"),
    Language("bash", "tree_sitter_bash", (".sh", ".bash"), names=(".bashrc", ".profile")),
    Language("elixir", "tree_sitter_elixir", (".ex", ".exs"), body=" ... end"),
    Language("zig", "tree_sitter_zig", (".zig",)),
)

# What files without a grammar are called; anything else is "text".
PLAIN_NAMES = {
    ".md": "markdown", ".rst": "rst", ".json": "json", ".toml": "toml", ".yaml": "yaml", ".yml": "yaml",
    ".html": "html", ".css": "css", ".sql": "sql", ".proto": "proto", ".hs": "haskell", ".jl": "julia",
}  # fmt: skip

# What patterns capture besides other things.
_CAPTURES = (b"@name", b"@reference.", b"@import.", b"@heir")

_BY_NAME = {language.name: language for language in LANGUAGES}
_BY_SUFFIX = {suffix: language for language in LANGUAGES for suffix in language.suffixes}
_BY_FILE = {name: language for language in LANGUAGES for name in language.names}


def language_of(path: str) -> Language | None:
    """The language of a file by its name, or None where we have no grammar."""
    name = path.rpartition("/")[2]
    stem, dot, ending = name.rpartition(".")
    return _BY_FILE.get(name) or (_BY_SUFFIX.get(f"{dot}{ending}".lower()) if stem and ending else None)


def language_named(name: str) -> Language | None:
    """The language with this name, or None."""
    return _BY_NAME.get(name)


def language_name(path: str) -> str:
    """What to call the language of a file: always something, "text" at worst."""
    language = language_of(path)
    return language.name if language else PLAIN_NAMES.get(PurePosixPath(path).suffix.lower(), "text")


def family_of(language: Language) -> str:
    """Languages with the same family can import one another."""
    return language.family or language.name


@lru_cache(maxsize=1 << 14)
def is_same_family(path: str, other: str) -> bool:
    """Whether files of these names can import one another; no where one of them is in no language that we know."""
    first, second = language_of(path), language_of(other)
    return first is not None and second is not None and family_of(first) == family_of(second)


@dataclass(frozen=True, slots=True)
class Toolkit:
    """A loaded grammar with its compiled query. Not to be shared between threads while parsing.

    patterns: numbers of the query's patterns that capture definitions, references, imports, bases.
    """

    parser: Parser
    query: Query
    patterns: tuple[tuple[int, ...], ...]


@lru_cache(maxsize=64)
def load_grammar(name: str) -> tuple[Grammar, Query] | None:
    """Grammar and compiled query of a language; None when the wheel is missing or does not fit (logged once)."""
    language = _BY_NAME[name]
    try:
        module = importlib.import_module(language.module)
        grammar = Grammar(getattr(module, language.factory)())
        return grammar, Query(grammar, query_source(language))
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        logger.warning("no grammar for %s, its files get line chunks: %s", name, error)
        return None


def query_source(language: Language) -> str:
    """Text of the language's `.scm` file."""
    file = resources.files("indexer") / "queries" / f"{language.query or language.name}.scm"
    return file.read_text(encoding="utf-8")


def load_toolkit(name: str) -> Toolkit | None:
    """A fresh parser and the shared query of a language, or None."""
    loaded = load_grammar(name)
    return Toolkit(Parser(loaded[0]), loaded[1], _patterns(name, loaded[1])) if loaded else None


@lru_cache(maxsize=64)
def _patterns(name: str, query: Query) -> tuple[tuple[int, ...], ...]:
    source = query_source(_BY_NAME[name]).encode()
    texts = [
        source[query.start_byte_for_pattern(number) : query.end_byte_for_pattern(number)]
        for number in range(query.pattern_count)
    ]
    return tuple(tuple(number for number, text in enumerate(texts) if capture in text) for capture in _CAPTURES)
