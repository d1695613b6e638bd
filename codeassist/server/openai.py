"""OpenAI's dialect: `/v1/models` and `/v1/completions`, with `suffix` for filling in the middle.

Where the standard leaves room: `temperature` is 0 when it is not given, for code wants the likeliest answer, and
`max_tokens` is what the model advises. A body with `segments` is Tabby's.
"""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from codeassist.server.connection import read_json
from codeassist.server.models import model_json, served_models
from codeassist.server.service import Service
from codeassist.server.tabby import complete
from codeassist.server.tabby_request import is_tabby
from codeassist.server.text_completions import answer, usage_afterwards

COMPLETIONS = "/v1/completions"
# Also without `/v1`: what Continue makes of an address without a slash at its end.
ALIASES = ("/completions",)
MODELS = ("/v1/models", "/models")


def openai_routes(service: Service) -> list[Route]:
    """Routes of this dialect."""
    started = int(time.time())

    async def models(_: Request) -> Response:
        return JSONResponse(
            {"object": "list", "data": [model_json(model, started) for model in served_models(service)]}
        )

    async def completions(request: Request) -> Response:
        body = await read_json(request)
        if is_tabby(body):
            return await complete(service, request, body, COMPLETIONS)
        return await answer(service, request, body, COMPLETIONS, usage_afterwards)

    return [
        *(Route(path, models) for path in MODELS),
        *(Route(path, completions, methods=["POST"]) for path in (COMPLETIONS, *ALIASES)),
    ]
