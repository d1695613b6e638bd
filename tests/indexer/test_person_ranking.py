"""How evidence for a person's question is mixed, and what a chunk's place does to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.embedding import HashingEmbedder, ShortTexts, Vectors
from indexer.places import Place
from indexer.ranking import SAME_FILE, TEST_FACTOR, Evidence, path_factor, relative, spread_over_files
from indexer.types import Query


def test_scores_are_stretched_between_the_least_and_the_best() -> None:
    assert relative([4.0, 3.0, 2.0], 2.0) == [1.0, 0.5, 0.0]
    assert relative([0.5, 0.5], 0.5) == [1.0, 1.0]
    assert relative([], 0.0) == []


def test_words_and_meaning_share_one_score_and_names_come_on_top() -> None:
    assert Evidence(1.0, 0.0).score(0.6) == pytest.approx(0.6)
    assert Evidence(0.0, 1.0).score(0.6) == pytest.approx(0.4)
    assert Evidence(0.0, 0.0, 1.0).score(0.6) > 0


@pytest.mark.parametrize(
    ("path", "asked", "counts_whole"),
    [
        ("src/http/request.py", set(), True),
        ("tests/test_request.py", set(), False),
        ("tests/test_request.py", {"tests"}, True),
        ("docs/index.md", set(), False),
        ("docs/index.md", {"documentation"}, True),
        ("examples/chat/main.go", set(), False),
        ("examples/chat/main.go", {"example"}, True),
    ],
)
def test_tests_prose_and_examples_count_less_unless_asked_for(path: str, asked: set[str], counts_whole: bool) -> None:
    assert (path_factor(path, asked) == 1.0) is counts_whole


def test_a_test_counts_as_the_constant_says() -> None:
    assert path_factor("tests/test_request.py", set()) == TEST_FACTOR


def test_a_file_that_matches_in_several_places_rises_and_its_others_fall() -> None:
    one, again, single = Place("a.py", 1, 9, 1), Place("a.py", 10, 19, 2), Place("b.py", 1, 9, 3)
    ranked = spread_over_files({single: 0.8, one: 0.75, again: 0.7}, 3)
    assert [place for place, _ in ranked] == [one, single, again]
    assert ranked[2][1] == pytest.approx(0.7 * SAME_FILE)
    assert spread_over_files({single: 0.8, one: 0.75, again: 0.7}, 1) == ranked[:1]


class CountingEmbedder(HashingEmbedder):
    """Counts the texts that it is given."""

    n_texts = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.n_texts += len(texts)
        return super().embed(texts)


def test_vectors_of_paths_are_remembered() -> None:
    embedder = CountingEmbedder()
    short = ShortTexts(embedder)
    first = short.likeness("read a request", ["http request", "colour table"])
    assert first[0] > first[1]
    assert short.likeness("read a request", ["colour table", "http request"]) == first[::-1]
    assert embedder.n_texts == 4  # the question twice, each path once
    assert short.likeness("read a request", []) == []


def test_what_is_remembered_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.embedding.MAX_SHORT_TEXTS", 3)
    short = ShortTexts(HashingEmbedder())
    for number in range(4):
        cosines = short.likeness("same words", [f"path {number}", "same words"])
        assert cosines[1] == pytest.approx(1.0, abs=1e-5)
    assert len(short._vectors) <= 3


FILES = {
    "http/request.py": 'def read_body(stream):\n    """Read the body of a request."""\n    return stream.read()\n',
    "tests/test_request.py": "def test_read_body():\n    # read the body of a request\n    assert read_body(x)\n",
    "colours.py": "RED = 'red'\nGREEN = 'green'\n",
}


@pytest.fixture
def index(repository: Callable[[dict[str, Any]], Path], open_index: Any) -> Any:
    index = open_index(repository(FILES), embedder=HashingEmbedder())
    index.refresh()
    return index


def test_each_kind_of_evidence_can_be_asked_alone(index: Any) -> None:
    for search in (index.search_by_text, index.search_by_meaning):
        hits = search("read the body of a request", 3)
        assert hits[0].path in {"http/request.py", "tests/test_request.py"}
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert index.search_by_meaning("", 3) == []
    assert index.search_by_text("", 3) == []


def test_code_comes_before_its_test(index: Any) -> None:
    paths = [hit.path for hit in index.search(Query("read the body of a request"), 3)]
    assert paths[:2] == ["http/request.py", "tests/test_request.py"]
    assert index.search(Query("test that reads the body of a request"), 3)[0].path == "tests/test_request.py"


def test_all_chunks_are_listed_by_path(index: Any) -> None:
    chunks = index.chunks()
    assert [chunk.path for chunk in chunks] == sorted(FILES)
    assert np.all([chunk.start_line >= 1 for chunk in chunks])
