"""What a cursor is given: code like the code around it, and definitions of the names near it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.cursor import read_cursor
from indexer.embedding import HashingEmbedder
from indexer.types import Hit, Query

Make = Callable[[dict[str, Any]], Path]
Open = Callable[..., Any]

PYTHON = {
    "src/shop/__init__.py": "from shop.cart import Cart\n",
    "src/shop/cart.py": (
        'class Cart:\n    """Holds items."""\n\n    def __init__(self, owner: str) -> None:\n'
        "        self.owner = owner\n\n"
        "    def add_item(self, item: str, count: int = 1) -> None:\n        self.items[item] = count\n"
    ),
    "src/shop/prices.py": (
        'TAX = 0.2\n\n\ndef price_of(item: str) -> float:\n    """What an item costs."""\n    return 1.0\n\n\n'
        "def make_cart() -> Cart:\n    return Cart('x')\n"
    ),
    "src/shop/sub/deep.py": "def deep_helper(x): return x\n",
    "tests/test_cart.py": "from shop.cart import Cart\n\n\ndef test_add():\n    Cart('me').add_item('pear')\n",
}


def ask(index: Any, path: str, marked: str, limit: int = 8, **options: Any) -> list[Hit]:
    """Hits for the cursor at the only `|` of the text."""
    line = marked[: marked.index("|")].count("\n") + 1
    query = Query("", path=path, source=marked.replace("|", "", 1), line=line, **options)
    hits: list[Hit] = index.search(query, limit)
    return hits


def definition_of(name: str, hits: list[Hit]) -> Hit | None:
    """The hit that was found because it defines this name."""
    return next((hit for hit in hits if (hit.symbol, hit.source) == (name, "definition")), None)


# asking file, its text with the cursor, what one of the hits must define
RESOLVED = {
    "imported class": ("src/shop/a.py", "from shop.cart import Cart\n\ncart = Cart(|\n", "Cart"),
    "imported by another name": ("src/shop/a.py", "from shop.cart import Cart as Basket\n\nx = Basket(|\n", "Cart"),
    "re-exported by the package": ("app.py", "from shop import Cart\n\nx = Cart(|\n", "Cart"),
    "relative import": ("src/shop/a.py", "from .prices import price_of\n\nx = price_of(|\n", "price_of"),
    "relative import from above": (
        "src/shop/sub/a.py",
        "from ..prices import price_of\n\nx = price_of(|\n",
        "price_of",
    ),
    "attribute of a module": ("src/shop/a.py", "from shop import prices\n\nx = prices.price_of(|\n", "price_of"),
    "attribute of a dotted module": ("a.py", "import shop.prices as p\n\nx = p.price_of(|\n", "price_of"),
    "wildcard import": ("src/shop/a.py", "from .prices import *\n\nx = price_of(|\n", "price_of"),
    "import over several lines": (
        "src/shop/a.py",
        "from .prices import (\n    TAX,\n    price_of,\n)\n\nx = price_of(|\n",
        "price_of",
    ),
    "variable of an imported class": (
        "src/shop/a.py",
        "from shop.cart import Cart\n\ndef f():\n    c = Cart('me')\n    y = 1\n    c.|\n",
        "Cart",
    ),
    "annotated parameter": (
        "src/shop/a.py",
        "from shop.cart import Cart\n\ndef f(c: Cart | None):\n    c.add|\n",
        "Cart",
    ),
    "attribute set in the constructor": (
        "src/shop/a.py",
        "from shop.cart import Cart\n\nclass A:\n    def __init__(self, cart: Cart):\n        self.cart = cart\n\n"
        + "    def unrelated(self):\n        pass\n" * 5
        + "\n    def f(self):\n        self.cart.|\n",
        "Cart",
    ),
    "base class": (
        "src/shop/a.py",
        "from shop.cart import Cart\n\nclass Big(Cart):\n    def go(self):\n        x = 1\n        |\n",
        "Cart",
    ),
    "class that is about to be imported": ("src/shop/a.py", "x: Cart|\n", "Cart"),
    "import inside a function": (
        "src/shop/a.py",
        "def f():\n    from shop.prices import price_of\n    return price_of(|\n",
        "price_of",
    ),
    "unfinished text": ("src/shop/a.py", "from shop.cart import Cart\n\ndef f(:\n   (((\n   Cart.|", "Cart"),
}


@pytest.mark.parametrize("case", RESOLVED)
def test_the_definition_of_the_name_at_the_cursor_is_found(repository: Make, open_index: Open, case: str) -> None:
    index = open_index(repository(PYTHON))
    index.refresh()
    path, marked, name = RESOLVED[case]
    assert definition_of(name, ask(index, path, marked))


def test_a_definition_is_shown_without_its_bodies_and_says_where_it_is_imported(
    repository: Make, open_index: Open
) -> None:
    alike = {f"src/shop/use{n}.py": f"from shop.cart import Cart\n\ncart = Cart({n})\n" for n in range(9)}
    index = open_index(repository(PYTHON | alike))
    index.refresh()
    hits = ask(index, "src/shop/a.py", "from shop.cart import Cart\n\ncart = Cart(|\n", 12)
    assert [hit.path for hit in hits[:8]] == [f"src/shop/use{n}.py" for n in range(8)]
    first = hits[8]
    assert first.text == (
        'class Cart:\n    """Holds items."""\n    def __init__(self, owner: str) -> None:\n        self.owner = owner\n'
        "    def add_item(self, item: str, count: int = 1) -> None: ..."
    )
    assert first.why == "defines `Cart`, imported on line 1"
    assert (first.path, first.start_line, first.end_line) == ("src/shop/cart.py", 1, 8)


OTHER_LANGUAGES = {
    "typescript": (
        {"src/lib/cart.ts": "export class Cart {\n  add(item: string): void { go(); }\n}\n"},
        "src/app.ts",
        "import { Cart } from './lib/cart';\n\nconst c = new Cart(|\n",
        "Cart",
    ),
    "typescript index file, .js suffix": (
        {
            "src/lib/index.ts": "export { price } from './price.js';\n",
            "src/lib/price.ts": "export function price(a: number) { return a; }\n",
        },
        "src/app.ts",
        "import { price } from './lib';\n\nprice(|\n",
        "price",
    ),
    "javascript require": (
        {"lib/cart.js": "class Cart { add(item) { go(); } }\nmodule.exports = { Cart };\n"},
        "app.js",
        "const { Cart } = require('./lib/cart');\n\nnew Cart(|\n",
        "Cart",
    ),
    "javascript default export": (
        {"lib/cart.js": "export default function makeCart(a) { return a; }\n"},
        "app.js",
        "import cart from './lib/cart';\n\ncart(|\n",
        "makeCart",
    ),
    "go package": (
        {
            "go.mod": "module example.org/shop\n",
            "cart/cart.go": "package cart\n\nfunc New(owner string) int {\n\treturn 1\n}\n",
        },
        "main.go",
        'package main\n\nimport (\n\t"example.org/shop/cart"\n)\n\nfunc main() {\n\tc := cart.New(|\n',
        "New",
    ),
    "go same package": (
        {"a.go": "package main\n\ntype Cart struct {\n\tOwner string\n}\n"},
        "b.go",
        "package main\n\nfunc f(c Cart) {\n\tc.|\n",
        "Cart",
    ),
    "rust": (
        {
            "src/lib.rs": "pub mod cart;\n",
            "src/cart.rs": "pub struct Cart { owner: String }\nimpl Cart { fn add(&self, n: i32) -> i32 { n } }\n",
        },
        "src/main.rs",
        "use crate::cart::Cart;\n\nfn main() {\n    let c: Cart = |\n",
        "Cart",
    ),
    "java import": (
        {"com/acme/util/Cart.java": "package com.acme.util;\npublic class Cart {\n  void add(String item) { }\n}\n"},
        "com/acme/App.java",
        "package com.acme;\nimport com.acme.util.Cart;\nclass App {\n  void f() {\n    Cart c = new Cart(|\n",
        "Cart",
    ),
    "java same package": (
        {"src/com/acme/Cart.java": "package com.acme;\npublic class Cart {\n  public void add(String item) { }\n}\n"},
        "src/com/acme/App.java",
        "package com.acme;\nclass App {\n  void f(Cart cart) {\n    cart.|\n",
        "Cart",
    ),
    "c include": (
        {"lib/cart.h": "struct cart { int n; };\nint cart_add(struct cart *c, int item);\n"},
        "main.c",
        '#include "lib/cart.h"\n\nint main(void) {\n  cart_add(|\n',
        "cart_add",
    ),
    "ruby require_relative": (
        {"lib/cart.rb": "class Cart\n  def add(item)\n    item\n  end\nend\n"},
        "app.rb",
        'require_relative "lib/cart"\n\nc = Cart.new(|\n',
        "Cart",
    ),
    "php namespace": (
        {"src/Util/Cart.php": "<?php\nnamespace App\\Util;\nclass Cart {\n  function add($a) { return 1; }\n}\n"},
        "src/app.php",
        "<?php\nuse App\\Util\\Cart;\n\n$c = new Cart(|\n",
        "Cart",
    ),
    "lua": (
        {"shop/cart.lua": "local M = {}\nfunction M.new(owner) return owner end\nreturn M\n"},
        "main.lua",
        'local cart = require("shop.cart")\n\ncart.new(|\n',
        "M.new",
    ),
    "c sharp": (
        {"Util/Cart.cs": "namespace Acme.Util {\n  public class Cart {\n    public void Add(string a) { }\n  }\n}\n"},
        "App.cs",
        "using Acme.Util;\nclass App {\n  void F() {\n    var c = new Cart(|\n",
        "Cart",
    ),
    "kotlin": (
        {"com/acme/util/Cart.kt": "package com.acme.util\n\nclass Cart(val a: String) {\n  fun add(b: String) {}\n}\n"},
        "com/acme/App.kt",
        "package com.acme\nimport com.acme.util.Cart\n\nfun main() {\n    val c = Cart(|\n",
        "Cart",
    ),
    "swift": (
        {"Cart.swift": "struct Cart {\n    let owner: String\n    func add(item: String) {}\n}\n"},
        "App.swift",
        "func f() {\n    let c = Cart(|\n",
        "Cart",
    ),
}


@pytest.mark.parametrize("case", OTHER_LANGUAGES)
def test_definitions_are_found_in_every_language(repository: Make, open_index: Open, case: str) -> None:
    files, path, marked, name = OTHER_LANGUAGES[case]
    index = open_index(repository(files))
    index.refresh()
    assert definition_of(name, ask(index, path, marked))


def test_an_installed_package_opened_as_workspace_finds_its_own_modules(
    tmp_path: Path, open_index: Open, write: Any
) -> None:
    root = write(tmp_path / "shop", {"cart.py": "class Cart:\n    pass\n", "sub/a.py": ""})
    index = open_index(root)
    index.refresh()
    assert ask(index, "sub/a.py", "from shop.cart import Cart\n\nCart(|\n")[0].symbol == "Cart"


def test_a_module_before_the_dot_shows_what_it_offers(repository: Make, open_index: Open) -> None:
    index = open_index(repository(PYTHON))
    index.refresh()
    hits = ask(index, "src/shop/a.py", "from shop import prices\n\nx = prices.|\n")
    first = next(hit for hit in hits if hit.path == "src/shop/prices.py")
    assert first.source == "import"
    assert first.text == "TAX = 0.2\ndef price_of(item: str) -> float: ...\ndef make_cart() -> Cart: ..."


def test_similar_code_comes_before_definitions(repository: Make, open_index: Open) -> None:
    index = open_index(repository(PYTHON), embedder=HashingEmbedder())
    index.refresh()
    hits = ask(index, "src/shop/a.py", "from shop.cart import Cart\n\nCart('you').add_item(|\n")
    assert sorted(hits, key=lambda hit: hit.is_skeleton) == hits
    similar = [hit for hit in hits if hit.path == "tests/test_cart.py"]
    assert similar
    assert similar[0].source in ("lexical", "vector")
    assert similar[0].text == PYTHON["tests/test_cart.py"].strip()


def test_lines_that_the_prompt_shows_anyway_are_no_hits(repository: Make, open_index: Open) -> None:
    body = "".join(f"def part{n}(cart):\n" + "    cart.add_item(1)\n" * 20 + "\n\n" for n in range(6))
    index = open_index(repository(PYTHON | {"big.py": body}), embedder=HashingEmbedder())
    index.refresh()
    line = body.split("\n").index("def part3(cart):") + 3
    query = Query("", path="big.py", source=body, line=line, exclude_lines=(line - 20, line + 20))
    hits = [hit for hit in index.search(query, 20) if hit.path == "big.py"]
    assert hits
    assert all(hit.end_line < line - 20 or hit.start_line > line + 20 for hit in hits)


def test_hits_in_the_asking_file_follow_its_unsaved_text(repository: Make, open_index: Open) -> None:
    body = "".join(f"def part{n}(cart):\n" + f"    cart.add_item({n})\n" * 20 + "\n\n" for n in range(4))
    index = open_index(repository({"big.py": body}))
    index.refresh()
    source = "# one more line\n# and one more\n" + body.replace("add_item(3)", "edited(3)")
    query = Query("", path="big.py", source=source, line=30, exclude_lines=(20, 40))
    lines = source.split("\n")
    hits = index.search(query, 20)
    assert hits
    for hit in hits:
        assert hit.text == "\n".join(lines[hit.start_line - 1 : hit.end_line])


def test_no_two_hits_cover_the_same_lines(repository: Make, open_index: Open) -> None:
    index = open_index(repository(PYTHON), embedder=HashingEmbedder())
    index.refresh()
    for hits in (
        ask(index, "a.py", "from shop import prices, Cart\nCart(prices.price_of(|\n", 20),
        index.search(Query("cart"), 20),
    ):
        seen = [(hit.path, line) for hit in hits for line in range(hit.start_line, hit.end_line + 1)]
        assert len(seen) == len(set(seen))


def test_the_same_question_has_the_same_answer_also_after_opening_again(repository: Make, open_index: Open) -> None:
    root = repository(PYTHON)
    marked = "from shop import prices, Cart\nc = Cart(prices.price_of(|\n"
    first = open_index(root, embedder=HashingEmbedder())
    first.refresh()
    answers = [ask(first, "a.py", marked, 20) for _ in range(3)]
    second = open_index(root, embedder=HashingEmbedder())
    second.refresh()
    answers.append(ask(second, "a.py", marked, 20))
    rebuilt = open_index(root, embedder=HashingEmbedder(), directory=root.parent / "elsewhere")
    rebuilt.refresh()
    answers.append(ask(rebuilt, "a.py", marked, 20))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]


STRANGE = {
    "empty source": Query("", path="a.py", source="", line=1),
    "line beyond the end": Query("", path="a.py", source="x\n", line=999),
    "line zero": Query("", path="a.py", source="x\n", line=0),
    "no source": Query("Cart()", path="a.py"),
    "unknown language": Query("", path="a.unknown", source="Cart(", line=1),
    "no name": Query("", path="", source="Cart(", line=1),
    "leaves the workspace": Query("", path="../../a.py", source="from ...... import x\nx.", line=2),
    "quotes and operators": Query("", path="a.py", source='x = "\' OR AND NEAR(* ^ "" \n', line=1),
    "null and surrogate": Query("", path="a.py", source="x = '\0\ud800'\nCart", line=2),
    "one huge line": Query("", path="a.py", source="Cart.x " * 60_000, line=1),
    "import of itself": Query("", path="src/shop/cart.py", source="from shop.cart import Cart\nCart.", line=2),
    "nothing but brackets": Query("", path="a.js", source="import {" + "(" * 9000, line=1),
    "identifiers that are no names": Query("", path="a.py", source="x", line=1, identifiers=("", "a b", '"', "🙂")),
}


@pytest.mark.parametrize("case", STRANGE)
@pytest.mark.timeout(30)
def test_a_strange_question_gets_less_context_and_no_error(repository: Make, open_index: Open, case: str) -> None:
    index = open_index(repository(PYTHON), embedder=HashingEmbedder())
    index.refresh()
    assert isinstance(index.search(STRANGE[case], 5), list)
    assert index.search(STRANGE[case], 0) == []


def test_imports_that_run_in_circles_end(repository: Make, open_index: Open) -> None:
    index = open_index(
        repository({"a.py": "from b import *\nfrom b import x\n", "b.py": "from a import *\nfrom a import x\n"})
    )
    index.refresh()
    assert [hit for hit in ask(index, "c.py", "from a import x\nx(|\n") if hit.source == "definition"] == []


def test_typing_on_gives_the_same_similar_code_and_a_change_gives_new(repository: Make, open_index: Open) -> None:
    index = open_index(repository(PYTHON), embedder=HashingEmbedder())
    index.refresh()
    source = "cart.add_item('pear')\ncart.add_item(coun"
    query = Query("cart.add_item(", ("add_item", "cart"), "a.py", source, 2)
    first = index.search(query, 5)
    assert index.search(Query(query.text, query.identifiers, "a.py", source + "t", 2), 5) == first
    index.refresh_file("other.py", "def f(cart):\n    cart.add_item('apple')\n")
    assert "other.py" in {hit.path for hit in index.search(query, 5)}


def test_a_variable_without_a_type_has_the_one_that_other_files_say(repository: Make, open_index: Open) -> None:
    others = {
        f"src/shop/view{n}.py": f"from shop.cart import Cart\n\n\ndef show{n}(basket: Cart) -> None:\n    pass\n"
        for n in range(3)
    }
    files = PYTHON | others | {"src/shop/odd.py": "def odd(basket: Weight) -> None:\n    pass\n"}
    index = open_index(repository(files))
    index.refresh()
    found = definition_of("Cart", ask(index, "src/other.py", "def total(basket):\n    return basket.|\n", 20))
    assert found is not None
    assert found.why == "`basket` is a `Cart` in 3 files"
    assert definition_of("Cart", ask(index, "src/other.py", "def total(bag):\n    return bag.|\n", 20)) is None


def test_types_that_few_files_say_are_not_believed(repository: Make, open_index: Open) -> None:
    kinds = ["Cart", *(f"Kind{n}" for n in range(5))]
    files = {f"src/shop/view{n}.py": f"def show(basket: {kind}) -> None:\n    pass\n" for n, kind in enumerate(kinds)}
    index = open_index(repository(PYTHON | files))
    index.refresh()
    hits = ask(index, "src/other.py", "def total(basket):\n    return basket.|\n", 20)
    assert not any("is a `Cart`" in hit.why for hit in hits)


def test_a_dotted_import_offers_nothing_under_its_first_name(repository: Make, open_index: Open) -> None:
    index = open_index(repository(PYTHON))
    index.refresh()
    hits = ask(index, "src/other.py", "import shop.prices\n\nx = shop.|\n", 20)
    assert not any("what `shop` offers" in hit.why for hit in hits)


def test_a_path_that_is_no_unicode_is_asked_for_like_any_other(repository: Make, open_index: Open) -> None:
    index = open_index(repository(PYTHON))
    index.refresh()
    source = "from shop.cart import Cart\n\n\nclass A(Cart):\n    def f(self):\n        Cart()\n"
    query = Query("", path="bad\udcff.py", source=source, line=6, exclude_lines=(4, 6))
    assert definition_of("Cart", index.search(query, 8))


@pytest.mark.parametrize(
    ("text", "bases"),
    [
        ("class A(Cart):\n    x = 1\n\n\n    y = 2|\n", ("A", "Cart")),
        ("class A(Cart):\n    def f(self):\n        if x:\n            y = 2|\n", ("A", "Cart")),
        ("class A(Cart):\n    x = 1\n\n\ndef main():\n    y = 2|\n", ()),
        ("class A(Cart|", ("A", "Cart")),
    ],
)
def test_code_below_a_class_is_not_in_it(text: str, bases: tuple[str, ...]) -> None:
    line = text[: text.index("|")].count("\n") + 1
    assert read_cursor(Query("", path="a.py", source=text.replace("|", ""), line=line)).bases == bases


def test_imports_above_the_window_are_shown(repository: Make, open_index: Open) -> None:
    index = open_index(repository(PYTHON))
    index.refresh()
    source = "from shop.cart import Cart\nimport os\n\n\n" + "x = 1\n" * 40
    imports = [
        hit.text
        for window in ((20, 44), (2, 44), (1, 44))
        for hit in index.search(Query("", path="a.py", source=source, line=30, exclude_lines=window), 8)
        if hit.why == "what this file imports"
    ]
    assert imports == ["from shop.cart import Cart\nimport os", "from shop.cart import Cart"]


def test_only_imports_at_the_head_of_the_file_are_shown(repository: Make, open_index: Open) -> None:
    index = open_index(repository(PYTHON))
    index.refresh()
    head = "import os\nfrom shop import (\n    prices,\n)\nsource = make(\n    1)\nmod = x % 3\n"
    source = head + "x = 1\n" * 60 + "import late\n\ndef f():\n    import lazy\n" + "x = 1\n" * 60
    hits = index.search(Query("", path="a.py", source=source, line=120, exclude_lines=(100, 140)), 8)
    (hit,) = [hit for hit in hits if hit.why == "what this file imports"]
    assert (hit.text, hit.start_line, hit.end_line) == ("import os\nfrom shop import (\n    prices,\n)", 1, 4)


def test_a_package_offers_what_it_re_exports(repository: Make, open_index: Open) -> None:
    names = [f"part_{n}" for n in range(30)]
    package = {
        "box/__init__.py": f"from .parts import {', '.join(names)}\n",
        "box/parts.py": "".join(f"def {name}(a):\n    return a\n\n\n" for name in names),
    }
    index = open_index(repository(package))
    index.refresh()
    hits = ask(index, "a.py", "import box\n\nx = box.|\n", 20)
    offered = next(hit.text for hit in hits if hit.why == "what `box` offers, imported on line 1").split("\n")
    assert offered[:2] == ["def part_0(a): ...", "def part_1(a): ..."]
    assert offered[-2:] == ["def part_23(a): ...", "..."]


def test_a_module_offers_all_that_it_gives_on_as_a_whole(repository: Make, open_index: Open) -> None:
    package = {
        "box/index.ts": "export * from './parts';\nexport { own as other };\nfunction own(a: number) { return a; }\n",
        "box/parts.ts": "export function one(a: number) { return a; }\nexport function two(a: number) { return a; }\n",
    }
    index = open_index(repository(package))
    index.refresh()
    hits = ask(index, "a.ts", "import * as box from './box';\n\nconst x = box.|\n", 20)
    offered = next(hit.text for hit in hits if hit.why == "what `box` offers, imported on line 1").split("\n")
    assert [line.partition("(")[0].split()[-1] for line in offered] == ["own", "one", "two"]


@pytest.mark.parametrize(
    ("path", "line"), [("src/shop/a.py", "from .prices import |"), ("app.py", "from shop.prices import TAX, |")]
)
def test_an_import_line_gets_what_its_module_offers(repository: Make, open_index: Open, path: str, line: str) -> None:
    index = open_index(repository(PYTHON))
    index.refresh()
    first = ask(index, path, f"{line}\n\n\nx = 1\n")[0]
    assert first.text == "TAX = 0.2\ndef price_of(item: str) -> float: ...\ndef make_cart() -> Cart: ..."


def test_a_class_too_long_for_a_skeleton_has_its_members_in_one_line_each(repository: Make, open_index: Open) -> None:
    methods = "".join(
        f"    def method_{n}(\n        self,\n        first: int,\n    ) -> None:\n        pass\n\n" for n in range(30)
    )
    asker = "from big import Big\n\n\ndef f(a: Big):\n    a.|\n"
    alike = {f"alike_{n}.py": asker.replace("|", f"x{n}") for n in range(9)}
    index = open_index(repository({"big.py": f"class Big:\n{methods}", **alike}))
    index.refresh()
    text = next(hit.text for hit in ask(index, "a.py", asker, 30) if hit.symbol == "Big" and hit.is_skeleton)
    lines = [f"    def method_{n}(self, first: int) -> None: ..." for n in range(30)]
    assert text.split("\n") == ["class Big:", *lines]


def test_code_that_begins_as_the_line_does_comes_first(repository: Make, open_index: Open) -> None:
    files = {
        "near.py": "basket.items = total\ntotal = basket.items\nbasket.check(total)\n",
        "like.py": "basket.pay(now)\n",
    }
    index = open_index(repository(files))
    index.refresh()
    source = "total = basket.items\nbasket.check(total)\n{}|\n"
    assert ask(index, "a.py", source.format("x = 1"))[0].path == "near.py"
    assert ask(index, "a.py", source.format("basket.pay("))[0].path == "like.py"


def test_of_a_long_chunk_the_stretch_that_shares_most_is_shown(repository: Make, open_index: Open) -> None:
    lines = [f"    step_{n}(alpha)" for n in range(18)] + ["    weigh(parcel)", "    seal(parcel)"]
    lines += [f"    other_{n}(beta)" for n in range(18)]
    index = open_index(repository({"long.py": "def everything():\n" + "\n".join(lines) + "\n"}))
    index.refresh()
    (hit,) = ask(index, "a.py", "weigh(parcel)\nother_3(beta)\nother_4(beta)\nseal(|\n")
    assert "    seal(parcel)" in hit.text.split("\n")
    assert "    other_4(beta)" in hit.text.split("\n")
    assert hit.end_line - hit.start_line < 24
    assert hit.text.split("\n") == ["def everything():", *lines][hit.start_line - 1 : hit.end_line]


def test_similar_code_can_be_done_without(repository: Make, open_index: Open) -> None:
    alike = {f"src/shop/use{n}.py": f"from shop.cart import Cart\n\ncart = Cart({n})\n" for n in range(3)}
    index = open_index(repository(PYTHON | alike))
    index.refresh()
    hits = ask(index, "src/shop/a.py", "from shop.cart import Cart\n\ncart = Cart(|\n", 12, similar=False)
    assert [hit.symbol for hit in hits] == ["Cart"]


@pytest.mark.parametrize("line", ["source = Cart.open(1)", "using var cart = Cart.open(1)", "mod = Cart.open(1)"])
def test_a_line_that_only_begins_like_an_import_is_none(line: str) -> None:
    assert read_cursor(Query("", path="a.cs", source=f"{line}\n", line=1)).members == (("Cart", "open"),)


@pytest.mark.parametrize(
    "line",
    [
        "using Acme.Util;",
        "global using static Acme.Util;",
        "using X = Acme.Util;",
        "using Acme.Ut",
        "from a.b import c",
    ],
)
def test_an_import_names_no_members(line: str) -> None:
    assert read_cursor(Query("", path="a.cs", source=f"{line}\n", line=1)).members == ()
