"""Modules that staged code imports and that `git add` was forgotten for: what is told, and what is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from review_world import World, made
from reviewed import found_in

from codeassist.findings.types import Finding
from codeassist.review import gathering
from codeassist.review.static import unstaged


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = made(tmp_path / "repo")
    world.put("pyproject.toml", "")
    world.put(".gitignore", "_version.py\n.index/\n")
    world.put("shop/__init__.py", "")
    world.put("shop/cart.py", "import os\n")
    world.put("web/main.ts", "export const a = 1\n")
    world.put("src/lib.rs", "pub fn a() {}\n")
    world.commit("first")
    return world


def told(world: World, index: Path | None = None) -> list[Finding]:
    found = found_in(world.root, gathering.staged(world.root, index))
    return [one for one in found if one.category == "unstaged-module"]


@pytest.mark.parametrize(
    ("path", "line", "module"),
    [
        ("shop/cart.py", "from shop.prices import total", "shop/prices.py"),
        ("shop/cart.py", "from shop import prices", "shop/prices.py"),
        ("shop/cart.py", "import shop.prices", "shop/prices.py"),
        ("shop/cart.py", "from .prices import total", "shop/prices.py"),
        ("shop/cart.py", "from . import prices", "shop/prices.py"),
        ("shop/cart.py", "from .prices import *", "shop/prices.py"),
        ("shop/cart.py", "from shop.tax import rate", "shop/tax/__init__.py"),
        ("shop/cart.py", "def f():\n    from shop.prices import total", "shop/prices.py"),
        ("shop/new.py", "from shop.prices import total", "shop/prices.py"),
        ("tool.py", "import helper", "helper.py"),
        ("web/main.ts", 'import { b } from "./b"', "web/b.ts"),
        ("web/main.ts", 'export * from "./b.js"', "web/b.ts"),
        ("web/main.ts", 'const b = require("./b")', "web/b.ts"),
        ("src/lib.rs", "mod till;", "src/till.rs"),
        ("src/lib.rs", "pub(crate) mod till;", "src/till.rs"),
    ],
)
def test_an_import_of_a_file_that_is_not_staged_is_an_error(world: World, path: str, line: str, module: str) -> None:
    world.put(path, f"{line}\n")
    world.git("add", "-A")
    world.put(module, "total = 1\n")
    (finding,) = told(world)
    assert (finding.path, finding.start_line, finding.severity) == (path, 1 + line.count("\n"), "error")
    assert finding.evidence == f"{module}:1"
    assert f"`git add {module}`" in finding.message


def test_a_change_that_may_mean_very_many_files_is_looked_at_too(world: World) -> None:
    names = [f"a_module_with_quite_a_long_name_as_they_are_in_real_life_{n}" for n in range(unstaged.MAX_ASKED + 1)]
    world.put("shop/cart.py", "".join(f"import shop.{name}\n" for name in names))
    for name in names[:-1]:
        world.put(f"shop/{name}.py", "")
    world.git("add", "-A")
    world.put(f"shop/{names[-1]}.py", "")
    (finding,) = told(world)
    assert finding.evidence == f"shop/{names[-1]}.py:1"


@pytest.mark.parametrize(
    ("path", "text", "untracked"),
    [
        ("shop/cart.py", "from shop import _version\n", "shop/_version.py"),  # Made by a tool, and ignored.
        ("shop/cart.py", "try:\n    from shop.fast import f\nexcept ImportError:\n    f = None\n", "shop/fast.py"),
        ("shop/cart.py", "try:\n    import shop.fast\nexcept ImportError:\n    pass\n", "shop/fast.py"),
        ("shop/cart.py", "from shop.fast import f  # type: ignore\n", "shop/fast.py"),
        ("shop/cart.py", "text = 'from shop.prices import total'\n", "shop/prices.py"),
        ("shop/cart.py", "import json\n", "shop/json.py"),
        ("shop/cart.py", "import prices\n", "shop/prices.py"),
        ("shop/cart.py", "from other.prices import total\n", "shop/prices.py"),
        ("web/main.ts", '// import { b } from "./b"\n', "web/b.ts"),
        ("web/main.ts", 'let b\ntry {\n  b = require("./b")\n} catch {}\n', "web/b.ts"),
        ("web/main.ts", 'import b from "b"\n', "web/b.ts"),
        ("src/lib.rs", "mod till { pub fn b() {} }\n", "src/till.rs"),
        ("src/lib.rs", '#[path = "other.rs"]\nmod till;\n', "src/till.rs"),
    ],
)
def test_what_may_be_missing_or_is_meant_otherwise_says_nothing(
    world: World, path: str, text: str, untracked: str
) -> None:
    world.put(path, text)
    world.git("add", "-A")
    world.put(untracked, "total = 1\n")
    assert told(world) == []


def test_a_name_that_its_package_offers_itself_is_no_module(world: World) -> None:
    world.put("shop/__init__.py", "prices = {}\n")
    world.put("shop/cart.py", "from shop import prices\n")
    world.git("add", "-A")
    world.put("shop/prices.py", "")
    assert told(world) == []


def test_another_file_that_may_be_the_module_is_enough(world: World) -> None:
    world.put("shop/cart.py", "from shop.fast import f\n")
    world.put("shop/fast.pyx", "")
    world.git("add", "-A")
    world.put("shop/fast.py", "")
    assert told(world) == []


def test_modules_of_a_package_whose_init_was_forgotten_can_be_imported(world: World) -> None:
    world.put("shop/tax/rate.py", "")
    world.put("shop/cart.py", "from shop.tax import rate\nfrom shop.tax.rate import x\n")
    world.git("add", "-A")
    world.put("shop/tax/__init__.py", "")
    assert told(world) == []


def test_an_import_that_was_there_before_is_none_of_this_change(world: World) -> None:
    world.put("shop/cart.py", "from shop.prices import total\n")
    world.commit()
    world.put("shop/cart.py", "from shop.prices import total\nx = 1\n")
    world.git("add", "-A")
    world.put("shop/prices.py", "")
    assert told(world) == []


def test_one_more_name_in_an_import_over_several_lines_counts(world: World) -> None:
    world.put("shop/cart.py", "from shop import (\n    other,\n)\n")
    world.put("shop/other.py", "")
    world.commit()
    world.put("shop/cart.py", "from shop import (\n    other,\n    prices,\n)\n")
    world.git("add", "-A")
    world.put("shop/prices.py", "")
    (finding,) = told(world)
    assert finding.start_line == 3


def test_a_module_is_told_once_with_all_who_import_it(world: World) -> None:
    world.put("shop/a.py", "from shop.prices import total\n")
    world.put("shop/b.py", "import os\nimport shop.prices\n")
    world.git("add", "-A")
    world.put("shop/prices.py", "")
    (finding,) = told(world)
    assert finding.places == ("shop/a.py:1", "shop/b.py:2")


def test_staged_alone_it_is_there(world: World) -> None:
    world.put("shop/cart.py", "from shop.prices import total\n")
    world.put("shop/prices.py", "total = 1\n")
    world.git("add", "-A")
    (world.root / "shop/prices.py").write_text("total = 2\n")
    assert told(world) == []


def test_a_commit_of_some_files_leaves_out_what_else_is_staged(world: World) -> None:
    world.put("shop/cart.py", "from shop.prices import total\n")
    world.put("shop/prices.py", "total = 1\n")
    world.git("add", "-A")
    assert told(world) == []
    own = world.root / ".git" / "next-index-1.lock"  # What `git commit shop/cart.py` gives its hooks.
    world.git("read-tree", "HEAD", GIT_INDEX_FILE=str(own))
    world.git("add", "shop/cart.py", GIT_INDEX_FILE=str(own))
    (finding,) = told(world, own)
    assert finding.evidence == "shop/prices.py:1"


def test_of_uncommitted_changes_every_file_is_one(world: World) -> None:
    world.put("shop/cart.py", "from shop.prices import total\n")
    world.put("shop/prices.py", "total = 1\n")
    found = found_in(world.root, gathering.uncommitted(world.root))
    assert [one for one in found if one.category == "unstaged-module"] == []
