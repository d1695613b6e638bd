"""What remote and attached engines share: one HTTP exchange that never retries and whose failures say what to do."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from codeassist.errors import EngineCrashed, EngineError, EngineUnavailable, RequestRejected

CONNECT_TIMEOUT_S = 5.0
# A busy server may compute a long prompt for a while before the first byte; silence for longer than this is a fault.
READ_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class SettingNames:
    """What the settings are called that a user has to change when a server refuses."""

    url: str
    model: str
    key: str
    key_variable: str


ENGINE = SettingNames("engine.url", "engine.remote_model", "engine.api_key", "CODEASSIST_ENGINE_API_KEY")


def is_on_this_machine(url: str) -> bool:
    """Whether an address is a loopback one."""
    try:
        name = httpx.URL(url).host
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except (httpx.InvalidURL, ValueError):
        return False


class WrongSettings(EngineUnavailable):
    """The server will answer so until the user changes a setting: its address, the key or the model."""


def open_client(url: str, headers: dict[str, str], transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    """A client for one server; proxies and credentials of the environment are not used."""
    return httpx.AsyncClient(
        base_url=url,
        headers=headers,
        timeout=httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        transport=transport,
        trust_env=False,
        # Without TLS there is nothing to verify, and certificates take 60 ms to load.
        verify=trusted_certificates() if url.startswith("https:") else False,
    )


def trusted_certificates() -> ssl.SSLContext:
    """The authorities that browsers trust, and those that this machine does: a company's own are among these. OpenSSL
    looks for them in the system's store, or in the file that SSL_CERT_FILE names."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context


async def get_json(client: httpx.AsyncClient, path: str, names: SettingNames = ENGINE) -> Any:
    """The JSON document at `path`. Raises EngineError."""
    async with answered(client, client.build_request("GET", path), names) as response:
        body = await response.aread()
        try:
            return httpx.Response(200, content=body).json()
        except ValueError:
            raise EngineUnavailable(f"{response.url} did not answer with JSON; is this the right address?") from None


@asynccontextmanager
async def answered(
    client: httpx.AsyncClient, request: httpx.Request, names: SettingNames = ENGINE
) -> AsyncIterator[httpx.Response]:
    """The answer, unread, for the length of the block; leaving the block closes the connection. Raises EngineError,
    also for a refusal."""
    async with responded(client, request) as response:
        if response.status_code != 200:
            raise refusal_of(response, await response.aread(), names)
        yield response


@asynccontextmanager
async def responded(client: httpx.AsyncClient, request: httpx.Request) -> AsyncIterator[httpx.Response]:
    """The same, whatever its status is."""
    try:
        response = await client.send(request, stream=True)
    except httpx.TimeoutException:
        raise EngineUnavailable(f"{request.url} does not answer; is the server busy or stuck?") from None
    except httpx.TransportError as error:
        raise EngineUnavailable(f"{request.url} cannot be reached ({error}); is the server running?") from None
    try:
        yield response
    except httpx.TimeoutException:
        raise EngineCrashed(f"{request.url} fell silent in the middle of its answer") from None
    except httpx.TransportError as error:
        raise EngineCrashed(f"{request.url} broke off in the middle of its answer ({error})") from None
    except httpx.DecodingError as error:
        raise EngineCrashed(f"the answer of {request.url} cannot be decoded ({error})") from None
    finally:
        await response.aclose()


def refusal_of(response: httpx.Response, body: bytes, names: SettingNames) -> EngineError:
    """What a response that is no answer means for who asked."""
    said = f"{response.url} answered {response.status_code}: {_message(body, _key_of(response))}"
    if response.status_code in (401, 403):
        return WrongSettings(f"{said}; set {names.key} (better: {names.key_variable})")
    if response.status_code == 404:
        return WrongSettings(f"{said}; check {names.url} (it usually ends in /v1) and {names.model}")
    if response.is_redirect:
        return RequestRejected(f"{said}; no redirect is followed: set {names.url} to where the server is")
    if response.status_code == 429 or response.status_code >= 500:
        return EngineUnavailable(f"{said}; see the server's log")
    return RequestRejected(said)


def _key_of(response: httpx.Response) -> str:
    """The key that was sent, "" for none."""
    sent: str = response.request.headers.get("authorization", "")
    return sent.removeprefix("Bearer ")


def _message(body: bytes, key: str) -> str:
    """What an error body says, in the shapes that servers use; shortened, for it may be a whole page, and without our
    key, which some repeat."""
    try:
        value: Any = httpx.Response(200, content=body).json()
    except ValueError:
        value = body.decode("utf-8", "replace")
    for name in ("error", "message", "detail"):
        if isinstance(value, dict) and name in value:
            value = value[name]
    told = str(value).replace(key, "(the key)") if key else str(value)
    return printable(told) or "(nothing)"


def printable(text: str) -> str:
    """The beginning of a text from elsewhere, on one line and without what a terminal would take for a command."""
    return "".join(character for character in " ".join(text[:4000].split())[:300] if character.isprintable())
