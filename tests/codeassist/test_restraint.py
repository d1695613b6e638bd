from __future__ import annotations

import pytest

from codeassist.restraint import DELETING_PAUSE_MS, Restraint, little_reason
from codeassist.types import Suggestion


def reasons(*typed: tuple[str, str]) -> list[bool]:
    """Whether each text left of the cursor is left alone, when it was answered by the suggestion beside it."""
    restraint, alone = Restraint(), []
    for before, text in typed:
        alone.append(restraint.word_reason("a.py", before) is not None)
        if not alone[-1] and text:
            restraint.shown(before, Suggestion("1", text))
    return alone


def test_a_word_in_which_two_suggestions_were_typed_over_is_left_alone_to_its_end() -> None:
    wrong = [("def ", "to"), ("def t", "o(self)"), ("def te", "n"), ("def tes", ""), ("def test(", "self)")]
    assert reasons(*wrong) == [False, False, False, True, False]


def test_what_is_typed_along_is_no_reason() -> None:
    along = [("x.", "get(1)"), ("x.g", "et(1)"), ("x.ge", "t(1)"), ("x.get", "(1)")]
    assert reasons(*along) == [False, False, False, False]


def test_the_same_letters_elsewhere_are_another_word() -> None:
    elsewhere = [("a = ", "b"), ("a = c", "b"), ("a = c\na = ", "b"), ("a = c\na = d", "b")]
    assert reasons(*elsewhere) == [False, False, False, False]


def test_going_back_and_taking_another_way_counts_each_suggestion_once() -> None:
    assert reasons(("x.", "a"), ("x.b", "c"), ("x.", "d"), ("x.b", "")) == [False, False, False, True]


@pytest.mark.parametrize(
    ("edits", "pause_ms"),
    [(["a", "b"], 0.0), ([""], 0.0), (["", ""], DELETING_PAUSE_MS), (["", "", "", "a"], 0.0), (["", "a", ""], 0.0)],
)
def test_who_deletes_on_and_on_is_waited_for(edits: list[str], pause_ms: float) -> None:
    restraint = Restraint()
    for inserted in edits:
        restraint.edited(inserted)
    assert restraint.pause_ms == pause_ms


@pytest.mark.parametrize(
    ("text", "from_cache", "is_too_little"),
    [(")", False, True), ("\n    )", False, True), ("", False, False), ("ok", False, False), (")", True, False)],
)
def test_a_single_character_saves_no_key(text: str, from_cache: bool, is_too_little: bool) -> None:
    assert (little_reason(Suggestion("1", text, from_cache=from_cache)) is not None) == is_too_little


def test_a_document_with_half_a_megabyte_of_digits_in_a_row_is_no_trouble() -> None:
    blob = f'blob = "{"0123456789abcdef" * 32_768}"\n'
    wrong = [("x.", "to"), ("x.t", "o(self)"), ("x.te", "n"), ("x.tes", "")]
    assert reasons(*((blob + before, text) for before, text in wrong)) == [False, False, False, True]


def test_a_new_line_is_another_place_than_the_word_above_it() -> None:
    above = [("tes", "x"), ("test", "x"), ("test\n", "x"), ("test\nb", "x"), ("test\nbc", "x")]
    assert reasons(*above) == [False, False, False, False, True]
