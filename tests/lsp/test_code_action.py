"""`textDocument/codeAction`: what is offered where, and to whom."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from editor import CAPABILITIES
from lsp_client import replacement, span
from lsp_session import Session

from codeassist.settings import ChatSettings
from codeassist.types import Suggestion

URI = "file:///project/shop.py"
TEXT = '''import os


def bare(a):
    return a


def documented(a):
    """What it is."""
    return a


def crowded(a): return a
'''
PROBLEM = {"range": span((3, 4), (3, 8)), "message": "`bare` is\n  never used", "source": "ruff"}


async def opened(session: Session, capabilities: dict[str, Any] | None = None, text: str = TEXT) -> dict[str, Any]:
    announced = await session.ready(CAPABILITIES if capabilities is None else capabilities)
    chat = ChatSettings(url="http://127.0.0.1:9/v1")
    session.assistant.settings = replace(session.assistant.settings, chat=chat)
    session.client.open(URI, text)
    return announced


async def actions(session: Session, start: tuple[int, int], end: tuple[int, int], **context: Any) -> list[Any]:
    params = {
        "textDocument": {"uri": URI},
        "range": span(start, end),
        "context": {"diagnostics": [], "triggerKind": 2} | context,
    }
    found = await session.client.request("textDocument/codeAction", params)
    assert isinstance(found, list)
    return found


def titles(found: list[Any]) -> list[str]:
    return [action["title"] for action in found]


async def test_the_kinds_are_announced(session: Session) -> None:
    announced = await opened(session)
    provider = announced["codeActionProvider"]
    assert set(provider["codeActionKinds"]) == {"quickfix", "refactor.rewrite", "codeassist.explain"}
    assert set(announced["executeCommandProvider"]["commands"]) >= {
        f"codeassist.{name}" for name in ("docstring", "tests", "fix", "rewrite", "explainSuggestion", "dismissFinding")
    }


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (0, []),
        (3, ["Generate docstring for bare", "Generate tests for bare"]),
        (4, ["Generate docstring for bare", "Generate tests for bare"]),
        (9, ["Generate tests for documented"]),
        (12, ["Generate tests for crowded"]),
        (99, []),
    ],
)
async def test_what_is_offered_goes_by_the_definition_at_the_cursor(
    session: Session, line: int, expected: list[str]
) -> None:
    await opened(session)
    assert titles(await actions(session, (line, 2), (line, 2))) == expected


async def test_a_selection_can_be_rewritten(session: Session) -> None:
    await opened(session)
    found = await actions(session, (3, 0), (4, 12))
    assert titles(found)[0] == "Rewrite selection…"
    assert found[0]["command"] == {
        "title": "Rewrite selection…",
        "command": "codeassist.rewrite",
        "arguments": [{"uri": URI, "range": span((3, 0), (4, 12))}],
    }


async def test_every_diagnostic_can_be_fixed_whoever_reported_it(session: Session) -> None:
    await opened(session)
    found = await actions(session, (3, 4), (3, 4), diagnostics=[PROBLEM, PROBLEM | {"source": "mypy"}])
    fixes = [action for action in found if action["kind"] == "quickfix"]
    assert titles(fixes) == ["Fix: `bare` is never used"] * 2
    assert fixes[1]["diagnostics"][0]["source"] == "mypy"
    assert fixes[0]["command"]["arguments"][0]["message"] == PROBLEM["message"]


@pytest.mark.parametrize(
    ("only", "kinds"),
    [
        ([], {"quickfix", "refactor.rewrite"}),
        (["quickfix"], {"quickfix"}),
        (["refactor"], {"refactor.rewrite"}),
        (["refactor.rewrite", "quickfix"], {"quickfix", "refactor.rewrite"}),
        (["refactor.extract"], set()),
        (["refactor.rewrite.more"], set()),
        (["source"], set()),
        ([""], {"quickfix", "refactor.rewrite"}),
    ],
)
async def test_only_the_kinds_that_are_asked_for_are_given(session: Session, only: list[str], kinds: set[str]) -> None:
    await opened(session)
    found = await actions(session, (3, 4), (3, 4), diagnostics=[PROBLEM], **({"only": only} if only else {}))
    assert {action["kind"] for action in found} == kinds


async def test_a_client_without_literals_gets_commands(session: Session) -> None:
    await opened(session, {})
    found = await actions(session, (3, 4), (3, 4), diagnostics=[PROBLEM])
    assert [action["command"] for action in found] == ["codeassist.fix", "codeassist.docstring", "codeassist.tests"]


async def test_without_a_chat_model_nothing_is_offered_unasked(session: Session) -> None:
    await opened(session)
    session.assistant.settings = replace(session.assistant.settings, chat=ChatSettings())
    assert await actions(session, (3, 4), (3, 8), diagnostics=[PROBLEM]) == []
    assert len(await actions(session, (3, 4), (3, 8), diagnostics=[PROBLEM], triggerKind=1)) == 4


async def test_the_last_suggestion_can_be_explained(session: Session) -> None:
    await opened(session)
    await session.client.complete(URI, 4, 4)
    found = await actions(session, (0, 0), (0, 0))
    assert titles(found) == ["Explain the last suggestion"]
    assert found[0]["kind"] == "codeassist.explain"
    session.assistant.answer = lambda document, cursor: Suggestion("s2", "")
    await session.client.complete(URI, 4, 4)
    assert await actions(session, (0, 0), (0, 0)) == []


async def test_the_next_edit_is_offered_where_the_editor_does_not_ask_for_it_itself(session: Session) -> None:
    await opened(session, text="def size():\n    return 1\n\n\nprint(size())\n")
    session.client.change(URI, 2, replacement((0, 4), (0, 8), "length"))
    found = await actions(session, (0, 9), (0, 9), only=["quickfix"])
    assert [edit["newText"] for action in found for edit in action["edit"]["documentChanges"][0]["edits"]] == ["length"]
    params = {"textDocument": {"uri": URI, "version": 2}, "position": {"line": 0, "character": 9}}
    await session.client.request("textDocument/copilotInlineEdit", params)
    assert await actions(session, (0, 9), (0, 9), only=["quickfix"]) == []


async def test_tests_are_not_offered_in_a_test(session: Session) -> None:
    await session.ready(CAPABILITIES)
    uri = "file:///project/tests/test_shop.py"
    session.client.open(uri, "def test_it():\n    pass\n")
    params = {
        "textDocument": {"uri": uri},
        "range": span((0, 0), (0, 0)),
        "context": {"diagnostics": []},
    }
    found = await session.client.request("textDocument/codeAction", params)
    assert titles(found) == ["Generate docstring for test_it"]


async def test_a_document_that_is_not_open_has_no_actions(session: Session) -> None:
    await session.ready(CAPABILITIES)
    params = {"textDocument": {"uri": URI}, "range": span((0, 0), (0, 0)), "context": {"diagnostics": []}}
    assert await session.client.request("textDocument/codeAction", params) is None


@pytest.mark.parametrize("text", ["", "\r\n", "def (((", "\x00" * 100, "x" * 300_000, "é😀\ndef f():\n\tpass\n"])
async def test_odd_texts_have_actions_or_none(session: Session, text: str) -> None:
    await opened(session, text=text)
    await actions(session, (0, 0), (0, 1))
    await actions(session, (5000, 5000), (6000, 0))


async def test_an_outline_is_read_once_a_version(session: Session) -> None:
    await opened(session)
    await actions(session, (3, 4), (3, 4))
    document = session.server.documents.get(URI)
    before = await session.server.outlines.of(document)
    await actions(session, (4, 4), (4, 4))
    assert await session.server.outlines.of(document) is before
    session.client.change(URI, 2, {"text": "def other():\n    pass\n"})
    assert "Generate docstring for other" in titles(await actions(session, (0, 4), (0, 4)))
