"""Text is released as soon as it is certain, and never half a code point."""

import pytest

from codeassist.engine.answer import AnswerText
from codeassist.engine.vocabulary import Vocabulary

BYTES = Vocabulary([bytes((byte,)) for byte in range(256)], {})


def released(text: bytes, stop: tuple[str, ...] = (), forced_prefix: str = "") -> tuple[list[str], bool]:
    """What each byte, as a token, releases, what the end releases, and whether a stop text ended it."""
    answer = AnswerText(BYTES, stop, forced_prefix)
    pieces = []
    for byte in text:
        answer.add(byte)
        pieces.append(answer.release())
        if answer.stopped:
            break
    return [*pieces, answer.finish()], answer.stopped


@pytest.mark.parametrize(
    ("text", "stop", "forced", "pieces", "stopped"),
    [
        ("ab", (), "", ["a", "b", ""], False),
        ("aé", (), "", ["a", "", "é", ""], False),
        ("😀", (), "", ["", "", "", "😀", ""], False),
        ("ab\ncd", ("\n",), "", ["a", "b", "", ""], True),
        ("a\n\nb", ("\n\n",), "", ["a", "", "", ""], True),
        ("a\nb", ("\n\n",), "", ["a", "", "\nb", ""], False),
        ("a\n", ("\n\n",), "", ["a", "", "\n"], False),
        ("xaab", ("aab", "zz"), "", ["x", "", "", "", ""], True),
        ("aaab", ("aab",), "", ["", "", "a", "", ""], True),
        ("  x y", (" ",), "  x", [" ", " ", "x", "", ""], True),
        ("é é", (" ",), "é", ["", "é", "", ""], True),
    ],
)
def test_release(text: str, stop: tuple[str, ...], forced: str, pieces: list[str], stopped: bool) -> None:
    assert released(text.encode(), stop, forced) == (pieces, stopped)


def test_half_a_code_point_at_the_end_is_dropped() -> None:
    assert "".join(released("a😀".encode()[:-1])[0]) == "a"


def test_bytes_that_are_no_text_become_replacement_characters() -> None:
    assert "".join(released(b"a\xffb")[0]) == "a\ufffdb"


def test_a_token_tells_the_text_that_it_completes() -> None:
    answer = AnswerText(BYTES, ())
    assert [answer.add(byte) for byte in "aé".encode()] == ["a", "", "é"]
