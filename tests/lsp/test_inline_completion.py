"""Ghost text with a fake assistant: what the core is asked, and what the editor is told to do."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from lsp_client import ResponseError, insertion, replacement, span
from lsp_session import Session

from codeassist.errors import CursorError
from codeassist.types import Cursor, Document, Suggestion

URI = "file:///project/sample.py"


def suggest(text: str, **values: Any) -> Any:
    return lambda document, cursor: Suggestion("s1", text, **values)


async def ask(session: Session, text: str, line: int, character: int, **context: Any) -> Any:
    """The one item for a cursor in a text."""
    await session.ready()
    session.client.open(URI, text)
    answer = await session.client.complete(URI, line, character, **context)
    return answer and answer["items"][0]


async def test_an_item_inserts_at_an_empty_range_on_the_cursors_line(session: Session) -> None:
    session.assistant.answer = suggest("return 1")
    item = await ask(session, "def one():\n    \n", 1, 4)
    assert item["insertText"] == "return 1"
    assert item["range"] == span((1, 4), (1, 4))
    document, cursor, is_invoked = session.assistant.asked[0]
    assert (document.text, document.version, cursor, is_invoked) == ("def one():\n    \n", 1, Cursor(1, 4), False)


async def test_an_item_tells_when_it_is_accepted(session: Session, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "lsp")
    item = await ask(session, "x = ", 0, 4)
    command = item["command"]
    assert command["command"] == "codeassist.accepted"
    arguments = {"command": command["command"], "arguments": command["arguments"]}
    assert await session.client.request("workspace/executeCommand", arguments) is None
    assert "accepted id=s1 characters=4" in caplog.text
    assert session.assistant.taken == ["s1"]


async def test_a_suggestion_may_replace_code_around_the_cursor(session: Session) -> None:
    session.assistant.answer = suggest("print('hé')", replace_left=3, replace_right=1)
    item = await ask(session, "é😀 pri)", 0, 7)
    assert item["range"] == span((0, 4), (0, 8))


async def test_carriage_returns_are_kept_in_files_that_have_them(session: Session) -> None:
    session.assistant.answer = suggest("a\nb")
    item = await ask(session, "x\r\ny\r\n", 1, 1)
    assert item["insertText"] == "a\r\nb"
    assert session.assistant.asked[0][0].text == "x\ny\n"


async def test_a_byte_order_mark_moves_no_cursor(session: Session) -> None:
    item = await ask(session, "\ufeffx = 1\ny", 0, 3)
    document, cursor, _ = session.assistant.asked[0]
    assert (document.text, cursor) == ("x = 1\ny", Cursor(0, 2))
    assert item["range"] == span((0, 3), (0, 3))


async def test_edits_in_utf_16_are_followed(session: Session) -> None:
    await session.ready()
    session.client.open(URI, "a = '😀'\n")
    session.client.change(URI, 2, insertion(0, 8, "\n"), insertion(1, 0, "b = "), replacement((0, 5), (0, 7), "🎉🎉"))
    await session.client.complete(URI, 1, 4)
    document, cursor, _ = session.assistant.asked[0]
    assert (document.text, document.version, cursor) == ("a = '🎉🎉'\nb = \n", 2, Cursor(1, 4))


async def test_edits_in_utf_8_are_followed(session: Session) -> None:
    await session.ready({"general": {"positionEncodings": ["utf-8", "utf-16"]}})
    session.client.open(URI, "a = '😀'\n")
    session.client.change(URI, 2, insertion(0, 10, "; é"))
    answer = await session.client.complete(URI, 0, 14)
    assert session.assistant.asked[0][1] == Cursor(0, 10)
    assert answer["items"][0]["range"] == span((0, 14), (0, 14))


async def test_a_cursor_outside_of_the_document_clamps(session: Session) -> None:
    await ask(session, "ab\ncd", 99, 99)
    assert session.assistant.asked[0][1] == Cursor(1, 2)


async def test_the_selected_entry_of_the_completion_list_comes_first(session: Session) -> None:
    session.assistant.answer = suggest("(path)")
    selected = {"range": span((0, 3), (0, 5)), "text": "open"}
    item = await ask(session, "é😀op)", 0, 5, selectedCompletionInfo=selected)
    document, cursor, _ = session.assistant.asked[0]
    assert (document.text, cursor) == ("é😀open)", Cursor(0, 6))
    assert (item["insertText"], item["range"]) == ("open(path)", span((0, 3), (0, 5)))


async def test_a_suggestion_may_reach_into_and_beyond_the_selected_entry(session: Session) -> None:
    session.assistant.answer = suggest("is_open(", replace_left=7, replace_right=1)
    selected = {"range": span((0, 3), (0, 4)), "text": "open"}
    item = await ask(session, "is_o)", 0, 4, selectedCompletionInfo=selected)
    assert (item["insertText"], item["range"]) == ("is_open(", span((0, 0), (0, 5)))


async def test_asking_by_hand_is_told_to_the_core(session: Session) -> None:
    await ask(session, "x = ", 0, 4, triggerKind=1)
    assert session.assistant.asked[0][2] is True


async def test_who_asks_by_hand_may_get_several_items(session: Session) -> None:
    await session.ready()
    session.assistant.further = [Suggestion("s2", "return 2", replace_left=1), Suggestion("s3", "return 3")]
    session.client.open(URI, "x = ")
    items = (await session.client.complete(URI, 0, 4, triggerKind=1))["items"]
    assert [item["insertText"] for item in items] == ["pass", "return 2", "return 3"]
    assert [item["range"]["start"]["character"] for item in items] == [4, 3, 4]
    assert [item["command"]["arguments"][0]["id"] for item in items] == ["s1", "s2", "s3"]


async def test_edits_are_told_to_the_core_which_follows_the_rhythm_of_keys(session: Session) -> None:
    await session.ready()
    session.client.open(URI, "x = ")
    session.client.change(URI, 2, insertion(0, 4, "1"))
    await session.client.complete(URI, 0, 5)
    assert session.assistant.edits == ["1"]


async def test_nothing_to_suggest_is_an_empty_list_so_that_old_ghost_text_goes(session: Session) -> None:
    await session.ready()
    session.assistant.answer = suggest("", drop_reason="low confidence")
    session.client.open(URI, "x = ")
    assert await session.client.complete(URI, 0, 4) == {"items": []}


async def test_while_the_engine_is_away_the_answer_is_null(session: Session) -> None:
    await session.ready()
    session.assistant.answer = suggest("", drop_reason="the engine is restarting")
    session.assistant.engine.crash()
    session.client.open(URI, "x = ")
    assert await session.client.complete(URI, 0, 4) is None


async def test_a_failure_is_null_and_a_line_in_the_log(session: Session, caplog: pytest.LogCaptureFixture) -> None:
    def fail(document: Document, cursor: Cursor) -> Suggestion:
        raise failures.pop()

    failures = [ZeroDivisionError("a bug"), CursorError("line 9 is outside")]
    session.assistant.answer = fail
    assert await ask(session, "x = ", 0, 4) is None
    assert await session.client.complete(URI, 0, 4) is None
    assert "line 9 is outside" in caplog.text
    assert "a bug" in caplog.text
    assert [message for message in session.client.notifications if message["method"] == "window/showMessage"] == []


async def test_a_document_that_was_never_opened_is_null(session: Session) -> None:
    await session.ready()
    assert await session.client.complete("file:///never.py", 0, 0) is None


async def test_a_change_of_a_document_that_was_never_opened_harms_nothing(session: Session) -> None:
    await session.ready()
    session.client.change("file:///never.py", 2, insertion(0, 0, "x"))
    session.client.open(URI, "x = ")
    assert await session.client.complete(URI, 0, 4) is not None


async def test_a_huge_document_is_null(session: Session) -> None:
    assert await ask(session, "x = 1\n" * 800_000, 0, 4) is None
    assert session.assistant.asked == []


async def test_before_the_workspace_is_open_the_answer_is_null(session: Session) -> None:
    await session.client.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
    session.client.open(URI, "x = ")
    assert await session.client.complete(URI, 0, 4) is None


async def test_the_language_is_the_editors_where_the_name_says_nothing(session: Session) -> None:
    await session.ready()
    for uri, language in (("untitled:Untitled-1", "csharp"), ("file:///w/a.py", "plaintext")):
        session.client.open(uri, "x = ", language=language)
        await session.client.complete(uri, 0, 4)
    assert [(asked[0].path, asked[0].language) for asked in session.assistant.asked] == [
        ("Untitled-1", "c_sharp"),
        ("a.py", "python"),
    ]


async def asked_and_held(session: Session) -> tuple[int, asyncio.Future[Any]]:
    """A request that the assistant is working on."""
    session.assistant.hold = asyncio.Event()
    session.client.open(URI, "x = ")
    asked = session.client.ask_completion(URI, 0, 4)
    await session.client.within(session.assistant.was_asked.wait())
    return asked


async def test_the_newest_request_wins(session: Session) -> None:
    await session.ready()
    _, older = await asked_and_held(session)
    _, newer = session.client.ask_completion(URI, 0, 4)
    assert await session.client.within(older) is None
    assert session.assistant.n_cancelled == 1
    assert session.assistant.hold is not None
    session.assistant.hold.set()
    assert (await session.client.within(newer))["items"][0]["insertText"] == "pass"


async def test_an_edit_makes_the_running_request_stale(session: Session) -> None:
    await session.ready()
    _, answer = await asked_and_held(session)
    session.client.change(URI, 2, insertion(0, 4, "1"))
    assert await session.client.within(answer) is None
    assert session.assistant.n_cancelled == 1


async def test_closing_the_document_makes_the_running_request_stale(session: Session) -> None:
    await session.ready()
    _, answer = await asked_and_held(session)
    session.client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert await session.client.within(answer) is None
    assert await session.client.complete(URI, 0, 4) is None


async def test_a_cancelled_request_is_cancelled_in_the_core(session: Session) -> None:
    await session.ready()
    number, answer = await asked_and_held(session)
    session.client.notify("$/cancelRequest", {"id": number})
    with pytest.raises(ResponseError) as refused:
        await session.client.within(answer)
    assert refused.value.code == -32800
    assert session.assistant.n_cancelled == 1


async def test_other_documents_are_answered_meanwhile(session: Session) -> None:
    await session.ready()
    _, held = await asked_and_held(session)
    session.client.open("file:///project/other.py", "y")
    session.assistant.hold = None
    assert await session.client.complete("file:///project/other.py", 0, 1) is not None
    assert not held.done()


async def test_explain_lays_the_prompt_open(session: Session) -> None:
    await session.ready()
    session.client.open(URI, "x = ")
    asked = {"uri": URI, "position": {"line": 0, "character": 4}}
    explained = await session.client.request(
        "workspace/executeCommand", {"command": "codeassist.explain", "arguments": [asked]}
    )
    assert explained["prompt"] == "sample.py:0:4"
    assert explained["budgets"] == {"prefix": {"allowed": 9, "used": 3}}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "takes one argument"),
        ([{"uri": URI, "position": {"line": -1, "character": 0}}], "takes one argument"),
        ([{"uri": "file:///never.py", "position": {"line": 0, "character": 0}}], "is not open"),
    ],
)
async def test_explain_says_what_is_wrong(session: Session, arguments: list[Any], message: str) -> None:
    await session.ready()
    with pytest.raises(ResponseError, match=message):
        await session.client.request(
            "workspace/executeCommand", {"command": "codeassist.explain", "arguments": arguments}
        )


async def test_the_status_is_a_command_too(session: Session) -> None:
    await session.ready()
    status = await session.client.request("workspace/executeCommand", {"command": "codeassist.status"})
    assert status == await session.client.request("codeassist/status")
    assert status["engine"]["state"] == "ready"
