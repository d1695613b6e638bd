"""`/v1/models` and `/v1/models/{id}`: which models answer here, and how much they hold."""

from __future__ import annotations

import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from codeassist.server.problems import Problem
from codeassist.server.served_models import model_json, served_models
from codeassist.server.service import Service

# Also without `/v1`: what Continue makes of an address without a slash at its end.
MODELS = ("/v1/models", "/models")
# Names of models may have slashes in them.
MODEL = "/v1/models/{id:path}"


def model_routes(service: Service) -> list[Route]:
    """The routes."""
    started = int(time.time())

    async def models(_: Request) -> Response:
        return JSONResponse({"object": "list", "data": _listed(service, started)})

    async def model(request: Request) -> Response:
        return JSONResponse(_named(request.path_params["id"], _listed(service, started)))

    return [*(Route(path, models) for path in MODELS), Route(MODEL, model)]


def _listed(service: Service, created: int) -> list[dict[str, Any]]:
    return [model_json(model, created) for model in served_models(service)]


def _named(name: str, models: list[dict[str, Any]]) -> dict[str, Any]:
    """The model of that name. Raises Problem."""
    for model in models:
        if model["id"] == name:
            return model
    known = ", ".join(model["id"] for model in models)
    raise Problem(404, f"there is no model {name!r} here, but {known}", param="model", code="model_not_found")
