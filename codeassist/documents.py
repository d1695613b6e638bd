"""Files and editor buffers as `Document`s, and which comment leader and language a file name stands for."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from codeassist.errors import CursorError, DocumentError
from codeassist.types import Cursor, Document

# Larger files are data: no editor asks for ghost text in them, and reading one would stall the machine.
MAX_DOCUMENT_BYTES = 4 * 1024 * 1024

_LEADERS = {
    "#": "py pyi pyx rb sh bash zsh fish toml yaml yml cfg ini conf pl pm r jl ex exs nix tf cmake mk dockerfile "
    "makefile",
    "//": "js jsx mjs cjs ts tsx mts cts go rs java kt kts scala swift c h cc cpp cxx hh hpp hxx cs php dart zig proto "
    "groovy gradle m mm css scss less sol v",
    "--": "lua sql hs elm ada vhd vhdl",
    ";": "el clj cljs lisp scm asm s",
    "%": "tex erl hrl",
}
_LEADER_BY_SUFFIX = {suffix: leader for leader, suffixes in _LEADERS.items() for suffix in suffixes.split()}

_LANGUAGES = {
    "python": "py pyi pyx",
    "javascript": "js jsx mjs cjs",
    "typescript": "ts mts cts",
    "tsx": "tsx",
    "go": "go",
    "rust": "rs",
    "java": "java",
    "c": "c h",
    "cpp": "cc cpp cxx hh hpp hxx",
    "c_sharp": "cs",
    "ruby": "rb",
    "php": "php",
    "kotlin": "kt kts",
    "swift": "swift",
    "scala": "scala",
    "lua": "lua",
    "bash": "sh bash",
    "markdown": "md",
    "toml": "toml",
    "yaml": "yaml yml",
    "json": "json",
}
_LANGUAGE_BY_SUFFIX = {suffix: language for language, suffixes in _LANGUAGES.items() for suffix in suffixes.split()}


def comment_leader(path: str) -> str:
    """What starts a line comment in the language of this file name; `#` where nothing is known."""
    return _LEADER_BY_SUFFIX.get(_suffix(path), "#")


def language_of(path: str) -> str:
    """Language by file name, "" where nothing is known."""
    return _LANGUAGE_BY_SUFFIX.get(_suffix(path), "")


def make_document(path: str, text: str, version: int = 0) -> Document:
    """A document with LF line ends that remembers what the text used."""
    newline = "\r\n" if "\r\n" in text else "\n"
    unified = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return Document(path=path, text=unified, version=version, newline=newline, language=language_of(path))


def read_document(file: Path, path: str) -> Document:
    """A file on disk as a document named `path`. Raises DocumentError for what cannot be completed in."""
    try:
        if not file.is_file():
            raise DocumentError(f"{file} is no file")
        size = file.stat().st_size
        if size > MAX_DOCUMENT_BYTES:
            limit = MAX_DOCUMENT_BYTES // 1_048_576
            raise DocumentError(f"{file} has {size / 1_048_576:.0f} MiB; files over {limit} MiB are not completed in")
        content = file.read_bytes()
    except OSError as error:
        raise DocumentError(f"cannot read {file}: {error.strerror}") from error
    return make_document(path, _decode(content, file))


def offset_of(document: Document, cursor: Cursor) -> int:
    """Index of the cursor in `document.text`. Raises CursorError when it lies outside."""
    lines = document.text.split("\n")
    if not 0 <= cursor.line < len(lines):
        raise CursorError(f"line {cursor.line + 1} is outside of {document.path}, which has {len(lines)} lines")
    line = lines[cursor.line]
    if not 0 <= cursor.column <= len(line):
        raise CursorError(
            f"column {cursor.column + 1} is outside of line {cursor.line + 1} of {document.path}, "
            f"which ends at column {len(line) + 1}"
        )
    return sum(map(len, lines[: cursor.line])) + cursor.line + cursor.column


def _suffix(path: str) -> str:
    name = PurePosixPath(path).name.lower()
    return name.rpartition(".")[2]


def _decode(content: bytes, file: Path) -> str:
    if b"\0" in content[:8192]:
        raise DocumentError(f"{file} is binary; only text is completed")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")  # every byte is a character: columns and lines stay right
