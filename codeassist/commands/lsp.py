"""`codeassist lsp`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codeassist.commands.front import Front, front_of
from codeassist.commands.opening import set_up_logging, settings_for
from codeassist.commands.options import Overrides
from codeassist.configuration import LoadedSettings, ProjectConfigError, load_settings, parse_assignments
from codeassist.directories import statistics_file
from codeassist.errors import ConfigError
from codeassist.settings import LogSettings, Settings

if TYPE_CHECKING:
    from codeassist.assistant import Assistant
    from codeassist.protocols import Engine
    from lsp.backend import OpenAssistant
    from lsp.wiring import LoadSettings

Stdio = Annotated[bool, typer.Option("--stdio", help="Speak on stdin and stdout; this is what it does anyway.")]
Tcp = Annotated[
    str | None,
    typer.Option("--tcp", metavar="[HOST:]PORT", help="Wait for one client on loopback.", show_default=False),
]


def lsp(
    context: typer.Context,
    stdio: Stdio = False,
    tcp: Tcp = None,
    overrides: Overrides = None,
) -> None:
    """The language server: editors start it and talk to it on stdin and stdout.

    It serves every folder that the editor has open, with one model: that of a running `codeassist serve`, or its own
    where there is none. Logs go to stderr, or to the file that log.file names, on the command line or in the editor's
    settings.

    [bold]Examples[/bold]

      codeassist lsp

      codeassist lsp --tcp 9257 -o log.file=/tmp/codeassist.log
    """
    front = front_of(context)
    if stdio and tcp:
        raise typer.BadParameter("choose one of --stdio and --tcp")
    address = parse_address(tcp) if tcp else None
    # What can be known before the editor names its folder is checked now, while a person may be watching.
    settings = settings_for(front, None, overrides).settings
    set_up_logging(front, settings.log)
    from lsp.server import run_stdio, run_tcp
    from lsp.wiring import Wiring

    loader, opener = settings_loader(front, overrides), assistant_opener(front, overrides)
    wiring = Wiring(opener, loader, settings, statistics_file())
    raise typer.Exit(run_tcp(wiring, *address) if address else run_stdio(wiring))


def parse_address(text: str) -> tuple[str, int]:
    """Host and port from `PORT` or `HOST:PORT`; only loopback hosts. Raises typer.BadParameter."""
    host, _, port = text.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if not port.isdecimal() or not 0 <= int(port[:6]) <= 65_535:
        raise typer.BadParameter(f"--tcp {text}: write PORT or HOST:PORT, for example --tcp 9257")
    if host not in ("127.0.0.1", "::1", "localhost"):
        raise typer.BadParameter(f"--tcp {text}: only loopback is listened on, for anyone who connects reads your code")
    return host, int(port)


def assistant_opener(front: Front, assignments: list[str] | None) -> OpenAssistant:
    """What the Language Server opens its folders with. The editor's settings win over those of the command line."""
    load = settings_loader(front, assignments)

    def open_for_editor(
        workspace: Path,
        overrides: Mapping[str, object],
        warn: Callable[[str], None],
        engine: Engine | None,
        /,
    ) -> Assistant:
        settings = load(workspace, overrides, warn)
        if engine is None:  # Neither engine nor log is a project's to decide: the first folder's are everyone's.
            _log_as_wanted(front, settings.log, warn)
        return front.open_assistant(settings, workspace, engine=engine)

    return open_for_editor


def settings_loader(front: Front, assignments: list[str] | None) -> LoadSettings:
    """What the Language Server reads a folder's settings with, when it opens the folder and when they change."""

    def load(workspace: Path, overrides: Mapping[str, object], warn: Callable[[str], None], /) -> Settings:
        loaded = _load(front, workspace, {**parse_assignments(assignments or ()), **overrides}, warn)
        for warning in loaded.warnings:
            warn(warning)
        return loaded.settings

    return load


def _log_as_wanted(front: Front, log: LogSettings, warn: Callable[[str], None]) -> None:
    """Only now is it known what the editor wants. A log that cannot be written is no reason for no suggestions."""
    try:
        set_up_logging(front, log)
    except ConfigError as error:
        warn(f"{error} (logs go to stderr)")
        set_up_logging(front, replace(log, file=""))


def _load(
    front: Front, workspace: Path, overrides: Mapping[str, object], warn: Callable[[str], None]
) -> LoadedSettings:
    """A mistake in the repository's own file is told and the file left out, so that it locks nobody out."""
    origin = "editor or command line"
    try:
        return load_settings(workspace, overrides=overrides, environ=front.environ, overrides_origin=origin)
    except ProjectConfigError as error:
        warn(f"{error} (the file is left out)")
        return load_settings(None, overrides=overrides, environ=front.environ, overrides_origin=origin)
