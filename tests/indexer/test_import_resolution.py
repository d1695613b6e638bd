"""Imports that build files explain: path aliases, packages of a workspace, Go modules, crates, namespaces."""

from __future__ import annotations

import pytest

from indexer.asker import Asker
from indexer.build_files import MAX_TEXT, chosen, read_build_files
from indexer.languages import language_name
from indexer.repository_map import Files, Paths, RepositoryMap
from indexer.resolvers import RESOLVERS
from indexer.types import Import

TSCONFIG = """{
  // where things are
  "compilerOptions": {
    "baseUrl": "./src", /* as webpack has it */
    "paths": {"@app/*": ["app/*", "lib/*"], "config": ["settings/main.ts"], "~/*": ["*"],},
  },
}
"""
MONOREPO = {
    "tsconfig.base.json": '{"compilerOptions": {"baseUrl": ".", "paths": {"@lib/*": ["libs/*/src/index.ts"]}}}',
    "packages/web/tsconfig.json": '{"extends": "../../tsconfig.base", "compilerOptions": {"strict": true}}',
    "packages/web/src/page.ts": "",
    "packages/cart/package.json": '{"name": "@shop/cart", "types": "dist/index.d.ts", "source": "lib/main.ts"}',
    "packages/cart/lib/main.ts": "",
    "packages/cart/src/item.ts": "",
    "packages/plain/package.json": '{"name": "plain"}',
    "packages/plain/src/index.ts": "",
    "libs/money/src/index.ts": "",
}
GO = {
    "go.mod": "module example.com/shop\n\ngo 1.22\n\nrequire example.com/other v1.0.0\n",
    "main.go": "",
    "internal/cart/cart.go": "",
    "internal/cart/cart_test.go": "",
    "tools/go.mod": "module example.com/shop/tools // nested\n",
    "tools/lint/lint.go": "",
    "other/other.go": "",
}
RUST = {
    "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n',
    "crates/shop-cart/Cargo.toml": '[package]\nname = "shop-cart"\n',
    "crates/shop-cart/src/lib.rs": "",
    "crates/shop-cart/src/item.rs": "",
    "crates/web/Cargo.toml": '[package]\nname = "web"\n',
    "crates/web/src/main.rs": "",
    "crates/web/src/routes/mod.rs": "",
}
PHP = {
    "composer.json": '{"autoload": {"psr-4": {"Shop\\\\": "src/", "Shop\\\\Web\\\\": ["web/", "more/"]}}}',
    "src/Cart/Item.php": "",
    "more/Page.php": "",
    "old/Shop/Web/Page.php": "",
}
SRC = {
    "tsconfig.json": TSCONFIG,
    "src/app/cart.ts": "",
    "src/lib/money.ts": "",
    "src/settings/main.ts": "",
    "src/x.ts": "",
}

# files of the repository, file that asks, (module, name), files that are meant
RESOLVED = {
    "alias": (SRC, "src/x.ts", ("@app/cart", "Cart"), ["src/app/cart.ts"]),
    "second target of an alias": (SRC, "src/x.ts", ("@app/money", "Money"), ["src/lib/money.ts"]),
    "alias without a star": (SRC, "src/x.ts", ("config", "x"), ["src/settings/main.ts"]),
    "alias without a star is no prefix": (SRC, "src/x.ts", ("config/other", "x"), []),
    "base url": (SRC, "src/x.ts", ("lib/money", "Money"), ["src/lib/money.ts"]),
    "alias that means the base": (SRC, "src/x.ts", ("~/app/cart", "Cart"), ["src/app/cart.ts"]),
    "library from outside": (SRC, "src/x.ts", ("react", "useState"), []),
    "extended configuration": (MONOREPO, "packages/web/src/page.ts", ("@lib/money", "M"), ["libs/money/src/index.ts"]),
    "package by its name": (MONOREPO, "packages/web/src/page.ts", ("@shop/cart", "C"), ["packages/cart/lib/main.ts"]),
    "file of a package": (
        MONOREPO,
        "packages/web/src/page.ts",
        ("@shop/cart/item", "I"),
        ["packages/cart/src/item.ts"],
    ),
    "package without an entry": (MONOREPO, "packages/web/src/page.ts", ("plain", "p"), ["packages/plain/src/index.ts"]),
    "scope that nobody has": (MONOREPO, "packages/web/src/page.ts", ("@other/cart", "C"), []),
    "go package": (GO, "main.go", ("example.com/shop/internal/cart", ""), ["internal/cart/cart.go"]),
    "go package of a nested module": (GO, "main.go", ("example.com/shop/tools/lint", ""), ["tools/lint/lint.go"]),
    "the module itself": (GO, "tools/lint/lint.go", ("example.com/shop", ""), ["main.go"]),
    "go module from outside": (GO, "main.go", ("example.com/other", ""), []),
    "go standard library": (GO, "main.go", ("net/other", ""), []),
    "without go.mod by folder": ({"cart/a.go": ""}, "main.go", ("example.com/x/cart", ""), ["cart/a.go"]),
    "crate of the workspace": (RUST, "crates/web/src/main.rs", ("shop_cart", "Cart"), ["crates/shop-cart/src/lib.rs"]),
    "module of a crate": (
        RUST,
        "crates/web/src/main.rs",
        ("shop_cart::item", "Item"),
        ["crates/shop-cart/src/item.rs"],
    ),
    "own crate": (RUST, "crates/web/src/main.rs", ("crate::routes", "get"), ["crates/web/src/routes/mod.rs"]),
    "psr-4": (PHP, "src/a.php", ("Shop\\Cart", "Item"), ["src/Cart/Item.php"]),
    "longer prefix, second folder": (PHP, "src/a.php", ("Shop\\Web\\Page", ""), ["more/Page.php"]),
}


def repository(files: dict[str, str]) -> RepositoryMap:
    """A map of these files."""
    ids = {path: number for number, path in enumerate(files)}
    return RepositoryMap("1", 0, Files(ids), Paths(ids.keys()), build=read_build_files(files))


@pytest.mark.parametrize("case", RESOLVED)
def test_an_import_means_these_files(case: str) -> None:
    files, asker, (module, name), wanted = RESOLVED[case]
    item = Import(module, name, name, asker, 1)
    language = language_name(asker)
    assert RESOLVERS[language](repository(files), item, Asker(asker, language)) == wanted


BROKEN = {
    "no JSON": ("tsconfig.json", '{"compilerOptions": {"paths": '),
    "another kind of value": ("tsconfig.json", '{"compilerOptions": {"paths": 3, "baseUrl": []}}'),
    "targets that are no list": ("tsconfig.json", '{"compilerOptions": {"paths": {"@/*": "src"}}}'),
    "a list": ("package.json", "[1, 2]"),
    "deep nesting": ("package.json", "[" * 100_000),
    "a name that is none": ("package.json", '{"name": 7}'),
    "no TOML": ("Cargo.toml", "[package\nname ="),
    "a number of too many digits": ("Cargo.toml", "[package]\nname = 'x'\nrank = " + "1" * 5_000),
    "package that is no table": ("Cargo.toml", "package = 3"),
    "empty": ("go.mod", ""),
    "psr-4 that is a list": ("composer.json", '{"autoload": {"psr-4": ["src"]}}'),
    "many comments": ("tsconfig.json", "/*" * 50_000),
    "many quotes": ("tsconfig.json", '"\\' * 50_000),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_build_file_says_nothing(case: str) -> None:
    path, text = BROKEN[case]
    found = read_build_files({path: text})
    assert not any((found.aliases, found.packages, found.crates, found.go_modules, found.namespaces))


def test_configurations_that_extend_each_other_end() -> None:
    texts = {
        "tsconfig.json": '{"extends": "./other/tsconfig"}',
        "other/tsconfig.json": '{"extends": "../tsconfig.json", "compilerOptions": {"baseUrl": "."}}',
    }
    assert read_build_files(texts).base_urls == {"": "other", "other": "other"}


def test_a_huge_build_file_is_cut_and_the_least_deep_ones_count() -> None:
    assert read_build_files({"package.json": '{"name": "x"' + " " * MAX_TEXT + "}"}).packages == {}
    assert chosen(["b/c/go.mod", "b/go.mod", "a.py", "go.mod"]) == ["go.mod", "b/go.mod", "b/c/go.mod"]
