"""All routes of one service, and what every answer has in common."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from codeassist.errors import CodeassistError
from codeassist.server.deepseek import deepseek_routes
from codeassist.server.guard import LoopbackOnly
from codeassist.server.health import IndexHealth, health_routes
from codeassist.server.mistral import mistral_routes
from codeassist.server.openai import openai_routes
from codeassist.server.operations import Operations
from codeassist.server.own import own_routes
from codeassist.server.problems import Problem, problem_of, problem_response
from codeassist.server.service import Service
from codeassist.server.tabby import tabby_routes


def create_app(service: Service, index: IndexHealth) -> Starlette:
    """The ASGI application; whoever runs it starts the engine and keeps `index` up to date."""
    operations = Operations(service, index)
    routes: list[BaseRoute] = [
        *health_routes(service.assistant, index),
        *openai_routes(service),
        *mistral_routes(service),
        *deepseek_routes(service),
        *tabby_routes(service),
        *own_routes(service),
        *operations.routes(),
    ]
    return Starlette(
        routes=routes,
        middleware=[operations.middleware(routes), Middleware(LoopbackOnly)],
        exception_handlers={
            Problem: _on_problem,
            CodeassistError: _on_error,
            HTTPException: _on_http_exception,
            Exception: _on_bug,
        },
    )


async def _on_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_response(error)


async def _on_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, CodeassistError)
    return problem_response(problem_of(error))


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        message = f"there is no {request.url.path} here; GET /v1/models and POST /v1/completions are"
        return problem_response(Problem(404, message, code="not_found"))
    message = f"{request.method} {request.url.path}: {error.detail}"
    return problem_response(Problem(error.status_code, message, headers=error.headers))


async def _on_bug(_: Request, error: Exception) -> Response:
    return problem_response(Problem(500, f"internal error: {type(error).__name__}; see the server's log"))
