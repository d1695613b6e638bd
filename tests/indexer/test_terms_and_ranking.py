from __future__ import annotations

import pytest

from indexer.ranking import in_order, is_test_path, without_overlaps
from indexer.remembered import MAX_CHARS, Remembered
from indexer.terms import MAX_TERM, indexed_text, query_terms, split_identifier, terms_of
from indexer.types import Hit


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("camelCase", ["camel", "case"]),
        ("snake_case_name", ["snake", "case", "name"]),
        ("HTTPServer2", ["http", "server"]),
        ("parseXMLFile", ["parse", "xml", "file"]),
        ("__init__", ["init"]),
        ("x", []),
        ("größe_max", ["größe", "max"]),
    ],
)
def test_identifiers_fall_into_words(name: str, words: list[str]) -> None:
    assert split_identifier(name) == words


def test_terms_are_words_and_their_parts_in_order() -> None:
    assert terms_of("self.loadUser(user_id)") == ["self", "loaduser", "load", "user", "user_id", "user", "id"]


def test_the_terms_of_a_question_leave_out_what_is_everywhere() -> None:
    assert query_terms("how does the router match a route?", 5) == ["router", "match", "route"]


def hit(path: str, start: int, end: int, why: str = "") -> Hit:
    return Hit(path, start, end, 0.0, "", "lexical", why)


def test_ties_break_by_path_and_line() -> None:
    hits = [hit("b", 9, 9), hit("a", 5, 5), hit("a", 2, 2)]
    assert [(item.path, item.start_line) for item in in_order(hits)] == [("a", 2), ("a", 5), ("b", 9)]


def test_overlapping_hits_are_dropped_before_the_limit() -> None:
    hits = [hit("a", 1, 10), hit("a", 10, 20), hit("b", 10, 20), hit("a", 11, 20)]
    assert without_overlaps(hits, 3) == [hits[0], hits[2], hits[3]]
    assert without_overlaps(hits, 1) == [hits[0]]


@pytest.mark.parametrize(
    ("path", "is_test"),
    [
        ("tests/a.py", True), ("src/test_a.py", True), ("pkg/a_test.go", True), ("web/a.spec.ts", True),
        ("src/latest.py", False), ("src/contest/a.py", False), ("src/testing.py", False),
    ],
)  # fmt: skip
def test_tests_are_told_by_their_path(path: str, is_test: bool) -> None:
    assert is_test_path(path) is is_test


@pytest.mark.parametrize(
    "text",
    [
        "def load_user(self, userId: int) -> HTTPServer2:\n    return __all__ + 3d_x + 12 + 7",
        "größe_max = naïve.Äpfel(x_1, _, __, _9)",
        "x" * (2 * MAX_TERM) + " _" + "y" * MAX_TERM + " z" * 3,
        "",
    ],
)
def test_a_chunk_is_indexed_by_its_terms_its_path_and_twice_its_names(text: str) -> None:
    head, names = ["src", "web", "app"], ["loadUser", "x" * (MAX_TERM + 1)]
    defined = ["loaduser", "load", "user"]
    assert indexed_text(text, "a/src/web/app.py", names).split(" ") == [*head, *defined, *defined, *terms_of(text)]


def test_what_is_remembered_is_limited_and_what_is_asked_for_again_stays() -> None:
    asked: list[str] = []

    def ask(word: str) -> str:
        asked.append(word)
        return word.upper()

    remembered = Remembered(ask, 3)
    words = ["often", *(word for number in range(50) for word in (f"w{number}", "often")), "x" * (MAX_CHARS + 1)]
    assert [remembered[word] for word in words] == [word.upper() for word in words]
    assert asked.count("often") == 1
    assert "x" * (MAX_CHARS + 1) not in remembered
    assert len(remembered) <= 3
