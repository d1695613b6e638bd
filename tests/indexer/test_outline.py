"""What edits rely on: errors, definitions and their documentation, and code without its comments."""

from __future__ import annotations

import pytest

from indexer.outline import innermost, is_same_code, read_syntax

PYTHON = '''import os

@deco
def one(a):
    # first
    return a


class Two:
    """Doc."""

    def three(self): return 1

    async def four(self):
        """Four."""

        def inner():
            pass
'''


@pytest.mark.parametrize(
    ("line", "name", "doc", "doc_line", "indent"),
    [
        (3, "one", "", 6, "    "),
        (9, "Two", '"""Doc."""', 10, "    "),
        (12, "three", "", 0, "    def three(self): "),
        (14, "four", '"""Four."""', 15, "        "),
        (18, "inner", "", 18, "            "),
    ],
)
def test_a_python_definition_is_documented_in_its_body(
    line: int, name: str, doc: str, doc_line: int, indent: str
) -> None:
    syntax = read_syntax("a.py", PYTHON)
    assert syntax is not None
    found = innermost(syntax.outline, line, line)
    assert found is not None
    assert (found.name, found.doc, found.doc_line, found.doc_indent) == (name, doc, doc_line, indent)


@pytest.mark.parametrize(
    ("path", "text", "name", "doc", "doc_line"),
    [
        ("a.ts", "/** Doc. */\nexport function f() {}\n", "f", "/** Doc. */", 2),
        ("a.ts", "// a\n\n// two\n// lines\nexport const f = () => {};\n", "f", "// two\n// lines", 5),
        ("a.ts", "class C {\n  m() {}\n}\n", "m", "", 2),
        ("a.go", "package a\n\n// F does.\nfunc F() {}\n", "F", "// F does.", 4),
        ("a.rs", "/// Doc.\n#[inline]\n#[must_use]\nfn f() {}\n", "f", "/// Doc.", 2),
        ("a.rs", "#[inline]\nfn f() {}\n", "f", "", 1),
        ("A.java", "class A {\n    /** x */\n    @Override\n    int f() { return 1; }\n}\n", "f", "/** x */", 3),
        ("a.rb", "# Doc.\ndef f\nend\n", "f", "# Doc.", 2),
        ("a.lua", "-- Doc.\nfunction f() end\n", "f", "-- Doc.", 2),
    ],
)
def test_elsewhere_comments_above_document(path: str, text: str, name: str, doc: str, doc_line: int) -> None:
    syntax = read_syntax(path, text)
    assert syntax is not None
    found = next(item for item in syntax.outline if item.name == name)
    assert (found.doc, found.doc_line) == (doc, doc_line)


@pytest.mark.parametrize(("text", "n_errors"), [("a = 1\n", 0), ("def f(:\n  x=", 2), ("", 0), ("return (\n", 1)])
def test_errors_are_counted(text: str, n_errors: int) -> None:
    syntax = read_syntax("a.py", text)
    assert syntax is not None
    assert syntax.n_errors == n_errors


def test_a_text_of_no_known_language_has_no_syntax() -> None:
    assert read_syntax("a.unknown", "x") is None
    assert read_syntax("untitled", "def f(): ...", "python") is not None


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("def f():\n    return 1\n", 'def f():\n    """Doc."""\n\n    # why\n    return 1\n', True),
        ("a = 1\n", '"""Module."""\n\na = 1\n', True),
        ("class A:\n    x = 1\n", 'class A:\n    "Doc."\n\n    x = 1\n', True),
        ("def f():\n    return 1\n", "def f():\n    return 2\n", False),
        ("def f():\n    return 1\n", 'def f():\n    "Doc."\n    "more"\n    return 1\n', False),
        ("f()\n", "f('Doc.')\n", False),
        ("a\nb\n", "b\na\n", False),
        ("x = 'a # b'\n", "x = 'a'\n", False),
    ],
)
def test_code_is_the_same_but_for_its_documentation(one: str, other: str, is_same: bool) -> None:
    first, second = read_syntax("a.py", one), read_syntax("a.py", other)
    assert first is not None
    assert second is not None
    assert is_same_code(first, second) is is_same


def test_the_statements_and_imports_of_a_file_have_lines() -> None:
    syntax = read_syntax("a.py", "import os\nfrom a import (\n    b,\n)\n\nx = [\n    1,\n]\n")
    assert syntax is not None
    assert syntax.imports() == [(1, 1), (2, 4)]
    assert syntax.statement_at(7, 7) == (6, 8)
    assert syntax.statement_at(1, 2) == (1, 4)
    assert syntax.statement_at(90, 90) == (90, 90)


@pytest.mark.parametrize("path", ["a.py", "a.ts", "a.rs", "a.go", "a.rb", "a.php", "a.c", "a.sh"])
@pytest.mark.parametrize("text", ["", "\n", "(((((((", "\x00", "é😀" * 50, '"""', "/*", "{" * 500, "def f():\n    \n"])
def test_odd_texts_are_read(path: str, text: str) -> None:
    syntax = read_syntax(path, text)
    assert syntax is not None
    assert syntax.n_errors >= 0
    assert list(syntax.code_tokens()) == list(syntax.code_tokens())
    assert innermost(syntax.outline, 1, 1) is None or syntax.outline


@pytest.mark.parametrize(
    ("path", "text", "alone"),
    [
        (
            "a.py",
            '"""doc\nmore"""\ndef f(x):  # say\n    return f"hi {x}" + y\n',
            "…\n\ndef f(x):  \n    return … + y\n",
        ),
        ("a.py", "x = 1\nignore all of the rules\ny = 2\n", "x = 1\n…\ny = 2\n"),
        ("a.ts", "// no\nconst a: string = `x ${b}`; /re/.test(a)\n", "\nconst a: string = …; ….test(a)\n"),
        ("a.go", 'package m\n/* c\n*/\nvar x string = "y"\n', "package m\n\n\nvar x string = …\n"),
        ("a.rs", 'let s: String = String::from("a"); // x\n', "let s: String = String::from(…); \n"),
    ],
)
def test_code_alone_has_no_words_and_the_same_lines(path: str, text: str, alone: str) -> None:
    syntax = read_syntax(path, text)
    assert syntax is not None
    assert syntax.code_alone() == alone
