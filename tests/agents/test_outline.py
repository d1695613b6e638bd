"""The repository map as a text: what of a ranking fits, and how it is laid out."""

from __future__ import annotations

from itertools import pairwise

import pytest

from codeassist.agents.outline import estimated_tokens, outline
from indexer.importance import Ranked
from indexer.types import Symbol


def defined(place: str, signature: str, container: str = "", kind: str = "function") -> Ranked:
    """A definition at `path:line`."""
    path, _, line = place.rpartition(":")
    symbol = Symbol(
        name=signature.partition("(")[0].split()[-1],
        kind=kind,  # type: ignore[arg-type]
        path=path,
        start_line=int(line),
        end_line=int(line),
        signature=signature,
        container=container,
    )
    return Ranked(symbol, 0.1)


def check(ranked: list[Ranked], expected: str, max_tokens: int = 1000) -> None:
    assert outline(ranked, max_tokens) == expected.strip("\n")


def one_each(text: str) -> int:
    """A tokenizer to which a line is a token."""
    return text.count("\n")


LADDER = [defined(f"package/module_{n % 7}.py:{n * 3 + 1}", f"def näme_{n}(argument: int) -> None") for n in range(60)]


def test_files_come_by_their_best_definition_and_lines_by_number() -> None:
    ranked = [
        defined("b.py:30", "def last_line() -> int:\n    ..."),
        defined("a.py:7", "def other()"),
        defined("b.py:4", "def first_line(path: str) -> str:\n    ..."),
    ]
    check(
        ranked,
        """
b.py
    4: def first_line(path: str) -> str
   30: def last_line() -> int
a.py
    7: def other()
""",
    )


def test_a_definition_inside_others_is_indented_and_says_where_it_belongs() -> None:
    ranked = [
        defined("a.py:1", "class Outer:\n    def method(self): ...", kind="class"),
        defined("a.py:3", "    def method(self) -> int:\n        ...", "Outer", "method"),
        defined("a.py:9", "        def deep():\n            ...", "Outer.method"),
    ]
    check(
        ranked,
        """
a.py
    1: class Outer
    3:   def method(self) -> int  (Outer)
    9:     def deep()  (Outer.method)
""",
    )


def test_a_definition_over_several_lines_is_one_line() -> None:
    spelled = 'def connect(\n    host: str,\n    port: int = 80,\n) -> Socket:\n    """Opens a connection."""\n    ...'
    check([defined("net.py:12", spelled)], "net.py\n   12: def connect(host: str, port: int = 80) -> Socket")


@pytest.mark.parametrize(
    ("signature", "line"),
    [
        ("@cached\n@route('/')\ndef index() -> str:\n    ...", "def index() -> str"),
        ("fn area(&self) -> f64 {", "fn area(&self) -> f64"),
        ("func Area(r float64) float64", "func Area(r float64) float64"),
    ],
)
def test_decorators_and_opening_braces_are_left_out(signature: str, line: str) -> None:
    check([defined("x:1", signature)], f"x\n    1: {line}")


def test_a_comment_behind_a_definition_is_left_out() -> None:
    ranked = [
        defined("a.py:1", "class Cart(Base):  # type: ignore[misc]\n    ...", kind="class"),
        defined("a.py:9", "def fragment(url='a#b'): ..."),
    ]
    check(ranked, "a.py\n    1: class Cart(Base)\n    9: def fragment(url='a#b')")


def test_two_definitions_on_one_line_are_both_shown() -> None:
    ranked = [defined("min.js:1", "function open(a)"), defined("min.js:1", "function close(a)")]
    check(ranked, "min.js\n    1: function close(a)\n    1: function open(a)")


def test_line_numbers_beyond_five_digits_are_kept_whole_and_in_order() -> None:
    ranked = [defined("long.py:123456", "def late()"), defined("long.py:99", "def early()")]
    check(ranked, "long.py\n   99: def early()\n123456: def late()")


@pytest.mark.parametrize("max_tokens", [*range(130), 500, 999, 1000, 5000])
def test_the_budget_is_never_exceeded(max_tokens: int) -> None:
    text = outline(LADDER, max_tokens)
    assert not text or estimated_tokens(text) <= max_tokens


def test_a_larger_budget_only_adds_lines() -> None:
    shown = [set(outline(LADDER, max_tokens).splitlines()) for max_tokens in range(0, 1200, 10)]
    assert all(smaller <= larger for smaller, larger in pairwise(shown))
    assert len(shown[-1]) == 60 + 7


def test_the_budget_is_counted_by_the_tokenizer_that_is_given() -> None:
    assert len(outline(LADDER, 10, one_each).splitlines()) == 10
    assert len(outline(LADDER, 1, one_each).splitlines()) == 0


def test_what_matters_less_does_not_jump_the_queue() -> None:
    ranked = [defined("a.py:1", f"def {'long' * 30}()"), defined("b.py:1", "def f()")]
    check(ranked, "", max_tokens=20)


@pytest.mark.parametrize("max_tokens", [-5, 0, 1, 3])
def test_nothing_that_fits_is_an_empty_text(max_tokens: int) -> None:
    check([defined("a.py:1", "def f()")], "", max_tokens)


def test_nothing_ranked_is_an_empty_text() -> None:
    check([], "")


def test_a_name_that_is_not_utf8_is_counted() -> None:
    assert outline([defined("\udcff.py:1", "def f()")], 100) == "\udcff.py\n    1: def f()"
