"""OpenAI's dialect: `/v1/completions`, with `suffix` for filling in the middle.

Where the standard leaves room: `temperature` is 0 when it is not given, for code wants the likeliest answer, and
`max_tokens` is what the model advises. A body with `segments` is Tabby's, and at `/completions` one
with `n_predict` is llama.cpp's.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from codeassist.server import llama
from codeassist.server.completion_request import read_completion_request
from codeassist.server.connection import computed, read_json
from codeassist.server.service import Service
from codeassist.server.shapes import OPENAI
from codeassist.server.tabby import complete
from codeassist.server.tabby_request import is_tabby
from codeassist.server.text_completions import answer

COMPLETIONS = "/v1/completions"
# Also without `/v1`: what Continue makes of an address without a slash at its end.
ALIASES = ("/completions",)


def openai_routes(service: Service) -> list[Route]:
    """Routes of this dialect."""

    async def completions(request: Request) -> Response:
        body = await read_json(request)
        if is_tabby(body):
            return await complete(service, request, body, COMPLETIONS)
        if request.url.path in ALIASES and llama.is_llama(body):
            return await llama.complete(service, request, body)
        asked = await computed(lambda: read_completion_request(body), len(await request.body()))
        return await answer(service, request, asked, COMPLETIONS, OPENAI)

    return [Route(path, completions, methods=["POST"]) for path in (COMPLETIONS, *ALIASES)]
