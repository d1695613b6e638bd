"""Which definitions matter: the walk over who uses what, and what it finds in repositories."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.importance import MAX_PUSHED, Use, walk

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
    steps: list[str] = []

    def uses(path: str) -> list[Use]:
        steps.append(path)
        return {"a": [Use(1, "b", 1.0)], "b": [Use(2, "a", 1.0)]}[path]

    ranks = walk(["a"], uses)
    assert len(steps) < MAX_PUSHED / 10
    assert sum(ranks.values()) == pytest.approx(1.0)
    assert ranks[1] > ranks[2]


def test_nothing_to_start_from_or_nothing_used_is_no_trouble() -> None:
    assert walk([], lambda path: GRAPH[path]) == walk(["d"], lambda path: GRAPH[path]) == {}


def test_uses_share_by_how_much_they_count() -> None:
    assert walk(["c"], lambda path: GRAPH[path]) == pytest.approx({1: 0.1, 3: 0.9})


def test_what_is_farther_away_counts_less() -> None:
    ranks = walk(["0"], lambda path: [Use(int(path), str(int(path) + 1), 1.0)])  # a chain without an end
    assert list(ranks) == sorted(ranks, key=lambda row: -ranks[row])
    assert ranks[1] == pytest.approx(0.85 * ranks[0])
    assert sum(ranks.values()) == pytest.approx(1.0)


def test_a_walk_in_a_graph_without_an_end_ends() -> None:
    asked: list[str] = []

    def uses(path: str) -> list[Use]:
        asked.append(path)
        return [Use(len(asked), f"{path}{number}", 1.0) for number in range(2)]

    assert sum(walk(["x"], uses).values()) == pytest.approx(1.0)
    assert len(asked) == len(set(asked)) == MAX_PUSHED


def test_a_file_that_uses_itself_is_left_again() -> None:
    ranks = walk(["a"], lambda path: {"a": [Use(1, "a", 1.0), Use(2, "b", 1.0)]}.get(path, []))
    assert ranks == pytest.approx({1: 0.5, 2: 0.5}, abs=1e-4)


def test_the_order_of_starts_and_uses_is_the_same_to_the_walk() -> None:
    there = walk(["a", "b", "c"], lambda path: GRAPH[path])
    back = walk(["c", "b", "a"], lambda path: GRAPH[path][::-1])
    assert there == pytest.approx(back)
    assert there == walk(["a", "b", "c"], lambda path: GRAPH[path])


def test_a_start_that_is_named_twice_counts_once() -> None:
    assert walked("a", "c", "a") == pytest.approx(walked("a", "c"))


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
    assert names(0) == names(-1) == []


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
    assert names(focus=["nowhere.py", "../shop/three.py", "\ud800.py", ""]) == names()
    assert names(focus=["nowhere.py", "shop/three.py"]) == names(focus=["shop/three.py"]) != names()


def test_odd_names_that_are_mentioned_change_nothing(important: Callable[..., Names]) -> None:
    names = important(PYTHON)
    assert names(mentioned=frozenset({"\ud800", "", "nobody", "x" * 70_000})) == names()


def test_an_empty_repository_has_no_map(important: Callable[..., Names]) -> None:
    assert important({})() == []


def test_imports_of_typescript_are_uses(important: Callable[..., Names]) -> None:
    files = {
        "src/cart.ts": "export class ShoppingCart {}\nexport function emptyCart(): ShoppingCart { return null; }\n",
        "src/a.ts": "import { ShoppingCart } from './cart';\n\nconst a = new ShoppingCart();\n",
        "src/b.ts": "import { ShoppingCart, emptyCart } from './cart';\n\nlet b: ShoppingCart = emptyCart();\n",
    }
    assert important(files)()[0] == "ShoppingCart"


def test_ranks_are_shares_and_the_best_comes_first(repository: Callable[..., Path], open_index: Any) -> None:
    index = open_index(repository(PYTHON))
    index.refresh()
    ranks = [ranked.rank for ranked in index.important(20)]
    assert ranks == sorted(ranks, reverse=True)
    assert sum(ranks) == pytest.approx(1.0)


# What one file may do with `Cart` of the file `lib/...`, which alone makes `Cart` matter.
IMPORTED = {
    "python": {"lib/a.py": "class Cart: ...\n", "b.py": "from lib.a import Cart\n\nCart()\n"},
    "python, by another name": {"lib/a.py": "class Cart: ...\n", "b.py": "from lib.a import Cart as C\n\nC()\n"},
    "python, from its package": {
        "lib/a.py": "class Cart: ...\n",
        "lib/__init__.py": "from lib.a import Cart\n",
        "b.py": "from lib import Cart\n\nCart()\n",
    },
    "python, from a package with a module of that name": {
        "lib/a.py": "class Cart: ...\n",
        "lib/Cart.py": "x = 1\n",
        "lib/__init__.py": "from lib.a import Cart\n",
        "b.py": "from lib import Cart\n\nCart()\n",
    },
    "typescript": {
        "lib/a.ts": "export class Cart {}\n",
        "b.ts": "import { Cart } from './lib/a';\n\nnew Cart();\n",
    },
    "typescript, default": {
        "lib/a.ts": "class Other {}\nexport default class Cart {}\n",
        "b.ts": "import Basket from './lib/a';\n\nnew Basket();\n",
    },
    "typescript, default of a name": {
        "lib/a.ts": "class Cart {}\nexport default Cart;\n",
        "b.ts": "import Cart from './lib/a';\n\nlet x: Cart;\n",
    },
    "javascript, default": {
        "lib/a.js": "export default function Cart() {}\n",
        "b.js": "import make from './lib/a';\n\nmake();\n",
    },
    "java": {
        "lib/Cart.java": "package lib;\npublic class Cart { }\n",
        "b/B.java": "package b;\nimport lib.Cart;\nclass B {\n  Cart cart = new Cart();\n}\n",
    },
}


@pytest.mark.parametrize("case", IMPORTED)
def test_what_is_imported_and_used_matters(important: Callable[..., Names], case: str) -> None:
    assert important(IMPORTED[case])() == ["Cart"]


# Calls of `name`s that no import binds, and what they are taken for.
UNIMPORTED = {
    "a member": ({"a.py": "class A:\n    def pay_all(self): ...\n", "b.py": "x.pay_all()\n"}, ["pay_all"]),
    "a short and simple name": ({"a.py": "class A:\n    def pay(self): ...\n", "b.py": "x.pay()\n"}, []),
    "what Python brings": ({"a.py": "def isinstance(a, b): ...\n", "b.py": "isinstance(x, str)\n"}, []),
    "what the file defines, too": (
        {"a.py": "def pay_all(): ...\n", "b.py": "class B:\n    def pay_all(self):\n        other.pay_all()\n"},
        [],
    ),
    "another language": ({"a.py": "def payAll(): ...\n", "b.ts": "payAll();\n"}, []),
    "a language that may import it": ({"a.js": "function payAll() {}\n", "b.ts": "payAll();\n"}, ["payAll"]),
    "what few files define": (
        {**{f"a{number}.py": "def pay_all(): ...\n" for number in range(4)}, "b.py": "pay_all()\n"},
        ["pay_all"] * 4,
    ),
    "what many files define": (
        {**{f"a{number}.py": "def pay_all(): ...\n" for number in range(5)}, "b.py": "pay_all()\n"},
        [],
    ),
    "what it has itself by way of its package": (
        {
            "p/__init__.py": "from p.a import pay_all\n",
            "p/a.py": "from p import pay_all\ndef pay_all():\n    pay_all()\n",
        },
        [],
    ),
    "what comes from outside": ({"a.py": "def pay_all(): ...\n", "b.py": "from bank import pay_all\npay_all()\n"}, []),
    "nothing": ({"a.py": "def pay_all(): ...\n", "README.md": "`pay_all()`\n"}, []),
}


@pytest.mark.parametrize("case", UNIMPORTED)
def test_what_no_import_binds_is_what_few_files_define(important: Callable[..., Names], case: str) -> None:
    files, expected = UNIMPORTED[case]
    assert important(files)() == expected


def test_tests_say_what_matters_only_where_there_is_nothing_else(important: Callable[..., Names]) -> None:
    tests = {
        "tests/helpers.py": "def make_cart(): ...\n",
        "tests/test_a.py": "from tests.helpers import make_cart\n\nmake_cart()\n",
    }
    assert important(tests)() == ["make_cart"]
    names = important({**tests, "shop/base.py": "class Base: ...\n"})
    assert names() == []
    assert names(focus=["tests/test_a.py"]) == ["make_cart"]


def test_examples_do_not_say_what_matters(important: Callable[..., Names]) -> None:
    shown = "from examples.shown import format_datetime\n\n\ndef show():\n    return format_datetime(1)\n"
    files = {**PYTHON, "examples/shown.py": "def format_datetime(value): ...\n"}
    names = important(files | {f"examples/show{number}.py": shown for number in range(9)})()
    assert "format_datetime" not in names
    assert names[0] == "BaseCart"


def test_the_map_is_that_of_the_text_however_it_came_about(repository: Callable[..., Path], open_index: Any) -> None:
    many = {f"lib/m{number}.py": f"def make_{number}(): ...\n" for number in range(6)}
    user = "".join(f"from lib.m{number} import make_{number}\nmake_{number}()\n" for number in range(6))
    index = open_index(repository({**PYTHON, **many, "user.py": user}))
    index.refresh()
    before = index.important(50)
    for path in ("lib/m0.py", "shop/base.py", "user.py"):
        index.refresh_file(path, "def other_function(): ...\n")
    assert index.important(50) != before
    for path in ("shop/base.py", "user.py", "lib/m0.py"):
        index.refresh_file(path)
    assert index.important(50) == before


def test_what_classes_are_derived_from_counts_more_than_what_is_called(important: Callable[..., Names]) -> None:
    files = {
        "shop/base.py": "class Foundation: ...\n",
        "shop/tool.py": "class Instrument: ...\n",
        **{
            f"shop/heir_{n}.py": f"from shop.base import Foundation\n\n\nclass Heir{n}(Foundation): ...\n"
            for n in "abc"
        },
        **{
            f"shop/user_{n}.py": f"from shop.tool import Instrument\n\n\ndef use_{n}():\n    return Instrument()\n"
            for n in "abc"
        },
    }
    names = important(files)()
    assert names.index("Foundation") < names.index("Instrument")


def test_a_base_is_found_by_its_namespace(important: Callable[..., Names]) -> None:
    base = "namespace {};\n\npublic class Processor\n{{\n  void Run() {{ }}\n}}\n"
    files = {f"{name}/Processor.cs": base.format(name) for name in ("One", "Two", "Three", "Four", "Five", "Six")}
    files |= {"App/Heir.cs": "using Four;\nnamespace App;\n\npublic class Heir : Processor\n{\n  void Go() { }\n}\n"}
    assert important(files)() == ["Processor"]
