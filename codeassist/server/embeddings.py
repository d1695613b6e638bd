"""`/v1/embeddings`: vectors of the model that the index searches with. They are normalised.

`usage` counts words. `dimensions` must be what the model gives: a part of its vectors means nothing.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from codeassist.engine.fields import one_of, positive
from codeassist.server.body import Body
from codeassist.server.connection import WhileConnected, compact_json, read_as
from codeassist.server.embedder import ServedEmbedder, n_words, texts_to_embed
from codeassist.server.problems import Problem
from indexer.embedding import Vectors

EMBEDDINGS = "/v1/embeddings"


def embeddings_routes(embedder: ServedEmbedder) -> list[Route]:
    """The route."""

    async def embeddings(request: Request) -> Response:
        texts, encoding, dimensions = await read_as(request, _read)

        async def make() -> Response:
            await require_dimensions(embedder, dimensions)
            vectors = await embedder.embed(texts)
            body = await asyncio.to_thread(_body, texts, vectors, encoding, await embedder.name())
            return Response(body, media_type="application/json")

        return WhileConnected(make)

    return [Route(EMBEDDINGS, embeddings, methods=["POST"])]


async def require_dimensions(embedder: ServedEmbedder, asked: int | None) -> None:
    """Raises Problem for another number than the model gives."""
    if asked is not None and asked != (dim := await embedder.dim()):
        message = f"`dimensions` can only be {dim}: a part of this model's vectors means nothing; leave it out"
        raise Problem(400, message, param="dimensions", code="unsupported_field")


def _read(fields: Mapping[str, Any]) -> tuple[tuple[str, ...], str, int | None]:
    body = Body(fields)
    texts = body.require("input", texts_to_embed)
    encoding = body.take("encoding_format", one_of(("float", "base64")), "float")
    dimensions = body.take("dimensions", positive, None)
    body.ignore(("model", "user"))
    body.finish()
    return texts, encoding, dimensions


def _body(texts: Sequence[str], vectors: Vectors, encoding: str, model: str) -> str:
    """base64 is of little-endian float32, as OpenAI's client reads it."""
    rows = [_base64(row) for row in vectors] if encoding == "base64" else vectors.tolist()
    data = [{"object": "embedding", "index": number, "embedding": row} for number, row in enumerate(rows)]
    n_tokens = n_words(texts)
    usage = {"prompt_tokens": n_tokens, "total_tokens": n_tokens}
    return compact_json({"object": "list", "data": data, "model": model, "usage": usage})


def _base64(row: Vectors) -> str:
    return base64.b64encode(row.astype("<f4").tobytes()).decode()
