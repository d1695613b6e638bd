from __future__ import annotations

from indexer.embedding import HashingEmbedder
from indexer.reranking import lexical_overlap, relevance


def test_rare_words_count_more_than_common_ones() -> None:
    common, rare, both, neither = lexical_overlap(
        "parse config", ["config a b", "parse a b", "parse config b", "config c d"]
    )
    assert both > rare > common
    assert neither == common


def test_names_are_taken_apart() -> None:
    found, missing = lexical_overlap("read file", ["def readFile(): pass", "def write(): pass"])
    assert found > missing == 0


def test_no_texts_and_no_words_are_no_trouble() -> None:
    assert relevance(HashingEmbedder(), "a", []) == []
    assert relevance(HashingEmbedder(), "", ["", "x"]) == [0.0, 0.0]


def test_relevance_lies_between_nothing_and_everything() -> None:
    scores = relevance(HashingEmbedder(), "open the file", ["open the file", "close", "open open open file"])
    assert all(0 <= score <= 1 for score in scores)
    assert scores[0] > scores[1]
