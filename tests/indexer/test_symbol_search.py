"""Symbols by a few letters of their names, as the box of an editor asks for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.symbol_search import best_names, match_rank, split_question

# name, what is asked for, rank
RANKS = [
    ("read_from_queue", "read_from_queue", 0),
    ("ReadQueue", "readqueue", 1),
    ("read_from_queue", "read_fr", 2),
    ("read_from_queue", "rfq", 3),
    ("read_from_queue", "refrqu", 3),
    ("CodeIndex", "CI", 3),
    ("CodeIndex", "cind", 3),
    ("HTTPServer", "hs", 3),
    ("HTTPServer", "server", 4),
    ("read_from_queue", "from", 4),
    ("totalPrice", "price", 4),
    ("Datei_Öffnen", "öff", 4),
    ("read_from_queue", "rom_q", 5),
    ("read_from_queue", "rqf", None),
    ("queue", "read_queue", None),
]


@pytest.mark.parametrize(("name", "wanted", "rank"), RANKS)
def test_how_well_a_name_answers(name: str, wanted: str, rank: int | None) -> None:
    assert match_rank(name, wanted) == rank


def test_the_better_and_then_the_shorter_name_comes_first() -> None:
    names = ["unread", "read_all", "reader", "read", "Read", "nothing"]
    assert best_names(names, "read", 5) == ["read", "Read", "reader", "read_all", "unread"]
    assert best_names(names, "read", 1) == ["read"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("mount", ("", "mount")),
        ("Router.mount", ("Router", "mount")),
        ("std::vector::push", ("vector", "push")),
        ("Router#mount", ("Router", "mount")),
        (" a / b ", ("a", "b")),
        ("Router.", ("Router", "")),
        ("", ("", "")),
    ],
)
def test_a_question_may_name_the_place(text: str, parts: tuple[str, str]) -> None:
    assert split_question(text) == parts


@pytest.fixture
def index(repository: Callable[..., Path], open_index: Callable[..., Any]) -> Any:
    files = {
        "shop/cart.py": "class Cart:\n    def total_price(self): ...\n\n    def add(self): ...\n\n\nRATE_100 = 1\n",
        "shop/bill.py": "class Bill:\n    def total_price(self): ...\n\n\ndef total_tax(): ...\n",
        "web/api.ts": "export function totalPrice(): number { return 1; }\n",
    }
    opened = open_index(repository(files))
    opened.refresh()
    return opened


def found(index: Any, text: str, limit: int = 20) -> list[tuple[str, str]]:
    return [(symbol.container, symbol.name) for symbol in index.find_symbols(text, limit)]


def test_symbols_are_found_in_every_language(index: Any) -> None:
    assert found(index, "tp") == [("", "totalPrice"), ("Bill", "total_price"), ("Cart", "total_price")]


def test_a_place_narrows_the_search(index: Any) -> None:
    assert found(index, "Cart.total") == [("Cart", "total_price")]
    assert found(index, "bill.total_tax") == [("", "total_tax")]  # a file is a place, too


def test_no_more_than_the_limit_is_found(index: Any) -> None:
    assert len(found(index, "total", 2)) == 2
    assert found(index, "total", 0) == found(index, "total", -1) == []


@pytest.mark.parametrize("text", ["", " ", "Cart.", "%", "_%", "*", "?", "[", "\\", "\ud800", "a" * 70_000, "'; --"])
def test_an_odd_question_finds_nothing_and_breaks_nothing(index: Any, text: str) -> None:
    assert found(index, text) == []
    assert found(index, "Cart") == [("", "Cart")]


def test_an_underscore_and_digits_are_letters_like_others(index: Any) -> None:
    assert found(index, "e_100") == [("", "RATE_100")]
