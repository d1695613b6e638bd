from __future__ import annotations

import pytest

from lsp.positions import Encoding, character_of, column_of, split_lines, without_lone_surrogates

# One, two, three and four bytes of UTF-8; one and two units of UTF-16; a tab and a combining accent.
LINE = "a\té€😀e\u0301z"


@pytest.mark.parametrize(
    ("encoding", "characters"),
    [
        ("utf-32", [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        ("utf-16", [0, 1, 2, 3, 4, 6, 7, 8, 9]),
        ("utf-8", [0, 1, 2, 4, 7, 11, 12, 14, 15]),
    ],
)
def test_columns_go_there_and_back(encoding: Encoding, characters: list[int]) -> None:
    assert [character_of(LINE, column, encoding) for column in range(len(LINE) + 1)] == characters
    assert [column_of(LINE, character, encoding) for character in characters] == list(range(len(LINE) + 1))


@pytest.mark.parametrize(
    ("encoding", "character", "column"),
    [("utf-16", 5, 4), ("utf-8", 3, 2), ("utf-8", 5, 3), ("utf-8", 8, 4), ("utf-8", 10, 4)],
)
def test_the_middle_of_a_character_is_its_start(encoding: Encoding, character: int, column: int) -> None:
    assert column_of(LINE, character, encoding) == column


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@pytest.mark.parametrize("line", ["", "plain", LINE])
def test_past_the_end_is_the_end(encoding: Encoding, line: str) -> None:
    assert column_of(line, 2**31 - 1, encoding) == len(line)
    assert character_of(line, 10_000, encoding) == character_of(line, len(line), encoding)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\n", ["a\n", ""]),
        ("a\r\nb\rc\nd", ["a\r\n", "b\r", "c\n", "d"]),
        ("\n\r\n\r", ["\n", "\r\n", "\r", ""]),
        ("form\ffeed\vtab\x1c\x85\u2028\u2029end\n", ["form\ffeed\vtab\x1c\x85\u2028\u2029end\n", ""]),
    ],
)
def test_only_the_protocols_line_ends_end_lines(text: str, lines: list[str]) -> None:
    assert split_lines(text) == lines


def test_halves_of_pairs_become_replacement_characters() -> None:
    assert without_lone_surrogates("a\ud83db😀\ude00") == "a\ufffdb😀\ufffd"
    assert without_lone_surrogates("whole 😀") == "whole 😀"
