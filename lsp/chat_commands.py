"""The commands that a chat model answers: docstring, tests, fix, rewrite. Each ends in an edit or in one message."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from codeassist.chat.context import Repository
from codeassist.chat.edits import FileEdit, Lines
from codeassist.chat.tasks import OnLength, Tasks
from codeassist.errors import CodeassistError, DocumentError
from codeassist.types import Cursor
from codeassist.types import Document as CoreDocument
from indexer.errors import IndexerError
from lsp.applying import apply_edit, show_document
from lsp.areas import OpenTexts, lines_of, read_area, read_text
from lsp.documents import Document
from lsp.folder import Folder
from lsp.place import place_at
from lsp.progress import WorkDone
from lsp.workspace import path_of

if TYPE_CHECKING:
    from codeassist.assistant import Assistant
    from lsp.language_server import CodeassistServer

logger = logging.getLogger(__name__)

DOCSTRING = "codeassist.docstring"
TESTS = "codeassist.tests"
FIX = "codeassist.fix"
REWRITE = "codeassist.rewrite"

# What an editor that cannot ask for a text of the user's offers in its place.
INSTRUCTIONS = ("Simplify it", "Make it faster", "Handle errors", "Add type annotations")

Task = Callable[[Tasks, CoreDocument, Lines], Awaitable[FileEdit]]


@dataclass(frozen=True, slots=True)
class Site:
    """Where a command is run. seen: the folder's open documents by their paths, as they were when it began."""

    folder: Folder
    document: Document
    source: CoreDocument
    lines: Lines
    seen: dict[str, Document]


def register_chat_commands(server: CodeassistServer) -> None:
    """Announce the commands."""

    @server.command(DOCSTRING)
    async def docstring(*arguments: Any) -> None:
        await _change(server, DOCSTRING, arguments, "writing documentation", Tasks.docstring)

    @server.command(TESTS)
    async def tests(*arguments: Any) -> None:
        uri = await _change(server, TESTS, arguments, "writing tests", Tasks.tests)
        if uri is not None:
            await show_document(server, uri)

    @server.command(FIX)
    async def fix(*arguments: Any) -> None:
        problem = read_text(arguments, "message", FIX)
        await _change(server, FIX, arguments, "fixing", lambda tasks, source, lines: tasks.fix(source, lines, problem))

    @server.command(REWRITE)
    async def rewrite(*arguments: Any) -> None:
        read_area(arguments, REWRITE)
        wish = await _instruction(server, arguments)
        if wish:
            await _change(
                server, REWRITE, arguments, "rewriting", lambda tasks, source, lines: tasks.rewrite(source, lines, wish)
            )


def tasks_of(assistant: Assistant, site: Site, on_length: OnLength | None = None) -> Tasks:
    """What may be asked of the chat model of a folder, by the settings as they are now."""
    repository = Repository(assistant.workspace, assistant.index, OpenTexts(site.seen))
    return Tasks(repository, assistant.open_chat, assistant.settings.chat, on_length)


async def _change(
    server: CodeassistServer, command: str, arguments: tuple[Any, ...], title: str, task: Task
) -> str | None:
    """Ask, and have the editor apply the answer; the URI of what was changed. What goes wrong is one message."""
    uri, area = read_area(arguments, command)

    async def work(told: WorkDone) -> str:
        site = site_of(server, uri, area)
        with site.folder.in_use() as assistant:
            tasks = tasks_of(assistant, site, lambda n: told.report(f"{n} characters"))
            edit = await task(tasks, site.source, site.lines)
        told.end("")  # From here on the editor is at work, perhaps asking the user.
        return await apply_edit(server, site.folder.path, edit, site.seen, f"codeassist: {title}")

    return await run_with_progress(server, f"codeassist: {title}", work)


async def run_with_progress(
    server: CodeassistServer, title: str, work: Callable[[WorkDone], Awaitable[str]], key: str = ""
) -> str | None:
    """What the work comes to; None when it was cancelled, or failed, which the user is told in one message.

    key: of work that is worth nothing once the same is begun anew; "" for work that nothing ends but the user.
    """
    key = key or f"chat {uuid.uuid4()}"
    told = WorkDone(server, title, lambda: server.latest.drop(key))
    told.begin()

    async def watched() -> str:
        return await work(told)

    try:
        return await server.latest.run(key, watched())
    except (CodeassistError, IndexerError) as error:
        server.warn(f"codeassist: {error}")
    except JsonRpcException as error:  # the editor's own answer to what it was asked for
        server.warn(f"{title} failed: the editor says {error}")
    except Exception as error:  # the border to the editor: a bug is one message, its trace is in the log
        logger.exception("%s failed", title)
        server.warn(f"{title} failed ({type(error).__name__}: {error}); the server's log tells more")
    finally:
        told.end("")
    return None


def site_of(server: CodeassistServer, uri: str, area: types.Range) -> Site:
    """Where a command is run. Raises DocumentError for a text that is not open."""
    document = server.documents.get(uri)
    folder = server.backend.folder_of(path_of(uri))
    if folder is None or folder.assistant is None:
        raise DocumentError("the workspace is not open yet; try again in a moment")
    source, _ = place_at(document, document.position(Cursor(0, 0))).source(folder.assistant)
    seen = open_documents(server, folder)
    seen[source.path] = document
    return Site(folder, document, source, lines_of(document, area), seen)


def open_documents(server: CodeassistServer, folder: Folder) -> dict[str, Document]:
    """The open documents of a folder by their paths in it."""
    assert folder.assistant is not None, "who asks has looked"
    uris = [uri for uri in server.documents.uris() if server.backend.folder_of(path_of(uri)) is folder]
    return {folder.assistant.relative(path_of(uri)): server.documents.get(uri) for uri in uris}


async def _instruction(server: CodeassistServer, arguments: tuple[Any, ...]) -> str:
    """What to do with the selection; the user chooses among a few where the editor has not asked. "" is nothing."""
    given = arguments[0].get("instruction")
    if given is not None and not isinstance(given, str):
        raise JsonRpcInvalidParams(f'{REWRITE} takes an "instruction" that is a string')
    if given is not None and given.strip():
        return str(given)
    chosen = await server.window_show_message_request_async(
        types.ShowMessageRequestParams(
            type=types.MessageType.Info,
            message="codeassist: how is the selection to be rewritten?",
            actions=[types.MessageActionItem(title=title) for title in INSTRUCTIONS],
        )
    )
    return chosen.title if chosen is not None else ""
