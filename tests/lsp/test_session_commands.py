"""The commands that steer a session, as an editor sends them; right and wrong."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from lsp_client import ResponseError
from lsp_session import Session

from codeassist.types import Source, Suggestion

URI = "file:///project/sample.py"
OTHER = "file:///project/other.lua"


async def run(session: Session, command: str, *arguments: Any) -> Any:
    return await session.client.request("workspace/executeCommand", {"command": command, "arguments": list(arguments)})


async def opened(session: Session, text: str = "x = ") -> None:
    await session.ready(rootUri="file:///project")
    session.client.open(URI, text)


async def test_the_status_says_what_is_switched_off(session: Session) -> None:
    await session.ready()
    status = await run(session, "codeassist.status")
    assert (status["enabled"], status["languages_off"], status["snoozed_until"]) == (True, [], None)
    assert status == await session.client.request("codeassist/status")


async def test_what_is_switched_off_is_silent_until_it_is_on_again(session: Session) -> None:
    await opened(session)
    status = await run(session, "codeassist.setEnabled", {"enabled": False})
    assert status["enabled"] is False
    assert await session.client.complete(URI, 0, 4, triggerKind=1) == {"items": []}
    why = await run(session, "codeassist.why")
    assert (why["uri"], why["line"], why["text"], why["reason"]) == (URI, 0, "", "suggestions are off")
    assert session.assistant.asked == []
    await session.client.notification("codeassist/status", lambda told: told["enabled"] is False)
    await run(session, "codeassist.setEnabled", {"enabled": True})
    assert (await session.client.complete(URI, 0, 4))["items"] != []


async def test_a_language_is_switched_off_by_itself(session: Session) -> None:
    await opened(session)
    session.client.open(OTHER, "x = ", language="lua")
    status = await run(session, "codeassist.setEnabled", {"enabled": False, "language": "lua"})
    assert status["languages_off"] == ["lua"]
    assert await session.client.complete(OTHER, 0, 4) == {"items": []}
    assert (await session.client.complete(URI, 0, 4))["items"] != []
    assert session.assistant.settings.completion.languages_off == ("lua",)


async def test_a_snooze_leaves_those_who_ask(session: Session) -> None:
    await opened(session)
    status = await run(session, "codeassist.snooze", {"minutes": 30})
    assert status["snoozed_until"] > 0
    assert await session.client.complete(URI, 0, 4) == {"items": []}
    assert (await session.client.complete(URI, 0, 4, triggerKind=1))["items"] != []
    assert (await run(session, "codeassist.snooze", {"minutes": 0}))["snoozed_until"] is None
    assert (await session.client.complete(URI, 0, 4))["items"] != []


async def test_a_snooze_that_is_over_is_told(session: Session) -> None:
    now, slept = [0.0], asyncio.Event()

    async def sleep(seconds: float) -> None:
        now[0] += seconds
        await slept.wait()

    session.server.switches._clock, session.server.switches._sleep = lambda: now[0], sleep
    await opened(session)
    await run(session, "codeassist.snooze", {"minutes": 1})
    await session.client.notification("codeassist/status", lambda told: told["snoozed_until"] == 60)
    session.client.notifications.clear()
    slept.set()
    await session.client.notification("codeassist/status", lambda told: told["snoozed_until"] is None)


async def test_why_tells_where_a_suggestion_came_from(session: Session) -> None:
    source = Source("shapes.py", 3, 9, "defines Circle", 40)
    session.assistant.answer = lambda document, cursor: Suggestion(
        "complete-7", "area()", (source,), confidence=0.75, ms={"total": 41.0}
    )
    await opened(session)
    assert await run(session, "codeassist.why") is None
    await session.client.complete(URI, 0, 4)
    assert await run(session, "codeassist.why", {"uri": URI}) == {
        "id": "complete-7",
        "uri": URI,
        "line": 0,
        "text": "area()",
        "reason": "",
        "confidence": 0.75,
        "sources": [
            {"path": "shapes.py", "start_line": 3, "end_line": 9, "why": "defines Circle", "n_tokens": 40},
        ],
        "ms": {"total": 41.0},
    }
    assert await run(session, "codeassist.why", {"uri": OTHER}) is None


async def test_why_not_tells_the_reason(session: Session) -> None:
    session.assistant.answer = lambda document, cursor: Suggestion("c1", "", drop_reason="low confidence (0.10 < 0.30)")
    await opened(session)
    await session.client.complete(URI, 0, 4)
    assert (await run(session, "codeassist.why"))["reason"] == "low confidence (0.10 < 0.30)"


async def test_an_index_that_the_user_has_refreshed_shows_its_progress(session: Session) -> None:
    await session.ready({"window": {"workDoneProgress": True}}, rootUri="file:///project")
    session.client.notifications.clear()
    session.assistant.refreshed.clear()
    assert await run(session, "codeassist.refreshIndex") is None
    await session.client.notification("$/progress", lambda item: item["value"]["kind"] == "begin")
    await session.client.notification("$/progress", lambda item: item["value"]["kind"] == "end")
    assert session.assistant.refreshes == ["*", "*"]


async def test_without_a_file_the_statistics_are_empty(session: Session) -> None:
    await opened(session)
    figures = await run(session, "codeassist.statistics", {"days": 7})
    assert (figures["total"]["shown"], figures["days_back"]) == (0, 7)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("accepted", []),
        ("accepted", [7]),
        ("accepted", [{"id": 7, "uri": URI}]),
        ("accepted", [{"id": "s1"}]),
        ("why", [{"uri": 7}]),
        ("why", [{"uri": ["a"]}]),
        ("setEnabled", []),
        ("setEnabled", [None]),
        ("setEnabled", [{"enabled": "yes"}]),
        ("setEnabled", [{"enabled": 1}]),
        ("setEnabled", [{"enabled": True, "language": 3}]),
        ("snooze", []),
        ("snooze", [5]),
        ("snooze", [{"minutes": "5"}]),
        ("snooze", [{"minutes": True}]),
        ("snooze", [{"minutes": -1}]),
        ("snooze", [{"minutes": 1e300}]),
        ("statistics", [{"days": 0}]),
        ("statistics", [{"days": "all"}]),
        ("statistics", [{"days": 1e12}]),
    ],
)
async def test_a_wrong_argument_is_an_error_that_names_the_right_one(
    session: Session, command: str, arguments: list[Any]
) -> None:
    await session.ready()
    with pytest.raises(ResponseError, match="argument") as refused:
        await run(session, f"codeassist.{command}", *arguments)
    assert refused.value.code == -32602
    assert await session.client.request("codeassist/status") is not None


async def test_what_is_said_of_a_suggestion_that_nobody_knows_is_nothing(session: Session) -> None:
    await session.ready()
    assert await run(session, "codeassist.accepted", {"id": "complete-99", "uri": "file:///nowhere.py"}) is None
