"""Places that are followed through edits."""

from __future__ import annotations

import random

import pytest
from lsprotocol import types

from codeassist.types import Cursor
from lsp.documents import Document, DocumentStore
from lsp.stretches import Edit, Stretch, edits_of, least_edit, moved_by, text_between


def document(text: str) -> Document:
    return DocumentStore().open(types.TextDocumentItem(uri="file:///a.py", language_id="python", version=1, text=text))


def place(text: str, offset: int) -> Cursor:
    line = text.count("\n", 0, offset)
    return Cursor(line, offset - (text.rfind("\n", 0, offset) + 1))


def edit(text: str, start: int, end: int, new: str) -> tuple[Edit, str]:
    return Edit(place(text, start), place(text, end), new), text[:start] + new + text[end:]


def check(marked: str, start: int, end: int, new: str, expected: str | None) -> None:
    """The stretch between `<` and `>` of a text, after `new` was put in place of start..end of it."""
    first, last = marked.index("<"), marked.index(">") - 1
    text = marked.replace("<", "").replace(">", "")
    change, after = edit(text, start, end, new)
    stretch = Stretch(place(text, first), place(text, last)).after(change)
    assert (stretch and text_between(document(after), stretch.start, stretch.end)) == expected


@pytest.mark.parametrize(
    ("marked", "start", "end", "new", "expected"),
    [
        ("a<bcd>e", 0, 0, "X\nY", "bcd"),
        ("a<bcd>e", 5, 5, "X\nY", "bcd"),
        ("a<bcd>e", 1, 1, "X", "bcd"),
        ("a<bcd>e", 4, 4, "X", "bcd"),
        ("a<bcd>e", 2, 2, "X\nY", "bX\nYcd"),
        ("a<bcd>e", 1, 4, "new", "new"),
        ("a<bcd>e", 2, 3, "", "bd"),
        ("a<bcd>e", 0, 2, "X", "cd"),
        ("a<bcd>e", 3, 5, "X", "bc"),
        ("a<bcd>e", 0, 5, "", ""),
        ("a<bcd>e", 0, 5, "other", None),
        ("x\na<b\nc>d\ny", 0, 2, "", "b\nc"),
        ("x\na<b\nc>d\ny", 2, 3, "A\nA", "b\nc"),
        ("x\na<b\nc>d\ny", 4, 4, "X", "bX\nc"),
    ],
)
def test_a_stretch_goes_along_with_edits(marked: str, start: int, end: int, new: str, expected: str | None) -> None:
    check(marked, start, end, new, expected)


def test_edits_elsewhere_never_change_what_is_in_a_stretch() -> None:
    chance = random.Random(5)
    for _ in range(500):
        text = "".join(chance.choices("ab\n", k=30))
        first, last = sorted(chance.sample(range(31), 2))
        stretch, wanted = Stretch(place(text, first), place(text, last)), text[first:last]
        for _ in range(6):
            before = chance.random() < 0.5
            low, high = (0, first) if before else (last, len(text))
            start, end = sorted(chance.choices(range(low, high + 1), k=2))
            new = "".join(chance.choices("xy\n", k=chance.randrange(4)))
            change, text = edit(text, start, end, new)
            after = stretch.after(change)
            assert after is not None
            stretch = after
            if before:
                first, last = first + len(new) - (end - start), last + len(new) - (end - start)
            assert text_between(document(text), stretch.start, stretch.end) == wanted


def test_several_changes_of_one_message_are_seen_one_after_the_other() -> None:
    old = document("é😀x\r\ny\r\n")
    span = types.Range(start=types.Position(line=0, character=3), end=types.Position(line=0, character=4))
    below = types.Range(start=types.Position(line=2, character=0), end=types.Position(line=2, character=0))
    changes = [
        types.TextDocumentContentChangePartial(range=span, text="a\r\nb"),
        types.TextDocumentContentChangePartial(range=below, text="c"),
    ]
    assert edits_of(old, changes) == [
        Edit(Cursor(0, 2), Cursor(0, 3), "a\nb"),
        Edit(Cursor(2, 0), Cursor(2, 0), "c"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("ab\ncd\nef", "ab\ncXd\nef", Edit(Cursor(1, 1), Cursor(1, 1), "X")),
        ("ab\ncd\nef", "ab\nef", Edit(Cursor(1, 0), Cursor(2, 0), "")),
        ("ab\nab\n", "ab\nab\nab\n", Edit(Cursor(2, 0), Cursor(2, 0), "ab\n")),
        ("aa", "aaa", Edit(Cursor(0, 2), Cursor(0, 2), "a")),
        ("aaa", "aa", Edit(Cursor(0, 2), Cursor(0, 3), "")),
        ("", "x", Edit(Cursor(0, 0), Cursor(0, 0), "x")),
        ("x\r\ny", "x\r\nyz", Edit(Cursor(1, 1), Cursor(1, 1), "z")),
        ("same", "same", None),
    ],
)
def test_a_new_text_as_a_whole_is_the_least_edit(old: str, new: str, expected: Edit | None) -> None:
    assert edits_of(document(old), [types.TextDocumentContentChangeWholeDocument(text=new)]) == (
        [expected] if expected else []
    )


def test_the_least_edit_leads_to_the_new_text() -> None:
    chance = random.Random(8)
    for _ in range(500):
        old, new = ("".join(chance.choices("ab\n", k=chance.randrange(12))) for _ in range(2))
        found = least_edit(document(old).lines, document(new).lines)
        start, end = document(old).position(found.start), document(old).position(found.end)
        change = types.TextDocumentContentChangePartial(range=types.Range(start=start, end=end), text=found.text)
        assert document(old).edited(2, (change,)).text == new


def test_a_text_leads_to_its_end() -> None:
    assert moved_by(Cursor(3, 4), "ab") == Cursor(3, 6)
    assert moved_by(Cursor(3, 4), "ab\n\nc") == Cursor(5, 1)
    assert text_between(document("a\r\nb"), Cursor(0, 0), Cursor(9, 0)) == ""
