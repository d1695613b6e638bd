"""The names that modules offer and import, and where nobody can tell."""

from __future__ import annotations

import pytest

from indexer.module_names import imports_of, names_of


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("def f(): ...\nclass C: ...\nasync def g(): ...\n", {"f", "C", "g"}),
        ("a = b = 1\nc, (d, *e) = x\nf: int\ng += 1\n", {"a", "b", "c", "d", "e", "f", "g"}),
        ("if x:\n    a = 1\nelse:\n    def b(): ...\n", {"a", "b"}),
        ("try:\n    import a.b\nexcept E as e:\n    c = None\nfinally:\n    d = 1\n", {"a", "c", "d", "e"}),
        ("for a in x:\n    b = 1\nwhile (c := f()):\n    pass\n", {"a", "b", "c"}),
        ("with f() as a, g() as (b, c):\n    pass\n", {"a", "b", "c"}),
        ("import os, x.y as z\nfrom m import a, b as c\n", {"os", "z", "a", "c"}),
        ("@deco\ndef f():\n    inner = 1\n", {"f"}),
        ("class C:\n    field = 1\n    def m(self): ...\n", {"C"}),
        ("def f():\n    global late\n    late = 1\n", {"f", "late"}),
        ("type T = int\n", {"T"}),
        ("match x:\n    case {'a': b}:\n        pass\n", {"b"}),
        ("__all__ = ['a', 'b']\n__all__ += ['c']\n", {"__all__", "a", "b", "c"}),
        ("x = [y for y in z]\n", {"x"}),
        ("x = lambda y: y\n", {"x"}),
    ],
)
def test_python_names(text: str, names: set[str]) -> None:
    found = names_of("a.py", text)
    assert not found.is_open
    assert found.names >= names
    assert found.names - names <= {"x", "f"}


@pytest.mark.parametrize(
    "text",
    [
        "globals()['a'] = 1\n",
        "def __getattr__(name): ...\n",
        "import sys\nsys.modules[__name__] = x\n",
        "vars().update(a=1)\n",
        "recreate(__name__, a=1)\n",
        "lazy.attach(x, __name__)\n",
        "exec('a = 1')\n",
        "def broken(:\n",
    ],
)
def test_python_that_makes_names_is_open(text: str) -> None:
    assert names_of("a.py", text).is_open


def test_a_logger_makes_no_names() -> None:
    assert not names_of("a.py", "import logging\nlogger = logging.getLogger(__name__)\n").is_open


def test_a_call_may_make_names_of_what_it_is_given() -> None:
    found = names_of("a.py", "moved({'a': ('new.a', None)}, b='c')\nx = f('d')\ndef g(): f('e')\n")
    assert found.possible >= {"a", "c"}
    assert not found.possible & {"d", "e"}
    assert not found.names & {"a", "c"}


def test_stars_are_followed_by_others() -> None:
    assert names_of("a.py", "from .b import *\nfrom c import *\n").stars == (".b", "c")
    assert names_of("a.ts", "export * from './b';\nexport const a = 1;\n").stars == ("./b",)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("export const a = 1, { b, c: d } = x;\n", {"a", "b", "d"}),
        ("export function f() {}\nexport class C {}\n", {"f", "C"}),
        ("const a = 1;\nexport { a, b as c };\n", {"a", "c"}),
        ("export { a, default as b } from './x';\n", {"a", "b"}),
        ("export * as ns from './x';\n", {"ns"}),
        ("export default class C {}\n", {"default"}),
        ("export interface I {}\nexport type T = string;\nexport enum E { A }\n", {"I", "T", "E"}),
        ("export declare function f(): void;\nexport abstract class A {}\n", {"f", "A"}),
        ("export namespace N { export const inner = 1; }\n", {"N"}),
        ("export async function* g() {}\n", {"g"}),
    ],
)
def test_typescript_names(text: str, names: set[str]) -> None:
    found = names_of("a.ts", text)
    assert not found.is_open
    assert found.names >= names


@pytest.mark.parametrize(
    "text",
    [
        "",
        "const a = 1;\n",
        "module.exports = { a };\n",
        "exports.a = 1;\nexport const b = 1;\n",
        "export = x;\n",
        "declare module 'x' { export const a: number; }\nexport const b = 1;\n",
        "/** @typedef {number} A */\nexport const b = 1;\n",
        "export const a = ;\n",
    ],
)
def test_javascript_that_tells_too_little_is_open(text: str) -> None:
    assert names_of("a.ts", text).is_open


def test_files_of_other_languages_are_open() -> None:
    assert names_of("a.go", "package a\n").is_open
    assert imports_of("a.go", 'package a\nimport "b"\n') == []


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("a.py", "from m import a, b as c\nfrom . import d\n", [("m", "a"), ("m", "b"), (".", "d")]),
        ("a.py", "from m import *\nimport os\n", []),
        ("a.py", "try:\n    from m import a\nexcept ImportError:\n    a = None\n", []),
        ("a.py", "with suppress(ImportError):\n    from m import a\n", []),
        ("a.py", "def f():\n    from m import a\n", [("m", "a")]),
        ("a.py", "from m import a  # type: ignore[attr-defined]\nfrom m import b  # noqa: F401\n", [("m", "b")]),
        ("a.py", "from m import (\n    a,  # the first\n    b,\n)\n", [("m", "a"), ("m", "b")]),
        ("a.py", "from m import a.\n", []),
        ("a.ts", "import { a, b as c, type D } from './m';\n", [("./m", "a"), ("./m", "b"), ("./m", "D")]),
        ("a.ts", "import d, { default as e } from './m';\nimport * as f from './m';\nimport './m';\n", []),
        ("a.ts", "// @ts-ignore\nimport { a } from './m';\n", []),
    ],
)
def test_imports_that_nobody_is_prepared_to_miss(path: str, text: str, found: list[tuple[str, str]]) -> None:
    assert [(item.module, item.name) for item in imports_of(path, text)] == found


def test_a_name_has_its_place_in_code_points() -> None:
    (item,) = imports_of("a.py", "x = 'é😀'; from m import name as other\n")
    assert (item.line, item.start_column, item.end_column) == (0, 24, 28)


@pytest.mark.parametrize("data", ["0123456789abcdef" * 25_000, "f(" + " " * 400_000])
def test_half_a_megabyte_in_one_line_is_read_once(data: str) -> None:
    assert names_of("a.py", f'blob = "{data}"\n').names == {"blob"}
