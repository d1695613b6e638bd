"""The tools over the Model Context Protocol, on stdin and stdout.

The `mcp` package keeps both streams for the protocol while it serves: whatever else writes to stdout goes to stderr.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.types import ToolAnnotations
from pydantic import Field

from codeassist import __version__
from codeassist.agents.tools import MAX_LIMIT, MAX_MAP_TOKENS, AgentTools

INSTRUCTIONS = (
    "Search the repository that this server was started in. It never leaves the machine. Paths are relative to the "
    "repository, lines count from 1. Begin with repository_map in code that you do not know; find_symbol is exact, "
    "find_usages tells what a change would touch, and search_code takes sentences."
)
_READS_ONLY = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)

Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT, description="How many answers at most.")]


def build_server(tools: AgentTools) -> MCPServer[Any]:
    """A server with all tools, not yet connected."""

    @asynccontextmanager
    async def lifespan(_: MCPServer[Any]) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await tools.close()

    server: MCPServer[Any] = MCPServer(
        "codeassist", instructions=INSTRUCTIONS, version=__version__, lifespan=lifespan, log_level="ERROR"
    )

    @server.tool(annotations=_READS_ONLY, structured_output=False)
    async def search_code(
        query: Annotated[str, Field(description="A name, words, or a sentence that says what the code does.")],
        limit: Limit = 8,
    ) -> str:
        """Find code by name, by words and by meaning. Answers with places (path:first-last) and the code there."""
        return await tools.search_code(query, limit)

    @server.tool(annotations=_READS_ONLY, structured_output=False)
    async def find_symbol(
        name: Annotated[str, Field(description="A name (`CodeIndex`, `Router.mount`), or some letters of it (`rfq`).")],
        limit: Limit = 20,
    ) -> str:
        """Where a class, function, method, type or constant is defined, with its signature and documentation."""
        return await tools.find_symbol(name, limit)

    @server.tool(annotations=_READS_ONLY, structured_output=False)
    async def find_usages(
        name: Annotated[str, Field(description="The bare name of a function, method, class or attribute.")],
        limit: Limit = 50,
    ) -> str:
        """The lines that use a name, tests last: what a change of it would touch."""
        return await tools.find_usages(name, limit)

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

    return server
