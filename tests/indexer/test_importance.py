"""Which definitions matter: the walk over who uses what, and what it finds in repositories."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.importance import Use, walk

# file -> (row of a definition, its file, how much the use counts)
GRAPH = {
    "a": [Use(1, "base", 1.0), Use(2, "b", 1.0)],
    "b": [Use(1, "base", 2.0)],
    "c": [Use(1, "base", 1.0), Use(3, "d", 9.0)],
    "d": [],
    "base": [],
}


def walked(*starts: str) -> dict[int, float]:
    return walk(starts, lambda path: GRAPH[path])


def test_ranks_are_shares_of_all_visits() -> None:
    assert sum(walked("a", "b", "c").values()) == pytest.approx(1.0)


def test_what_everybody_uses_ranks_first() -> None:
    ranks = walked("a", "b", "c", "d", "base")
    assert max(ranks, key=lambda row: ranks[row]) == 1


def test_where_the_walk_starts_decides() -> None:
    assert max(walked("c").items(), key=lambda item: item[1])[0] == 3
    assert 3 not in walked("a")


def test_what_is_used_by_what_is_used_has_a_rank() -> None:
    assert walk(["a"], lambda path: {"a": [Use(1, "b", 1.0)], "b": [Use(2, "c", 1.0)]}.get(path, [])).keys() == {1, 2}


def test_a_walk_in_circles_ends() -> None:
    ranks = walk(["a"], lambda path: {"a": [Use(1, "b", 1.0)], "b": [Use(2, "a", 1.0)]}[path])
    assert sum(ranks.values()) == pytest.approx(1.0)
    assert ranks[1] > ranks[2]


def test_nothing_to_start_from_or_nothing_used_is_no_trouble() -> None:
    assert walk([], lambda path: GRAPH[path]) == walk(["d"], lambda path: GRAPH[path]) == {}


PYTHON = {
    "shop/base.py": "class BaseCart: ...\n\n\ndef _hidden_helper(): ...\n",
    "shop/money.py": "def rounded_amount(value): ...\n\n\ndef other_amount(value): ...\n",
    "shop/one.py": (
        "from shop.base import BaseCart, _hidden_helper\nfrom shop.money import rounded_amount\n\n\n"
        "class One(BaseCart):\n    def go(self):\n        _hidden_helper()\n        rounded_amount(1)\n"
    ),
    "shop/two.py": "from shop.base import BaseCart\n\n\ndef two(cart: BaseCart):\n    return BaseCart()\n",
    "shop/three.py": (
        "from shop.base import BaseCart\nfrom shop.money import other_amount\n\n\n"
        "def three(cart: BaseCart):\n    return other_amount(BaseCart())\n"
    ),
    "shop/alone.py": "def local_helper(): ...\n\n\ndef alone():\n    return local_helper()\n",
}
Names = Callable[..., list[str]]


@pytest.fixture
def important(repository: Callable[..., Path], open_index: Callable[..., Any]) -> Callable[[dict[str, str]], Names]:
    def of(files: dict[str, str]) -> Names:
        index = open_index(repository(files))
        index.refresh()

        def names(limit: int = 20, **options: Any) -> list[str]:
            return [ranked.symbol.name for ranked in index.important(limit, **options)]

        return names

    return of


def test_a_class_that_all_files_use_is_first(important: Callable[..., Names]) -> None:
    names = important(PYTHON)
    assert names()[0] == "BaseCart"
    assert names(1) == ["BaseCart"]


def test_private_names_rank_low_and_own_names_not_at_all(important: Callable[..., Names]) -> None:
    names = important(PYTHON)()
    assert names[-1] == "_hidden_helper"
    assert "local_helper" not in names


def test_a_file_in_focus_decides(important: Callable[..., Names]) -> None:
    names = important(PYTHON)
    assert "rounded_amount" not in names(focus=["shop/three.py"])
    assert "other_amount" in names(focus=["shop/three.py"])


def test_names_that_are_mentioned_count_more(important: Callable[..., Names]) -> None:
    names = important(PYTHON)
    for name, other in (("other_amount", "rounded_amount"), ("rounded_amount", "other_amount")):
        found = names(mentioned=frozenset({name}))
        assert found.index(name) < found.index(other)


def test_an_unknown_file_in_focus_does_not_count(important: Callable[..., Names]) -> None:
    names = important(PYTHON)
    assert names(focus=["nowhere.py"]) == names()


def test_an_empty_repository_has_no_map(important: Callable[..., Names]) -> None:
    assert important({})() == []


def test_imports_of_typescript_are_uses(important: Callable[..., Names]) -> None:
    files = {
        "src/cart.ts": "export class ShoppingCart {}\nexport function emptyCart(): ShoppingCart { return null; }\n",
        "src/a.ts": "import { ShoppingCart } from './cart';\n\nconst a = new ShoppingCart();\n",
        "src/b.ts": "import { ShoppingCart, emptyCart } from './cart';\n\nlet b: ShoppingCart = emptyCart();\n",
    }
    assert important(files)()[0] == "ShoppingCart"
