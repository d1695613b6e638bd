from __future__ import annotations

from typing import Any

import pytest
from starlette.datastructures import Headers

from codeassist.server.guard import is_loopback_name, refusal


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8311", "127.0.0.1:8311", "127.1.2.3", "[::1]:8311", "LOCALHOST", "localhost.:80"],
)
def test_this_machines_own_names_are_let_in(host: str) -> None:
    assert refusal(Headers({"host": host})) is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8311",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "192.168.0.2",
        "[::1",
    ],
)
def test_every_other_name_is_refused(host: str) -> None:
    problem = refusal(Headers({"host": host}))
    assert problem is not None
    assert problem.status == 403


def test_a_missing_host_is_refused() -> None:
    assert refusal(Headers({})) is not None


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example", "vscode-webview://x", ""]
)
def test_web_pages_are_refused(origin: str) -> None:
    problem = refusal(Headers({"host": "localhost", "origin": origin}))
    assert problem is not None
    assert problem.code == "origin_refused"


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1", "https://[::1]:9"])
def test_a_local_page_may_ask(origin: str) -> None:
    assert refusal(Headers({"host": "localhost", "origin": origin})) is None


def test_a_name_that_only_looks_like_loopback_is_not() -> None:
    assert not is_loopback_name("127.0.0.1.nip.io")
    assert not is_loopback_name("2130706433")


@pytest.mark.parametrize("path", ["/health", "/v1/models", "/codeassist/v1/engine", "/nowhere"])
async def test_no_route_is_left_unguarded(endpoint: Any, path: str) -> None:
    async with endpoint() as e:
        rebound = await e.client.get(path, headers={"host": "evil.example"})
        foreign = await e.client.get(path, headers={"origin": "https://evil.example"})
    assert (rebound.status_code, foreign.status_code) == (403, 403)
    assert rebound.json()["error"]["code"] == "host_refused"
