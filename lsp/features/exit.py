"""`exit`: the process ends; with code 0 after `shutdown`, else with 1."""

from __future__ import annotations

from lsp.language_server import CodeassistServer


def leave(server: CodeassistServer, _: object) -> None:
    """Let the main loop end."""
    server.end()
