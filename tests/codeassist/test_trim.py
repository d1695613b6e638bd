from __future__ import annotations

import pytest
from marked import window_of

from codeassist.right_side import closers_taken
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


@pytest.mark.parametrize(
    ("name", "source", "raw", "expected"),
    [
        ("an argument list", "foo(‸)", "a, b)", "foo(a, b)"),
        ("more behind the bracket", "if foo(‸)", "a, b):\n", "if foo(a, b):"),
        ("a call on the result", "x = foo(‸)", "a).strip()\n", "x = foo(a).strip()"),
        ("two brackets, one more call", "print(foo(‸))", "a).strip())\n", "print(foo(a).strip())"),
        ("all of them and more", "print(foo(‸))", "a)); done()\n", "print(foo(a)); done()"),
        ("brackets of its own inside", "foo(‸)", "bar(1)[2]\n", "foo(bar(1)[2])"),
        ("a string", 'x = "‸"', 'abc"\n', 'x = "abc"'),
        ("a string, and more", 'x = "‸"', 'abc" + name\n', 'x = "abc" + name'),
        ("a string that is joined to another", 'x = "‸"', 'abc" + "def"\n', 'x = "abc" + "def"'),
        ("an escaped quote", 'x = "‸"', 'a\\"b"\n', 'x = "a\\"b"'),
        ("a string in a call", 'open("‸")', 'a.txt")\n', 'open("a.txt")'),
        ("a string in a call, and more arguments", 'open("‸")', 'a.txt", "rb")\n', 'open("a.txt", "rb")'),
        ("a key", 'x = d["‸"]', 'key"]\n', 'x = d["key"]'),
        ("a key, and more", 'x = d["‸"]', 'key"] + 1\n', 'x = d["key"] + 1'),
        ("a field of an f-string", 'x = f"{‸}"', 'name}"\n', 'x = f"{name}"'),
        ("a field of an f-string, and more of it", 'x = f"{‸}"', 'name}: {value}"\n', 'x = f"{name}: {value}"'),
        ("an attribute in JSX", "<div className={‸}>", "styles.box}>\n", "<div className={styles.box}>"),
        ("text in JSX", "<b>‸</b>", "hello</b>\n", "<b>hello</b>"),
        ("a template string", "x = `${‸}`", "name}`\n", "x = `${name}`"),
        ("types", "List<‸>", "String>\n", "List<String>"),
        ("types, and the constructor", "x = new List<‸>()", "String>();\n", "x = new List<String>();"),
        ("types in types", "Map<String, List<‸>>", "Integer>>\n", "Map<String, List<Integer>>"),
        ("types with types of their own", "Map<‸>", "String, List<Integer>>\n", "Map<String, List<Integer>>"),
        ("a comparison is no type", "if (a <‸)", " b)\n", "if (a < b)"),
        ("an arrow function", "items.map(‸)", "item => item.id)\n", "items.map(item => item.id)"),
        (
            "an arrow function, and more",
            "items.map(‸)",
            "item => item.id).join()\n",
            "items.map(item => item.id).join()",
        ),
        ("a colon is there", "if foo(‸):", "a):\n", "if foo(a):"),
        ("a semicolon is there", "foo(‸);", "a, b);\n", "foo(a, b);"),
        ("a list", "x = [‸]", "1, 2]\n", "x = [1, 2]"),
        ("a dictionary", "x = {‸}", "'a': 1}\n", "x = {'a': 1}"),
        ("braces on the cursor's line", "function f() {‸}", "\n  return 1;\n}\n", "function f() {\n  return 1;\n}"),
    ],
)
def test_what_an_editor_closed_is_not_closed_twice(name: str, source: str, raw: str, expected: str) -> None:
    window = window_of(source)
    trimmed = trim(raw, window, TrimLimits(multiline=source.endswith("{‸}"), max_lines=12), finished=True)
    assert window.left + trimmed.text + window.right[trimmed.replace_right :] == expected, name


@pytest.mark.parametrize(
    ("name", "source", "raw", "expected"),
    [
        (
            "two lines that come after the next one",
            "def f():\n    ‸\n    a = 1\n    b = 2\n    c = 3\n",
            "x = 0\n    b = 2\n    c = 3\n",
            "x = 0",
        ),
        (
            "the rest of the file",
            "def f():\n    ‸\n    a = 1\n    b = 2\n",
            "x = 0\n    a = 1\n    b = 2\n",
            "x = 0",
        ),
        (
            "lines that go on differently stay",
            "def f():\n    ‸\n    other = 9\n    a = 1\n    b = 2\n",
            "x = 0\n    a = 1\n    c = 3\n",
            "x = 0\n    a = 1\n    c = 3",
        ),
        (
            "the end of a statement that began in the suggestion",
            "def f():\n    ‸\n    try:\n        b()\n    except E:\n        c()\n",
            "try:\n        a()\n    except E:\n        c()\n",
            "",
        ),
        ("the cursor's line as it stands below", "x = ‸\nx = compute()\n", "compute()\n", ""),
        ("a short line may stand twice", "x‸\nx()\n", "()\n", "()"),
        ("several brackets close the block", "foo(() => {‸", "\n  bar();\n});\nbaz();\n", "\n  bar();\n});"),
        ("they are there already", "foo(() => {‸\n});", "\n  bar();\n});\n", "\n  bar();"),
        ("more brackets than are open", "() => {‸", "\n  bar();\n});\n", "\n  bar();"),
    ],
)
def test_lines_that_stand_below_end_it(name: str, source: str, raw: str, expected: str) -> None:
    window = window_of(source)
    limits = TrimLimits(multiline=starts_block(window) or "other" in source or "    ‸" in source, max_lines=12)
    assert trim(raw, window, limits, finished=True).text == expected, name


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


def test_half_a_megabyte_of_brackets_on_the_line_is_looked_at_once() -> None:
    assert closers_taken("a<" * 250_000 + ")", "x) + 1", ")") == 1
