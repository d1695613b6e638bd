"""*Explain this suggestion*: a page or a message, with a chat model or without one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from editor import CAPABILITIES, Editor
from lsp_session import Session, connected

from codeassist.assistant import Assistant, open_assistant
from codeassist.chat.scripted import ScriptedChat
from codeassist.engine.scripted import ScriptedEngine
from codeassist.errors import AnswerCutOff, EngineError, EngineUnavailable
from codeassist.settings import ChatSettings, IndexSettings, Settings
from codeassist.types import Outcome, Source

OUTCOME = Outcome(
    id="complete-7",
    path="main.py",
    line=1,
    text="return price_of(order)",
    drop_reason=None,
    confidence=0.75,
    sources=(Source("shop.py", 1, 2, "defines `price_of`, imported on line 1"),),
    ms={"first_token": 40.4, "total": 88.2},
)


class Suggesting(Assistant):
    """An assistant whose last suggestion a test decides."""

    outcome: Outcome | None = OUTCOME

    def last_suggestion(self, path: str | None) -> Outcome | None:
        """What the test says, in the one document."""
        return self.outcome if path in (None, "main.py") else None


async def explained(
    tmp_path: Path,
    *answers: str | EngineError,
    outcome: Outcome | None = OUTCOME,
    capabilities: dict[str, Any] = CAPABILITIES,
    with_place: bool = True,
    is_closed: bool = False,
) -> tuple[list[str], list[str], ScriptedChat]:
    """The pages that were opened, the messages, and the chat model."""
    folder = tmp_path / "work"
    folder.mkdir()
    chat = ScriptedChat(answers)
    settings = Settings(
        index=IndexSettings(directory=str(tmp_path / "index"), vectors=False),
        chat=ChatSettings(url="http://127.0.0.1:9/v1" if answers else ""),
    )
    made = open_assistant(settings, folder, engine=ScriptedEngine())
    assistant = Suggesting(made.settings, made.workspace, made.engine, made.index)
    assistant.outcome = outcome
    assistant.open_chat = lambda _: chat
    async with connected(assistant) as session:
        await session.ready(capabilities, rootUri=folder.as_uri())
        return *await run(session, (folder / "main.py").as_uri(), with_place, is_closed), chat


async def run(session: Session, uri: str, with_place: bool, is_closed: bool) -> tuple[list[str], list[str]]:
    editor = Editor(session.client)
    editor.open(uri, "def total(order):\n    \n")
    session.server.suggestions.asked(uri)
    if is_closed:
        session.client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    arguments = [{"uri": uri, "position": {"line": 0, "character": 0}}] if with_place else []
    params = {"command": "codeassist.explainSuggestion", "arguments": arguments}
    assert await session.client.request("workspace/executeCommand", params) is None
    pages = [await asyncio.to_thread(Path(uri.removeprefix("file://")).read_text, "utf-8") for uri in editor.shown]
    return pages, editor.messages()


@pytest.mark.parametrize("with_place", [True, False])
async def test_a_page_says_what_it_does_and_where_it_came_from(tmp_path: Path, with_place: bool) -> None:
    (page,), messages, chat = await explained(tmp_path, "It looks the price up.", with_place=with_place)
    assert page.startswith("# The last suggestion in main.py, line 2\n\n```\nreturn price_of(order)\n```")
    assert "It looks the price up." in page
    assert "- `shop.py`, lines 1 to 2: defines `price_of`, imported on line 1" in page
    assert "confidence 0.75" in page
    assert "first token 40 ms, total 88 ms" in page
    assert messages == []
    assert "Suggested next:" in chat.asked[0][1].content


async def test_without_a_chat_model_the_sources_are_shown_alone(tmp_path: Path) -> None:
    (page,), messages, chat = await explained(tmp_path)
    assert "Where it came from" in page
    assert messages == []
    assert chat.asked == []


@pytest.mark.parametrize("error", [EngineUnavailable("the server is busy"), AnswerCutOff("the answer was cut off")])
async def test_a_chat_model_that_fails_leaves_the_sources(tmp_path: Path, error: EngineError) -> None:
    (page,), messages, _ = await explained(tmp_path, error)
    assert str(error) in page
    assert "Where it came from" in page
    assert messages == []


async def test_of_a_document_that_was_closed_the_sources_are_shown(tmp_path: Path) -> None:
    (page,), messages, chat = await explained(tmp_path, "unused", is_closed=True)
    assert "is not open" in page
    assert "Where it came from" in page
    assert messages == []
    assert chat.asked == []


async def test_an_editor_that_shows_no_documents_shows_a_message(tmp_path: Path) -> None:
    pages, (message,), _ = await explained(tmp_path, "It looks the price up.", capabilities={})
    assert pages == []
    assert message == (
        "codeassist: main.py:2, from shop.py:1; confidence 0.75 (the probability of its first line); 88 ms\n"
        "It looks the price up."
    )


async def test_where_nothing_was_suggested_the_reason_is_shown(tmp_path: Path) -> None:
    outcome = Outcome("complete-8", "main.py", 0, "", "inside a word", None, (), {})
    (page,), _, chat = await explained(tmp_path, "unused", outcome=outcome)
    assert "Nothing was suggested: inside a word." in page
    assert "confidence unknown" in page
    assert chat.asked == []


async def test_before_the_first_suggestion_that_is_said(tmp_path: Path) -> None:
    pages, (message,), _ = await explained(tmp_path, outcome=None)
    assert pages == []
    assert "nothing has been suggested here yet" in message
