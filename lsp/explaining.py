"""*Explain this suggestion*: where the last suggestion came from and, by a chat model, what it does."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from codeassist.chat.explanation import explanation_page, explanation_text
from codeassist.chat.model import is_configured
from codeassist.errors import CodeassistError
from codeassist.types import Outcome
from lsp.applying import can_show_documents, show_document
from lsp.chat_commands import run_with_progress, site_of, tasks_of
from lsp.progress import WorkDone
from lsp.workspace import path_of

if TYPE_CHECKING:
    from lsp.language_server import CodeassistServer

logger = logging.getLogger(__name__)

EXPLAIN_SUGGESTION = "codeassist.explainSuggestion"


def register_explaining(server: CodeassistServer) -> None:
    """Announce the command."""

    @server.command(EXPLAIN_SUGGESTION)
    async def explain_suggestion(*arguments: Any) -> None:
        uri = _uri(arguments) or server.suggestions.last_uri

        async def work(told: WorkDone) -> str:
            outcome = last_suggestion(server, uri) if uri is not None else None
            if uri is None or outcome is None:
                server.tell("codeassist: nothing has been suggested here yet")
                return ""
            said = await _said(server, uri, outcome)
            told.end("")
            await _show(server, outcome, said)
            return ""

        await run_with_progress(server, "codeassist: explaining the last suggestion", work)


def last_suggestion(server: CodeassistServer, uri: str) -> Outcome | None:
    """What was last suggested in a document."""
    folder = server.backend.folder_of(path_of(uri))
    if folder is None or folder.assistant is None:
        return None
    return folder.assistant.last_suggestion(folder.assistant.relative(path_of(uri)))


async def _said(server: CodeassistServer, uri: str, outcome: Outcome) -> str:
    """What the chat model says of it; "" where there is none, or nothing to explain."""
    if not outcome.text:
        return ""
    start = types.Position(line=outcome.line, character=0)
    try:
        site = site_of(server, uri, types.Range(start=start, end=start))
        with site.folder.in_use() as assistant:
            if not is_configured(assistant.settings.chat):
                return ""
            return await tasks_of(assistant, site).explain(site.source, site.lines.start, outcome.text)
    except CodeassistError as error:  # Its sources can be shown all the same.
        return f"*No explanation by the chat model: {error}*"


async def _show(server: CodeassistServer, outcome: Outcome, said: str) -> None:
    if can_show_documents(server):
        file = await asyncio.to_thread(_written, server, explanation_page(outcome, said))
        if await show_document(server, file.as_uri()):
            return
    server.tell(explanation_text(outcome, said))


def _written(server: CodeassistServer, page: str) -> Path:
    """A page of its own, in a folder that ends with the session."""
    folder = Path(server.at_close.enter_context(tempfile.TemporaryDirectory(prefix="codeassist-")))
    file = folder / "suggestion.md"
    file.write_text(page, encoding="utf-8")
    return file


def _uri(arguments: tuple[Any, ...]) -> str | None:
    given = arguments[0] if arguments else None
    uri = given.get("uri") if isinstance(given, dict) else None
    return uri if isinstance(uri, str) else None
