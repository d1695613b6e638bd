"""What a change takes away and something still uses: what is named, and why other things are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from reviewed import marked_lines, places, reviewed

from codeassist.review.changes import ChangedFile
from codeassist.review.static.removed import may_lose_names

SHOP = "== pyproject.toml\n== shop/__init__.py\n"
CART = "def total(items): ...\nRATE = 1\nclass Cart:\n    def put_apples(self): ...\n    def sum_up(self): ...\n"


def check(root: Path, before: str, change: str, severity: str, moved: dict[str, str] | None = None) -> None:
    found = [one for one in reviewed(root, before, change, moved) if one.category == "removed-symbol"]
    assert places(found, "removed-symbol") == marked_lines(before, change, "GONE")
    assert [finding.severity for finding in found] == ([severity] if severity else [])


def test_what_a_function_imports_itself_needs_no_import_above(tmp_path: Path) -> None:
    used = "class C:\n    def f(self):\n        import json\n        return json.loads('1')\n"
    check(tmp_path, f"{SHOP}== shop/cart.py\nimport json\n{used}", f"== shop/cart.py\n{used}", "")


def test_a_text_that_a_call_was_given_is_no_name_that_goes(tmp_path: Path) -> None:
    used = "class C:\n    def f(self):\n        return yaml.load('1')\n"
    check(tmp_path, f"{SHOP}== shop/cart.py\nneeds('yaml')\n{used}", f"== shop/cart.py\n{used}", "")
    of_call = f"{SHOP}== shop/cart.py\nimport yaml\nneeds('yaml')\n{used}"
    check(tmp_path / "b", of_call, f"== shop/cart.py\nneeds('yaml')\n{used}", "")


def without(*lines: str) -> str:
    """The module with lines taken out."""
    return "".join(f"{line}\n" for line in CART.splitlines() if not any(gone in line for gone in lines))


@pytest.mark.parametrize(
    ("new", "uses", "severity"),
    [
        (without("total"), "from shop.cart import total  # GONE\n", "error"),
        (without("total"), "from shop.cart import total as t  # GONE\n", "error"),
        (without("RATE"), "from shop.cart import RATE  # GONE\n", "error"),
        (without("RATE"), "from shop import cart\ncart.RATE  # GONE\n", "error"),
        (without("RATE"), "from shop import cart\nwith raises(AttributeError):\n    cart.RATE\n", ""),
        (without("RATE"), "from shop import cart\nwith raises(KeyError):\n    cart.RATE  # GONE\n", "error"),
        (
            without("sum_up"),
            "from shop.cart import Cart\nwith pytest.raises(AttributeError, match='x'):\n    Cart(1).sum_up\n",
            "",
        ),
        (without("total"), "import shop.cart\nshop.cart.total(1)  # GONE\n", "error"),
        (without("total").replace("def sum_up(self): ...", "def sum_up(self): total(1)  # GONE"), "", "error"),
        (without("total") + "def total(): ...\n", "from shop.cart import total\n", ""),
        (without("total") + "total = sum\n", "from shop.cart import total\n", ""),
        (without("total") + "from shop.other import total\n", "from shop.cart import total\n", ""),
        (without("total") + "from library import *\n", "from shop.cart import total\n", ""),
        (without("total") + "moved({'total': 'shop.sums.total'})\n", "from shop.cart import total\n", ""),
        (without("total") + "print('totals')\n", "from shop.cart import total  # GONE\n", "error"),
        (without("total") + "def __getattr__(name): ...\n", "from shop.cart import total\n", ""),
        (without("total") + "globals()['total'] = 1\n", "from shop.cart import total\n", ""),
        (without("total"), "try:\n    from shop.cart import total\nexcept ImportError:\n    total = None\n", ""),
        (without("total"), "from shop.cart import total  # type: ignore\n", ""),
        (without("total"), "from other.cart import total\n", ""),
        (without("total") + "__all__ = ['total']\n", "from shop.cart import total  # GONE\n", "error"),
        (without("total"), "total = 1\ntotal\n", ""),
        (without("total"), "def total(): ...\ntotal()\n", ""),
        (without("put_apples"), "from shop.cart import Cart\nCart().put_apples()  # GONE\n", "error"),
        (
            without("put_apples"),
            "from shop.cart import Cart\nclass A(Cart):\n    def f(self):\n        self.put_apples()  # GONE\n",
            "error",
        ),
        (without("put_apples"), "def f(c):\n    c.put_apples()  # GONE\n", "warning"),
        (without("put_apples"), "def f(c):\n    c.put_apples\n", ""),
        (without("put_apples"), "import library\nlibrary.put_apples()\n", ""),
        (
            without("put_apples"),
            "from shop.cart import Cart\nclass A:\n    def put_apples(self): ...\nCart().put_apples()  # GONE\n"
            "def f(c):\n    c.put_apples()\n",
            "error",
        ),
        (
            without("put_apples").replace("def sum_up(self): ...", "def sum_up(self): self.put_apples()"),
            "from shop.cart import Cart\nclass A(Cart):\n    def put_apples(self): ...\n",
            "",
        ),
        (without("put_apples"), "class Other:\n    def put_apples(self): ...\ndef f(c):\n    c.put_apples()\n", ""),
        (without("put_apples"), "def f(c):\n    c.put_apples = print\n    c.put_apples()\n", ""),
        (
            without("put_apples").replace("Cart:", "Cart(Library):"),
            "from shop.cart import Cart\nCart().put_apples()\n",
            "",
        ),
        (without("put_apples") + "    put_apples = sum_up\n", "from shop.cart import Cart\nCart().put_apples()\n", ""),
        (
            without("put_apples") + "    def __getattr__(self, name): ...\n",
            "from shop.cart import Cart\nCart().put_apples()\n",
            "",
        ),
    ],
)
def test_python_names(tmp_path: Path, new: str, uses: str, severity: str) -> None:
    before = f"{SHOP}== shop/other.py\ndef total(): ...\n== shop/cart.py\n{CART}== use.py\n{uses}"
    check(tmp_path, before, f"== shop/cart.py\n{new}", severity)


def test_a_re_export_that_goes_is_gone_as_well(tmp_path: Path) -> None:
    before = f"== pyproject.toml\n== shop/__init__.py\nfrom .cart import Cart\n== shop/cart.py\n{CART}"
    before += "== use.py\nfrom shop import Cart  # GONE\n"
    check(tmp_path, before, "== shop/__init__.py\nimport os\n", "error")


@pytest.mark.parametrize(
    ("uses", "change", "severity"),
    [
        ("import shop.cart  # GONE\n", "== -shop/cart.py\n", "error"),
        ("from shop import cart  # GONE\n", "== -shop/cart.py\n", "error"),
        ("from shop.cart import Cart  # GONE\n", "== -shop/cart.py\n", "error"),
        ("try:\n    import shop.cart\nexcept ImportError:\n    pass\n", "== -shop/cart.py\n", ""),
        ("import shop.cart\n", f"== -shop/cart.py\n== shop/cart/__init__.py\n{CART}", ""),
        ("import shop.cart\n", "== -shop/cart.py\n== shop/cart.pyx\n", ""),
        ("from shop import cart\n", "== -shop/cart.py\n== shop/__init__.py\ncart = 1\n", ""),
        ("from shop import cart\n", "== -shop/cart.py\n== use.py\nfrom shop import basket\n== shop/basket.py\n", ""),
        ("import cart\n", "== -shop/cart.py\n", ""),
    ],
)
def test_python_modules(tmp_path: Path, uses: str, change: str, severity: str) -> None:
    check(tmp_path, f"{SHOP}== shop/cart.py\n{CART}== use.py\n{uses}", change, severity)


def test_a_module_that_moves_is_told_with_where_it_went(tmp_path: Path) -> None:
    before = f"{SHOP}== shop/cart.py\n{CART}== use.py\nimport shop.cart\n"
    change = f"== -shop/cart.py\n== shop/basket.py\n{CART}"
    (finding,) = reviewed(tmp_path, before, change, {"shop/cart.py": "shop/basket.py"})
    assert finding.message == "this imports shop/cart.py, which this change moves to shop/basket.py"
    assert (finding.path, finding.start_line, finding.evidence) == ("use.py", 1, "shop/cart.py:1")


@pytest.mark.parametrize(
    ("before", "change", "severity"),
    [
        (
            "== m.ts\nexport const a = 1;\nexport const b = 1;\n== x.ts\nimport { a } from './m'; // GONE\n",
            "== m.ts\nexport const b = 1;\n",
            "error",
        ),
        (
            "== m.ts\nexport const a = 1;\n== n.ts\nexport const a = 1;\n== x.ts\nimport { a } from './m';\n",
            "== m.ts\nexport { a } from './n';\n",
            "",
        ),
        ("== m.ts\nexport const a = 1;\n== x.ts\nimport { a } from './m'; // GONE\n", "== -m.ts\n", "error"),
        (
            "== m.ts\nexport const a = 1;\n== x.ts\nimport { a } from './m';\n",
            "== -m.ts\n== m/index.ts\nexport const a = 1;\n",
            "",
        ),
        (
            "== m/m.go\npackage m\n\nfunc Fetch(a int) {}\n\nfunc Other() {}\n== x.go\n"
            'package main\n\nimport "e.com/m"\n\n'
            "func g() {\n\tm.Fetch(1) // GONE\n}\n",
            "== m/m.go\npackage m\n\nfunc Other() {}\n",
            "error",
        ),
        (
            "== A.java\nclass A { void fetchAll(int a) {}\n void other() {} }\n== B.java\n"
            "class B { void g(A a) {\n a.fetchAll(1); // GONE\n} }\n",
            "== A.java\nclass A {\n void other() {} }\n",
            "warning",
        ),
        (
            "== A.java\nclass A { void fetchAll(int a) {}\n void other() {} }\n== B.java\n"
            "class B { void fetchAll(int a) {} void g(A a) {\n"
            " a.fetchAll(1);\n} }\n",
            "== A.java\nclass A {\n void other() {} }\n",
            "",
        ),
    ],
)
def test_other_languages(tmp_path: Path, before: str, change: str, severity: str) -> None:
    check(tmp_path, before, change, severity)


def test_a_new_name_for_the_same_code_is_told(tmp_path: Path) -> None:
    before = f"{SHOP}== shop/cart.py\ndef total(items): return sum(items)\n== use.py\nfrom shop.cart import total\n"
    (finding,) = reviewed(tmp_path, before, "== shop/cart.py\ndef summed(items): return sum(items)\n")
    assert (finding.path, finding.start_line) == ("shop/cart.py", 1)
    assert finding.message == (
        "`total` is removed or renamed here and is still used in 1 place in 1 file; it is called `summed` now"
    )


def test_several_names_of_one_place_are_one_finding(tmp_path: Path) -> None:
    before = f"{SHOP}== shop/cart.py\n{CART}== use.py\nfrom shop.cart import total, RATE\n"
    (finding,) = reviewed(tmp_path, before, f"== shop/cart.py\n{without('total', 'RATE')}")
    assert finding.message.startswith("`total`, `RATE` are removed or renamed here and are still used")


def test_what_is_still_listed_is_missed_by_new_imports_too(tmp_path: Path) -> None:
    """To the finding of missing names, a name of `__all__` is there."""
    before = f"{SHOP}== shop/cart.py\n__all__ = ['total']\n\n\ndef total(): ...\n"
    change = (
        "== shop/cart.py\n__all__ = ['total']\n\n\ndef whole(): ...\n== new.py\nfrom shop.cart import total  # GONE\n"
    )
    check(tmp_path, before, change, "error")


def test_what_is_still_listed_is_told_where_it_stood(tmp_path: Path) -> None:
    before = f"{SHOP}== shop/cart.py\n__all__ = ['total']\n\n\ndef rate(): ...\ndef total(): ...\n== use.py\n"
    change = "== shop/cart.py\n__all__ = ['total']\n\n\ndef price(): ...\ndef whole(): ...\n"
    (finding,) = reviewed(tmp_path, f"{before}from shop.cart import total\n", change)
    assert (finding.start_line, finding.places) == (5, ("use.py:1",))


@pytest.mark.parametrize("line", [" " * 3000 + "def f(a):", "a" * 200_000])
def test_a_long_line_is_looked_at_once(line: str) -> None:
    assert may_lose_names(ChangedFile("a.py", "modified", old_text=f"{line}\ngone = 1\n", new_text=f"{line}x\n"))
