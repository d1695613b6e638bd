"""`/v1/rerank`: documents in the order in which they answer a question, as Jina and Cohere ask for it.

There is no model that was made for this alone. `relevance_score` mixes two kinds of evidence, in the shares that were
fitted for a person's search in the index: how like the vectors of question and document are, and how much of the
question's words, the rarer the better, the document holds (`indexer/reranking.py`). `usage` counts words.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from codeassist.engine.fields import Misfit, flag, positive
from codeassist.server.body import Body
from codeassist.server.completion_fields import characters
from codeassist.server.connection import WhileConnected, read_as
from codeassist.server.embedder import ServedEmbedder, n_words

RERANK, SHORT_RERANK = "/v1/rerank", "/rerank"
MAX_DOCUMENTS = 1000


@dataclass(frozen=True, slots=True)
class RerankRequest:
    """top_n: how many results there are at most, None for all."""

    query: str
    documents: tuple[str, ...]
    top_n: int | None = None
    return_documents: bool = False


def rerank_routes(embedder: ServedEmbedder) -> list[Route]:
    """The routes."""

    async def rerank(request: Request) -> Response:
        asked = await read_as(request, read_rerank)

        async def make() -> Response:
            scores = await embedder.relevance(asked.query, asked.documents)
            return JSONResponse(await asyncio.to_thread(_answer, asked, scores, await embedder.name()))

        return WhileConnected(make)

    return [Route(RERANK, rerank, methods=["POST"]), Route(SHORT_RERANK, rerank, methods=["POST"])]


def read_rerank(fields: Mapping[str, Any]) -> RerankRequest:
    """The request. Raises Problem."""
    body = Body(fields)
    request = RerankRequest(
        query=body.require("query", _query),
        documents=body.require("documents", _documents),
        top_n=body.take("top_n", positive, None),
        return_documents=body.take("return_documents", flag, False),
    )
    body.ignore(("model", "user"))
    body.finish()
    return request


def _query(value: object) -> str:
    if not value:
        raise Misfit("a text that is not empty")
    return characters(value)


def _documents(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_DOCUMENTS:
        raise Misfit(f"a list of 1 to {MAX_DOCUMENTS} texts")
    return tuple(_document(item) for item in value)


def _document(value: object) -> str:
    """A text, or an object that has one."""
    if isinstance(value, dict) and value.keys() == {"text"}:
        value = value["text"]
    if not isinstance(value, str):
        raise Misfit('a list of texts, or of objects like {"text": "..."}')
    return characters(value)


def _answer(asked: RerankRequest, scores: Sequence[float], model: str) -> dict[str, Any]:
    """Best first; where two are as good, in the order of the request."""
    order = sorted(range(len(scores)), key=lambda number: (-scores[number], number))
    n_tokens = n_words([asked.query, *asked.documents])
    return {
        "id": f"rerank-{os.urandom(12).hex()}",
        "object": "list",
        "model": model,
        "results": [_result(asked, number, scores[number]) for number in order[: asked.top_n]],
        "usage": {"prompt_tokens": n_tokens, "total_tokens": n_tokens},
    }


def _result(asked: RerankRequest, number: int, score: float) -> dict[str, Any]:
    document = {"document": {"text": asked.documents[number]}} if asked.return_documents else {}
    return {"index": number, "relevance_score": score, **document}
