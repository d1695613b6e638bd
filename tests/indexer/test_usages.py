"""Where a name is used: the very lines, code before tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.types import Hit

FILES = {
    "tests/test_cart.py": "from shop.cart import total_price\n\n\ndef test_it():\n    assert total_price([]) == 0\n",
    "shop/cart.py": "class Item: ...\n\n\ndef total_price(items: list[Item]) -> int:\n    return len(items)\n",
    "shop/bill.py": (
        "from shop.cart import Item, total_price\n\n\ndef bill(item: Item):\n"
        "    print(total_price([item]), total_price([]))\n    return total_price([item])  # 'total_price'\n"
    ),
    "web/api.ts": "import { totalPrice } from './cart';\n\nexport const price = totalPrice([]);\n",
}


@pytest.fixture
def index(repository: Callable[..., Path], open_index: Callable[..., Any]) -> Any:
    opened = open_index(repository(FILES))
    opened.refresh()
    return opened


def places(hits: list[Hit]) -> list[tuple[str, int]]:
    return [(hit.path, hit.start_line) for hit in hits]


def test_lines_that_use_a_name_come_by_path_and_line_and_tests_last(index: Any) -> None:
    hits = index.usages("total_price")
    assert places(hits) == [("shop/bill.py", 5), ("shop/bill.py", 6), ("tests/test_cart.py", 5)]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_a_usage_is_the_line_of_the_file(index: Any) -> None:
    for hit in index.usages("total_price"):
        assert hit.text == FILES[hit.path].split("\n")[hit.start_line - 1]
        assert hit.start_line == hit.end_line
        assert (hit.source, hit.symbol, hit.why) == ("usage", "total_price", "calls total_price")


def test_a_type_is_used_as_one(index: Any) -> None:
    assert {hit.why for hit in index.usages("Item")} == {"uses the type Item"}
    assert ("shop/bill.py", 4) in places(index.usages("Item"))


def test_other_languages_are_searched_as_well(index: Any) -> None:
    assert places(index.usages("totalPrice")) == [("web/api.ts", 3)]


def test_no_more_than_the_limit_is_found(index: Any) -> None:
    assert places(index.usages("total_price", 1)) == [("shop/bill.py", 5)]
    assert index.usages("total_price", 0) == index.usages("total_price", -3) == []


@pytest.mark.parametrize("name", ["nobody", "", "\ud800", "a b", "x" * 50_000, "'"])
def test_a_name_that_nobody_uses_has_no_usages(index: Any, name: str) -> None:
    assert index.usages(name) == []


def test_an_edit_moves_the_usages(index: Any) -> None:
    index.refresh_file("shop/bill.py", "\n\n" + FILES["shop/bill.py"])
    assert places(index.usages("total_price"))[:2] == [("shop/bill.py", 7), ("shop/bill.py", 8)]
    index.refresh_file("shop/bill.py", "x = 1\n")
    assert places(index.usages("total_price")) == [("tests/test_cart.py", 5)]
