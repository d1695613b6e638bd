from __future__ import annotations

import random

import pytest

from indexer import typed_names as expressions
from indexer.typed_names import MAX_TYPED, typed_names


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("def f(app: Sphinx, n: int):\n", [("app", "Sphinx")]),
        ("def f(one: One, two: Two, three: Three):\n", [("one", "One"), ("two", "Two"), ("three", "Three")]),
        (
            "def f(one: dict[str, list[One]], two: Two):\n",
            [("one", "One"), ("two", "Two")],
        ),
        ("f(one: Map<string, One>, two: Two)\n", [("one", "Map"), ("one", "One"), ("two", "Two")]),
        ("self._env = BuildEnvironment(app)\n", [("env", "BuildEnvironment")]),
        ("env: lib.Environment | None = None\n", [("env", "Environment")]),
        ("with testing.TestClient(app) as client:\n", [("client", "TestClient")]),
        ("def client(app) -> TestClient:\n", [("client", "TestClient")]),
        ("const cart = new Cart(1);\n", [("cart", "Cart")]),
        ("  constructor(private cart: Cart) {}\n", [("cart", "Cart")]),
        ("Cart cart = make();\n", [("cart", "Cart")]),
        ("x = 1\nname = other\n", []),
        ("timeout = DEFAULT_TIMEOUT\n", []),
        ("if ready:\n    raise ValueError()\n", []),
        ("", []),
    ],
)
def test_types_that_a_text_says_its_variables_have(text: str, pairs: list[tuple[str, str]]) -> None:
    assert list(typed_names(text)) == pairs


_PARTS = (
    "self.",
    "this.",
    "@",
    "x",
    "Foo",
    "a1",
    "é",
    "3",
    ":",
    "=",
    ":=",
    "==",
    "?",
    " ",
    "\n",
    "[",
    "]",
    "<",
    ">",
    "(",
)


@pytest.mark.parametrize("seed", range(20))
def test_a_search_from_the_separators_finds_what_a_search_from_every_letter_does(seed: int) -> None:
    rng = random.Random(seed)
    text = "".join(rng.choices((*_PARTS, ")", ",", "&", ".", "::new", "new ", "await ", "\u2003", "_"), k=3000))
    wanted = expressions._TYPED.findall(text) + expressions._ASSIGNED.findall(text)
    assert len(wanted) > 20
    assert expressions._said(text)[: len(wanted)] == wanted


def test_data_in_the_shape_of_code_is_cut_off() -> None:
    assert len(typed_names("".join(f"v{n} = Type{n}(1)\n" for n in range(3 * MAX_TYPED)))) == MAX_TYPED


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "with f(",
        "x: ",
        "def f(",
        "A<",
        "= ",
        "with f(\n",
        "def f(\n",
        "x: [",
        "x: <",
        "[",
        "x:[]",
        "a" * 399 + "\n",
        ":",
        " :",
        "self.",
        "x =\n",
    ],
)
def test_a_megabyte_of_anything_is_read_in_no_time(unit: str) -> None:
    typed_names(unit * (1_000_000 // len(unit)))
