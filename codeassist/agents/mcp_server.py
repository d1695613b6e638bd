"""The tools over the Model Context Protocol, on stdin and stdout.

The `mcp` package keeps both streams for the protocol while it serves: whatever else writes to stdout goes to stderr.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.types import ToolAnnotations
from pydantic import Field

from codeassist import __version__
from codeassist.agents.client_lines import ClientLines
from codeassist.agents.tools import MAX_LIMIT, MAX_MAP_TOKENS, AgentTools

logger = logging.getLogger(__name__)

INSTRUCTIONS = (
    "Search the repository that this server was started in. It never leaves the machine. Paths are relative to the "
    "repository, lines count from 1. Begin with repository_map in code that you do not know; find_symbol is exact, "
    "find_usages tells where a change would reach, and search_code takes sentences."
)
_READS_ONLY = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)

Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT, description="How many answers at most.")]


async def serve_stdio(tools: AgentTools) -> None:
    """Serve one agent until it leaves, and close the tools. Cancelling it is as if the agent had left.

    Descriptor 0 is not the agent's any more afterwards.
    """
    lines = ClientLines()
    serving = asyncio.create_task(build_server(tools).run_stdio_async(), name="serving an agent")
    try:
        await asyncio.wait([serving])
    finally:
        lines.end()
        await asyncio.wait([serving])
    try:
        serving.result()
    except* BrokenPipeError:
        logger.info("the agent left before it was answered")


def build_server(tools: AgentTools) -> MCPServer[Any]:
    """A server with all tools, not yet connected."""

    @asynccontextmanager
    async def lifespan(_: MCPServer[Any]) -> AsyncIterator[None]:
        tools.begin()
        try:
            yield
        finally:
            await tools.close()

    server: MCPServer[Any] = MCPServer(
        "codeassist", instructions=INSTRUCTIONS, version=__version__, lifespan=lifespan, log_level="ERROR"
    )
    _offer_search(server, tools)
    _offer_symbols(server, tools)
    _offer_map(server, tools)
    return server


def _offer_search(server: MCPServer[Any], tools: AgentTools) -> None:
    @server.tool(annotations=_READS_ONLY, structured_output=False)
    async def search_code(
        query: Annotated[str, Field(description="A name, words, or a sentence that says what the code does.")],
        limit: Limit = 8,
    ) -> str:
        """Find code by name, by words and by meaning. Answers with places (path:first-last) and the code there."""
        return await tools.search_code(query, limit)


def _offer_symbols(server: MCPServer[Any], tools: AgentTools) -> None:
    @server.tool(annotations=_READS_ONLY, structured_output=False)
    async def find_symbol(
        name: Annotated[str, Field(description="A name (`CodeIndex`, `Router.mount`), or some letters of it (`rfq`).")],
        limit: Limit = 20,
    ) -> str:
        """Where a class, function, method, type or constant is defined, with its signature and documentation."""
        return await tools.find_symbol(name, limit)

    @server.tool(annotations=_READS_ONLY, structured_output=False)
    async def find_usages(
        name: Annotated[
            str, Field(description="The bare name of a function, method, class, type, constant or attribute.")
        ],
        limit: Limit = 50,
    ) -> str:
        """The lines that call a name, use it as a type, inherit from it, read or set it, or give it on under this or
        another name; tests last. Plain imports are not among them."""
        return await tools.find_usages(name, limit)


def _offer_map(server: MCPServer[Any], tools: AgentTools) -> None:
    @server.tool(annotations=_READS_ONLY, structured_output=False)
    async def repository_map(
        max_tokens: Annotated[int, Field(ge=50, le=MAX_MAP_TOKENS, description="How long the map may be.")] = 1024,
        focus: Annotated[
            list[str] | None, Field(description="Files that you work on: the map is drawn from there.")
        ] = None,
        mentioned: Annotated[
            list[str] | None, Field(description="Names that the task speaks of: they count more.")
        ] = None,
    ) -> str:
        """The definitions that matter most, by file: an overview of a repository, or of what some files build on."""
        return await tools.repository_map(max_tokens, focus or (), mentioned or ())
