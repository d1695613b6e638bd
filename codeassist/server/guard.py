"""Who may ask: programs, not web pages; and where a key is required, those who have one.

A server on loopback is reached by every page in the user's browser, and one beyond by pages in anybody's. They are kept
out by the headers that browsers send and pages cannot change: `Host` must be a name of this server (a page that had its
own name resolve to our address still sends that name), `Origin` the server's own, for its dashboard, and
`Sec-Fetch-Site` must not tell of another site. No CORS header is ever sent, so that a preflight gets no permission.

Requests through the Unix socket of the user's own processes (`engine/discovery.py`) are let in as they are.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from codeassist.server.caller import KEY_STATE
from codeassist.server.health import Life
from codeassist.server.keys import KeyRing
from codeassist.server.limits import Limits, refuse
from codeassist.server.problems import Problem
from codeassist.server.protocol import OWN_STATE

_ADD_A_KEY = "send an API key as `Authorization: Bearer KEY`; `codeassist keys add NAME` makes one"
# A browser cannot send a key when it opens a page: these are asked for without one, and hold no data.
_OPEN = re.compile(r"/ui(/.*)?")
# What answers still while the server comes to its end.
_TELLING = re.compile(r"/health|/v1/health|/metrics|/codeassist/v1/(status|requests)")


@dataclass(frozen=True, slots=True)
class Access:
    """hosts: names and addresses besides those of loopback that clients may know the server by. any_address: whether it
    is known by every address, because it listens on all. keys: None where there can be none."""

    hosts: frozenset[str] = frozenset()
    any_address: bool = False
    keys: KeyRing | None = None
    requires_key: bool = False
    limits: Limits = field(default_factory=Limits)
    life: Life = field(default_factory=Life)


class Guard:
    """ASGI middleware that answers in place of the application where nothing may be asked."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with the name of the key in the request's state, or refuse."""
        problem = await self._problem(scope) if scope["type"] == "http" else None
        if problem is not None:
            await refuse(problem, scope, receive, send, self._access.limits.linger_s)
        else:
            await self._app(scope, receive, send)

    async def _problem(self, scope: Scope) -> Problem | None:
        state = scope.setdefault("state", {})
        headers = Headers(scope=scope)
        is_own = OWN_STATE in state
        problem = None if is_own else refusal(headers, self._access)
        if problem is None and not is_own:
            problem = await self._key_problem(scope, headers)
        if problem is None and self._access.life.is_draining and not _TELLING.fullmatch(scope["path"]):
            again = {"Retry-After": "5"}
            problem = Problem(503, "the server is coming to its end", code="draining", headers=again)
        return problem

    async def _key_problem(self, scope: Scope, headers: Headers) -> Problem | None:
        keys, presented = self._access.keys, list(presented_keys(headers))
        name = await keys.holder(presented) if keys is not None and presented else None
        scope["state"][KEY_STATE] = name or ""
        if name is not None or not self._access.requires_key or _OPEN.fullmatch(scope["path"]):
            return None
        challenge = {"WWW-Authenticate": 'Bearer realm="codeassist"'}
        if keys is not None and keys.trouble:
            return Problem(401, "the server cannot read its API keys; see its log", headers=challenge)
        said = "this API key is not known here" if presented else "an API key is required here"
        return Problem(401, f"{said}; {_ADD_A_KEY}", code="invalid_api_key", headers=challenge)


def refusal(headers: Headers, access: Access) -> Problem | None:
    """Why a request with these headers is refused whoever sends it, or None."""
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not _is_ours(_host_name(f"//{hosts[0]}"), access):
        message = (
            f"Host {', '.join(hosts)!r} is not a name of this server: use http://127.0.0.1 or http://localhost, or let "
            "whoever runs it add the name to server.allowed_hosts"
        )
        return Problem(403, message, code="host_refused")
    others = [origin for origin in headers.getlist("origin") if not _is_own_origin(origin, hosts[0])]
    if others:
        return Problem(403, f"requests from web pages ({others[0]}) are refused", code="origin_refused")
    if any(site.lower() not in ("none", "same-origin") for site in headers.getlist("sec-fetch-site")):
        message = "requests from other web sites are refused; to open a page of this server, type its address"
        return Problem(403, message, code="origin_refused")
    if "websocket" in headers.get("upgrade", "").lower():
        return Problem(400, "there are no WebSockets here; streams are server-sent events", code="no_websocket")
    return None


def presented_keys(headers: Headers) -> Iterator[str]:
    """The API keys that a request carries: clients differ in the header, and some send two."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    candidates = (key if scheme.lower() == "bearer" else "", headers.get("x-api-key", ""), headers.get("api-key", ""))
    return (candidate.strip() for candidate in candidates if candidate.strip())


def is_loopback_name(name: str) -> bool:
    """Whether a host name or address without port means this machine itself."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _is_ours(name: str, access: Access) -> bool:
    if is_loopback_name(name) or name in access.hosts:
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return access.any_address or str(address) in access.hosts


def _is_own_origin(origin: str, host: str) -> bool:
    """By name and port. The scheme may differ, where a proxy ends TLS; browsers tell of that in Sec-Fetch-Site."""
    scheme, separator, authority = origin.lower().partition("://")
    return bool(separator) and scheme in ("http", "https") and authority == host.lower()


def _host_name(address: str) -> str:
    """In lower case, without port and without the dot that ends a full name."""
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return ""
