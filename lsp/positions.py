"""Columns of the protocol and columns in code points: pure functions on one line without its line end."""

from __future__ import annotations

import io
from typing import Literal

Encoding = Literal["utf-8", "utf-16", "utf-32"]

_CODECS: dict[Encoding, tuple[str, int]] = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2)}


def column_of(line: str, character: int, encoding: Encoding) -> int:
    """Code points left of `character`; past the end clamps, and inside of a code point rounds down."""
    if encoding == "utf-32" or line.isascii():
        return min(character, len(line))
    codec, unit_bytes = _CODECS[encoding]
    encoded = line[:character].encode(codec)
    return len(encoded[: character * unit_bytes].decode(codec, "ignore"))


def character_of(line: str, column: int, encoding: Encoding) -> int:
    """Units of the encoding left of code point `column`; past the end clamps."""
    left = line[:column]
    if encoding == "utf-32" or left.isascii():
        return len(left)
    codec, unit_bytes = _CODECS[encoding]
    return len(left.encode(codec)) // unit_bytes


def split_lines(text: str) -> list[str]:
    r"""Lines with their ends; the last has none, and is "" where the text ends in a line end.

    Line ends are \n, \r\n and \r and no others: `str.splitlines` would also cut at form feeds and U+2028.
    Source: LSP 3.18, "Text Documents".
    """
    lines = list(io.StringIO(text, newline=""))
    if not lines or lines[-1].endswith(("\n", "\r")):
        lines.append("")
    return lines


def without_line_end(line: str) -> str:
    """The line as an editor shows it."""
    return line.rstrip("\r\n")


def without_lone_surrogates(text: str) -> str:
    """Text that can be encoded: halves of UTF-16 pairs become U+FFFD, which is as long in every encoding."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("\N{REPLACEMENT CHARACTER}" if "\ud800" <= char <= "\udfff" else char for char in text)
    return text
