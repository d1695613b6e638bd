"""All routes of one service, and what every answer has in common."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from codeassist.errors import CodeassistError
from codeassist.server.chat import chat_routes
from codeassist.server.deepseek import deepseek_routes
from codeassist.server.embedder import ServedEmbedder
from codeassist.server.embeddings import embeddings_routes
from codeassist.server.guard import Access, Guard
from codeassist.server.health import IndexHealth, health_routes
from codeassist.server.limits import WholeBodies
from codeassist.server.llama import llama_routes
from codeassist.server.mistral import mistral_routes
from codeassist.server.models import model_routes
from codeassist.server.ollama import ollama_routes
from codeassist.server.ollama_chat import ollama_chat_routes
from codeassist.server.ollama_embed import ollama_embed_routes
from codeassist.server.openai import openai_routes
from codeassist.server.openapi.document import openapi_routes
from codeassist.server.operations import Operations
from codeassist.server.own import own_routes
from codeassist.server.problems import Problem, problem_of, problem_response
from codeassist.server.rate_limits import Buckets, RateLimited
from codeassist.server.rerank import rerank_routes
from codeassist.server.review import review_routes
from codeassist.server.service import Service
from codeassist.server.tabby import tabby_routes


def create_app(service: Service, index: IndexHealth, access: Access | None = None) -> Starlette:
    """The ASGI application; whoever runs it starts the engine and keeps `index` up to date.

    access: None for a server on loopback that asks for no key.
    """
    access = access or Access()
    operations = Operations(service, index)
    routes = [
        *health_routes(service.assistant, index, access.life),
        *_dialects(service),
        *own_routes(service),
        *review_routes(service),
        *operations.routes(),
        *openapi_routes(),
    ]
    limits = _rate_limits(service.assistant.settings.server.requests_per_minute, access.limits.linger_s)
    guards = [Middleware(Guard, access), *limits, Middleware(WholeBodies, access.limits)]
    return Starlette(
        routes=routes,
        middleware=[operations.middleware(routes), *guards],
        exception_handlers={
            Problem: _on_problem,
            CodeassistError: _on_error,
            HTTPException: _on_http_exception,
            Exception: _on_bug,
        },
    )


def _rate_limits(per_minute: int, linger_s: float) -> list[Middleware]:
    return [Middleware(RateLimited, buckets=Buckets(per_minute), linger_s=linger_s)] if per_minute else []


def _dialects(service: Service) -> list[BaseRoute]:
    embedder = ServedEmbedder(service.assistant.settings.index)
    return [
        *model_routes(service),
        *openai_routes(service),
        *mistral_routes(service),
        *deepseek_routes(service),
        *tabby_routes(service),
        *llama_routes(service),
        *ollama_routes(service),
        *ollama_chat_routes(service),
        *ollama_embed_routes(embedder),
        *embeddings_routes(embedder),
        *rerank_routes(embedder),
        *chat_routes(service),
    ]


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_response(error, request.url.path)


async def _on_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, CodeassistError)
    return problem_response(problem_of(error), request.url.path)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        message = f"there is no {request.url.path} here; GET /v1/models and POST /v1/completions are"
        return problem_response(Problem(404, message, code="not_found"), request.url.path)
    message = f"{request.method} {request.url.path}: {error.detail}"
    return problem_response(Problem(error.status_code, message, headers=error.headers), request.url.path)


async def _on_bug(request: Request, error: Exception) -> Response:
    problem = Problem(500, f"internal error: {type(error).__name__}; see the server's log")
    return problem_response(problem, request.url.path)
