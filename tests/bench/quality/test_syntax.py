from __future__ import annotations

import pytest
from cursor_case import cursor_case

from bench.quality.soundness import unknown_names
from bench.quality.syntax import Use, parses, uses_of


def test_uses_are_whole_names_of_the_code_alone() -> None:
    case = cursor_case("def f(node):\n    return nod<|>\n")
    found = uses_of(case, 'e.parent.find(wanted, "not this one")  # nor this')
    assert found == [
        Use("node", is_member=False, is_called=False),
        Use("parent", is_member=True, is_called=False),
        Use("find", is_member=True, is_called=True),
        Use("wanted", is_member=False, is_called=False),
    ]


@pytest.mark.parametrize("path", ["a.js", "a.go", "a.rs", "a.java", "a.c", "a.cpp", "a.kt", "a.rb", "a.php"])
def test_uses_are_found_in_other_languages(path: str) -> None:
    opening = "<?php\n" if path == "a.php" else ""
    names = [use.name for use in uses_of(cursor_case(f"{opening}<|>\n", path), "render(widget, 12);")]
    assert names == ["render", "widget"]


def test_prose_uses_nothing() -> None:
    assert uses_of(cursor_case('def f():\n    """Say\n    <|>\n    """\n'), "something made up") == []
    assert uses_of(cursor_case("<|>\n", "notes.txt"), "something made up") == []


@pytest.mark.parametrize(
    ("marked", "text", "expected"),
    [
        ("def f(a):\n    return <|>a + 1\n", "a", True),
        ("def f(a):\n    return <|>a + 1\n", "(a", False),
        ("def f(a):\n    return <|>a + 1\n", "a\n\n\ndef g():\n    return 2", True),
        ("call(<|>1,\n     2)\n", "1)", False),
        ("call(<|>1,\n     2)\n", "one,", True),
        ("def broken(:\n\n\nx = <|>1\n", "2", True),  # it was broken before
    ],
)
def test_a_suggestion_parses_when_it_adds_no_error(marked: str, text: str, expected: bool) -> None:
    assert parses(cursor_case(marked), text) is expected


def test_without_a_grammar_nobody_knows() -> None:
    assert parses(cursor_case("<|>x\n", "notes.txt"), "x") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("total = known(value)", []),
        ("total = made_up(value)", ["made_up"]),
        ("for item in value: known(item)", []),
        ("first, second = known(value)", []),
        ("def helper(argument): return argument", []),
        ("value.invented", ["invented"]),
        ('known("made up words")  # of no meaning', []),
        ("known(len(value))", []),
    ],
)
def test_unknown_names_are_those_that_nobody_introduced(text: str, expected: list[str]) -> None:
    case = cursor_case("value = 1\n<|>\n")
    assert unknown_names(case, text, frozenset({"known", "len"})) == expected
