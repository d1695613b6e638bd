from __future__ import annotations

import random
import re
import time

import pytest
from lsprotocol import types

from codeassist.errors import DocumentError
from codeassist.types import Cursor
from lsp.documents import Document, DocumentStore
from lsp.positions import Encoding

URI = "file:///a.py"
UNIT_BYTES = {"utf-8": 1, "utf-16": 2, "utf-32": 4}
CODECS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}


def opened(text: str, encoding: Encoding = "utf-16") -> Document:
    return DocumentStore(encoding).open(types.TextDocumentItem(URI, "python", 1, text))


def change(start: tuple[int, int], end: tuple[int, int], text: str) -> types.TextDocumentContentChangePartial:
    return types.TextDocumentContentChangePartial(
        range=types.Range(types.Position(*start), types.Position(*end)), text=text
    )


def check(before: str, edit: types.TextDocumentContentChangePartial, after: str) -> None:
    edited = opened(before).edited(2, [edit])
    assert edited.text == after
    assert edited.lines == opened(after).lines
    assert edited.version == 2


def test_an_insertion_behind_an_emoji_counts_two_units() -> None:
    check("x = '😀'\ny\n", change((0, 8), (0, 8), " + 1"), "x = '😀' + 1\ny\n")


def test_lines_are_joined_and_split() -> None:
    check("a\nb\nc", change((0, 1), (1, 0), ""), "ab\nc")
    check("ab\nc", change((0, 1), (0, 1), "\r\n"), "a\r\nb\nc")


def test_the_whole_text_can_be_cut_and_filled_again() -> None:
    check("a\nb\n", change((0, 0), (2, 0), ""), "")
    check("", change((0, 0), (0, 0), "a\nb\n"), "a\nb\n")


def test_positions_outside_clamp() -> None:
    check("ab\ncd", change((0, 99), (0, 99), "!"), "ab!\ncd")
    check("ab\ncd", change((7, 3), (9, 9), "!"), "ab\ncd!")


def test_a_range_given_backwards_is_the_same_range() -> None:
    check("abcd", change((0, 3), (0, 1), "-"), "a-d")


def test_a_line_feed_behind_a_carriage_return_joins_it() -> None:
    check("a\rb", change((1, 0), (1, 0), "\n"), "a\r\nb")
    check("a\rx\nb", change((1, 0), (1, 1), ""), "a\r\nb")


def test_a_form_feed_is_no_line_end() -> None:
    check("a\f\u2028b\nc", change((1, 0), (1, 1), "d"), "a\f\u2028b\nd")


def test_a_byte_order_mark_is_a_character() -> None:
    check("\ufeffab", change((0, 1), (0, 2), ""), "\ufeffb")


def test_changes_apply_one_after_the_other() -> None:
    edited = opened("abc").edited(2, [change((0, 0), (0, 1), ""), change((0, 0), (0, 1), "X\n")])
    assert edited.lines == ("X\n", "c")


def test_a_change_without_range_replaces_everything() -> None:
    assert opened("old").edited(2, [types.TextDocumentContentChangeWholeDocument("new\r\n")]).lines == ("new\r\n", "")


def test_an_edit_leaves_the_snapshot_as_it_was() -> None:
    store = DocumentStore()
    snapshot = store.open(types.TextDocumentItem(URI, "python", 1, "a"))
    store.change(URI, 2, [change((0, 1), (0, 1), "b")])
    assert snapshot.text == "a"
    assert not store.is_current(snapshot)
    assert store.is_current(store.get(URI))


def test_a_document_that_is_not_open_is_an_error_that_says_so() -> None:
    store = DocumentStore()
    store.close(URI)
    for attempt in (lambda: store.get(URI), lambda: store.change(URI, 2, [])):
        with pytest.raises(DocumentError, match=r"a\.py is not open"):
            attempt()


def test_half_an_emoji_from_a_broken_client_can_still_be_encoded() -> None:
    assert opened("\ud83d").text == "\ufffd"
    assert opened("a").edited(2, [change((0, 1), (0, 1), "\ude00")]).text.encode() == b"a\xef\xbf\xbd"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_cursors_and_positions_are_each_others_inverse(encoding: Encoding) -> None:
    document = opened("é😀x\r\n\tz\n", encoding)
    for line, length in enumerate((3, 2, 0)):
        for column in range(length + 1):
            assert document.cursor(document.position(Cursor(line, column))) == Cursor(line, column)
    assert document.cursor(types.Position(99, 0)) == Cursor(2, 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@pytest.mark.parametrize("seed", range(20))
def test_random_edits_agree_with_edits_of_the_encoded_text(encoding: Encoding, seed: int) -> None:
    chance = random.Random(seed)
    document = opened(_some_text(chance), encoding)
    for version in range(2, 60):
        edit = change(_some_position(chance, document), _some_position(chance, document), _some_text(chance))
        expected = _edited_as_bytes(document.text, edit, encoding)
        document = document.edited(version, [edit])
        assert document.text == expected
        assert document.lines == opened(expected).lines


def test_an_edit_of_ten_thousand_lines_is_quick() -> None:
    document = opened("    value = compute(argument, 12345)\n" * 10_000)
    start = time.perf_counter()
    for version in range(100):
        document = document.edited(version, [change((5_000, 4), (5_000, 4), "x")])
        document.cursor(types.Position(9_999, 10))
    assert (time.perf_counter() - start) / 100 < 0.005  # some 0.05 ms on an idle machine


def _some_text(chance: random.Random) -> str:
    return "".join(chance.choice(["a", "é", "😀", "\n", "\r\n", "\r", "\t", "\f"]) for _ in range(chance.randrange(6)))


def _some_position(chance: random.Random, document: Document) -> tuple[int, int]:
    return chance.randrange(len(document.lines) + 1), chance.randrange(8)


def _edited_as_bytes(text: str, edit: types.TextDocumentContentChangePartial, encoding: Encoding) -> str:
    """The same edit, made the slow way: by offsets in the encoded text."""
    first, last = sorted(_offset(text, position, encoding) for position in (edit.range.start, edit.range.end))
    return text[:first] + edit.text + text[last:]


def _offset(text: str, position: types.Position, encoding: Encoding) -> int:
    starts = [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", text))]
    if position.line >= len(starts):
        return len(text)
    rest = text[starts[position.line] :]
    line = re.split(r"[\r\n]", rest, maxsplit=1)[0]
    column = 0
    while column < len(line):
        if len(line[: column + 1].encode(CODECS[encoding])) > position.character * UNIT_BYTES[encoding]:
            break
        column += 1
    return starts[position.line] + column
