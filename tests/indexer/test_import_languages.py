"""From a name at a cursor through the imports of its file to the definition that it means, language by language."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from marked_cursor import definitions_at

Files = dict[str, str]
# files of the repository, the asking file, its text with the cursor, the file and the name of what must be found
Case = tuple[Files, str, str, str]

PY_CART = "class Cart:\n    def add(self, item):\n        return item\n\n\ndef make_cart():\n    return Cart()\n"
PYTHON: dict[str, Case] = {
    "a module that is spelled out": (
        {"shop/part/cart.py": PY_CART},
        "a.py",
        "import shop.part.cart\n\nx = shop.part.cart.make_cart(|",
        "shop/part/cart.py:make_cart",
    ),
    "package": (
        {"shop/__init__.py": "", "shop/cart.py": PY_CART},
        "a.py",
        "from shop.cart import Cart\nCart(|",
        "shop/cart.py:Cart",
    ),
    "two of one name": (
        {"shop/cart.py": PY_CART, "other/cart.py": PY_CART},
        "a.py",
        "from other.cart import Cart\nCart(|",
        "other/cart.py:Cart",
    ),
    "relative": (
        {"shop/cart.py": PY_CART, "cart.py": PY_CART},
        "shop/a.py",
        "from .cart import Cart\nCart(|",
        "shop/cart.py:Cart",
    ),
    "relative from above": (
        {"shop/cart.py": PY_CART},
        "shop/sub/a.py",
        "from ..cart import make_cart\nmake_cart(|",
        "shop/cart.py:make_cart",
    ),
    "src layout": (
        {"src/shop/cart.py": PY_CART},
        "tests/test_a.py",
        "from shop.cart import Cart\nCart(|",
        "src/shop/cart.py:Cart",
    ),
    "namespace package": (
        {"shop/part/cart.py": PY_CART},
        "a.py",
        "from shop.part import cart\ncart.make_cart(|",
        "shop/part/cart.py:make_cart",
    ),
    "another project of the repository": (
        {"libs/one/pyproject.toml": "", "libs/one/shop/cart.py": PY_CART, "libs/two/pyproject.toml": ""},
        "libs/two/web/a.py",
        "from shop.cart import Cart\nCart(|",
        "libs/one/shop/cart.py:Cart",
    ),
    "re-exported under another name": (
        {"shop/__init__.py": "from .cart import Cart as Basket\n", "shop/cart.py": PY_CART},
        "a.py",
        "from shop import Basket\nBasket(|",
        "shop/cart.py:Cart",
    ),
    "all of a module that has all of another": (
        {"shop/__init__.py": "from .api import *\n", "shop/api.py": "from .cart import *\n", "shop/cart.py": PY_CART},
        "a.py",
        "import shop\nshop.make_cart(|",
        "shop/cart.py:make_cart",
    ),
}
TS_CART = "export class Cart {\n  add(item: string): void { go(); }\n}\n"
JAVASCRIPT: dict[str, Case] = {
    "index file": (
        {"lib/index.ts": "export * from './cart';\n", "lib/cart.ts": TS_CART},
        "a.ts",
        "import { Cart } from './lib';\nnew Cart(|",
        "lib/cart.ts:Cart",
    ),
    "default given on under a name": (
        {
            "lib/index.ts": "export { default as Basket } from './cart';\n",
            "lib/cart.ts": TS_CART.replace("export", "export default"),
        },
        "a.ts",
        "import { Basket } from './lib';\nnew Basket(|",
        "lib/cart.ts:Cart",
    ),
    "default that is named at the end": (
        {"cart.js": "function makeCart(a) { return a; }\nexport default makeCart;\n"},
        "a.js",
        "import anything from './cart';\nanything(|",
        "cart.js:makeCart",
    ),
    "export under another name": (
        {"cart.ts": "function makeCart(a: number) { return a; }\nexport { makeCart as build };\n"},
        "a.ts",
        "import { build } from './cart';\nbuild(|",
        "cart.ts:makeCart",
    ),
    "module.exports of one thing": (
        {"cart.js": "class Cart { add(item) { go(); } }\nmodule.exports = Cart;\n"},
        "a.js",
        "const Basket = require('./cart');\nnew Basket(|",
        "cart.js:Cart",
    ),
    "required under another name": (
        {"cart.js": "class Cart { add(item) { go(); } }\nmodule.exports = { Cart };\n"},
        "a.js",
        "const { Cart: Basket } = require('./cart');\nnew Basket(|",
        "cart.js:Cart",
    ),
    "import with require": (
        {"cart.ts": "class Cart {\n  add() { go(); }\n}\nexport = Cart;\n"},
        "a.ts",
        "import Basket = require('./cart');\nnew Basket(|",
        "cart.ts:Cart",
    ),
    "awaited import": (
        {"cart.ts": TS_CART},
        "a.ts",
        "const { Cart } = await import('./cart');\nnew Cart(|",
        "cart.ts:Cart",
    ),
    "paths of a base configuration": (
        {
            "tsconfig.base.json": '{"compilerOptions": {"paths": {"@shop/*": ["./libs/*"]}}}',
            "web/tsconfig.json": '{"extends": "../tsconfig.base.json"}',
            "libs/cart.ts": TS_CART,
        },
        "web/a.ts",
        "import { Cart } from '@shop/cart';\nnew Cart(|",
        "libs/cart.ts:Cart",
    ),
    "exports of a package": (
        {
            "packages/cart/package.json": '{"name": "@shop/cart", "exports": {".": "./dist/main.js",'
            ' "./part/*": {"types": "./dist/inner/*.d.ts"}}}',
            "packages/cart/src/inner/cart.ts": TS_CART,
        },
        "web/a.ts",
        "import { Cart } from '@shop/cart/part/cart';\nnew Cart(|",
        "packages/cart/src/inner/cart.ts:Cart",
    ),
    "main export of a package, as its source": (
        {
            "packages/cart/package.json": '{"name": "@shop/cart",'
            ' "exports": {".": {"import": {"types": "./build/index.d.ts"}}}}',
            "packages/cart/src/index.ts": TS_CART,
        },
        "web/a.ts",
        "import { Cart } from '@shop/cart';\nnew Cart(|",
        "packages/cart/src/index.ts:Cart",
    ),
    "imports of a package": (
        {
            "web/package.json": '{"name": "web", "imports": {"#shop/*": "./src/shop/*.js"}}',
            "web/src/shop/cart.ts": TS_CART,
        },
        "web/src/a.ts",
        "import { Cart } from '#shop/cart';\nnew Cart(|",
        "web/src/shop/cart.ts:Cart",
    ),
}
GO_CART = "package cart\n\ntype Cart struct {\n\tOwner string\n}\n\nfunc New(owner string) *Cart {\n\treturn nil\n}\n"
GO: dict[str, Case] = {
    "package": (
        {"go.mod": "module example.org/shop\n", "internal/cart/cart.go": GO_CART},
        "main.go",
        'package main\n\nimport "example.org/shop/internal/cart"\n\nfunc main() {\n\tcart.New(|',
        "internal/cart/cart.go:New",
    ),
    "under another name": (
        {"go.mod": "module example.org/shop\n", "cart/cart.go": GO_CART},
        "main.go",
        'package main\n\nimport basket "example.org/shop/cart"\n\nfunc main() {\n\tbasket.New(|',
        "cart/cart.go:New",
    ),
    "module with a version": (
        {"go.mod": "module example.org/shop/v2\n", "shop.go": GO_CART.replace("package cart", "package shop")},
        "cmd/main.go",
        'package main\n\nimport "example.org/shop/v2"\n\nfunc main() {\n\tshop.New(|',
        "shop.go:New",
    ),
    "same package": ({"cart.go": GO_CART}, "b.go", "package cart\n\nfunc f() {\n\tNew(|", "cart.go:New"),
}
RS_CART = "pub struct Cart { owner: String }\npub fn make(n: i32) -> i32 { n }\n"
RUST: dict[str, Case] = {
    "crate": (
        {"src/lib.rs": "pub mod cart;\n", "src/cart.rs": RS_CART},
        "src/web/page.rs",
        "use crate::cart::Cart;\nfn f(c: Cart|",
        "src/cart.rs:Cart",
    ),
    "super": (
        {"src/lib.rs": "", "src/web/cart.rs": RS_CART},
        "src/web/page.rs",
        "use super::cart::make;\nfn f() { make(|",
        "src/web/cart.rs:make",
    ),
    "nested use": (
        {"src/lib.rs": "", "src/a/cart.rs": RS_CART},
        "src/b.rs",
        "use crate::a::{cart::{Cart as Basket, make}, other};\nfn f() { make(|",
        "src/a/cart.rs:make",
    ),
    "crate that lies elsewhere": (
        {
            "Cargo.toml": '[package]\nname = "shop"\n[[bin]]\nname = "shop"\npath = "crates/core/main.rs"\n',
            "crates/core/main.rs": "mod cart;\n",
            "crates/core/cart.rs": RS_CART,
        },
        "crates/core/web/page.rs",
        "use crate::cart::Cart;\nfn f(c: Cart|",
        "crates/core/cart.rs:Cart",
    ),
    "module given on by a crate": (
        {
            "Cargo.toml": "[workspace]\n",
            "all/Cargo.toml": '[package]\nname = "all"\n',
            "all/src/lib.rs": "pub extern crate the_cart as cart;\n",
            "cart/Cargo.toml": '[package]\nname = "the-cart"\n',
            "cart/src/lib.rs": RS_CART,
            "web/Cargo.toml": '[package]\nname = "web"\n',
        },
        "web/src/main.rs",
        "use all::cart::Cart;\nfn f(c: Cart|",
        "cart/src/lib.rs:Cart",
    ),
    "given on by the root": (
        {"src/lib.rs": "mod cart;\npub use cart::Cart;\n", "src/cart.rs": RS_CART},
        "src/page.rs",
        "use crate::Cart;\nfn f(c: Cart|",
        "src/cart.rs:Cart",
    ),
    "all of a module": (
        {"src/lib.rs": "mod cart;\n", "src/cart.rs": RS_CART},
        "src/page.rs",
        "use crate::cart::*;\nfn f() { make(|",
        "src/cart.rs:make",
    ),
}
JAVA_CART = (
    "package com.acme.util;\npublic class Cart {\n  public static int count(int a) { return a; }\n"
    "  public static class Item { void go() { f(); } }\n}\n"
)
JAVA: dict[str, Case] = {
    "import": (
        {
            "src/main/java/com/acme/util/Cart.java": JAVA_CART,
            "x/Cart.java": "package x;\nclass Cart { void f() { g(); } }\n",
        },
        "src/main/java/A.java",
        "package b;\nimport com.acme.util.Cart;\nclass A { Cart c = new Cart(|",
        "src/main/java/com/acme/util/Cart.java:Cart",
    ),
    "all of a package": (
        {"u/Cart.java": JAVA_CART},
        "A.java",
        "package b;\nimport com.acme.util.*;\nclass A { Cart c = new Cart(|",
        "u/Cart.java:Cart",
    ),
    "static member": (
        {"u/Cart.java": JAVA_CART},
        "A.java",
        "package b;\nimport static com.acme.util.Cart.count;\nclass A { int c = count(|",
        "u/Cart.java:Cart.count",
    ),
    "nested class": (
        {"u/Cart.java": JAVA_CART},
        "A.java",
        "package b;\nimport com.acme.util.Cart.Item;\nclass A { Item c = new Item(|",
        "u/Cart.java:Cart.Item",
    ),
    "same package in another source folder": (
        {"main/com/acme/util/Cart.java": JAVA_CART, "x/Cart.java": JAVA_CART.replace("com.acme.util", "x")},
        "test/com/acme/util/A.java",
        "package com.acme.util;\nclass A { Cart c = new Cart(|",
        "main/com/acme/util/Cart.java:Cart",
    ),
}
KT_CART = (
    "package com.acme.util\n\nclass Cart(val a: String) {\n  companion object {\n"
    "    fun parse(a: String): Cart = go(a)\n"
    "  }\n}\n\nfun makeCart(a: String) = Cart(a)\n\nfun String.toCart() = Cart(this)\n\nval emptyCart = Cart(1)\n"
)
KOTLIN: dict[str, Case] = {
    "class": (
        {"u/Things.kt": KT_CART},
        "A.kt",
        "package b\nimport com.acme.util.Cart\n\nval c = Cart(|",
        "u/Things.kt:Cart",
    ),
    "function": (
        {"u/Things.kt": KT_CART},
        "A.kt",
        "package b\nimport com.acme.util.makeCart\n\nval c = makeCart(|",
        "u/Things.kt:makeCart",
    ),
    "extension": (
        {"u/Things.kt": KT_CART},
        "A.kt",
        'package b\nimport com.acme.util.toCart\n\nval c = "".toCart(|',
        "u/Things.kt:toCart",
    ),
    "property": (
        {"u/Things.kt": KT_CART},
        "A.kt",
        "package b\nimport com.acme.util.emptyCart\n\nval c = emptyCart|",
        "u/Things.kt:emptyCart",
    ),
    "under another name": (
        {"u/Things.kt": KT_CART},
        "A.kt",
        "package b\nimport com.acme.util.makeCart as build\n\nval c = build(|",
        "u/Things.kt:makeCart",
    ),
    "several packages in one folder": (
        {
            "u/A1.kt": KT_CART.replace("com.acme.util", "com.one"),
            "u/A2.kt": KT_CART.replace("com.acme.util", "com.two"),
        },
        "A.kt",
        "package b\nimport com.two.Cart\n\nval c = Cart(|",
        "u/A2.kt:Cart",
    ),
    "same package, elsewhere": (
        {"u/Things.kt": KT_CART},
        "v/A.kt",
        "package com.acme.util\n\nval c = makeCart(|",
        "u/Things.kt:makeCart",
    ),
    "a class of this name in another class": (
        {
            "u/Cart.kt": KT_CART,
            "u/Shop.kt": "package com.acme.util\n\nclass Shop {\n  class Cart(val b: Int)\n}\n",
        },
        "A.kt",
        "package b\nimport com.acme.util.Cart\n\nval c = Cart(|",
        "u/Cart.kt:Cart",
    ),
    "member of a companion": (
        {"u/Things.kt": KT_CART},
        "A.kt",
        "package b\nimport com.acme.util.Cart.Companion.parse\n\nval c = parse(|",
        "u/Things.kt:Cart.parse",
    ),
    "java class": (
        {"u/Cart.java": JAVA_CART},
        "A.kt",
        "package b\nimport com.acme.util.Cart\n\nval c = Cart(|",
        "u/Cart.java:Cart",
    ),
}
H_CART = "struct cart { int n; };\nint cart_add(struct cart *c, int item);\n#define CART_MAX 10\n"
C: dict[str, Case] = {
    "beside": (
        {"src/cart.h": H_CART, "cart.h": H_CART},
        "src/main.c",
        '#include "cart.h"\nint main(void) { cart_add(|',
        "src/cart.h:cart_add",
    ),
    "include path": (
        {"include/shop/cart.h": H_CART},
        "src/main.c",
        "#include <shop/cart.h>\nint main(void) { cart_add(|",
        "include/shop/cart.h:cart_add",
    ),
    "nearest of two": (
        {"one/include/cart.h": H_CART, "two/include/cart.h": H_CART},
        "two/src/main.c",
        '#include "cart.h"\nint main(void) { cart_add(|',
        "two/include/cart.h:cart_add",
    ),
    "included by what is included": (
        {"shop.h": '#include "lib/cart.h"\n', "lib/cart.h": H_CART},
        "main.c",
        '#include "shop.h"\nint main(void) { cart_add(|',
        "lib/cart.h:cart_add",
    ),
    "macro": (
        {"lib/cart.h": H_CART, "x/cart.h": H_CART},
        "main.c",
        '#include "lib/cart.h"\nint x[CART_MAX|',
        "lib/cart.h:CART_MAX",
    ),
    "class of a namespace": (
        {
            "include/cart.hpp": "namespace shop {\nclass Cart {\n public:\n  int add(int item);\n};\n}\n",
            "x/cart.hpp": "namespace x {\nclass Cart {\n public:\n  int put(int item);\n};\n}\n",
        },
        "src/main.cc",
        '#include "include/cart.hpp"\nint main() { shop::Cart c(|',
        "include/cart.hpp:shop.Cart",
    ),
}
CS_CART = (
    "namespace Acme.Util {\n  public class Cart {\n    public void Add(string a) { }\n"
    "    public static int Count(int a) { return a; }\n  }\n}\n"
)
CS_OTHER = CS_CART.replace("Acme.Util", "Other")
C_SHARP: dict[str, Case] = {
    "using": (
        {"u/Cart.cs": CS_CART, "x/Cart.cs": CS_OTHER},
        "A.cs",
        "using Acme.Util;\nclass A { Cart c = new Cart(|",
        "u/Cart.cs:Cart",
    ),
    "nested namespaces": (
        {
            "u/Cart.cs": "namespace Acme {\n  namespace Util {\n    public class Cart { void F() { } }\n  }\n}\n",
            "x/Cart.cs": CS_OTHER,
        },
        "A.cs",
        "using Acme.Util;\nclass A { Cart c = new Cart(|",
        "u/Cart.cs:Cart",
    ),
    "namespace of a whole file": (
        {"u/Cart.cs": "namespace Acme.Util;\n\npublic class Cart { void F() { } }\n", "x/Cart.cs": CS_OTHER},
        "A.cs",
        "using Acme.Util;\nclass A { Cart c = new Cart(|",
        "u/Cart.cs:Cart",
    ),
    "static": (
        {"u/Cart.cs": CS_CART},
        "A.cs",
        "using static Acme.Util.Cart;\nclass A { int c = Count(|",
        "u/Cart.cs:Cart.Count",
    ),
    "alias": (
        {"u/Cart.cs": CS_CART, "x/Cart.cs": CS_OTHER},
        "A.cs",
        "using Basket = Acme.Util.Cart;\nclass A { Basket c = new Basket(|",
        "u/Cart.cs:Cart",
    ),
    "global using": (
        {"u/Cart.cs": CS_CART, "x/Cart.cs": CS_OTHER, "p/Usings.cs": "global using Acme.Util;\n"},
        "p/A.cs",
        "class A { Cart c = new Cart(|",
        "u/Cart.cs:Cart",
    ),
    "using of the project": (
        {
            "u/Cart.cs": CS_CART,
            "x/Cart.cs": CS_OTHER,
            "p/p.csproj": '<Project><ItemGroup><Using Include="Acme.Util" /></ItemGroup></Project>',
        },
        "p/sub/A.cs",
        "class A { Cart c = new Cart(|",
        "u/Cart.cs:Cart",
    ),
    "same namespace": (
        {"u/Cart.cs": CS_CART, "x/Cart.cs": CS_OTHER},
        "v/A.cs",
        "namespace Acme.Util;\nclass A { Cart c = new Cart(|",
        "u/Cart.cs:Cart",
    ),
    "namespace around": (
        {"u/Cart.cs": CS_CART, "x/Cart.cs": CS_OTHER},
        "v/A.cs",
        "namespace Acme.Util.Inner\n{\n  class A { Cart c = new Cart(|",
        "u/Cart.cs:Cart",
    ),
}
RB_CART = "module Shop\n  class CartItem\n    def add(item)\n      item\n    end\n  end\nend\n"
RB_OTHER = {f"x{n}/{n}.rb": f"class CartItem\n  def f{n}\n    {n}\n  end\nend\n" for n in range(8)}
RUBY: dict[str, Case] = {
    "two of one name, by their modules": (
        {"app/models/shop/cart_item.rb": RB_CART, "app/models/other/cart_item.rb": RB_CART.replace("Shop", "Other")},
        "app/models/other/a.rb",
        "Shop::CartItem.new(|",
        "app/models/shop/cart_item.rb:Shop.CartItem",
    ),
    "require from lib": (
        {"lib/shop/things.rb": RB_CART, **RB_OTHER},
        "bin/a.rb",
        'require "shop/things"\nShop::CartItem.new(|',
        "lib/shop/things.rb:Shop.CartItem",
    ),
    "require_relative": (
        {"app/things.rb": RB_CART, **RB_OTHER},
        "app/a.rb",
        'require_relative "things"\nCartItem.new(|',
        "app/things.rb:Shop.CartItem",
    ),
    "autoload": (
        {"lib/shop/things.rb": RB_CART, **RB_OTHER},
        "lib/shop.rb",
        'module Shop\n  autoload :CartItem, "shop/things"\n  CartItem.new(|',
        "lib/shop/things.rb:Shop.CartItem",
    ),
    "required by what is required": (
        {"lib/shop.rb": 'require "shop/things"\n', "lib/shop/things.rb": RB_CART, **RB_OTHER},
        "bin/a.rb",
        'require "shop"\nShop::CartItem.new(|',
        "lib/shop/things.rb:Shop.CartItem",
    ),
    "by the name of its file": (
        {"app/models/shop/cart_item.rb": RB_CART, **RB_OTHER},
        "app/a.rb",
        "Shop::CartItem.new(|",
        "app/models/shop/cart_item.rb:Shop.CartItem",
    ),
}
PHP_CART = (
    "<?php\nnamespace App\\Util;\nclass Cart {\n  function add($a) { return 1; }\n}\n"
    "function make_cart($a) { return 2; }\n"
)
PHP_OTHER = PHP_CART.replace("App\\Util", "Other")
COMPOSER = '{"autoload": {"psr-4": {"App\\\\": "src/"}, "psr-0": {"Old\\\\": "legacy/"}}}'
PHP: dict[str, Case] = {
    "psr-4": (
        {"composer.json": COMPOSER, "src/Util/Cart.php": PHP_CART, "x/Cart.php": PHP_OTHER},
        "a.php",
        "<?php\nuse App\\Util\\Cart;\n$c = new Cart(|",
        "src/Util/Cart.php:Cart",
    ),
    "psr-0": (
        {
            "composer.json": COMPOSER,
            "legacy/Old/Cart.php": PHP_CART.replace("App\\Util", "Old"),
            "x/Cart.php": PHP_OTHER,
        },
        "a.php",
        "<?php\nuse Old\\Cart;\n$c = new Cart(|",
        "legacy/Old/Cart.php:Cart",
    ),
    "without composer": (
        {"y/Things.php": PHP_CART, "x/Cart.php": PHP_OTHER},
        "a.php",
        "<?php\nuse App\\Util\\Cart;\n$c = new Cart(|",
        "y/Things.php:Cart",
    ),
    "function": (
        {"y/functions.php": PHP_CART, "x/f.php": PHP_OTHER},
        "a.php",
        "<?php\nuse function App\\Util\\make_cart;\n$c = make_cart(|",
        "y/functions.php:make_cart",
    ),
    "group": (
        {"y/Things.php": PHP_CART, "x/Cart.php": PHP_OTHER},
        "a.php",
        "<?php\nuse App\\Util\\{Cart as Basket, function make_cart};\n$c = new Basket(|",
        "y/Things.php:Cart",
    ),
    "function in a group": (
        {"y/Things.php": PHP_CART, "x/f.php": PHP_OTHER},
        "a.php",
        "<?php\nuse App\\Util\\{Cart, function make_cart};\n$c = make_cart(|",
        "y/Things.php:make_cart",
    ),
    "same namespace": (
        {"y/Things.php": PHP_CART, "x/Cart.php": PHP_OTHER},
        "z/a.php",
        "<?php\nnamespace App\\Util;\n$c = new Cart(|",
        "y/Things.php:Cart",
    ),
}
LANGUAGES = {
    "python": PYTHON,
    "javascript": JAVASCRIPT,
    "go": GO,
    "rust": RUST,
    "java": JAVA,
    "kotlin": KOTLIN,
    "c": C,
    "c#": C_SHARP,
    "ruby": RUBY,
    "php": PHP,
}
CASES = {f"{language}: {name}": case for language, cases in LANGUAGES.items() for name, case in cases.items()}


@pytest.mark.parametrize("case", CASES)
def test_a_name_at_a_cursor_leads_to_what_is_imported(
    repository: Callable[..., Path], open_index: Callable[..., Any], case: str
) -> None:
    files, path, marked, wanted = CASES[case]
    index = open_index(repository(files))
    index.refresh()
    found = [f"{hit.path}:{hit.symbol}" for hit in definitions_at(index, path, marked)]
    assert wanted in found
    name = wanted.rpartition(":")[2].rpartition(".")[2]
    assert [one for one in found if one.endswith(name) and one != wanted] == []
