"""One workspace, opened: its index, its engine and its completer, behind the few calls that front ends need."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from codeassist.protocols import Engine
from codeassist.settings import Settings
from codeassist.types import Cursor, Delta, Document, Explanation, GenerationRequest, Suggestion
from indexer.types import Hit, IndexReport, ProgressCallback


@dataclass(frozen=True, slots=True)
class FimOptions:
    """What a client of the HTTP endpoint may choose for one fill-in-the-middle request."""

    max_tokens: int = 64
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None


class Assistant:
    """Front ends (command line, Language Server, HTTP) talk to this and to nothing below it."""

    def __init__(self, settings: Settings, workspace: Path, engine: Engine) -> None:
        self.settings = settings
        self.workspace = workspace
        self.engine = engine

    async def start_engine(self) -> None:
        """Load the model. Raises ModelError or EngineUnavailable."""
        raise NotImplementedError

    async def refresh(self, progress: ProgressCallback | None = None) -> IndexReport:
        """Bring the index up to the working tree, in a thread; `progress` is called from that thread."""
        raise NotImplementedError

    async def search(self, text: str, limit: int) -> list[Hit]:
        """Hits for a person's query, best first."""
        raise NotImplementedError

    def read_document(self, path: Path) -> Document:
        """A file as a document. Raises DocumentError for what cannot be completed in."""
        raise NotImplementedError

    def document(self, path: Path, text: str, version: int = 0) -> Document:
        """An editor's buffer as a document (line ends normalised, language by file name)."""
        raise NotImplementedError

    async def complete(self, document: Document, cursor: Cursor, *, invoked: bool = False) -> Suggestion:
        """What to suggest at the cursor. Raises CursorError; engine trouble becomes a `drop_reason`."""
        raise NotImplementedError

    async def explain(self, document: Document, cursor: Cursor) -> Explanation:
        """What `complete` would send to the engine here, and why. Needs no running engine."""
        raise NotImplementedError

    def fim(self, prefix: str, suffix: str, options: FimOptions) -> AsyncIterator[Delta]:
        """Fill in the middle of two bare texts, without an index. Leaving the loop aborts."""
        raise NotImplementedError

    def generate(self, request: GenerationRequest) -> AsyncIterator[Delta]:
        """The engine itself, for prompts that are rendered already."""
        return self.engine.stream(request)

    async def close(self) -> None:
        """Stop engine and index; safe to call twice."""
        raise NotImplementedError


def open_assistant(settings: Settings, workspace: Path, *, engine: Engine | None = None) -> Assistant:
    """Wire engine and index for one workspace; loads and reads nothing yet. Raises ModelError, WorkspaceError."""
    raise NotImplementedError
