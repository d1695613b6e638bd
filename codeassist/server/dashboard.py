"""`/ui`: the dashboard, a page of three files that asks for nothing but this server.

The files hold no data, so that they need no key: the page asks its user for one where the server wants it, and sends it
as a header with each question.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from codeassist.server.problems import Problem

UI = "/ui"

_FOLDER = Path(__file__).with_name("ui")
_TYPES = {
    "index.html": "text/html; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "charts.js": "text/javascript; charset=utf-8",
    "requests.js": "text/javascript; charset=utf-8",
}
# Nothing inline and nothing from elsewhere: what a repository's path or a client's name spells is never run.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


def dashboard_routes() -> list[Route]:
    """The page and its parts."""

    async def page(_: Request) -> Response:
        return await _file("index.html")

    async def part(request: Request) -> Response:
        return await _file(request.path_params["file"])

    return [Route(UI, page), Route(f"{UI}/{{file}}", part)]


async def _file(name: str) -> Response:
    if name not in _TYPES:
        raise Problem(404, f"the dashboard has no {name[:80]!r}; it is at {UI}", code="not_found")
    body = await asyncio.to_thread((_FOLDER / name).read_bytes)
    return Response(body, headers={**_HEADERS, "content-type": _TYPES[name]})
