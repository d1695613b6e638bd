"""Findings: what is sure enough to be told, what is not, and which finding is the same one as before."""

from __future__ import annotations

from pathlib import Path

import pytest

from codeassist.findings.conflicts import merge_conflicts
from codeassist.findings.passes import find_all


def found(root: Path, files: dict[str, str], path: str, open_texts: dict[str, str] | None = None) -> list[str]:
    """The messages' names and modules, for one of these files."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    findings = find_all(root, path, files[path], open_texts or {})
    return [f"{finding.message.split('`')[1]} {finding.evidence}" for finding in findings]


PACKAGE = {"shop/__init__.py": "", "shop/cart.py": "import os\n\n\nclass Cart: ...\n", "pyproject.toml": ""}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"shop/a.py": "from shop.cart import Cart, os\n"}, []),
        ({"shop/a.py": "from shop.cart import Card\n"}, ["Card shop/cart.py:4"]),
        ({"shop/a.py": "from .cart import Nothing\n"}, ["Nothing shop/cart.py:1"]),
        ({"shop/a.py": "from . import cart, nothing\n"}, ["nothing shop/__init__.py:1"]),
        ({"shop/sub/__init__.py": "", "shop/a.py": "from ..shop.cart import x\n"}, []),
        ({"shop/sub/__init__.py": "", "shop/sub/a.py": "from ..cart import x\n"}, ["x shop/cart.py:1"]),
        ({"a.py": "from shop import cart, fast\n", "shop/fast.pyx": ""}, []),
        ({"a.py": "from shop import _version\n", "shop/_version.so": ""}, []),
        ({"a.py": "from shop.gone import x\n"}, []),
        ({"a.py": "from json import nothing\n", "json/__init__.py": ""}, []),
        ({"a.py": "from library import nothing\n"}, []),
        ({"a.py": "from shop.stars import Cart, x\n", "shop/stars.py": "from .cart import *\n"}, ["x shop/stars.py:1"]),
        ({"a.py": "from shop.stars import x\n", "shop/stars.py": "from library import *\n"}, []),
        ({"a.py": "from shop.c import x\n", "shop/c.py": "y = 1\n", "shop/c.pyi": "x: int\n"}, []),
        ({"a.py": "from shop.c import x\n", "shop/c.py": "", "shop/c/__init__.py": ""}, []),
        ({"a.py": "from shop.c import x\n", "shop/c.py": "def __getattr__(name): ...\n"}, []),
        ({"a.py": "from shop.c import x\n", "shop/c.py": "if a:\n    x = 1\n"}, []),
        ({"a.py": "from shop.c import x\n", "shop/c.py": "try:\n    x = 1\nexcept E:\n    x = 2\n"}, []),
        ({"a.py": "from shop.c import x\n", "shop/c.py": "def broken(\n"}, []),
        ({"a.py": "from shop import __version__\n"}, []),
        ({"a.py": "from helper import x\n", "helper.py": "y = 1\n"}, ["x helper.py:1"]),
        ({"pkg/__init__.py": "", "pkg/a.py": "from helper import x\n", "pkg/helper.py": "y = 1\n"}, []),
        ({"a/b.py": "y = 1\n", "c.py": "from a.b import x\n"}, ["x a/b.py:1"]),
        (
            {"src/deep/__init__.py": "", "src/deep/m.py": "", "tests/t.py": "from deep.m import x\n"},
            ["x src/deep/m.py:1"],
        ),
        ({"examples/yaml/__init__.py": "", "examples/yaml/a.py": "from yaml import load\n"}, []),
        (
            {"a.py": "from shop.b import x\n", "shop/b.py": "from .c import *\n", "shop/c.py": "from .b import *\n"},
            ["x shop/b.py:1"],
        ),
    ],
)
def test_python_imports_are_told_where_there_is_no_doubt(
    tmp_path: Path, files: dict[str, str], expected: list[str]
) -> None:
    asker = next(path for path in files if "import" in files[path])
    assert found(tmp_path, {**PACKAGE, **files}, asker) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"m.ts": "export const a = 1;\n", "x.ts": "import { a } from './m';\n"}, []),
        ({"m.ts": "export const cart = 1;\n", "x.ts": "import { card } from './m';\n"}, ["card m.ts:1"]),
        ({"m.ts": "export const a = 1;\n", "x.ts": "import { b } from './m.js';\n"}, ["b m.ts:1"]),
        ({"m/index.ts": "export const a = 1;\n", "x.ts": "import { b } from './m';\n"}, ["b m/index.ts:1"]),
        (
            {
                "m.js": "export const a = 1;\n",
                "m.d.ts": "export const b: number;\n",
                "x.ts": "import { b } from './m';\n",
            },
            [],
        ),
        ({"m.js": "module.exports = { a };\n", "x.js": "import { b } from './m';\n"}, []),
        (
            {
                "n.ts": "export const a = 1;\n",
                "m.ts": "export * from './n';\n",
                "x.ts": "import { a, b } from './m';\n",
            },
            ["b m.ts:1"],
        ),
        ({"m.ts": "export * from 'library';\n", "x.ts": "import { b } from './m';\n"}, []),
        ({"m.vue": "<script/>\n", "x.ts": "import { b } from './m.vue';\n"}, []),
        ({"x.ts": "import { b } from './gone';\n"}, []),
        ({"m.ts": "export const a = 1;\n", "x.ts": "import { b } from 'm';\n"}, []),
        ({"x.ts": "import { b } from '../../outside';\n"}, []),
    ],
)
def test_javascript_imports_are_told_where_there_is_no_doubt(
    tmp_path: Path, files: dict[str, str], expected: list[str]
) -> None:
    assert found(tmp_path, files, "x.js" if "x.js" in files else "x.ts") == expected


def test_an_open_text_counts_before_the_disk(tmp_path: Path) -> None:
    files = {**PACKAGE, "a.py": "from shop.cart import New\n"}
    assert found(tmp_path, files, "a.py", {"shop/cart.py": "class New: ...\n"}) == []
    assert found(tmp_path, files, "a.py", {"shop/cart.py": "class Other: ...\n"}) == ["New shop/cart.py:1"]


def test_an_id_stays_when_lines_move_and_tells_two_alike_apart(tmp_path: Path) -> None:
    found(tmp_path, {**PACKAGE, "a.py": ""}, "a.py")
    text = "from shop.cart import x\nfrom shop.cart import x as y\n"
    first = find_all(tmp_path, "a.py", text, {})
    moved = find_all(tmp_path, "a.py", f"import os\n\n{text}", {})
    assert [finding.id for finding in first] == [finding.id for finding in moved]
    assert len({finding.id for finding in first}) == 2


CONFLICT = "a = 1\n<<<<<<< HEAD\nb = 2\n=======\nb = 3\n>>>>>>> topic\n"


@pytest.mark.parametrize(
    ("path", "text", "lines"),
    [
        ("a.py", CONFLICT, [(2, 6)]),
        ("a.py", CONFLICT.replace("=======\n", "||||||| base\nb = 1\n=======\n"), [(2, 8)]),
        ("a.py", CONFLICT + CONFLICT, [(2, 6), (8, 12)]),
        ("a.md", CONFLICT, [(2, 6)]),
        ("a.json", CONFLICT, [(2, 6)]),
        ("a.py", f'x = """\n{CONFLICT}"""\n', []),
        ("a.md", f"```\n{CONFLICT}```\n", []),
        ("a.md", CONFLICT.replace("HEAD", "the side that is yours"), []),
        ("a.txt", CONFLICT.replace("HEAD", "SEARCH"), []),
        ("a.py", CONFLICT.replace(">>>>>>> topic\n", ""), []),
        ("a.py", CONFLICT.replace("=======\n", ""), []),
        ("a.rst", "Title\n=======\n\ntext\n", []),
        ("a.py", CONFLICT.replace("<<<<<<< HEAD", "  <<<<<<< HEAD"), []),
    ],
)
def test_conflicts_are_told_where_they_break_a_file(path: str, text: str, lines: list[tuple[int, int]]) -> None:
    assert [(finding.start_line, finding.end_line) for finding in merge_conflicts(path, text)] == lines


@pytest.mark.parametrize(
    "text", ["", "\x00", "from", "from . import", "import {", "<<<<<<< HEAD\n" * 1000, "é" * 2_000_000]
)
def test_odd_texts_have_findings_or_none(tmp_path: Path, text: str) -> None:
    for path in ("a.py", "a.ts", "a.md", "no ending", "../outside.py"):
        assert len(find_all(tmp_path, path, text, {})) <= 100


def test_a_module_with_a_name_that_no_file_can_have_is_just_not_there(tmp_path: Path) -> None:
    long = "a" * 300
    assert found(tmp_path, {"a.ts": f'import {{ x }} from "./{long}";\n'}, "a.ts") == []
    assert found(tmp_path, {"a.py": f"from .{long} import x\n"}, "a.py") == []


def test_a_file_of_conflicts_alone_is_read_once() -> None:
    findings = merge_conflicts("a.py", "<<<<<<< HEAD\n=======\n>>>>>>> x\n" * 100_000)
    assert len({finding.id for finding in findings}) == 100_000
