from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codeassist.settings import IndexSettings, Settings


def vectors_of(answer: dict[str, Any]) -> np.ndarray:
    return np.array([item["embedding"] for item in answer["data"]], dtype=np.float32)


async def test_like_texts_have_like_vectors(endpoint: Any) -> None:
    texts = ["read a file", "def read_file(path): return path.read_text()", "class Button(Widget): pass"]
    async with endpoint() as e:
        response = await e.client.post("/v1/embeddings", json={"input": texts, "model": "any"})
    answer = response.json()
    vectors = vectors_of(answer)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert [item["index"] for item in answer["data"]] == [0, 1, 2]
    assert answer["usage"] == {"prompt_tokens": 10, "total_tokens": 10}
    assert answer["model"].startswith("embedder-")


async def test_base64_holds_the_same_numbers(endpoint: Any) -> None:
    async with endpoint() as e:
        plain = (await e.client.post("/v1/embeddings", json={"input": "read a file"})).json()
        body = {"input": "read a file", "encoding_format": "base64"}
        packed = (await e.client.post("/v1/embeddings", json=body)).json()
    unpacked = np.frombuffer(base64.b64decode(packed["data"][0]["embedding"]), dtype="<f4")
    assert np.array_equal(unpacked, vectors_of(plain)[0])


async def test_more_texts_than_fit_in_one_go_keep_their_order(endpoint: Any) -> None:
    texts = [f"number {number}" for number in range(150)]
    async with endpoint() as e:
        many = vectors_of((await e.client.post("/v1/embeddings", json={"input": texts})).json())
        one = vectors_of((await e.client.post("/v1/embeddings", json={"input": texts[149]})).json())
    assert many.shape[0] == 150
    assert np.allclose(many[149], one[0], atol=1e-6)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "`input` is missing"),
        ({"input": [1, 2]}, "token ids"),
        ({"input": [[1, 2]]}, "token ids"),
        ({"input": []}, "1 to 2048"),
        ({"input": ["a", ""]}, "none of them empty"),
        ({"input": ["a"] * 2049}, "1 to 2048"),
        ({"input": ["a", 5]}, "must be a text"),
        ({"input": "a", "encoding_format": "int8"}, "float, base64"),
        ({"input": "a", "dimensions": 7}, "can only be"),
        ({"input": "a", "truncate": True}, "unknown field"),
    ],
)
async def test_what_would_not_be_honoured_is_refused(endpoint: Any, body: dict[str, Any], told: str) -> None:
    async with endpoint() as e:
        response = await e.client.post("/v1/embeddings", json=body)
    assert response.status_code == 400
    assert told in response.json()["error"]["message"]


async def test_all_dimensions_may_be_asked_for(endpoint: Any) -> None:
    async with endpoint() as e:
        plain = vectors_of((await e.client.post("/v1/embeddings", json={"input": "a"})).json())
        body = {"input": "a", "dimensions": plain.shape[1]}
        assert (await e.client.post("/v1/embeddings", json=body)).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v1/embeddings", {"input": "a"}), ("/v1/rerank", {"query": "a", "documents": ["b"]})],
)
async def test_without_a_model_the_remedy_is_told(
    endpoint: Any, tmp_path: Path, path: str, body: dict[str, Any]
) -> None:
    settings = replace(Settings(), index=IndexSettings(embedder=str(tmp_path / "none")))
    async with endpoint(settings=settings) as e:
        response = await e.client.post(path, json=body)
    assert response.status_code == 501
    error = response.json()["error"]
    assert error["code"] == "embedder_unavailable"
    assert "set index.embedder" in error["message"]
