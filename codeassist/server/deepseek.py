"""DeepSeek's dialect: `/beta/completions`, where `suffix` asks for filling in the middle.

It is OpenAI's but for the usage, which comes with the last choice: Continue reads `choices[0]` of every event.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from codeassist.server.completion_request import read_completion_request
from codeassist.server.connection import read_as
from codeassist.server.service import Service
from codeassist.server.shapes import DEEPSEEK
from codeassist.server.text_completions import answer

BETA = "/beta/completions"
ALIASES = ("/v1/beta/completions",)


def deepseek_routes(service: Service) -> list[Route]:
    """Routes of this dialect."""

    async def completions(request: Request) -> Response:
        asked = await read_as(request, read_completion_request)
        return await answer(service, request, asked, BETA, DEEPSEEK)

    return [Route(path, completions, methods=["POST"]) for path in (BETA, *ALIASES)]
