"""Calls that a changed signature leaves behind: which are named, and why others are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from reviewed import marked_lines, places, reviewed

SHOP = "== pyproject.toml\n== shop/__init__.py\n"


def check(root: Path, before: str, change: str, severity: str) -> None:
    found = reviewed(root, before, change)
    stale = [finding for finding in found if finding.category == "stale-call"]
    assert places(found, "stale-call") == marked_lines(before, change, "STALE")
    assert [finding.severity for finding in stale] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("old", "new", "uses"),
    [
        ("a", "a, b", "from shop.cart import f\nf(1)  # STALE\nf(1, 2)\n"),
        ("a", "a, b", "from shop.cart import f as g\ng(1)  # STALE\n"),
        ("a", "a, b", "import shop.cart\nshop.cart.f(1)  # STALE\n"),
        ("a", "a, b", "import shop.cart as c\nc.f(1)  # STALE\n"),
        ("a", "a, b", "from shop import cart\ncart.f(1)  # STALE\n"),
        ("a", "a, *, b", "from shop.cart import f\nf(1)  # STALE\nf(1, b=2)\n"),
        ("a, b", "a", "from shop.cart import f\nf(1, 2)  # STALE\nf(1, b=2)  # STALE\nf(1)\n"),
        ("a, b=1", "a", "from shop.cart import f\nf(1, 2)  # STALE\nf(1)\n"),
        ("a, b=1", "a, c=1", "from shop.cart import f\nf(1, 2)\nf(1, b=2)  # STALE\n"),
        ("a, b", "a, /, b", "from shop.cart import f\nf(a=1, b=2)  # STALE\nf(1, b=2)\n"),
        ("a, b", "a, *, b", "from shop.cart import f\nf(1, 2)  # STALE\n"),
        ("a", "a, b", "from shop.cart import f\nf(*x, a=1)\nf(**x)\n"),
        ("a, b=1", "a", "from shop.cart import f\nf(*x, b=1)  # STALE\nf(**x)\n"),
        ("a", "a, b=1", "from shop.cart import f\nf(1)\n"),
        ("a", "a, *b, **c", "from shop.cart import f\nf(1)\n"),
        ("a", "a, b", "from shop.cart import f\ndef g(f):\n    f(1)\n"),
        ("a", "a, b", "from shop.cart import f\ndef g():\n    f = other\n    f(1)\n"),
        ("a", "a, b", "try:\n    from shop.cart import f\nexcept ImportError:\n    from other import f\nf(1)\n"),
        ("a", "a, b", "from other.cart import f\nf(1)\n"),
        ("a", "a, b", "from shop.cart import f\nf(1 for x in y)  # STALE\n"),
        ("a", "a, b", "from shop.cart import f\nprint('f(1)')  # f(1)\nf\n"),
        ("a", "a, b", "from shop.cart import f\nf()\n"),
        ("a", "a, b", "from shop.cart import *\nf(1)  # STALE\n"),
    ],
)
def test_python_calls_are_named_where_imports_say_what_is_meant(tmp_path: Path, old: str, new: str, uses: str) -> None:
    before = f"{SHOP}== shop/cart.py\ndef f({old}): return {old.partition(',')[0]}\n== use.py\n{uses}"
    check(tmp_path, before, f"== shop/cart.py\ndef f({new}): return a, b\n", "error" if "STALE" in uses else "")


@pytest.mark.parametrize(
    "uses",
    [
        "import pytest\ndef test_it():\n    with pytest.raises(TypeError):\n        f(1)\n",
        "import pytest\ndef test_it():\n    with pytest.raises((ValueError, TypeError)) as e:\n        x = f(1)\n",
        "class Test:\n    def test_it(self):\n        with self.assertRaises(TypeError), other():\n            f(1)\n",
        "from contextlib import suppress\nwith suppress(TypeError):\n    f(1)\n",
        "try:\n    f(1)\nexcept (KeyError, TypeError):\n    f(1, 2)\n",
        "with pytest.raises(ValueError):\n    f(1)  # STALE\n",
        "with opened(TypeError):\n    f(1)  # STALE\n",
        "with pytest.raises(TypeError):\n    g()\nf(1)  # STALE\n",
        "try:\n    f(1)  # STALE\nexcept Exception:\n    log()\n",
        "try:\n    g()\nexcept TypeError:\n    f(1)  # STALE\n",
    ],
)
def test_a_call_that_is_there_to_fail_is_not_stale(tmp_path: Path, uses: str) -> None:
    before = f"{SHOP}== shop/cart.py\ndef f(a): return a\n== use.py\nfrom shop.cart import f\n{uses}"
    check(tmp_path, before, "== shop/cart.py\ndef f(a, b): return a, b\n", "error" if "STALE" in uses else "")


def test_a_call_with_its_arguments_in_the_old_order_is_a_warning(tmp_path: Path) -> None:
    uses = "from shop.cart import f\nf(1, 2)  # STALE\nf(a=1, b=2)\nf(*x)\n"
    before = f"{SHOP}== shop/cart.py\ndef f(a, b): ...\n== use.py\n{uses}"
    check(tmp_path, before, "== shop/cart.py\ndef f(b, a): ...\n", "warning")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("@cached\ndef f(a): ...\n", "@cached\ndef f(a, b): ...\n"),
        ("@overload\ndef f(a): ...\ndef f(a): ...\n", "@overload\ndef f(a): ...\ndef f(a, b): ...\n"),
        ("def f(a): ...\n", "if x:\n    def f(a, b): ...\nelse:\n    def f(a): ...\n"),
        ("def f(a): ...\n", "def f(a, b): ...\nf = wrapped(f)\n"),
        ("def f(a): ...\n", "def g(a, b): ...\nfrom library import f\n"),
        ("def f(a): ...\n", "def f(x): ...\n"),
        ("def f(a: int): ...\n", "def f(a: str) -> int: ...\n"),
    ],
)
def test_a_definition_that_is_not_the_only_one_says_nothing(tmp_path: Path, old: str, new: str) -> None:
    before = f"{SHOP}== shop/cart.py\n{old}== use.py\nfrom shop.cart import f\nf(1)\n"
    check(tmp_path, before, f"== shop/cart.py\n{new}", "")


CART = "class Cart:\n    def __init__(self, a): self.a = a\n    def put(self, x{}): return x\n"


@pytest.mark.parametrize(
    ("uses", "severity"),
    [
        ("from shop.cart import Cart\nCart(1).put(2)  # STALE\n", "error"),
        ("from shop.cart import Cart\nc = Cart(1)\nc.put(2)  # STALE\n", "error"),
        ("from shop.cart import Cart\ndef f(c: Cart):\n    c.put(2)  # STALE\n", "error"),
        ("from shop.cart import Cart\ndef f(c: Cart | None):\n    c.put(2)  # STALE\n", "error"),
        ("from shop.cart import Cart\nCart.put(c, 2)  # STALE\nCart.put(c, 2, 3)\n", "error"),
        ("from shop.cart import Cart\nclass Own(Cart):\n    def f(self):\n        self.put(1)  # STALE\n", "error"),
        (
            "from shop.cart import Cart\nclass Own(Cart):\n    def put(self, x):\n        super().put(x)  # STALE\n",
            "error",
        ),
        (
            "from shop.cart import Cart\nclass Own(Cart):\n    def put(self, x): ...\n"
            "    def f(self):\n        self.put(1)\n",
            "",
        ),
        ("from shop.cart import Cart\ndef make() -> Cart: ...\nmake().put(1)  # STALE\n", "error"),
        (
            "from shop.cart import Cart\nclass Till:\n    def __init__(self):\n        self.cart = Cart(1)\n"
            "    def f(self):\n        self.cart.put(1)  # STALE\n",
            "error",
        ),
        ("from shop.cart import Cart\ndef make(): return Cart(1)\nmake().put(1)  # STALE\n", "error"),
        (
            "import pytest\nfrom shop.cart import Cart\n@pytest.fixture\ndef cart(): return Cart(1)\n"
            "def test_it(cart): cart.put(1)  # STALE\ndef it(cart, other): other.put(1)\n",
            "error",
        ),
        ("import shop\nimport shop.cart\nshop.cart.Cart(1).put(2)  # STALE\n", "error"),
        (
            "from shop.cart import Cart\nclass Till:\n    def __init__(self, cart: Cart):\n        self.cart = cart\n"
            "        self.last = self.last.before()\n        self.one, self.two = self.two.x, self.one.x\n"
            "        self.two = self.one.y()\n        self.one = self.two.y()\n"
            "    def f(self):\n        self.last.put(1)\n        self.one.put(1)\n        self.cart.put(1)  # STALE\n",
            "error",
        ),
        (
            "from shop.cart import Cart\nclass Till:\n    def a(self): return self.b().c\n"
            "    def b(self): return self.a()\n    def f(self):\n        self.a().put(1)\n"
            "        Cart(1).put(1)  # STALE\n",
            "error",
        ),
        ("from shop.cart import Cart\nc = Cart(1)\nc = Other()\nc.put(2)\n", ""),
        ("def f(c):\n    c.put(2)\n", ""),
        ("class Other:\n    def put(self, x): ...\nOther().put(1)\n", ""),
        ("from shop.cart import Cart\nc = Cart(1)\nc.put(1, 2)\nc.put(*x)\n", ""),
    ],
)
def test_methods_are_told_by_what_they_are_called_on(tmp_path: Path, uses: str, severity: str) -> None:
    before = f"{SHOP}== shop/cart.py\n{CART.format('')}== use.py\n{uses}"
    check(tmp_path, before, f"== shop/cart.py\n{CART.format(', y')}", severity)


def test_a_name_that_nothing_else_has_is_enough_for_a_warning(tmp_path: Path) -> None:
    source = "== shop/cart.py\nclass Cart:\n    def put_apples(self, x{}): return x\n"
    uses = "== use.py\ndef f(c):\n    c.put_apples(2)  # STALE\n    c.put_apples(2, 3)\n"
    check(tmp_path, SHOP + source.format("") + uses, source.format(", y"), "warning")


def test_a_name_that_something_else_has_is_not_enough(tmp_path: Path) -> None:
    source = "== shop/cart.py\nclass Cart:\n    def put_apples(self, x{}): return x\n"
    uses = "== use.py\nclass Other:\n    def put_apples(self, x): ...\ndef f(c):\n    c.put_apples(2)\n"
    check(tmp_path, SHOP + source.format("") + uses, source.format(", y"), "")


@pytest.mark.parametrize(
    ("uses", "severity"),
    [
        ("from shop.cart import Cart\nCart(1)  # STALE\nCart(1, 2)\n", "error"),
        ("from shop.cart import Cart as C\nC(1)  # STALE\n", "error"),
        ("from shop.cart import Cart\nclass Own(Cart): ...\nOwn(1)  # STALE\n", "error"),
        (
            "from shop.cart import Cart\nclass Own(Cart):\n    def __init__(self):\n"
            "        super().__init__(1)  # STALE\n",
            "error",
        ),
        (
            "from shop.cart import Cart\nclass Own(Cart):\n    def __init__(self):\n"
            "        Cart.__init__(self, 1)  # STALE\n",
            "error",
        ),
        (
            "from shop.cart import Cart\nclass Own(Cart, Other):\n    def __init__(self):\n"
            "        super().__init__(1)\n",
            "",
        ),
        ("from shop.cart import Cart\nclass Own(Cart):\n    def __init__(self, a): ...\nOwn(1)\n", ""),
        ("from other import Cart\nCart(1)\n", ""),
    ],
)
def test_constructors_are_called_by_their_class(tmp_path: Path, uses: str, severity: str) -> None:
    source = "== shop/cart.py\nclass Cart:\n    def __init__(self, a{}): self.a = a\n"
    check(tmp_path, f"{SHOP}{source.format('')}== use.py\n{uses}", source.format(", b"), severity)


@pytest.mark.parametrize(
    ("before", "change", "severity"),
    [
        (
            "== m.ts\nexport function f(a: number) { return a }\n== x.ts\n"
            "import { f as g } from './m';\ng(1); // STALE\ng(1, 2);\n",
            "== m.ts\nexport function f(a: number, b: number) { return a }\n",
            "error",
        ),
        (
            "== m.ts\nexport const f = (a: number) => a;\n== x.ts\nimport * as m from './m';\n"
            "m.f(1); // STALE\nm.f(...x);\n",
            "== m.ts\nexport const f = (a: number, b: number) => a;\n",
            "error",
        ),
        (
            "== m.ts\nexport function f(a: number) { return a }\n== i/index.ts\nexport { f } from '../m';\n"
            "== x.ts\nimport { f } from './i';\nf(1); // STALE\n",
            "== m.ts\nexport function f(a: number, b: number) { return a }\n",
            "error",
        ),
        (
            "== m.ts\nexport function f(a: number) { return a }\n== x.ts\nimport { f } from 'library';\nf(1);\n",
            "== m.ts\nexport function f(a: number, b?: number) { return a }\n",
            "",
        ),
        (
            "== m.ts\nexport function f(a: number) { return a }\n== x.ts\nimport { f } from './m';\nf(1);\n",
            "== m.ts\nexport function f(a: number, b = 1, ...c: number[]) { return a }\n",
            "",
        ),
        (
            "== m.js\nexport function f(a) { return a }\n== x.js\nimport { f } from './m';\nf(1); // STALE\n",
            "== m.js\nexport function f(a, b) { return a }\n",
            "warning",
        ),
        (
            "== m.ts\nexport class Cart { constructor(a: number) {} }\n== x.ts\n"
            "import { Cart } from './m';\nnew Cart(1); // STALE\n",
            "== m.ts\nexport class Cart { constructor(a: number, b: number) {} }\n",
            "error",
        ),
        (
            '== m/m.go\npackage m\n\nfunc Fetch(a int) {}\n== x.go\npackage main\n\nimport "e.com/m"\n\n'
            "func g() {\n\tm.Fetch(1) // STALE\n\tm.Fetch(1, 2)\n\tm.Fetch(two())\n}\n",
            "== m/m.go\npackage m\n\nfunc Fetch(a, b int) {}\n",
            "error",
        ),
        (
            '== m/m.go\npackage m\n\nfunc Fetch(a int) {}\n== x.go\npackage main\n\nimport "e.com/n"\n\n'
            "func g() {\n\tm.Fetch(1)\n\tFetch(1)\n}\n",
            "== m/m.go\npackage m\n\nfunc Fetch(a, b int) {}\n",
            "",
        ),
        (
            "== A.java\nclass A { void fetchAll(int a) {} }\n== B.java\nclass B { void g(A a) {\n"
            " a.fetchAll(1); // STALE\n} }\n",
            "== A.java\nclass A { void fetchAll(int a, int b) {} }\n",
            "warning",
        ),
        (
            "== A.java\nclass A { void fetchAll(int a) {} }\n== B.java\nclass B { void g(A a) {\n"
            " a.fetchAll(1);\n} }\n",
            "== A.java\nclass A { void fetchAll(int a, int b) {} void fetchAll(int a) {} }\n",
            "",
        ),
        (
            "== A.java\nclass A { A(int a) {} }\n== B.java\nclass B { void g() {\n new A(1); // STALE\n} }\n",
            "== A.java\nclass A { A(int a, int b) {} }\n",
            "error",
        ),
        (
            "== src/m.rs\npub fn fetch_all(a: i32) {}\n== src/lib.rs\nmod m;\nfn g() {\n"
            " m::fetch_all(1); // STALE\n}\n",
            "== src/m.rs\npub fn fetch_all(a: i32, b: i32) {}\n",
            "error",
        ),
        (
            "== src/m.rs\nimpl Cart { pub fn put(&mut self, a: i32) {} }\n== src/lib.rs\nfn g() {\n"
            " Cart::put(&mut c, 1);\n}\n",
            "== src/m.rs\nimpl Cart { pub fn put(&mut self, a: i32, b: i32) {} }\n",
            "",
        ),
    ],
)
def test_other_languages(tmp_path: Path, before: str, change: str, severity: str) -> None:
    check(tmp_path, before, change, severity)


def test_a_renamed_keyword_in_the_same_file_has_a_remedy(tmp_path: Path) -> None:
    before = f"{SHOP}== shop/cart.py\ndef f(a, old=1): return old\n\n\ny = f(2, old=3)\n"
    after = "== shop/cart.py\ndef f(a, new=1): return new\n\n\ny = f(2, old=3)\n"
    (finding,) = reviewed(tmp_path, before, after)
    assert finding.replacement is not None
    assert (finding.replacement.start_line, finding.replacement.text) == (4, "y = f(2, new=3)")


def test_a_call_that_the_change_adapts_is_fine_and_the_text_of_the_change_counts(tmp_path: Path) -> None:
    before = f"{SHOP}== shop/cart.py\ndef f(a): return a\n== use.py\nfrom shop.cart import f\nf(1)\nf(2)\n"
    change = "== shop/cart.py\ndef f(a, b): return a, b\n== use.py\nfrom shop.cart import f\nf(1, 1)\nf(2)  # STALE\n"
    check(tmp_path, before, change, "error")


def test_the_message_says_how_many_where_and_why(tmp_path: Path) -> None:
    before = f"{SHOP}== shop/cart.py\ndef f(a): return a\n== use.py\nfrom shop.cart import f\nf(1)\nf(2)\n"
    (finding,) = reviewed(tmp_path, before, "== shop/cart.py\ndef f(a, rate): return a, rate\n")
    assert (finding.path, finding.start_line, finding.evidence) == ("shop/cart.py", 1, "use.py:2")
    assert finding.message == "2 calls in use.py no longer fit the new parameters of `f`: the call does not give `rate`"
    assert finding.places == ("use.py:2", "use.py:3")
    more = f"{before}== more.py\nfrom shop.cart import f\nf(3)\n"
    (finding,) = reviewed(tmp_path / "more", more, "== shop/cart.py\ndef f(a, rate): return a, rate\n")
    assert finding.message.startswith("3 calls in 2 files no longer fit the new parameters of `f`: the call ")
    one = before.removesuffix("f(2)\n")
    (finding,) = reviewed(tmp_path / "one", one, "== shop/cart.py\ndef f(a, rate): return a, rate\n")
    assert finding.message == "the call in use.py:2 no longer fits the new parameters of `f`: it does not give `rate`"
