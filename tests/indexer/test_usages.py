"""Where a name is used: the very lines, code before tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.languages import language_of
from indexer.occurrences import Wanted, lines_using
from indexer.parsing import parse
from indexer.types import Hit
from indexer.usages import MAX_CHARS_IN_VAIN

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
    assert 1 >= hits[0].score > hits[1].score > hits[2].score > 0


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


# file, its text, the lines that use `run`
LANGUAGES = [
    ("a.js", "import { run } from './b';\n\nrun(1);\nx.run(2);\n", [3, 4]),
    ("a.tsx", "export function App() {\n  return <A x={run(1)} y={x.run(2)} />;\n}\nrun();\n", [2, 4]),
    ("a.go", "package main\n\nfunc main() {\n\trun(1)\n\tx.run(2)\n}\n", [4, 5]),
    ("a.rs", "fn main() {\n    run(1);\n    x.run(2);\n}\n", [2, 3]),
    ("A.java", "class A {\n  void f() {\n    run(1);\n    x.run(2);\n  }\n}\n", [3, 4]),
    ("a.c", "int main(void) {\n  run(1);\n  return run(2);\n}\n", [2, 3]),
    ("a.cpp", "int main() {\n  run(1);\n  x.run(2);\n}\n", [2, 3]),
    ("a.rb", "def f\n  run(1)\n  x.run(2)\nend\n", [2, 3]),
    ("a.php", "<?php\nrun(1);\nrun(2);\n", [2, 3]),
    ("a.kt", "fun main() {\n    run(1)\n    x.run(2)\n}\n", [2, 3]),
]


@pytest.mark.parametrize(("path", "text", "lines"), LANGUAGES, ids=[path for path, _, _ in LANGUAGES])
def test_every_line_is_found_in_every_language(
    repository: Callable[..., Path], open_index: Any, path: str, text: str, lines: list[int]
) -> None:
    index = open_index(repository({path: text}))
    index.refresh()
    hits = index.usages("run")
    assert places(hits) == [(path, line) for line in lines]
    assert [hit.text for hit in hits] == [text.split("\n")[line - 1] for line in lines]


# How a name stands in a line, and what is said of the line; "" when it is no use.
LINES = {
    "name(1)": "calls name",
    "x = name(name(1))": "calls name",
    "other.name()": "calls name",
    "x: name = name()": "calls name",
    "@name\ndef f(): ...": "calls name",
    "x: name = 1": "uses the type name",
    "def f(a: name, b: name) -> name: ...": "uses the type name",
    "class A(name): ...": "inherits from name",
    "def name(): ...": "",
    "class name: ...": "",
    "from name import name": "",
    "rename()": "",
    "names()": "",
    "Name()": "",
    "x = 'name()'": "",
    "# name()": "",
}


@pytest.mark.parametrize("line", LINES)
def test_what_a_line_does_with_a_name_is_said_once(repository: Callable[..., Path], open_index: Any, line: str) -> None:
    index = open_index(repository({"a.py": f"name()\n{line}\n"}))
    index.refresh()
    assert [hit.why for hit in index.usages("name")] == ["calls name", *([LINES[line]] if LINES[line] else [])]


# Texts in which lines are easily miscounted; each calls `go` in the lines that end with `go()`.
ODD_TEXTS = {
    "form feeds and separators": "x = 1\f\ny = '\u2028\x85'\ngo()\n",
    "carriage returns": "x = 1\r\n\r\ngo()\r\nx = 2\rgo()\r",
    "byte order mark": "\ufeffgo()\n",
    "blank lines": "\n\n\n\ngo()\n\n\n\n\ngo()\n\n\n",
    "no line end": "x = 1\n    \ngo()",
    "letters of several bytes": "x = '🙂äöü'; go()\nÜbung = go()\n",
    "a very long line": "x = 1\n" * 100 + "y = [" + "1, " * 2_000 + "]\ngo()\n",
    "many chunks": "".join(f"def f{number}():\n    a = {number}\n\n    return go()\n\n\n" for number in range(60)),
    "broken syntax": "x = = 1\n]\ngo()\n",
}


@pytest.mark.parametrize("case", ODD_TEXTS)
def test_lines_are_those_of_the_file_in_odd_texts(repository: Callable[..., Path], open_index: Any, case: str) -> None:
    index = open_index(repository({"a.py": ODD_TEXTS[case]}))
    index.refresh()
    lines = ODD_TEXTS[case].removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    expected = [(number, line) for number, line in enumerate(lines, 1) if line.endswith("go()")]
    assert [(hit.start_line, hit.text) for hit in index.usages("go", 100)] == expected
    assert expected


def test_tests_of_every_kind_come_last(repository: Callable[..., Path], open_index: Any) -> None:
    tests = ["a/tests/x.py", "a_test.py", "test_a.py"]
    index = open_index(repository(dict.fromkeys([*tests, "z.py", "attest.py"], "go()\n")))
    index.refresh()
    assert [hit.path for hit in index.usages("go")] == ["attest.py", "z.py", *tests]


def test_files_without_a_grammar_use_nothing(repository: Callable[..., Path], open_index: Any) -> None:
    index = open_index(repository({"README.md": "Call `go()`.\n\n    go()\n", "a.txt": "go()\n"}))
    index.refresh()
    assert index.usages("go") == []


def test_no_more_than_the_limit_is_found(index: Any) -> None:
    assert places(index.usages("total_price", 1)) == [("shop/bill.py", 5)]
    assert places(index.usages("total_price", 2)) == [("shop/bill.py", 5), ("shop/bill.py", 6)]
    assert len(index.usages("total_price", 3)) == len(index.usages("total_price", 10**9)) == 3
    assert index.usages("total_price", 0) == index.usages("total_price", -3) == []


@pytest.mark.parametrize("name", ["nobody", "", "\ud800", "total_price\udfff", "a b", "x" * 50_000, "'", "total_", "%"])
def test_a_name_that_nobody_uses_has_no_usages(index: Any, name: str) -> None:
    assert index.usages(name) == []


def test_an_edit_moves_the_usages(index: Any) -> None:
    index.refresh_file("shop/bill.py", "\n\n" + FILES["shop/bill.py"])
    assert places(index.usages("total_price"))[:2] == [("shop/bill.py", 7), ("shop/bill.py", 8)]
    index.refresh_file("shop/bill.py", "x = 1\n")
    assert places(index.usages("total_price")) == [("tests/test_cart.py", 5)]


def test_what_is_saved_renamed_and_deleted_is_followed(index: Any) -> None:
    (index.root / "shop/bill.py").unlink()
    (index.root / "shop/new.py").write_text("x = 1\ntotal_price([])\n")
    index.refresh()
    assert places(index.usages("total_price")) == [("shop/new.py", 2), ("tests/test_cart.py", 5)]
    (index.root / "shop/new.py").rename(index.root / "shop/newer.py")
    index.refresh()
    assert places(index.usages("total_price"))[0] == ("shop/newer.py", 2)


def test_an_editors_text_counts_and_not_what_is_on_disk(index: Any) -> None:
    index.refresh_file("shop/bill.py", "total_price(1)\nx = 2\ntotal_price(3)\n")
    assert [hit.text for hit in index.usages("total_price")][:2] == ["total_price(1)", "total_price(3)"]


CART = "class Cart:\n    size = 1\n\n    def total(self):\n        return self.size\n\n\nLIMIT = 3\n"
# files, the name, "path:line what" of every usage
USES: dict[str, tuple[dict[str, str], str, list[str]]] = {
    "a constant that is read": (
        {
            "cart.py": CART,
            "a.py": "from cart import LIMIT\nimport cart\n\nprint(LIMIT)\ncart.LIMIT = 4\n",
            "b.py": "def f(LIMIT):\n    return LIMIT\n",
        },
        "LIMIT",
        ["a.py:4 reads LIMIT", "a.py:5 sets LIMIT"],
    ),
    "an attribute": (
        {"cart.py": CART, "a.py": "def f(cart):\n    cart.size = 2\n    return cart.size + size\n"},
        "size",
        ["a.py:2 sets size", "a.py:3 reads size", "cart.py:5 reads size"],
    ),
    "a class whose method is called": (
        {"cart.py": CART, "a.py": "from cart import Cart\n\nx = Cart.create()\nisinstance(x, Cart)\n"},
        "Cart",
        ["a.py:3 mentions Cart", "a.py:4 mentions Cart"],
    ),
    "a function that is passed on, and variables of its name": (
        {
            "cart.py": "def total():\n    return 1\n",
            "a.py": "from cart import total\n\nrun(total)\n",
            "b.py": "def f():\n    total = 1\n    return total\n",
        },
        "total",
        ["a.py:3 mentions total"],
    ),
    "under another name": (
        {
            "cart.py": CART,
            "a.py": "from cart import Cart as Basket\n\nx = Basket()\n\n\nclass Big(Basket): ...\n",
            "b.py": "Basket()\n",
        },
        "Cart",
        [
            "a.py:1 imports Cart, here `Basket`",
            "a.py:3 calls Cart, here `Basket`",
            "a.py:6 inherits from Cart, here `Basket`",
        ],
    ),
    "given on by a package": (
        {
            "shop/cart.py": CART,
            "shop/__init__.py": "from .cart import Cart\n",
            "more/__init__.py": "from shop.cart import *\n",
            "other/__init__.py": "from .things import *\n",
            "other/things.py": "x = 1\n",
        },
        "Cart",
        ["more/__init__.py:1 re-exports Cart", "shop/__init__.py:1 re-exports Cart"],
    ),
    "given on by a module of javascript": (
        {
            "cart.ts": "export class Cart {\n  go() { f(); }\n}\n",
            "index.ts": "export * from './cart';\n",
            "named.ts": "export { Cart as Basket } from './cart';\n",
            "plain.ts": "import { Cart } from './index';\nCart.create();\n",
            "unlike.ts": "export * from './unlike/other';\n",
            "unlike/other.ts": "export const x = 1;\n",
        },
        "Cart",
        ["index.ts:1 re-exports Cart", "named.ts:1 re-exports Cart, here `Basket`", "plain.ts:2 mentions Cart"],
    ),
    "a default export": (
        {
            "cart.ts": "export default class Cart {\n  go() { f(); }\n}\n",
            "made.js": "function build() { return 1; }\nexport default build;\n",
            "index.ts": "export { default as Basket } from './cart';\n",
            "a.ts": "import Thing from './cart';\nnew Thing();\n",
            "b.ts": "import Thing from './made';\nnew Thing();\n",
        },
        "Cart",
        [
            "a.ts:1 imports Cart, here `Thing`",
            "a.ts:2 uses the type Cart, here `Thing`",
            "index.ts:1 re-exports Cart, here `Basket`",
        ],
    ),
    "a macro": (
        {"cart.h": "#define CART_MAX 10\n", "a.c": '#include "cart.h"\nint x[CART_MAX];\n'},
        "CART_MAX",
        ["a.c:2 reads CART_MAX"],
    ),
    "java": (
        {
            "Cart.java": "class Cart {\n  int size;\n  int f() { return size; }\n}\n",
            "Big.java": "class Big extends Cart {\n  int g(Cart c) { c.size = 1; return Cart.count(); }\n}\n",
        },
        "Cart",
        ["Big.java:1 inherits from Cart", "Big.java:2 uses the type Cart"],
    ),
    "c#": (
        {
            "Cart.cs": "public class Cart<T> { public int Size { get; set; } }\n",
            "Big.cs": "class Big : Cart<int>\n{\n  int F() { this.Size = 1; return Size; }\n}\n",
        },
        "Cart",
        ["Big.cs:1 inherits from Cart"],
    ),
    "rust": (
        {
            "src/lib.rs": "mod payer;\npub use payer::Payer;\n",
            "src/payer.rs": "pub trait Payer { fn pay(&self); }\n",
            "src/a.rs": "use crate::Payer;\nimpl Payer for Cart { fn pay(&self) {} }\n",
        },
        "Payer",
        ["src/a.rs:2 inherits from Payer", "src/lib.rs:2 re-exports Payer"],
    ),
    "ruby": (
        {"payer.rb": "module Payer\nend\n", "cart.rb": "class Cart\n  include Payer\nend\n"},
        "Payer",
        ["cart.rb:2 inherits from Payer"],
    ),
    "php": (
        {"Payer.php": "<?php\ninterface Payer {}\n", "Cart.php": "<?php\nclass Cart implements Payer {}\n"},
        "Payer",
        ["Cart.php:2 inherits from Payer"],
    ),
    "go": (
        {
            "a.go": "package a\n\ntype Base struct{ N int }\n\nconst Limit = 1\n",
            "b.go": "package a\n\ntype Big struct {\n\tBase\n}\n\nfunc f() int {\n\treturn Limit\n}\n",
        },
        "Base",
        ["b.go:4 inherits from Base"],
    ),
    "kotlin": (
        {"Base.kt": "open class Base\n", "Big.kt": "class Big : Base() {\n  fun f() = Base.parse()\n}\n"},
        "Base",
        ["Big.kt:1 inherits from Base", "Big.kt:2 mentions Base"],
    ),
    "c++": (
        {"base.h": "class Base {\n int x;\n};\n", "big.h": "class Big : public Base {\n int y;\n};\n"},
        "Base",
        ["big.h:1 inherits from Base"],
    ),
}


@pytest.mark.parametrize("case", USES)
def test_every_way_to_use_a_name_is_told(repository: Callable[..., Path], open_index: Any, case: str) -> None:
    files, name, wanted = USES[case]
    index = open_index(repository(files))
    index.refresh()
    assert [f"{hit.path}:{hit.start_line} {hit.why}" for hit in index.usages(name)] == wanted


def test_an_import_on_a_line_that_is_in_no_chunk_is_told(repository: Callable[..., Path], open_index: Any) -> None:
    line = f"const x = 1; export * from './cart'; /* {'x ' * 2_300}*/"
    index = open_index(
        repository({"cart.js": "export class Cart {\n  go() { f(); }\n}\n", "all.js": f"f();\n{line}\n"})
    )
    index.refresh()
    assert [(hit.path, hit.start_line, hit.text) for hit in index.usages("Cart")] == [("all.js", 2, "")]


def test_a_file_whose_parser_was_lost_is_not_parsed_for_a_word_in_it(
    repository: Callable[..., Path], open_index: Any
) -> None:
    index = open_index(repository({"a.py": "x.total\n", "lost.py": "x.total\n"}))
    index.refresh()
    with index._store.writing() as connection:
        connection.execute("UPDATE files SET unparsed = 'its parser took too long' WHERE path = 'lost.py'")
    assert places(index.usages("total")) == [("a.py", 1)]


def test_of_files_that_only_have_the_word_not_too_many_are_parsed_in_vain(
    repository: Callable[..., Path], open_index: Any
) -> None:
    vain = "def f(item):\n    return item\n" + f"x = '{'-' * 250}'\n" * 1_900
    files = {f"a/{number}.py": vain for number in range(MAX_CHARS_IN_VAIN // len(vain))}
    named = {"z/cart.py": "item = 1\n", "z/b.py": "from z.cart import item\n\nx = [item]\n"}
    index = open_index(repository({**files, **named, "z/last.py": "print(x.item)\n"}))
    index.refresh()
    assert places(index.usages("item")) == [("z/b.py", 3), ("z/last.py", 1)]
    (index.root / "a/more.py").write_text(vain)
    index.refresh()
    assert places(index.usages("item")) == [("z/b.py", 3)]


def test_a_name_that_fills_a_file_takes_no_time_by_its_square() -> None:
    language = language_of("a.py")
    assert language is not None
    for text, kind in (("x" + ".cart" * 4_000, "constant"), ("cart + " * 8_000 + "1", "constant")):
        parsed = parse(language, f"cart = 1\n{text}\n")
        assert parsed is not None
        assert list(lines_using(parsed, "a.py", Wanted("cart", frozenset({kind})), frozenset())) == [2]


@pytest.mark.parametrize("name", ['a!"', '"', '""', 'total" OR "price', "a\0b", "\ud800", "*", ""])
def test_a_name_that_is_no_word_harms_nothing(index: Any, name: str, caplog: pytest.LogCaptureFixture) -> None:
    assert index.mentioning(name) == []
    assert index.usages(name) == []
    assert not caplog.records, "the index counts as whole"
