"""Who may ask. The endpoint listens on loopback, which a web page in the user's browser reaches as well.

Two checks keep pages out: the Host header must be a loopback name (a page that had its own name resolve to 127.0.0.1
still sends that name), and an Origin header, which only browsers send, must be a loopback one.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from codeassist.server.problems import Problem, problem_response


class LoopbackOnly:
    """ASGI middleware that answers 403 to whatever does not come from a program on this machine."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or refuse."""
        problem = refusal(Headers(scope=scope)) if scope["type"] == "http" else None
        if problem is not None:
            await problem_response(problem)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def refusal(headers: Headers) -> Problem | None:
    """Why a request with these headers is refused, or None."""
    host = headers.get("host", "")
    if not is_loopback_name(_host_name(f"//{host}")):
        message = f"Host {host!r} is not this machine's loopback name; use http://127.0.0.1 or http://localhost"
        return Problem(403, message, code="host_refused")
    origin = headers.get("origin")
    if origin is not None and not is_loopback_name(_host_name(origin)):
        return Problem(403, f"requests from web pages ({origin}) are refused", code="origin_refused")
    return None


def is_loopback_name(name: str) -> bool:
    """Whether a host name or address without port means this machine itself."""
    if name.rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _host_name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
