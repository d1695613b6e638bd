"""What a text could say instead: each edit is small, parses, and is one that people get wrong."""

import ast

import pytest

from indexer.variants import Variant, VariantKind, function_heads, variants

CODE = """\
class Store:
    @cached
    async def load(self, items, count=3, *rest, key: int = 4):
        total = 0
        for item in items:
            if item not in self.seen and count > 1:
                total = fetch(item, count)
            elif not total:
                self.close(item.name, flag=True)
        return total + count if ready else None
"""


def edits(code: str, kind: VariantKind, path: str = "a.py") -> set[tuple[str, str]]:
    """What is written, and what could be, of one kind."""
    found = variants(path, code, 0, code.count("\n"))
    return {(code[one.start : one.end], one.text) for one in found if one.kind == kind}


def test_every_edit_leaves_a_program() -> None:
    found = variants("a.py", CODE, 0, 10)
    assert len(found) > 20
    for one in found:
        ast.parse(CODE[: one.start] + one.text + CODE[one.end :])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("arguments", {("item, count", "count, item")}),
        ("negation", {("not in", "in"), ("not total", "total"), ("", "not ")}),
        ("operator", {("and", "or"), (">", ">="), (">", "<"), ("+", "-")}),
        ("await", {("", "await ")}),
    ],
)
def test_the_syntax_says_what_could_be_otherwise(kind: VariantKind, expected: set[tuple[str, str]]) -> None:
    assert edits(CODE, kind) >= expected if kind == "negation" else edits(CODE, kind) == expected


def test_constants_are_one_off_and_never_below_nothing() -> None:
    assert edits("x = f(0, 12, 007, True, 1.5, 'a 3')\n", "constant") == {
        ("0", "1"), ("12", "11"), ("12", "13"), ("True", "False"),
    }  # fmt: skip


def test_other_variables_are_bound_above_in_the_same_function() -> None:
    code = "def f(a, b):\n    c = a\n    d = c\n    return a\n\ndef g(z):\n    return z\n"
    assert edits(code, "variable") == {("a", "b"), ("c", "a"), ("c", "b"), ("a", "c"), ("a", "d")}


@pytest.mark.parametrize(
    "code",
    [
        "def f(a, b):\n    a = 1\n",
        "def f(a, b):\n    call(a=1)\n",
        "def f(a, b):\n    a()\n",
        "def f(a, b):\n    self.a\n",
        "def f(a: b, b: a):\n    pass\n",
        "def f(self, b):\n    return self\n",
    ],
)
def test_what_is_bound_called_a_member_a_key_or_a_type_is_no_variable_to_change(code: str) -> None:
    assert edits(code, "variable") == set()


def test_arguments_are_swapped_within_a_line() -> None:
    assert edits("f(a, b, *c, d)\n", "arguments") == {("a, b", "b, a")}
    assert edits("f(a,\n  b)\nf(a, a)\nf(a, b=1)\n", "arguments") == set()


def test_await_belongs_into_asynchronous_functions_alone() -> None:
    assert edits("def f():\n    g()\n", "await") == set()
    assert edits("async def f():\n    await g()\n    h().i()\n", "await") == {("", "await ")}
    assert edits("async def f():\n    return lambda: g()\n", "await") == set()


def test_only_edits_that_begin_in_the_rows_are_given() -> None:
    assert variants("a.py", "x = 1\ny = 2\n", 1, 1) == (
        Variant("constant", 10, 11, "1"),
        Variant("constant", 10, 11, "3"),
    )


def test_offsets_are_code_points() -> None:
    assert edits("x = 'é😀', 1\n", "constant") == {("1", "0"), ("1", "2")}


def test_other_languages_and_broken_texts_have_none_or_some() -> None:
    assert variants("a.go", "x := 1\n", 0, 0) == ()
    assert variants("a.py", "x = 1" * 100_000, 0, 0) == ()
    assert edits("def f(:\n    x = 1\n", "constant") == {("1", "0"), ("1", "2")}


def test_functions_and_classes_begin_at_their_decorators() -> None:
    assert function_heads("a.py", CODE) == (0, 1)
    assert function_heads("a.txt", CODE) == ()
