from __future__ import annotations

import pytest
from marked import marked, window_of

from codeassist.types import Cursor
from codeassist.window import HEAD_STEP, WindowBudget, cut_window, starts_block


def check_roundtrip(source: str) -> None:
    document, _ = marked(source)
    window = window_of(source)
    assert window.above_text + window.left + window.suffix == document.text


@pytest.mark.parametrize(
    "source",
    ["‸", "a‸", "‸a", "a\n‸", "a\n‸\nb", "a\n\tb‸c\nd\n", "\n\n‸\n\n", "x = 'é🎉‸'\nend", "a\r\nb‸\r\nc"],
)
def test_window_and_file_are_the_same_text_when_all_fits(source: str) -> None:
    check_roundtrip(source)


def test_head_moves_in_steps_and_stays_while_it_fits() -> None:
    lines = "".join(f"line {number}\n" for number in range(200))
    document, cursor = marked(lines + "‸")
    budget = WindowBudget(above=500, below=0)
    first = cut_window(document, cursor, budget, len)
    assert first.head_line % HEAD_STEP == 0
    assert len(first.above_text) <= 500
    grown, below = marked(lines + "one more\n‸")
    second = cut_window(grown, below, budget, len, previous_head=first.head_line)
    assert second.head_line == first.head_line
    assert second.above[: len(first.above) - 1] == first.above[:-1]


def test_moved_head_leaves_room_for_the_next_lines() -> None:
    lines = "".join(f"line {number:03}\n" for number in range(64))
    document, cursor = marked(lines + "‸")
    window = cut_window(document, cursor, WindowBudget(above=400, below=0), len, previous_head=0)
    assert window.head_line > 0
    assert len(window.above_text) <= 300


def test_jump_upwards_forgets_the_old_head() -> None:
    lines = "".join(f"line {number:03}\n" for number in range(300))
    document, _ = marked(lines + "‸")
    window = cut_window(document, Cursor(100, 0), WindowBudget(above=600, below=0), len, previous_head=240)
    assert window.head_line < 100
    assert len(window.above_text) > HEAD_STEP * 9


def test_suffix_is_cut_at_a_line_end() -> None:
    window = window_of("a‸\nbb\ncc\ndd\n", below=7)
    assert window.suffix == "\nbb\ncc\n"
    assert window.end_line == 3


def test_what_is_right_of_the_cursor_counts_as_suffix() -> None:
    window = window_of("a‸ = bcd\nbb\ncc\n", below=9)
    assert window.suffix == " = bcd\n"
    assert window_of("a‸ = bcd\nbb\ncc\n", below=10).suffix == " = bcd\nbb\n"
    assert window_of("a‸ = bcd\nbb\n", below=3).suffix == " = "


def test_huge_lines_are_cut_and_not_counted_token_by_token() -> None:
    counted: list[int] = []

    def count(text: str) -> int:
        counted.append(len(text))
        return len(text)

    document, cursor = marked("x" * 1_000_000 + "\n" + "y" * 500_000 + "‸" + "z" * 500_000 + "\n" + "w" * 1_000_000)
    window = cut_window(document, cursor, WindowBudget(500, 500), count)
    assert (len(window.left), len(window.right), window.above) == (128, 500, ())
    assert max(counted, default=0) < 100_000


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(x):‸", True),
        ("def f(x):\n    ‸", True),
        ("def f(x):\n\n    ‸\n", True),
        ("func f() {‸", True),
        ("items.map(x => ‸)", False),
        ("items.map(x =>‸", True),
        ("call(‸", False),
        ("x = 1\n‸", False),
        ("x = ‸", False),
        ("‸", False),
    ],
)
def test_block_starts_are_seen(source: str, expected: bool) -> None:
    assert starts_block(window_of(source)) is expected
