"""`codeassist status`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from codeassist.commands.front import front_of
from codeassist.commands.options import AsJson
from codeassist.commands.show_status import show_status
from codeassist.directories import runtime_directory
from codeassist.engine.discovery import RunningServer, running_server
from codeassist.errors import EngineUnavailable

if TYPE_CHECKING:
    import httpx

WITHIN_S = 10.0
_PATH = "/codeassist/v1/status"

Url = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help="Another server than the one that runs here.", show_default=False),
]
Key = Annotated[
    typer.FileText | None,
    typer.Option("--key-file", metavar="FILE", help="An API key, where the server wants one; - reads it from stdin."),
]


def status(context: typer.Context, url: Url = None, key_file: Key = None, as_json: AsJson = False) -> None:
    """How the running `codeassist serve` is: engine, index, requests, latencies, tokens, and who asks.

    It is found by itself where it runs as the same user. The exit code is 1 where none runs.

    [bold]Examples[/bold]

      codeassist status

      codeassist status --json

      codeassist status --url https://build-server:8311 --key-file key.txt
    """
    front = front_of(context)
    found = RunningServer(url.rstrip("/")) if url else running_server(runtime_directory())
    if found is None:
        raise EngineUnavailable("no server of yours runs on this machine; start one: codeassist serve")
    answer = ask(found, key_file.read().strip() if key_file else "")
    if as_json:
        front.print_json(answer | {"url": found.url})
    else:
        show_status(front.console, found.url, answer)


def ask(server: RunningServer, key: str) -> dict[str, Any]:
    """What the server tells. Raises EngineUnavailable."""
    import httpx

    url, headers = server.url, {"Authorization": f"Bearer {key}"} if key else {}
    try:
        with _client(server) as client:
            response = client.get(_PATH, headers=headers)
        answer = response.json()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise EngineUnavailable(f"{url} cannot be reached ({error}); is the server running?") from None
    except ValueError:
        raise EngineUnavailable(f"{url} is no codeassist server; check the address") from None
    if response.status_code in (401, 403):
        raise EngineUnavailable(f"{url} wants an API key ({_said(answer)}); give one with --key-file")
    if response.status_code != 200 or not isinstance(answer, dict) or "engine" not in answer:
        raise EngineUnavailable(f"{url} answered {response.status_code}: {_said(answer)}; is it a codeassist server?")
    return answer


def _client(server: RunningServer) -> httpx.Client:
    import httpx

    from codeassist.engine.attached import own_client
    from codeassist.engine.exchange import is_on_this_machine

    if server.socket:
        return own_client(server, WITHIN_S)
    # A certificate of our own making says nothing more on this machine than the address does.
    verify = not is_on_this_machine(server.url)
    return httpx.Client(base_url=server.url, timeout=WITHIN_S, trust_env=False, verify=verify)


def _said(answer: object) -> str:
    error = answer.get("error") if isinstance(answer, dict) else None
    message = error.get("message") if isinstance(error, dict) else error
    from codeassist.engine.exchange import printable

    return printable(str(message or "nothing more"))
