from __future__ import annotations

from collections.abc import Sequence

import pytest
from marked import marked

from codeassist.checking import Checked, Checker

REPOSITORY = frozenset({"load_config", "repository_name", "refresh"})


def known_names(names: Sequence[str]) -> frozenset[str]:
    return REPOSITORY & frozenset(names)


def check(source: str, text: str, *, path: str = "pkg/mod.py", opens: bool = False, seen: str = "") -> Checked:
    document, cursor = marked(source, path)
    return Checker(known_names).check(document, cursor, text, 0, opens=opens, seen=(seen,))


@pytest.mark.parametrize(
    ("name", "source", "text", "unknown"),
    [
        ("made up", "total = ‸\n", "captcha_url", "captcha_url"),
        ("in the file", "captcha_url = 1\ntotal = ‸\n", "captcha_url", ""),
        ("in the repository", "total = ‸\n", "load_config()", ""),
        ("a builtin", "total = ‸\n", "len(sorted([]))", ""),
        ("introduced by itself", "‸\n", "for item in []:\n    print(item)", ""),
        ("introduced on the cursor's line", "lambda price: ‸\n", "price + 1", ""),
        ("a keyword argument", "print(‸)\n", "flush_it=True", ""),
        ("text of a string", "print(‸)\n", "'captcha_url'", ""),
        ("a comment", "‸\n", "# captcha_url", ""),
        ("the rest of a known word", "load_config\nx = load_‸\n", "config()", ""),
        ("the rest of a word that nobody knows", "x = load_‸\n", "configs()", "load_configs"),
        ("short names", "x = ‸\n", "q", ""),
    ],
)
def test_plain_names_are_known_from_somewhere(name: str, source: str, text: str, unknown: str) -> None:
    checked = check(source, text)
    assert (checked.text, checked.unknown) == (text, unknown), name


def test_what_the_model_saw_is_known() -> None:
    assert check("total = ‸\n", "captcha_url", seen="def captcha_url(): ...").unknown == ""


def test_a_suggestion_ends_before_the_statement_with_a_name_that_nobody_knows() -> None:
    text = "value = load_config()\n    if value:\n        send(\n            captcha_url,\n        )\n    return value"
    source = "def send(): ...\ndef f():\n    ‸\n"
    assert check(source, text) == Checked("value = load_config()\n    if value:")


def test_members_that_nobody_knows_cost_trust_alone() -> None:
    assert check("import os\nx = ‸\n", "os.made_up()") == Checked("os.made_up()", 0.5)
    assert check("import os\nx = ‸\n", "os.refresh()") == Checked("os.refresh()")


def test_languages_whose_own_names_are_not_known_only_lose_trust() -> None:
    checked = check("void f() {\n  ‸\n}\n", "made_up();", path="a.c")
    assert checked == Checked("made_up();", 0.5)


def test_files_without_a_grammar_are_not_judged() -> None:
    assert check("x ‸\n", "= made_up", path="a.txt") == Checked("= made_up")


def test_nobody_to_ask_means_no_judgement_of_names() -> None:
    document, cursor = marked("x = ‸\n")
    assert Checker(None).check(document, cursor, "made_up", 0, opens=False, seen=()) == Checked("made_up")


@pytest.mark.parametrize(
    ("name", "path", "source", "text", "opens", "expected"),
    [
        (
            "the next function at the same depth",
            "a.js",
            "class A {\n  f() {\n  ‸\n}\n",
            "return 1;\n  }\n  g() {\n  return 2;\n  }",
            False,
            "return 1;\n  }",
        ),
        ("a closer that the file has", "a.js", "function f() {\n  ‸\n}\n", "a();\n}\nb();", False, "a();"),
        ("a block that is opened", "a.go", "func f() {‸\n", "\n\treturn\n}\nfunc g() {\n}", True, "\n\treturn\n}"),
        ("what stays inside", "a.py", "def f():\n    ‸\n", "a = 1\n    return a", False, "a = 1\n    return a"),
        (
            "a suggestion that breaks off",
            "a.py",
            "def f():\n    ‸\n",
            "try:\n        a()\n    b('",
            False,
            "try:\n        a()\n    b('",
        ),
        ("broken code", "a.py", "def f(:\n    ‸\n", "a = (\n    return", False, "a = (\n    return"),
    ],
)
def test_several_lines_end_with_their_block(
    name: str, path: str, source: str, text: str, opens: bool, expected: str
) -> None:
    document, cursor = marked(source, path)
    assert Checker(None).check(document, cursor, text, 0, opens=opens, seen=()).text == expected, name


@pytest.mark.parametrize(
    ("source", "prose"),
    [("x = '‸'\n", "string"), ("# so ‸\n", "comment"), ("x = ‸\n", ""), ("# é\nx = 'é‸'\n", "string")],
)
def test_the_place_of_the_cursor_is_known(source: str, prose: str) -> None:
    document, cursor = marked(source)
    assert Checker(None).check(document, cursor, "a", 0, opens=False, seen=()).prose == prose
