from __future__ import annotations

import pytest
from marked import window_of

from codeassist.trim import TrimLimits, trim
from codeassist.window import starts_block


def check(source: str, raw: str, expected: str, *, truncated: bool = False, max_lines: int = 12) -> None:
    window = window_of(source)
    limits = TrimLimits(multiline=starts_block(window), max_lines=max_lines)
    assert trim(raw, window, limits, finished=True, truncated=truncated).text == expected


@pytest.mark.parametrize(
    ("name", "source", "raw", "expected"),
    [
        ("one line", "x = ‸", "foo()\ny = 2\n", "foo()"),
        ("trailing blanks", "x = ‸", "foo()   \n", "foo()"),
        ("nothing", "x = ‸", "  \n", ""),
        ("a line that starts below", "x = 1‸", "\ny = 2\nz = 3\n", "\ny = 2"),
        ("closing bracket is there", "foo(‸)", "a, b)", "a, b"),
        ("closing bracket is needed", "foo(bar(‸)", "a)", "a)"),
        ("two closers, one is there", "foo(bar(‸)", "a))", "a)"),
        ("brackets of its own", "foo(‸)", "bar(1)", "bar(1)"),
        ("quote is there", 'x = "‸"', 'abc"', "abc"),
        ("colon is there", "if x‸:", " > 1:", " > 1"),
        ("code right of the cursor", "foo(‸, key=1)", "a, key=1)", "a"),
        ("block to its dedent", "def f(x):\n    ‸\n", "y = 1\n    return y\n\ndef g():\n", "y = 1\n    return y"),
        ("block behind its opener", "def f(x):‸", "\n    return x\nprint(1)\n", "\n    return x"),
        ("next line of the file", "def f(x):\n    ‸\n    return y\n", "y = 1\n    return y\n", "y = 1"),
        ("nested dedent", "    for a in b:\n        ‸", "go(a)\n    return 1\n", "go(a)"),
        ("closing brace", "function f() {‸", "\n  return 1;\n}\nf();\n", "\n  return 1;\n}"),
        ("closing brace is there", "function f() {‸\n}", "\n  return 1;\n}\n", "\n  return 1;"),
        ("repeats the line above", "total = total + 1\n‸", "total = total + 1\n", ""),
        ("repeats the line below", "‸\ntotal = total + 1\n", "total = total + 1\n", ""),
        ("two blank lines end it", "def f():\n    ‸", "a = 1\n\n\n    b = 2\n", "a = 1"),
        (
            "inner brace",
            "f() {\n    ‸\n}\n",
            "if (x) {\n        y();\n    }\n    z();\n}\n",
            "if (x) {\n        y();\n    }\n    z();",
        ),
        ("brace of the outer block", "class A {\n  f() {‸\n}\n", "\n    x();\n  }\n}\n", "\n    x();\n  }"),
        (
            "the next line, deeper",
            "def f():\n    ‸\n    return 1\n",
            "if x:\n        return 1\n    y = 1\n    return 1\n",
            "if x:\n        return 1\n    y = 1",
        ),
        ("closing bracket is below", "foo(\n    ‸\n)\n", "a, b)\n", "a, b"),
        ("closing bracket of its own above one", "foo(\n    ‸\n)\n", "bar(b)\n", "bar(b)"),
        ("two closers above one", "foo(\n    bar(‸\n)\n", "b))\n", "b)"),
        ("block under an unindented cursor", "def f():\n‸", "    return 1\n\ndef g():\n    return 2\n", "    return 1"),
        ("tabs", "func f() {\n\t‸", "x := 1\n\treturn x\n}\n", "x := 1\n\treturn x"),
    ],
)
def test_answers_are_cut_to_what_belongs_here(name: str, source: str, raw: str, expected: str) -> None:
    check(source, raw, expected)


def test_a_half_line_at_the_end_of_a_block_goes() -> None:
    check("def f():\n    ‸", "a = 1\n    b = some_na", "a = 1", truncated=True)


def test_a_single_half_line_stays() -> None:
    check("x = ‸", "some_na", "some_na", truncated=True)


def test_no_more_lines_than_allowed() -> None:
    check("def f():\n    ‸", "a\n    b\n    c\n    d\n", "a\n    b", max_lines=2)
    check("def f():\n    ‸", "a\n    b\n    c\n    d\nx\n", "a\n    b", max_lines=2)


@pytest.mark.parametrize(
    ("raw", "settled"),
    [("", False), ("foo(", False), ("foo()\n", True), ("\n", False), ("\nfoo", False), ("\nfoo\n", True)],
)
def test_one_line_is_settled_at_its_end(raw: str, settled: bool) -> None:
    window = window_of("x = 1‸")
    assert trim(raw, window, TrimLimits(False, 12), finished=False).settled is settled


@pytest.mark.parametrize(
    ("raw", "settled"),
    [
        ("a = 1\n", False),
        ("a = 1\n  ", False),
        ("a = 1\n    b", False),
        ("a = 1\nx", True),
        ("a = 1\n    return y\n", True),
    ],
)
def test_a_block_is_settled_once_it_is_left(raw: str, settled: bool) -> None:
    window = window_of("def f():\n    ‸\n    return y\n")
    assert trim(raw, window, TrimLimits(True, 12), finished=False).settled is settled


def test_nothing_to_show_says_why() -> None:
    window = window_of("total = total + 1\n‸")
    limits = TrimLimits(False, 12)
    assert trim("total = total + 1", window, limits, finished=True).reason == "repeats the line above"
    assert trim("", window, limits, finished=True).reason == "the model had nothing to add"
