"""Classes that others are derived from, and members that come from there, across files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from marked_cursor import definitions_at

from indexer.enclosing import class_around

Files = dict[str, str]
# files of the repository, the asking file, its text with the cursor, the file and the name of what must be found
Case = tuple[Files, str, str, str]

PYTHON = {
    "shop/root.py": "class Root:\n    def pay_all(self, amount):\n        return amount\n",
    "shop/base.py": "from shop.root import Root\n\n\nclass Base(Root):\n    def total(self):\n        return 1\n",
}
CLASS = "from shop.base import Base\n\n\nclass Cart(Base):\n    def f(self):\n"
CASES: dict[str, Case] = {
    "python: the base, in a method": (PYTHON, "a.py", f"{CLASS}        x = 1\n        |", "shop/base.py:Base"),
    "python: the base of the base": (PYTHON, "a.py", f"{CLASS}        x = 1\n        |", "shop/root.py:Root"),
    "python: a member of the base": (PYTHON, "a.py", f"{CLASS}        self.total(|", "shop/base.py:Base"),
    "python: a member from further above": (PYTHON, "a.py", f"{CLASS}        self.pay_all(|", "shop/root.py:Root"),
    "python: through super": (PYTHON, "a.py", f"{CLASS}        super().pay_all(|", "shop/root.py:Root"),
    "python: of a variable": (
        PYTHON,
        "a.py",
        "from shop.base import Base\n\n\ndef f(base: Base):\n    base.pay_all(|",
        "shop/root.py:Root",
    ),
    "python: a base through a module": (
        PYTHON,
        "a.py",
        "from shop import base\n\n\nclass Cart(base.Base):\n    def f(self):\n        self.total(|",
        "shop/base.py:Base",
    ),
    "python: a base of the same file": (
        PYTHON | {"a.py": "from shop.base import Base\n\n\nclass Middle(Base): ...\n\n\nclass Cart(Middle): ...\n"},
        "a.py",
        "from shop.base import Base\n\n\nclass Middle(Base): ...\n\n\nclass Cart(Middle):\n    def f(self):\n"
        "        self.pay_all(|",
        "shop/root.py:Root",
    ),
    "typescript": (
        {
            "base.ts": "import { Root } from './root';\nexport class Base<T> extends Root {\n"
            "  total(): number { return f(); }\n}\n",
            "root.ts": "export class Root {\n  payAll(amount: number) { return g(amount); }\n}\n",
        },
        "a.ts",
        "import { Base } from './base';\nexport class Cart extends Base<number> {\n  f() {\n    this.payAll(|",
        "root.ts:Root",
    ),
    "javascript: super": (
        {"base.js": "export class Base {\n  total(a) { return f(a); }\n}\n"},
        "a.js",
        "import { Base } from './base';\nexport class Cart extends Base {\n  total(a) {\n    super.total(|",
        "base.js:Base",
    ),
    "java": (
        {
            "b/Base.java": "package com.base;\nimport com.root.Root;\n"
            "public abstract class Base extends Root<String> {\n  int total() { return f(); }\n}\n",
            "r/Root.java": "package com.root;\npublic class Root<T> {\n"
            "  public int payAll(int a) { return g(a); }\n}\n",
        },
        "Cart.java",
        "package shop;\nimport com.base.Base;\npublic final class Cart extends Base {\n  void f() {\n    payAll(|",
        "r/Root.java:Root",
    ),
    "kotlin": (
        {
            "b/Things.kt": "package com.base\n\nopen class Base(val x: Int) : Payer {\n  fun total() = f()\n}\n\n"
            "interface Payer {\n  fun payAll(a: Int) = g(a)\n}\n"
        },
        "Cart.kt",
        "package shop\n\nimport com.base.Base\n\ninternal class Cart : Base(1) {\n  fun f() {\n    payAll(|",
        "b/Things.kt:Payer",
    ),
    "c#": (
        {
            "b/Base.cs": "namespace Acme.Base;\n\npublic abstract class Base<T> : Root\n{\n"
            "  int Total() { return F(); }\n}\n",
            "r/Root.cs": "namespace Acme;\n\npublic class Root\n{\n  public int PayAll(int a) { return G(a); }\n}\n",
        },
        "Cart.cs",
        "using Acme.Base;\nnamespace Shop\n{\n  public sealed class Cart : Base<int>\n  {\n    void F() {\n"
        "      this.PayAll(|",
        "r/Root.cs:Root",
    ),
    "rust: a trait of the type": (
        {
            "src/lib.rs": "mod payer;\n",
            "src/payer.rs": "pub trait Payer { fn pay_all(&self, a: i32) -> i32 { self.one(a) }"
            " fn one(&self, a: i32) -> i32; }\n",
        },
        "src/cart.rs",
        "use crate::payer::Payer;\npub struct Cart { a: i32 }\nimpl Payer for Cart {\n"
        "    fn one(&self, a: i32) -> i32 {\n"
        "        self.pay_all(|",
        "src/payer.rs:Payer",
    ),
    "go: an embedded struct": (
        {
            "go.mod": "module example.org/shop\n",
            "base/base.go": "package base\n\ntype Base struct {\n\tTotal int\n}\n",
            "base/pay.go": "package base\n\nfunc (b *Base) PayAll(amount int) int {\n\treturn amount\n}\n",
            "cart.go": 'package shop\n\nimport "example.org/shop/base"\n\ntype Cart struct {\n\t*base.Base\n'
            "\tName string\n}\n",
        },
        "more.go",
        "package shop\n\nfunc (c *Cart) F() {\n\tc.PayAll(|",
        "base/pay.go:Base.PayAll",
    ),
    "c++": (
        {
            "base.h": "class Root {\n public:\n  int pay_all(int a);\n};\nclass Base : public Root {\n public:\n"
            "  int total();\n};\n",
            "cart.h": '#include "base.h"\nclass Cart : public Base {\n public:\n  void f();\n};\n',
        },
        "cart.cc",
        '#include "cart.h"\nvoid Cart::f() {\n  pay_all(|',
        "base.h:Root",
    ),
    "ruby: a mixin of the base": (
        {
            "lib/base.rb": 'require_relative "payer"\nclass Base\n  include Payer\n  def total\n    one\n  end\nend\n',
            "lib/payer.rb": "module Payer\n  def pay_all(amount)\n    amount\n  end\nend\n",
        },
        "lib/cart.rb",
        'require_relative "base"\nclass Cart < Base\n  def f\n    self.pay_all(|',
        "lib/payer.rb:Payer",
    ),
    "php: a trait of the base": (
        {
            "x/Base.php": "<?php\nnamespace App\\Base;\nuse App\\Pay\\Payer;\nabstract class Base {\n"
            "  use Payer;\n  function total() { return f(); }\n}\n",
            "y/Payer.php": "<?php\nnamespace App\\Pay;\ntrait Payer {\n"
            "  public function payAll($a) { return g($a); }\n}\n",
        },
        "Cart.php",
        "<?php\nnamespace App;\nuse App\\Base\\Base;\nfinal class Cart extends Base {\n  function f() {\n"
        "    $this->payAll(|",
        "y/Payer.php:Payer",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_cursor_in_a_class_sees_what_this_is_derived_from(
    repository: Callable[..., Path], open_index: Callable[..., Any], case: str
) -> None:
    files, path, marked, wanted = CASES[case]
    index = open_index(repository(files))
    index.refresh()
    assert wanted in [f"{hit.path}:{hit.symbol}" for hit in definitions_at(index, path, marked)]


def test_an_inherited_member_says_whose_it_is(repository: Callable[..., Path], open_index: Callable[..., Any]) -> None:
    index = open_index(repository(PYTHON))
    index.refresh()
    first, second = definitions_at(index, "a.py", f"{CLASS}        self.pay_all(|")[:2]
    assert (first.symbol, first.why) == ("Root", "`Root` has `pay_all`, which is inherited here")
    assert second.symbol == "Base"
    assert "def pay_all(self, amount): ..." in first.text


def test_a_member_that_the_class_has_itself_is_not_looked_for_above(
    repository: Callable[..., Path], open_index: Callable[..., Any]
) -> None:
    text = f"{CLASS}        self.total()\n\n    def total(self):\n        return 2\n"
    index = open_index(repository(PYTHON | {"a.py": text}))
    index.refresh()
    assert not [
        hit for hit in definitions_at(index, "a.py", text.replace("total()", "total(|)")) if "inherited" in hit.why
    ]


def test_classes_that_are_derived_from_each_other_end(
    repository: Callable[..., Path], open_index: Callable[..., Any]
) -> None:
    circle = {
        "one.py": "from two import Two\n\n\nclass One(Two): ...\n",
        "two.py": "from one import One\n\n\nclass Two(One): ...\n",
    }
    index = open_index(repository(circle))
    index.refresh()
    hits = definitions_at(
        index, "a.py", "from one import One\n\n\nclass A(One):\n    def f(self):\n        self.nothing_like_it(|"
    )
    assert {hit.symbol for hit in hits} == {"One", "Two"}


def test_right_after_a_dot_the_classes_above_that_of_a_variable_are_shown(
    repository: Callable[..., Path], open_index: Callable[..., Any]
) -> None:
    index = open_index(repository(PYTHON))
    index.refresh()
    hits = definitions_at(index, "a.py", "from shop.base import Base\n\n\ndef f(thing: Base):\n    thing.|")
    assert [hit.symbol for hit in hits] == ["Base", "Root"]
    assert hits[1].why == "a class that `Base` is derived from"


PARTS: dict[str, Case] = {
    "c#: another part has the base": (
        {
            "Cart.cs": "namespace Shop;\n\npublic partial class Cart : Base\n{\n  int One() { return F(); }\n}\n",
            "More.cs": "namespace Shop;\n\npublic partial class Cart\n{\n  int Two() { return G(); }\n}\n",
            "b/Base.cs": "namespace Shop;\n\npublic class Base\n{\n  public int PayAll(int a) { return G(a); }\n}\n",
        },
        "More.cs",
        "namespace Shop;\n\npublic partial class Cart\n{\n  int Two() {\n    return PayAll(|",
        "b/Base.cs:Base",
    ),
    "rust: a trait that is implemented elsewhere": (
        {
            "src/lib.rs": "mod payer;\nmod cart;\n",
            "src/payer.rs": "pub trait Payer { fn pay_all(&self) -> i32 { self.one() } fn one(&self) -> i32; }\n",
            "src/cart.rs": "pub struct Cart { a: i32 }\n",
            "src/more/pay.rs": "use crate::payer::Payer;\nuse crate::cart::Cart;\nimpl Payer for Cart {\n"
            "    fn one(&self) -> i32 { 1 }\n}\n",
        },
        "src/page.rs",
        "use crate::cart::Cart;\nfn f(cart: Cart) {\n    cart.pay_all(|",
        "src/payer.rs:Payer",
    ),
}


@pytest.mark.parametrize("case", PARTS)
def test_parts_of_a_class_in_other_files_tell_its_bases(
    repository: Callable[..., Path], open_index: Callable[..., Any], case: str
) -> None:
    files, path, marked, wanted = PARTS[case]
    index = open_index(repository(files))
    index.refresh()
    assert wanted in [f"{hit.path}:{hit.symbol}" for hit in definitions_at(index, path, marked)]


HEADS = {
    "class A extends B implements C, D {\n  int x;|": ("A", "B", "C", "D"),
    "export default class A<T> extends B {\n  x = 1;|": ("A", "B"),
    "public sealed partial class A : B, IC\n{\n  int x;|": ("A", "B", "IC"),
    "class A\n    extends B\n    implements C {\n  int x;|": ("A", "B", "C"),
    "class A(\n    B,\n    C,\n):\n    x = 1|": ("A", "B", "C"),
    "impl<T> Shape for Point<T> {\n    x|": ("Point", "Shape"),
    "impl fmt::Display for a::Point {\n    x|": ("Point", "fmt", "Display", "a"),
    "func (c *Cart) F() {\n\tx|": ("Cart",),
    "int Cart::total(int a) {\n  x|": ("Cart",),
    "std::string Cart::name() const {\n  x|": ("Cart",),
    "object Cart : Base() {\n  x|": ("Cart", "Base"),
    "@Dec(1) data class Cart(val x: Int) : Base() {\n  x|": ("Cart", "Base"),
    "class Cart(val x: Item,\n    val y: Int) : Base(f(1)), Payer {\n  x|": ("Cart", "Base", "Payer"),
    "record Cart(Item x) : Base(x);|": ("Cart", "Base"),
    "class A(B, metaclass=C):\n  x|": ("A", "B", "metaclass", "C"),
    "class A(B, m.C|": ("A", "B", "m", "C"),
    "object = 3\n  x|": (),
    "x = 1|": (),
    "std::sort(a);\n  x|": (),
    "|": (),
}


@pytest.mark.parametrize("text", HEADS)
def test_the_class_around_a_line_is_read_from_its_head(text: str) -> None:
    lines = text.replace("|", "").split("\n")
    assert class_around(lines, len(lines) - 1) == HEADS[text]


@pytest.mark.parametrize("line", ["class " * 300, "@a(" * 300, "[" * 900, "template <" * 90, "x::" * 300, "a " * 450])
@pytest.mark.timeout(10)
def test_strange_heads_cost_nothing(line: str) -> None:
    class_around([line] * 400 + ["  x"], 400)
