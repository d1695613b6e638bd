"""Ollama's `/api/embed` and `/api/embeddings`, the older one, whose vector is not normalised there and is here."""

from __future__ import annotations

import asyncio
import time

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from codeassist.server.connection import WhileConnected, compact_json, read_as
from codeassist.server.embedder import ServedEmbedder, n_words
from codeassist.server.embeddings import require_dimensions
from codeassist.server.ollama_request import read_embed, read_embeddings
from indexer.embedding import Vectors

EMBED, EMBEDDINGS = "/api/embed", "/api/embeddings"


def ollama_embed_routes(embedder: ServedEmbedder) -> list[Route]:
    """The routes."""

    async def embed(request: Request) -> Response:
        texts, dimensions = await read_as(request, read_embed)

        async def make() -> Response:
            started = time.perf_counter()
            await require_dimensions(embedder, dimensions)
            vectors, name = await embedder.embed(texts), await embedder.name()
            return _json(await asyncio.to_thread(_embedded, texts, vectors, name, started))

        return WhileConnected(make)

    async def embeddings(request: Request) -> Response:
        texts = await read_as(request, read_embeddings)

        async def make() -> Response:
            vectors = await embedder.embed(texts)
            return _json(compact_json({"embedding": vectors[0].tolist() if texts else []}))

        return WhileConnected(make)

    return [Route(EMBED, embed, methods=["POST"]), Route(EMBEDDINGS, embeddings, methods=["POST"])]


def _embedded(texts: tuple[str, ...], vectors: Vectors, model: str, started: float) -> str:
    return compact_json(
        {
            "model": model,
            "embeddings": vectors.tolist(),
            "total_duration": round((time.perf_counter() - started) * 1e9),
            "load_duration": 0,
            "prompt_eval_count": n_words(texts),
        }
    )


def _json(body: str) -> Response:
    return Response(body, media_type="application/json")
