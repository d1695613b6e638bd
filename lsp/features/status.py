"""`codeassist/status`: how engine and index are; also sent as a notification whenever it changes."""

from __future__ import annotations

from typing import Any

from lsp.language_server import CodeassistServer


def status(server: CodeassistServer, _: object) -> dict[str, Any]:
    """Engine, model, index and workspace, and what is switched off."""
    return server.status()
