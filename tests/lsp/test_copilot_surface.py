"""What Copilot's clients send and get besides the protocol: shown, partly accepted, focus, and the short status."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fake_assistant import FakeAssistant
from lsp_client import insertion
from lsp_session import Session

from codeassist.errors import CursorError
from codeassist.types import Cursor, Document
from lsp.short_status import short_status

URI = "file:///project/sample.py"


async def opened(session: Session, text: str = "x = \ny\n") -> None:
    await session.ready(rootUri="file:///project")
    session.client.open(URI, text)


def focus(session: Session, uri: str = URI) -> None:
    session.client.notify("textDocument/didFocus", {"textDocument": {"uri": uri}})


async def test_a_document_that_is_shown_has_its_prompt_computed_at_its_end(session: Session) -> None:
    await opened(session)
    focus(session)
    await session.client.within(session.assistant.was_prewarmed.wait())
    assert session.assistant.prewarmed == [("sample.py", Cursor(2, 0))]


async def test_or_where_the_user_was_last(session: Session) -> None:
    await opened(session)
    session.client.change(URI, 2, insertion(0, 4, "é😀\n  z"))
    focus(session)
    await session.client.within(session.assistant.was_prewarmed.wait())
    assert session.assistant.prewarmed == [("sample.py", Cursor(1, 3))]
    await session.client.complete(URI, 0, 2)
    session.assistant.was_prewarmed.clear()
    focus(session)
    await session.client.within(session.assistant.was_prewarmed.wait())
    assert session.assistant.prewarmed[1] == ("sample.py", Cursor(0, 2))


async def test_focus_blocks_nothing_and_the_last_one_counts(session: Session) -> None:
    await opened(session)
    session.assistant.hold = asyncio.Event()
    focus(session)
    await session.client.within(session.assistant.was_prewarmed.wait())
    assert await session.client.request("codeassist/status") is not None
    session.assistant.hold = None
    focus(session)
    assert (await session.client.complete(URI, 0, 4))["items"] != []
    assert len(session.assistant.prewarmed) == 2


async def test_a_document_without_suggestions_is_not_prepared(session: Session) -> None:
    await opened(session)
    session.server.switches.switch(None, is_on=False)
    focus(session)
    assert await session.client.request("codeassist/status") is not None
    assert session.assistant.prewarmed == []


async def test_a_prompt_that_cannot_be_made_is_a_line_in_the_log(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "lsp")

    async def prewarm(document: Document, cursor: Cursor) -> None:
        session.assistant.was_prewarmed.set()
        raise CursorError("line 9 is not there")

    session.assistant.prewarm = prewarm
    await opened(session)
    focus(session)
    await session.client.within(session.assistant.was_prewarmed.wait())
    assert await session.client.request("codeassist/status") is not None
    assert "line 9 is not there" in caplog.text
    assert [m for m in session.client.notifications if m["method"] == "window/showMessage"] == []


ODD: list[Any] = [
    None,
    7,
    "text",
    [],
    [7],
    {},
    {"textDocument": None},
    {"textDocument": 7},
    {"textDocument": {"uri": 7}},
    {"textDocument": {"uri": "file:///never/opened.py"}},
    {"textDocument": {"uri": "nonsense"}},
    {"item": None},
    {"item": 7, "acceptedLength": 3},
    {"item": {"command": 7}, "acceptedLength": 3},
    {"item": {"command": {"arguments": 7}}, "acceptedLength": 3},
    {"item": {"command": {"arguments": [7]}}, "acceptedLength": 3},
    {"item": {"command": {"arguments": [{"id": 1, "uri": 2}]}}, "acceptedLength": "3"},
    {"item": {"command": {"arguments": [{"id": "s1", "uri": URI}]}}},
    {"item": {"command": {"arguments": [{"id": "s1", "uri": URI}]}}, "acceptedLength": -1},
    {"item": {"command": {"arguments": [{"id": "s1", "uri": URI}]}}, "acceptedLength": 1e300},
    {"item": {"class": 1, "a b": {"$": None}, "type_name": "1x"}, "type_name": "not a name"},
]
METHODS = ("textDocument/didFocus", "textDocument/didShowCompletion", "textDocument/didPartiallyAcceptCompletion")


@pytest.mark.parametrize("method", METHODS)
async def test_odd_parameters_harm_nobody(session: Session, method: str) -> None:
    await opened(session)
    assert (await session.client.complete(URI, 0, 4))["items"] != []
    for params in ODD:
        session.client.notify(method, params)
    assert (await session.client.complete(URI, 0, 4))["items"] != []
    assert [m for m in session.client.notifications if m["method"] == "window/showMessage"] == []


async def test_the_short_status_follows_the_engine_and_the_user(session: Session) -> None:
    await session.ready(rootUri="file:///project")
    session.client.notifications.clear()
    session.assistant.engine.crash()
    await session.client.notification("didChangeStatus", lambda told: told["busy"] is True)
    session.assistant.engine.recover()
    await session.client.notification("didChangeStatus", lambda told: not told["busy"] and told["kind"] == "Normal")
    off = {"command": "codeassist.setEnabled", "arguments": [{"enabled": False}]}
    await session.client.request("workspace/executeCommand", off)
    told = await session.client.notification("didChangeStatus", lambda told: told["kind"] == "Inactive")
    assert told == {"message": "suggestions are off", "busy": False, "kind": "Inactive"}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ("Normal", False, "")),
        ({"engine": {"state": "failed", "message": "no model"}}, ("Error", False, "no model")),
        ({"engine": {"state": "stopped", "message": ""}}, ("Normal", False, "")),
        ({"engine": {"state": "starting", "message": "reading weights"}}, ("Normal", True, "reading weights")),
        ({"engine": {"state": "restarting", "message": ""}}, ("Normal", True, "loading the model")),
        ({"index": {"state": "indexing", "message": ""}}, ("Normal", True, "indexing")),
        (
            {"index": {"state": "failed", "message": "disk full"}},
            ("Warning", False, "no context from other files: disk full"),
        ),
        (
            {"engine": {"state": "ready", "message": "small stands in: no room", "stand_in": "small"}},
            ("Warning", False, "small stands in: no room"),
        ),
        ({"enabled": False, "snoozed_until": 9.0}, ("Inactive", False, "suggestions are off")),
        ({"snoozed_until": 9.0}, ("Inactive", False, "suggestions are snoozed")),
    ],
)
def test_the_short_status_says_one_thing(changed: dict[str, Any], expected: tuple[str, bool, str]) -> None:
    ready = {"state": "ready", "message": ""}
    status = {"engine": ready, "index": ready, "enabled": True, "snoozed_until": None} | changed
    short = short_status(status)
    assert (short["kind"], short["busy"], short["message"]) == expected


async def test_a_shown_suggestion_that_is_not_known_is_counted_nowhere(session: Session) -> None:
    assert isinstance(session.assistant, FakeAssistant)
    await opened(session)
    item = {"command": {"arguments": [{"id": "long gone", "uri": URI}]}}
    session.client.notify("textDocument/didShowCompletion", {"item": item})
    assert await session.client.request("codeassist/status") is not None
