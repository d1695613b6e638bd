"""Symbols by a few letters of their names, as the box of an editor asks for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.symbol_search import best_names, in_place, match_rank, split_question
from indexer.types import Symbol
from indexer.use_records import names_with_letters

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
    ("ReadQueue", "READQUEUE", 1),
    ("ReadQueue", "", 2),
    ("ReadQueue", "read_queue", 3),
    ("readQueue", "r_q", 3),
    ("read_from_queue", "rq", 3),
    ("read_from_queue", "fq", None),
    ("_private_name", "pn", 3),
    ("utf8_decode", "u8d", 3),
    ("http2server", "server", 4),
    ("outreach_reach", "reach", 4),
    ("Cart::add", "add", 4),
    ("outreach", "reach", 5),
    ("read_all", "_", 5),
    ("read", "_", None),
    ("read", "read_", 3),
    ("read", "read_all", None),
    ("", "read", None),
    ("Übung", "übung", 1),
    ("größe_prüfen", "GRÖ", 2),
    ("größe_prüfen", "gp", 3),
    ("ÜbungPlan", "üp", 3),
    ("planÜbung", "übung", 4),
    ("größe2plan", "plan", 4),
    ("größe", "öße", 5),
    ("数据_索引", "数索", 3),
    ("数据_索引", "索引", 4),
    ("İİİ_x", "x", 5),  # lower() makes it longer, so that its words are not where they were
    ("a" * 120, "a" * 60 + "b", None),
]


@pytest.mark.parametrize(("name", "wanted", "rank"), RANKS)
def test_how_well_a_name_answers(name: str, wanted: str, rank: int | None) -> None:
    assert match_rank(name, wanted) == rank


def test_the_better_and_then_the_shorter_name_comes_first() -> None:
    names = ["unread", "read_all", "reader", "read", "Read", "nothing"]
    assert best_names(names, "read", 5) == ["read", "Read", "reader", "read_all", "unread"]
    assert best_names(names, "read", 1) == ["read"]


def test_of_equally_good_and_long_names_the_first_in_the_alphabet_comes_first() -> None:
    assert best_names(["read_b", "read_c", "read_a"], "read", 2) == ["read_a", "read_b"]
    assert best_names([], "read", 2) == best_names(["other"], "read", 2) == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("mount", ("", "mount")),
        ("Router.mount", ("Router", "mount")),
        ("std::vector::push", ("vector", "push")),
        ("Router#mount", ("Router", "mount")),
        (" a / b ", ("a", "b")),
        ("cart->add", ("cart", "add")),
        ("shop::Cart.add", ("Cart", "add")),
        ("a...b", ("a", "b")),
        ("::top", ("", "top")),
        ("Größe.prüfen", ("Größe", "prüfen")),
        ("..", ("", "")),
        ("Router.", ("Router", "")),
        ("", ("", "")),
    ],
)
def test_a_question_may_name_the_place(text: str, parts: tuple[str, str]) -> None:
    assert split_question(text) == parts


def symbol(name: str, container: str = "", path: str = "src/a.py") -> Symbol:
    return Symbol(name, "method", path, 1, 1, "", container)


def test_what_stands_in_just_the_named_place_comes_first_and_files_come_last() -> None:
    named, inner, similar = symbol("add", "Cart"), symbol("add", "Shop.Cart"), symbol("add", "CartView")
    in_file, elsewhere = symbol("add", "Box", "shop/cart.py"), symbol("add", "Box")
    everything = [elsewhere, in_file, similar, inner, named, symbol("add")]
    assert in_place(everything, "cart") == [inner, named, similar, in_file]
    assert in_place(everything, "") == everything


def test_a_name_may_say_itself_where_it_stands() -> None:
    qualified = symbol("Cart::add", "shop")
    assert in_place([qualified], "Cart") == in_place([qualified], "shop") == [qualified]
    assert in_place([qualified], "add") == []


def test_the_ending_of_a_file_is_no_place() -> None:
    assert in_place([symbol("add")], "py") == []


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


def test_the_limit_counts_what_stands_in_the_place(index: Any) -> None:
    assert found(index, "Cart.total", 1) == [("Cart", "total_price")]  # `Bill.total_price` stands before it
    assert found(index, "Cart.a", 1) == [("Cart", "add")]


def test_the_style_of_a_name_need_not_be_known(index: Any) -> None:
    assert ("", "totalPrice") in found(index, "total_pr")
    assert ("Cart", "total_price") in found(index, "totalpr")


def test_definitions_of_one_name_come_by_path(index: Any) -> None:
    symbols = index.find_symbols("total_price", 20)
    assert [symbol.path for symbol in symbols] == ["shop/bill.py", "shop/cart.py", "web/api.ts"]


def test_an_edit_is_found(index: Any) -> None:
    index.refresh_file("shop/bill.py", "def bill_of_lading(): ...\n")
    assert found(index, "bol") == [("", "bill_of_lading")]
    assert found(index, "tt") == []


def test_no_more_than_the_limit_is_found(index: Any) -> None:
    assert len(found(index, "total", 2)) == 2
    assert found(index, "total", 0) == found(index, "total", -1) == []


ODD = [
    "", " ", "Cart.", "%", "_%", "*", "?", "[", "]", "[^a]", "[a-z]", "\\", "to\\tal", "'; --", "\0", "total\0",
    "total_price ()", "\ud800", "total\udfff", "\ud800.total", "a" * 121, "a" * 70_000, "%" * 70_000,
    "x" * 70_000 + ".total", "🙂",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_an_odd_question_finds_nothing_and_breaks_nothing(index: Any, text: str) -> None:
    assert found(index, text) == []
    assert found(index, "Cart") == [("", "Cart")]
    assert index.refresh().warnings == ()  # as a damaged index would be built anew


def test_an_underscore_and_digits_are_letters_like_others(index: Any) -> None:
    assert found(index, "e_100") == [("", "RATE_100")]


def test_letters_that_mean_something_in_patterns_are_letters_here(
    repository: Callable[..., Path], open_index: Callable[..., Any]
) -> None:
    ruby = "".join(f"  def {name}(x)\n    x\n  end\n" for name in ("empty?", "[]", "*", "full"))
    index = open_index(repository({"cart.rb": f"class Cart\n{ruby}end\n"}))
    index.refresh()
    for letter, name in (("?", "empty?"), ("[", "[]"), ("]", "[]"), ("*", "*"), ("y?", "empty?")):
        assert found(index, letter) == [("Cart", name)]


@pytest.mark.parametrize("text", ["Übung", "übung", "ÜBUNG", "üb", "B_ÜB", "übung.prüfe", "ÜBUNG.PRÜFE"])
def test_names_are_found_whatever_the_case_of_their_letters(
    repository: Callable[..., Path], open_index: Callable[..., Any], text: str
) -> None:
    source = "class Übung:\n    def prüfe(self): ...\n\n\ndef sub_übung(): ...\n"
    index = open_index(repository({"a.py": source}))
    index.refresh()
    assert found(index, text)


def test_a_name_of_one_letter_is_found_among_many_that_have_the_letter(
    repository: Callable[..., Path], open_index: Callable[..., Any]
) -> None:
    names = [*(f"Aa{number}" for number in range(30)), "x_a", "a"]
    index = open_index(repository({"a.py": "".join(f"def {name}(): ...\n" for name in names)}))
    index.refresh()
    assert found(index, "a", 2) == [("", "a"), ("", "Aa0")]
    with index._store.reading() as connection:
        assert names_with_letters(connection, "a", 3) == ["a", "Aa0", "Aa1"]


def test_a_place_is_also_what_the_name_itself_says(
    repository: Callable[..., Path], open_index: Callable[..., Any]
) -> None:
    files = {
        "a.cpp": "void shop::Cart::add(int a) { }\nvoid shop::Box::add(int a) { }\n",
        "b.ex": "defmodule Shop.Basket do\n  def put(a) do\n    a\n  end\nend\n",
    }
    index = open_index(repository(files))
    index.refresh()
    assert found(index, "Cart::add") == [("shop", "Cart::add")]
    assert found(index, "Shop.Basket") == [("", "Shop.Basket")]
