"""`/health`: how the engine and the index are, for a person, a script or a status bar."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from codeassist import __version__
from codeassist.assistant import Assistant
from indexer.types import IndexReport


@dataclass(slots=True)
class Life:
    """is_draining: the server was told to end; running answers are given some time, and new requests are refused."""

    is_draining: bool = False


@dataclass(slots=True)
class IndexHealth:
    """How far the index is; the counts are those of the last refresh."""

    state: Literal["none", "indexing", "ready", "failed"] = "none"
    message: str = ""
    files: int = 0
    chunks: int = 0
    symbols: int = 0
    vectors: bool = False

    def refreshed(self, report: IndexReport) -> None:
        """Take over what a refresh reports."""
        self.state, self.message = "ready", "; ".join(report.warnings)
        self.files, self.chunks, self.symbols = report.files, report.chunks, report.symbols
        self.vectors = report.vectors


def health_routes(assistant: Assistant, index: IndexHealth, life: Life) -> list[Route]:
    """The route; it answers 200 as long as the server lives, and `status` says what the engine can do."""

    async def health(_: Request) -> Response:
        return JSONResponse(_health(assistant, index, life))

    return [Route("/health", health)]


def _health(assistant: Assistant, index: IndexHealth, life: Life) -> dict[str, Any]:
    return {
        "status": "draining" if life.is_draining else assistant.engine.status.state,
        "engine": asdict(assistant.engine.status),
        "model": assistant.engine.info.name,
        "version": __version__,
        "workspace": str(assistant.workspace),
        "index": asdict(index),
    }
