from __future__ import annotations

from typing import Any

import pytest
from starlette.datastructures import Headers

from codeassist.server.guard import Access, is_loopback_name, presented_keys, refusal

LOOPBACK = Access()
OPEN = Access(hosts=frozenset({"192.168.1.7", "assist.example.org"}))
EVERYWHERE = Access(hosts=frozenset({"0.0.0.0"}), any_address=True)


def code(access: Access = LOOPBACK, **headers: str) -> str | None:
    """Why a request with these headers is refused; `host` is our own unless it is given."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    problem = refusal(Headers({"host": "localhost:8311"} | named), access)
    return problem.code if problem else None


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8311", "127.0.0.1:8311", "127.1.2.3", "[::1]:8311", "LOCALHOST", "localhost.:80"],
)
def test_this_machines_own_names_are_let_in(host: str) -> None:
    assert code(host=host) is None
    assert code(OPEN, host=host) is None


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
        "assist.example.org.evil.example",
    ],
)
def test_every_other_name_is_refused(host: str) -> None:
    problem = refusal(Headers({"host": host}), OPEN)
    assert problem is not None
    assert (problem.status, problem.code) == (403, "host_refused")
    assert "server.allowed_hosts" in problem.message


@pytest.mark.parametrize("host", ["192.168.1.7", "192.168.1.7:8311", "Assist.Example.org", "assist.example.org.:443"])
def test_names_and_addresses_of_a_server_for_others_are_let_in(host: str) -> None:
    assert code(OPEN, host=host) is None
    assert code(LOOPBACK, host=host) == "host_refused"


def test_a_server_on_all_addresses_is_known_by_every_address_and_by_no_name() -> None:
    assert code(EVERYWHERE, host="10.1.2.3:8311") is None
    assert code(EVERYWHERE, host="[fd00::7]:8311") is None
    assert code(EVERYWHERE, host="evil.example") == "host_refused"


def test_a_missing_or_doubled_host_is_refused() -> None:
    assert refusal(Headers({}), LOOPBACK) is not None
    twice = Headers(raw=[(b"host", b"localhost"), (b"host", b"evil.example")])
    assert refusal(twice, LOOPBACK) is not None


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://localhost.evil.example",
        "vscode-webview://x",
        "",
        "http://localhost:3000",
        "http://127.0.0.1:8311",
        "//localhost:8311",
        "chrome-extension://localhost:8311",
    ],
)
def test_web_pages_are_refused(origin: str) -> None:
    assert code(origin=origin) == "origin_refused"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_servers_own_page_may_ask(scheme: str) -> None:
    assert code(origin=f"{scheme}://localhost:8311", sec_fetch_site="same-origin") is None
    assert code(OPEN, host="assist.example.org", origin=f"{scheme}://Assist.example.org") is None


@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site", "unheard-of"])
def test_what_a_browser_sends_for_another_site_is_refused(site: str) -> None:
    assert code(sec_fetch_site=site) == "origin_refused"


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_an_address_that_somebody_typed_is_answered(site: str) -> None:
    assert code(sec_fetch_site=site) is None


def test_there_are_no_web_sockets() -> None:
    assert code(upgrade="websocket", connection="Upgrade") == "no_websocket"
    assert code(upgrade="h2c", connection="Upgrade, HTTP2-Settings") is None


def test_a_name_that_only_looks_like_loopback_is_not() -> None:
    assert not is_loopback_name("127.0.0.1.nip.io")
    assert not is_loopback_name("2130706433")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"authorization": "Bearer a"}, ["a"]),
        ({"authorization": "bearer  a "}, ["a"]),
        ({"x-api-key": "a"}, ["a"]),
        ({"api-key": "a"}, ["a"]),
        ({"authorization": "Bearer a", "x-api-key": "b"}, ["a", "b"]),
        ({"authorization": "Basic a"}, []),
        ({"authorization": "Bearer"}, []),
        ({"authorization": "Bearer ", "x-api-key": ""}, []),
        ({}, []),
    ],
)
def test_keys_are_found_where_clients_put_them(headers: dict[str, str], expected: list[str]) -> None:
    assert list(presented_keys(Headers(headers))) == expected


@pytest.mark.parametrize("path", ["/health", "/v1/models", "/codeassist/v1/engine", "/nowhere"])
async def test_no_route_is_left_unguarded(endpoint: Any, path: str) -> None:
    async with endpoint() as e:
        rebound = await e.client.get(path, headers={"host": "evil.example"})
        foreign = await e.client.get(path, headers={"origin": "https://evil.example"})
    assert (rebound.status_code, foreign.status_code) == (403, 403)
    assert rebound.json()["error"]["code"] == "host_refused"


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/api/tags", str),
        ("/api/chat", str),
        ("/infill", {"code": 403, "type": "permission_error"}),
        ("/props", {"code": 403, "type": "permission_error"}),
    ],
)
async def test_a_refusal_speaks_the_dialect_of_its_route(endpoint: Any, path: str, error: Any) -> None:
    async with endpoint() as e:
        told = (await e.client.get(path, headers={"host": "evil.example"})).json()["error"]
    if error is str:
        assert "server.allowed_hosts" in told
    else:
        assert told == error | {"message": told["message"]}


async def test_a_preflight_gets_no_permission(endpoint: Any) -> None:
    asked = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    async with endpoint() as e:
        foreign = await e.client.options("/v1/completions", headers=asked)
        own = await e.client.options("/v1/completions", headers=asked | {"origin": e.url})
        answered = await e.client.post("/v1/completions", json={"prompt": "x"}, headers={"origin": e.url})
    assert (foreign.status_code, own.status_code, answered.status_code) == (403, 405, 200)
    assert not [name for answer in (foreign, own, answered) for name in answer.headers if "access-control" in name]


@pytest.mark.parametrize(
    ("name", "own", "other"),
    [("origin", "http://localhost", "https://evil.example"), ("sec-fetch-site", "none", "cross-site")],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_of_several_headers_none_may_tell_of_another_site(name: str, own: str, other: str, is_first: bool) -> None:
    values = (other, own) if is_first else (own, other)
    raw = [(b"host", b"localhost"), *((name.encode(), value.encode()) for value in values)]
    problem = refusal(Headers(raw=raw), LOOPBACK)
    assert problem is not None
    assert problem.code == "origin_refused"
