"""`codeassist mcp`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import typer

from codeassist.commands.front import Front, front_of
from codeassist.commands.opening import run_async, set_up_logging, settings_for
from codeassist.commands.options import Overrides, WorkspaceArgument
from codeassist.commands.places import given_workspace


def mcp(context: typer.Context, path: WorkspaceArgument = None, overrides: Overrides = None) -> None:
    """A Model Context Protocol server for coding agents: search, symbols, usages and a map of the repository.

    An agent starts it and talks to it on stdin and stdout; no model is loaded. Logs go to stderr, or to the file that
    log.file names.

    [bold]Examples[/bold]

      codeassist mcp ~/src/project

      claude mcp add codeassist -- codeassist mcp ~/src/project
    """
    front = front_of(context)
    run_async(_serve(front, given_workspace(path, front.cwd), overrides))


async def _serve(front: Front, workspace: Path, overrides: list[str] | None) -> None:
    from codeassist.agents.mcp_server import serve_stdio
    from codeassist.agents.tools import AgentTools

    loaded = settings_for(front, workspace, overrides)
    set_up_logging(front, loaded.settings.log)
    index = await asyncio.to_thread(front.open_index, loaded.settings.index, workspace)
    try:
        await serve_stdio(AgentTools(index))
    finally:
        await asyncio.to_thread(index.close)
