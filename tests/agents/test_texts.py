"""What was found, as an agent reads it."""

from __future__ import annotations

import pytest

from codeassist.agents.texts import hits_text, quoted, readable, symbols_text, usages_text
from indexer.types import Hit, Symbol


def hit(start_line: int, text: str) -> Hit:
    n_lines = text.rstrip("\n").count("\n") + 1
    return Hit("a/b.py", start_line, start_line + n_lines - 1, 1.0, text, "lexical", "contains f")


def test_a_place_of_one_line_has_one_number() -> None:
    assert hits_text([hit(7, "f()\n"), hit(9, "f(\n)\n")]) == (
        "a/b.py:7  (contains f)\nf()\n\na/b.py:9-10  (contains f)\nf(\n)"
    )


@pytest.mark.parametrize(
    ("n_lines", "n_shown", "last"),
    [(39, 39, "line"), (40, 40, "line"), (42, 40, "... 2 more lines"), (99, 40, "... 59 more lines")],
)
def test_long_code_is_cut(n_lines: int, n_shown: int, last: str) -> None:
    lines = hits_text([hit(1, "line\n" * n_lines)]).split("\n")
    assert (lines.count("line"), lines[-1]) == (n_shown, last)


def test_a_symbol_says_what_it_is_and_of_what() -> None:
    method = Symbol("f", "method", "a.py", 3, 5, "def f(self):\n    ...", "Outer.Inner")
    assert symbols_text([method], 1) == "a.py:3-5  (method of Outer.Inner)\ndef f(self):\n    ..."


MORE = "(There are more, beyond this limit of 2.)"


@pytest.mark.parametrize(
    ("n_found", "expected"),
    [
        (0, ""),
        (1, "a/b.py:1: f(1)"),
        (2, "a/b.py:1: f(1)\na/b.py:2: f(2)"),
        (3, f"a/b.py:1: f(1)\na/b.py:2: f(2)\n{MORE}"),
    ],
)
def test_only_an_answer_that_was_cut_says_that_there_is_more(n_found: int, expected: str) -> None:
    found = [hit(number, f"    f({number})\n") for number in range(1, n_found + 1)]
    assert usages_text(found, limit=2) == expected


def test_what_was_asked_is_quoted_in_short() -> None:
    assert quoted("it's\n") == '"it\'s\\n"'
    assert quoted("x" * 80) == f"'{'x' * 80}'"
    assert quoted("x" * 5000) == f"'{'x' * 80}...'"


def test_halves_of_surrogate_pairs_are_replaced() -> None:
    assert readable("a\ud83d b\udcff 😀") == "a? b? 😀"
