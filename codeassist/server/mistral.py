"""Mistral's dialect: `/v1/fim/completions`, which Continue sends to this and to other providers.

`prompt` and `suffix` are plain code; the answer is shaped like a chat's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from codeassist.server.completion_request import CompletionRequest, read_completion_request
from codeassist.server.connection import read_as
from codeassist.server.problems import Problem
from codeassist.server.service import Service
from codeassist.server.shapes import MISTRAL
from codeassist.server.text_completions import answer

FIM = "/v1/fim/completions"
# Without `/v1`: what Continue's adapters make of an address without a slash at its end.
ALIASES = ("/fim/completions",)

# What OpenAI's completions have and Mistral's have not.
UNKNOWN = ("n", "best_of", "logprobs", "echo", "stream_options")


def mistral_routes(service: Service) -> list[Route]:
    """Routes of this dialect."""

    async def fim(request: Request) -> Response:
        asked = await read_as(request, read_fim_request)
        return await answer(service, request, asked, FIM, MISTRAL)

    return [Route(path, fim, methods=["POST"]) for path in (FIM, *ALIASES)]


def read_fim_request(body: Mapping[str, Any]) -> CompletionRequest:
    """The request; it differs from OpenAI's in `random_seed`, and in that a missing suffix is an empty one."""
    for name in UNKNOWN:
        if body.get(name) is not None:
            raise Problem(400, f"unknown field `{name}`; Mistral has none", param=name, code="unknown_field")
    if "seed" in body:
        raise Problem(400, "unknown field `seed`; it is called `random_seed` here", param="seed", code="unknown_field")
    renamed = {"seed" if name == "random_seed" else name: value for name, value in body.items()}
    if renamed.get("suffix") is None:
        renamed["suffix"] = ""
    asked = read_completion_request(renamed)
    if len(asked.prompts) > 1:
        raise Problem(400, "`prompt` must be one text", param="prompt")
    return asked
