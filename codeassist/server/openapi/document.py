"""The whole document, and the route that tells it."""

from __future__ import annotations

from functools import cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from codeassist import __version__
from codeassist.server.connection import compact_json
from codeassist.server.openapi import (
    chat,
    completions,
    llama,
    ollama,
    ollama_chat,
    openai,
    operations,
    own,
    review,
    tabby,
)
from codeassist.server.openapi.parts import Json

OPENAPI = "/openapi.json"

_FRAGMENTS = (openai, completions, chat, llama, ollama, ollama_chat, tabby, operations, own, review)
_DESCRIPTION = (
    "One endpoint for every client, in the dialects of OpenAI, DeepSeek, Mistral, Tabby, llama.cpp and Ollama. On "
    "loopback no key is needed unless the settings ask for one."
)


def openapi_routes() -> list[Route]:
    """The route."""

    async def document(_: Request) -> Response:
        return Response(_text(), media_type="application/json")

    return [Route(OPENAPI, document)]


def openapi_document() -> Json:
    """OpenAPI 3.1."""
    paths = {path: operations for fragment in _FRAGMENTS for path, operations in fragment.PATHS.items()}
    schemas = {name: schema for fragment in _FRAGMENTS for name, schema in fragment.SCHEMAS.items()}
    keys = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "x-api-key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "codeassist", "version": __version__, "description": _DESCRIPTION},
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": schemas, "securitySchemes": keys},
        "security": [{}, *({name: []} for name in keys)],
    }


@cache
def _text() -> str:
    return compact_json(openapi_document())
