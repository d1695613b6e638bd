"""Lines of JSON whose texts no text can hold."""

from __future__ import annotations

import json

import pytest

from codeassist.agents.client_lines import mended


@pytest.mark.parametrize(
    ("spelled", "expected"),
    [
        (r"plain", "plain"),
        (r"\ud83d\ude00", "😀"),
        (r"\ud83d", "\ufffd"),
        (r"cut \ud83d", "cut \ufffd"),
        (r"\ude00 left over", "\ufffd left over"),
        (r"\ud83d\ud83d\ude00", "\ufffd😀"),
        (r"\ude00\ud83d", "\ufffd\ufffd"),
        (r"\uD83D\uDE00\uD83D", "😀\ufffd"),
        (r"\\ud83d", r"\ud83d"),
        (r"\\\ud83d", "\\\ufffd"),
        (r"\\\\ud83d", r"\\ud83d"),
        (r"\"\n\u00e9\ud7ff\ue000", '"\né\ud7ff\ue000'),
    ],
)
def test_half_a_surrogate_pair_becomes_the_replacement_character(spelled: str, expected: str) -> None:
    assert json.loads(mended(f'"{spelled}"'.encode())) == expected


@pytest.mark.parametrize("line", [b"", b"\n", b"garbage \\", b"\\u", b"\\ud8", b"\xff\xfe\\ud8", b'{"a": [1]}\n'])
def test_what_is_no_escape_is_left_alone(line: bytes) -> None:
    assert mended(line) == line
