from __future__ import annotations

import pytest
from tree_sitter import Node

from indexer.live_trees import LiveTrees
from indexer.syntax_places import block_end, has_error_between, prose_at, statement_start

MARK = "‸"


def tree_at(path: str, source: str) -> tuple[Node, bytes, int]:
    before, _, after = source.partition(MARK)
    tree = LiveTrees().of(path, "", before + after)
    assert tree is not None
    return tree.root, tree.source, len(before.encode())


@pytest.mark.parametrize(
    ("path", "source", "prose"),
    [
        ("a.py", 'x = "he‸llo"', "string"),
        ("a.py", 'x = "hello‸"', "string"),
        ("a.py", 'x = ‸"hello"', ""),
        ("a.py", 'x = "hello"‸', ""),
        ("a.py", 'x = ""‸', ""),
        ("a.py", "# hello ‸\nx = 1", "comment"),
        ("a.py", "x = 1  # hello‸", "comment"),
        ("a.py", "# hello\n‸x = 1", ""),
        ("a.py", 'def f():\n    """Doc ‸\n    more\n    """\n', "string"),
        ("a.py", 'x = f"{na‸me}"', ""),
        ("a.py", 'x = f"a{name}b‸"', "string"),
        ("a.py", "‸", ""),
        ("a.js", "x = `a${b‸}c`", ""),
        ("a.js", "x = `a${b}c‸`", "string"),
        ("a.js", "// a‸", "comment"),
        ("a.js", "/* a‸ */", "comment"),
        ("a.js", "/* a */‸", ""),
        ("a.js", "/** a\n * b‸\n */\nf()", "comment"),
        ("a.tsx", 'x = <div className="a‸"/>', "string"),
        ("a.tsx", "x = <div className={a‸}/>", ""),
        ("a.rs", "// a‸\nfn f(){}", "comment"),
        ("a.rs", 'let x = "a‸";', "string"),
        ("a.rs", "fn f<'a>(x: &'a‸ str) {}", ""),
        ("a.go", 'x := "a‸"', "string"),
        ("a.go", "// abc ‸", "comment"),
        ("a.rb", 'x = "a#{b‸}"', ""),
        ("a.rb", "# a‸", "comment"),
        ("a.java", "/** a‸ */", "comment"),
        ("a.java", 'String s = "a‸";', "string"),
        ("a.c", 'char *s = "a‸";', "string"),
        ("a.sh", "# a‸", "comment"),
        ("a.lua", "-- a‸", "comment"),
        ("a.kt", 'val x = "a‸"', "string"),
        ("a.cs", 'var x = "a‸";', "string"),
    ],
)
def test_prose_is_what_comments_and_strings_say(path: str, source: str, prose: str) -> None:
    root, text, offset = tree_at(path, source)
    assert prose_at(root, text, offset) == prose


@pytest.mark.parametrize(
    ("path", "source", "opens", "rest"),
    [
        ("a.py", "def f():\n    ‸y = 1\n    return y\n\nx = 2\n", False, "\n\nx = 2\n"),
        ("a.py", "def f():‸\n    y = 1\n    return y\n\nx = 2\n", True, "\n\nx = 2\n"),
        ("a.py", "def f():\n    if a:\n        ‸b()\n    c()\n", False, "\n    c()\n"),
        ("a.py", "if a:‸\n    b()\nc()\n", True, "\nc()\n"),
        ("a.js", "function f() {‸\n  a();\n}\nb();\n", True, "\nb();\n"),
        ("a.js", "function f() {\n  ‸a();\n}\nb();\n", False, "\nb();\n"),
        ("a.js", "on(() => {‸\na();\n});\nb();\n", True, ");\nb();\n"),
        ("a.go", "func f() {\n\tif a {‸\n\t\tb()\n\t}\n\tc()\n}\n", True, "\n\tc()\n}\n"),
        ("a.rs", "fn f() {\n    ‸a();\n}\nfn g() {}\n", False, "\nfn g() {}\n"),
        ("a.java", "class A {\n  void f() {\n    ‸a();\n  }\n  void g() {}\n}\n", False, "\n  void g() {}\n}\n"),
    ],
)
def test_a_block_ends_where_its_node_does(path: str, source: str, opens: bool, rest: str) -> None:
    root, text, offset = tree_at(path, source)
    end = block_end(root, text, offset, opens=opens)
    assert end is not None
    assert text[end:].decode() == rest


@pytest.mark.parametrize("source", ["‸x = 1\ny = 2\n", "def f(:\n    ‸x = )\n", "x = ‸"])
def test_outside_of_blocks_and_in_broken_code_no_end_is_known(source: str) -> None:
    root, text, offset = tree_at("a.py", source)
    assert block_end(root, text, offset, opens=False) is None


@pytest.mark.parametrize(
    ("source", "start"),
    [
        ("x = 1\ny = foo(‸a)\n", "y = foo(a)\n"),
        ("def f():\n    x = 1\n    call(\n        ‸a,\n    )\n", "call(\n        a,\n    )\n"),
        ("for a in ‸b:\n    c()\n", "for a in b:\n    c()\n"),
    ],
)
def test_a_statement_begins_in_its_block(source: str, start: str) -> None:
    root, text, offset = tree_at("a.py", source)
    assert text[statement_start(root, offset) :].decode() == start


def test_errors_are_found_where_they_are() -> None:
    root, _, offset = tree_at("a.py", "x = 1\ny = 2\n‸z = (\n")
    assert not has_error_between(root, 0, offset - 1)
    assert has_error_between(root, offset, offset + 5)


def test_code_that_is_nested_very_deeply_is_looked_at_from_within() -> None:
    source = "x = " + "a ? b : " * 40_000 + "c"
    tree = LiveTrees(clock=lambda: 0.0).of("a.js", "", source)
    assert tree is not None
    assert prose_at(tree.root, tree.source, len(source)) == ""
    assert block_end(tree.root, tree.source, len(source), opens=False) is None
