"""One file -> everything the store keeps of it. Runs inline or in a worker process."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from indexer.chunks import line_chunks, syntax_chunks
from indexer.files import SourceFile, read_source
from indexer.languages import language_name, language_of
from indexer.parsing import Parsed, parse
from indexer.rules import Rules
from indexer.symbols import FileSymbols, extract
from indexer.typed_names import typed_names
from indexer.types import Chunk, SkippedFile

logger = logging.getLogger(__name__)

# Why the syntax of a file was not read.
TOO_SLOW = "its parser took too long"
CRASHED = "its parser crashed"
NO_PROCESS = "no process could be started for its parser"

_NOTHING = FileSymbols((), (), ())


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of one file. Line ends are LF, lines split at LF only.

    typed: pairs of a name and its type. unparsed: why its syntax was given up, "" when it was not.
    """

    path: str
    language: str
    size: int
    n_lines: int
    symbols: FileSymbols
    chunks: tuple[Chunk, ...]
    typed: tuple[tuple[str, str], ...] = ()
    unparsed: str = ""


def analyse_path(root: Path, path: str, rules: Rules) -> FileFacts | SkippedFile:
    """Facts of a file on disk, or why it is skipped."""
    source = read_source(root, path, rules)
    return source if isinstance(source, SkippedFile) else analyse(source)


def analyse(source: SourceFile) -> FileFacts:
    """Facts of a text: syntax-aware where there is a grammar."""
    language = language_of(source.path)
    return _facts(source, parse(language, source.text) if language else None)


def analyse_lines(source: SourceFile, why: str) -> FileFacts:
    """Facts of a text that cannot be parsed: line chunks and no symbols."""
    logger.warning("%s is indexed without its syntax: %s", source.path, why)
    return replace(_facts(source, None), unparsed=why)


def _facts(source: SourceFile, parsed: Parsed | None) -> FileFacts:
    name = language_name(source.path)
    lines = source.text.split("\n")
    chunks = (
        syntax_chunks(parsed, source.path, lines, name) if parsed is not None else line_chunks(source.path, lines, name)
    )
    symbols = extract(parsed, source.path) if parsed is not None else _NOTHING
    n_lines = len(lines) - (lines[-1] == "")
    typed = typed_names(source.text) if parsed is not None else ()
    return FileFacts(source.path, name, source.size, n_lines, symbols, chunks, typed)
