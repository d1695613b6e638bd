"""`codeassist serve`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from codeassist import __version__
from codeassist.commands.bars import bars
from codeassist.commands.front import Front, front_of
from codeassist.commands.opening import run_async, set_up_logging, settings_for
from codeassist.commands.options import AsJson, Overrides, WorkspaceArgument
from codeassist.commands.places import given_workspace
from codeassist.settings import ServerSettings, Settings, ShadowSettings
from codeassist.types import EngineStatus

_USUAL = ServerSettings()
_KEYS = {True: "with an API key", False: "any key, or none"}

Port = Annotated[
    int | None,
    typer.Option(
        "--port",
        "-p",
        min=1,
        max=65_535,
        help=f"Where to listen; server.port, {_USUAL.port} unless set.",
        show_default=False,
    ),
]
Host = Annotated[
    str | None,
    typer.Option("--host", help=f"On which address; server.host, {_USUAL.host} unless set.", show_default=False),
]
Certificate = Annotated[
    str | None,
    typer.Option("--tls-certificate", metavar="PEM", help="Serve HTTPS with this certificate.", show_default=False),
]
Key = Annotated[
    str | None,
    typer.Option("--tls-key", metavar="PEM", help="The certificate's private key.", show_default=False),
]


def serve(
    context: typer.Context,
    path: WorkspaceArgument = None,
    port: Port = None,
    host: Host = None,
    tls_certificate: Certificate = None,
    tls_key: Key = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Answer HTTP on this machine: an OpenAI-compatible endpoint, and the one model that all your editors share.

    Clients of OpenAI's API take its address with /v1 for base URL; those of Ollama, llama.cpp and Tabby the address.
    POST /v1/completions fills in the middle when it is given `prompt` and `suffix`. /ui is a dashboard for a browser.
    Language servers that start later use this model in place of loading their own. Ctrl-C ends it.

    On another address than loopback everybody needs an API key (`codeassist keys add NAME`), and should have HTTPS.

    [bold]Examples[/bold]

      codeassist serve

      codeassist serve ~/src/project --port 8400

      codeassist serve --host 0.0.0.0 --tls-certificate cert.pem --tls-key key.pem

      curl -s localhost:8311/v1/completions -d '{"prompt": "def add(a, b):\\n    return ", "suffix": "\\n"}'
    """
    front = front_of(context)
    workspace = given_workspace(path, front.cwd)
    flags = {"port": port, "host": host, "tls_certificate": tls_certificate, "tls_key": tls_key}
    chosen = [*(overrides or []), *(f"server.{name}={value}" for name, value in flags.items() if value is not None)]
    loaded = settings_for(front, workspace, chosen)
    set_up_logging(front, loaded.settings.log)
    front.guard_stdout()
    run_async(_serve(Announcer(front, workspace, as_json), loaded.settings))


@dataclass(frozen=True, slots=True)
class Announcer:
    """Tells the person or the program that started the server where it is and when it is ready."""

    front: Front
    workspace: Path
    as_json: bool

    def listening(self, url: str, *, wants_key: bool) -> None:
        """Where clients and a browser find it."""
        if not self.as_json:
            text = f"codeassist {__version__} listens on [bold cyan]{url}[/]   [dim]{self.workspace}[/]"
            self.front.console.print(text)
            self.front.console.print(f"OpenAI base URL  {url}/v1   [dim]{_KEYS[wants_key]}[/]")
            self.front.console.print(f"dashboard        {url}/ui")
            self.front.stdout.flush()

    def shadowing(self, shadow: ShadowSettings, where: str) -> None:
        """Say where copies of prompts go, whoever reads it."""
        told = f"{shadow.share:.0%} of the gaps are asked of {where} too, to be compared (shadow.share)"
        if self.as_json:
            self.front.warn(told)
        else:
            self.front.console.print(told, markup=False)
            self.front.stdout.flush()

    def ready(self, url: str, model: str, status: EngineStatus, seconds: float) -> None:
        """status: its message names the model, or says which one stands in for it, and why."""
        if self.as_json:
            answer = {"url": url, "model": model, "workspace": str(self.workspace), "seconds": round(seconds, 2)}
            standing_in = {"stand_in": status.stand_in, "message": status.message} if status.stand_in else {}
            self.front.print_json(answer | standing_in)
        else:
            told = f"{model} is ready after {seconds:.1f} s"
            if status.message not in ("", model):
                told = f"the engine is ready after {seconds:.1f} s: {status.message}"
            self.front.console.print(f"{told}; Ctrl-C ends it", markup=False)
            self.front.stdout.flush()


async def _serve(announcer: Announcer, settings: Settings) -> None:
    from codeassist.directories import runtime_directory
    from codeassist.server.hosting import hosting_of, url_of
    from codeassist.server.keys import keys_file
    from codeassist.server.listening import listen, serve
    from codeassist.shadow.second import destination

    front = announcer.front
    hosting = await asyncio.to_thread(hosting_of, settings.server, keys_file(front.environ))
    listener = listen(settings.server.host, settings.server.port)
    try:
        assistant = await asyncio.to_thread(front.open_assistant, settings, announcer.workspace, attach=False)
    except BaseException:
        listener.close()
        raise
    url = url_of(listener, tls=hosting.tls is not None)
    announcer.listening(url, wants_key=hosting.access.requires_key)
    if where := destination(settings.shadow):
        announcer.shadowing(settings.shadow, where)
    with bars(front) as shown:

        def ready(seconds: float) -> None:
            shown.stop()
            announcer.ready(url, assistant.engine.info.name, assistant.engine.status, seconds)

        try:
            assistant.engine.on_status(shown.on_status)
            await serve(
                assistant, listener, runtime_directory(), on_ready=ready, on_index=shown.on_index, hosting=hosting
            )
        finally:
            await assistant.close()
