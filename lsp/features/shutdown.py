"""`shutdown`: stop everything; the answer says that it has stopped."""

from __future__ import annotations

from lsp.language_server import CodeassistServer


async def shutdown(server: CodeassistServer, _: object) -> None:
    """Engine and index are closed when this returns."""
    server.is_shutting_down = True
    await server.close()
