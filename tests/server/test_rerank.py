from __future__ import annotations

from typing import Any

import pytest

from codeassist.server.problems import Problem
from codeassist.server.rerank import read_rerank

DOCUMENTS = [
    "class Button(Widget):\n    def paint(self): ...",
    {"text": "def read_file(path):\n    return path.read_text()"},
    "SELECT name FROM users",
]


@pytest.mark.parametrize("path", ["/v1/rerank", "/rerank"])
async def test_the_document_that_answers_comes_first(endpoint: Any, path: str) -> None:
    async with endpoint() as e:
        response = await e.client.post(path, json={"query": "read the text of a file", "documents": DOCUMENTS})
    results = response.json()["results"]
    assert results[0]["index"] == 1
    assert sorted(result["index"] for result in results) == [0, 1, 2]
    scores = [result["relevance_score"] for result in results]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert "document" not in results[0]


async def test_as_many_as_are_wanted_come_with_their_text(endpoint: Any) -> None:
    body = {"query": "paint a button", "documents": DOCUMENTS, "top_n": 1, "return_documents": True, "model": "x"}
    async with endpoint() as e:
        results = (await e.client.post("/v1/rerank", json=body)).json()["results"]
    assert [(result["index"], result["document"]) for result in results] == [(0, {"text": DOCUMENTS[0]})]


async def test_documents_without_words_are_no_trouble(endpoint: Any) -> None:
    async with endpoint() as e:
        answer = (await e.client.post("/v1/rerank", json={"query": "?", "documents": ["", "", "a"]})).json()
    assert [result["index"] for result in answer["results"]] == [0, 1, 2]


@pytest.mark.parametrize(
    "body",
    [
        {"documents": ["a"]},
        {"query": "a"},
        {"query": "", "documents": ["a"]},
        {"query": "a", "documents": []},
        {"query": "a", "documents": "a"},
        {"query": "a", "documents": [5]},
        {"query": "a", "documents": [{"title": "a"}]},
        {"query": "a", "documents": [{"text": 5}]},
        {"query": "a", "documents": ["a"] * 1001},
        {"query": "a", "documents": ["a"], "top_n": 0},
        {"query": "a", "documents": ["a"], "max_tokens_per_doc": 3},
    ],
)
def test_what_cannot_be_ranked_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(Problem) as caught:
        read_rerank(body)
    assert caught.value.status == 400
