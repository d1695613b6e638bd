"""How definitions announce themselves in a prompt."""

from __future__ import annotations

import pytest

from indexer.languages import language_of
from indexer.parsing import parse
from indexer.symbols import extract
from indexer.types import Symbol

PYTHON_CLASS = '''
class Store(Base):
    """Keeps things.

    More words.
    """

    limit: int = 3

    def __init__(self, path: Path, *, fast: bool = False) -> None:
        """Open."""
        self.path = path
        self._cache: dict[str, int] = {}
        if fast:
            self.path = None

    @property
    def size(self) -> int:
        return len(self._cache)

    async def get(
        self,
        key: str,
    ) -> int:
        """The value."""
        return self._cache[key]

    class Inner:
        def deep(self):
            pass
'''
PYTHON_SKELETON = '''class Store(Base):
    """Keeps things."""
    limit: int = 3
    def __init__(self, path: Path, *, fast: bool = False) -> None:
        self.path = path
        self._cache: dict[str, int] = {}
        self.path = None
    @property
    def size(self) -> int: ...
    async def get(
        self,
        key: str,
    ) -> int: ...
    class Inner: ...'''

CASES = {
    "python class": ("m.py", PYTHON_CLASS, "Store", PYTHON_SKELETON),
    "python function": (
        "m.py", 'def f(a: int,\n      b=2) -> str:\n    """Adds.\n\n    Long."""\n    return a\n', "f",
        'def f(a: int,\n      b=2) -> str:\n    """Adds."""\n    ...',
    ),
    "python dataclass is shown whole": (
        "m.py", "@dataclass(frozen=True)\nclass P:\n    x: int\n    y: int = 2\n", "P",
        "@dataclass(frozen=True)\nclass P:\n    x: int\n    y: int = 2",
    ),
    "python constant": ("m.py", "LIMIT: int = 3\n", "LIMIT", "LIMIT: int = 3"),
    "typescript class": (
        "m.ts",
        "export class P extends B {\n  x: number = 1;\n  constructor(y: number) {\n    this.z = y;\n  }\n"
        "  area(): number { return 1; }\n}\n",
        "P",
        "export class P extends B {\n    x: number = 1\n    constructor(y: number) {\n        this.z = y;\n    }\n"
        "    area(): number { ... }\n}",
    ),
    "typescript arrow function": (
        "m.ts", "export const f = async (a: number): Promise<number> => {\n  return a;\n};\n", "f",
        "export const f = async (a: number): Promise<number> => { ... }",
    ),
    "go struct is shown whole, its methods beside it": (
        "m.go", "type P struct {\n\tX int\n}\n\nfunc (p *P) Area(k int) int {\n\treturn k\n}\n", "P",
        "type P struct {\n    X int\n    func (p *P) Area(k int) int { ... }\n}",
    ),
    "rust struct with impl": (
        "m.rs", "pub struct P { pub x: i32 }\nimpl P {\n    pub fn area(&self) -> i32 { self.x }\n}\n", "P",
        "pub struct P {\n    pub x: i32\n    pub fn area(&self) -> i32 { ... }\n}",
    ),
    "java enum is shown whole": ("M.java", "enum Color { RED, GREEN }\n", "Color", "enum Color { RED, GREEN }"),
    "ruby class": (
        "m.rb", "class P < B\n  def initialize(x)\n    @x = x\n  end\n  def area(k) = k\nend\n", "P",
        "class P < B\n    def initialize(x)\n        @x = x\n    end\n    def area(k) ... end\nend",
    ),
    "c function": ("m.c", "static int *top(struct p *p,\n  int a)\n{\n  return a;\n}\n", "top",
                   "static int *top(struct p *p,\n  int a) { ... }"),
}  # fmt: skip


def symbol(path: str, source: str, name: str) -> Symbol:
    language = language_of(path)
    assert language is not None
    parsed = parse(language, source)
    assert parsed is not None
    return next(symbol for symbol in extract(parsed, path).symbols if symbol.name == name)


@pytest.mark.parametrize("case", CASES)
def test_a_definition_is_shown_by_its_outside(case: str) -> None:
    path, source, name, expected = CASES[case]
    assert symbol(path, source, name).signature == expected


def test_a_class_of_many_methods_stays_short_and_drops_private_ones_first() -> None:
    private = "".join(f"    def _hidden{n}(self): return 1\n" for n in range(20))
    public = "".join(f"    def seen{n}(self): return 1\n" for n in range(30))
    signature = symbol("m.py", f"class Big:\n{private}{public}", "Big").signature
    assert "_hidden" not in signature
    assert "def seen29(self): ..." in signature
    assert signature.endswith("\n    ...")


def test_a_class_of_hundreds_of_methods_is_cut() -> None:
    public = "".join(f"    def seen{n}(self): return 1\n" for n in range(300))
    assert len(symbol("m.py", f"class Big:\n{public}", "Big").signature) < 2500


@pytest.mark.parametrize(
    ("path", "source", "doc"),
    [
        ("m.py", 'def f():\n    """What it does.\n    More."""\n', "What it does."),
        ("m.py", "def f():\n    r'''Raw words.'''\n", "Raw words."),
        ("m.go", "package p\n\n// f does it.\n// More.\nfunc f() {}\n", "f does it."),
        ("m.go", "package p\n\n// Far away.\n\nfunc f() {}\n", ""),
        ("m.js", "/**\n * Adds numbers.\n * @param a\n */\nfunction f(a) {}\n", "Adds numbers."),
        ("m.rs", "/// Doc of f.\nfn f() {}\n", "Doc of f."),
        ("m.cs", "class A {\n  /// <summary>Words</summary>\n  void f() {}\n}\n", "Words"),
    ],
)
def test_the_doc_is_the_first_line_of_the_docstring_or_comment(path: str, source: str, doc: str) -> None:
    assert symbol(path, source, "f").doc == doc


def test_lines_count_from_one_and_include_the_decorator() -> None:
    found = symbol("m.py", "x = 1\n@deco\ndef f():\n    return 1\n\n\ny = 2\n", "f")
    assert (found.start_line, found.end_line) == (2, 4)
