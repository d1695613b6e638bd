"""Candidates of several sources in one order, by weights."""

from __future__ import annotations

import json
import math

import pytest

from indexer import fusion
from indexer.fusion import Candidate, Kind, Place, Situation, features, fitted_weights, fused, place_of, worth
from indexer.types import Hit

HERE = Situation("call", frozenset({"cart"}), frozenset({"cart", "price", "total"}))
KINDS: tuple[Kind, ...] = ("similar", "definition", "module", "imports", "imported", "called", "library")


def hit(path: str, text: str = "x = 1", line: int = 1, symbol: str = "") -> Hit:
    last_line = line + text.count("\n")
    return Hit(path, line, last_line, 1.0, text, "lexical", "similar code", symbol)


def candidate(path: str, kind: Kind = "similar", text: str = "x = 1", strength: float = 0.5) -> Candidate:
    return Candidate(hit(path, text), kind, strength)


@pytest.mark.parametrize(
    ("line", "place"),
    [("", "blank"), ("    ", "blank"), ("cart.", "member"), ("Cart::", "member"), ("it->", "member"),
     ("total(cart, ", "call"), ("x = total(cart) + ", "other"), ("return ", "other")],
)  # fmt: skip
def test_a_place_is_what_stands_left_of_the_cursor(line: str, place: str) -> None:
    assert place_of(line) == place


def test_features_say_what_is_known_of_a_candidate() -> None:
    one = Candidate(hit("src/shop/cart.py", "def price(cart):\n    return 1", symbol="Shop.cart"), "definition", 0.7)
    assert features(one, HERE) == {
        "definition": 1.0,
        "definition at call": 1.0,
        "definition strength": 0.7,
        "definition here": 1.0,
        "definition near": pytest.approx(2 / 3),
        "definition named": 1.0,
    }


def test_similar_code_is_weighed_by_its_score() -> None:
    assert features(candidate("a.py"), HERE) == {"similar": 1.0, "similar at call": 1.0, "similar strength": 0.5}


def test_definitions_of_libraries_are_weighed_as_those_of_the_repository() -> None:
    of_library, own = candidate("a.py", "called"), candidate("a.py", "definition")
    assert features(of_library, HERE) == features(own, HERE)


def test_worth_is_the_weighted_sum() -> None:
    assert worth({"a": 2.0, "b": 3.0, "c": 1.0}, {"a": 0.5, "b": -1.0}) == -2.0


def test_what_is_worth_most_comes_first_whatever_its_kind() -> None:
    candidates = [candidate("a.py"), candidate("b.py", "definition"), candidate("c.py", "imports")]
    weights = {"similar": 0.1, "definition": 0.3, "imports": 0.2}
    assert [one.path for one in fused(candidates, HERE, weights)] == ["b.py", "c.py", "a.py"]


def test_candidates_of_one_source_stay_in_their_order() -> None:
    surest, likely = candidate("a.py", "definition", text="alpha"), candidate("b.py", "definition", text="cart")
    outline = candidate("c.py", "module", text="cart price")
    similar = candidate("d.py", strength=0.2)
    weights = {"definition": 0.1, "definition here": 1.0, "module here": 1.0, "similar strength": 1.0}
    found = fused([surest, likely, outline, similar], HERE, weights)
    assert [one.path for one in found] == ["d.py", "a.py", "b.py", "c.py"]


def test_ties_break_by_the_order_in_which_candidates_come() -> None:
    candidates = [candidate("b.py", "definition"), candidate("a.py", "imports"), candidate("c.py")]
    assert [one.path for one in fused(candidates, HERE, {})] == ["b.py", "a.py", "c.py"]


def test_nothing_gives_nothing() -> None:
    assert fused([], HERE, fitted_weights()) == []


def test_every_weight_that_ships_is_of_a_feature_that_there_is() -> None:
    names: set[str] = set()
    places: tuple[Place, ...] = ("blank", "member", "call", "other")
    for kind in KINDS:
        for place in places:
            names |= set(features(candidate("a.py", kind), Situation(place, HERE.here, HERE.near)))
    assert set(fitted_weights()) == names
    assert all(math.isfinite(weight) for weight in fitted_weights().values())
    assert json.loads(fusion.WEIGHTS.read_text("utf-8"))["command"].startswith("python -m training.fusion_fit")


def test_the_more_alike_code_is_the_more_it_is_worth() -> None:
    assert fitted_weights()["similar strength"] > 0
