"""The next edit through the protocol: what the editor tells, and what it is offered."""

from __future__ import annotations

from typing import Any

import pytest
from lsp_client import ResponseError, insertion, replacement, span
from lsp_session import Session
from lsprotocol import types

from lsp.features.inline_edit import next_edit_actions

URI = "file:///project/sample.py"
OTHER = "file:///project/other.py"
TEXT = "def f():\n    amount = '😀'\n    return '😀', amount\n"


async def renamed(session: Session, text: str = TEXT, **capabilities: Any) -> None:
    """A document in which the variable's first place was just renamed, letter by letter."""
    await session.ready(capabilities or None)
    session.client.open(URI, text)
    session.client.change(URI, 2, replacement((1, 4), (1, 10), "p"))
    for at, letter in enumerate("rice"):
        session.client.change(URI, 3 + at, insertion(1, 5 + at, letter))


async def ask(session: Session, line: int = 1, character: int = 9) -> Any:
    position = {"line": line, "character": character}
    params = {"textDocument": {"uri": URI, "version": 6}, "position": position}
    return await session.client.request("textDocument/copilotInlineEdit", params)


async def run(session: Session, command: str, *arguments: Any) -> Any:
    return await session.client.request("workspace/executeCommand", {"command": command, "arguments": list(arguments)})


async def test_the_next_place_is_offered_in_the_clients_positions(session: Session) -> None:
    await renamed(session)
    (edit,) = (await ask(session))["edits"]
    assert (edit["text"], edit["textDocument"]) == ("price", {"uri": URI, "version": 6})
    assert edit["range"] == span((2, 17), (2, 23))
    assert edit["command"]["command"] == "codeassist.editAccepted"


async def test_positions_are_in_the_encoding_that_was_agreed_on(session: Session) -> None:
    await renamed(session, general={"positionEncodings": ["utf-8"]})
    (edit,) = (await ask(session))["edits"]
    assert edit["range"] == span((2, 19), (2, 25))


async def test_carriage_returns_and_a_byte_order_mark_stay(session: Session) -> None:
    text = "\ufeffclass A: pass\r\nx = A\r\n\r\ndef f(a):\r\n    return A\r\n"
    await session.ready()
    session.client.open(URI, text)
    session.client.change(URI, 2, replacement((0, 7), (0, 8), "Bag"))
    (edit,) = (await ask(session, 0, 10))["edits"]
    assert (edit["text"], edit["range"]) == ("Bag", span((1, 4), (1, 5)))


async def test_a_place_in_the_line_of_a_byte_order_mark_is_behind_it(session: Session) -> None:
    await session.ready()
    session.client.open(URI, "\ufeffx = size()\r\n\r\n\r\ndef size():\r\n    return 1\r\n")
    session.client.change(URI, 2, replacement((3, 4), (3, 8), "length"))
    (edit,) = (await ask(session, 3, 9))["edits"]
    assert (edit["text"], edit["range"]) == ("length", span((0, 5), (0, 9)))


async def test_nothing_repeats_without_an_edit(session: Session) -> None:
    await session.ready()
    session.client.open(URI, TEXT)
    assert await ask(session) == {"edits": []}


async def test_a_taken_edit_leads_to_the_next_one(session: Session) -> None:
    await renamed(session, TEXT.replace("return", "print(amount)\n    return"))
    (edit,) = (await ask(session))["edits"]
    session.client.change(URI, 7, {"range": edit["range"], "text": edit["text"]})
    command = edit["command"]
    assert await run(session, command["command"], *command["arguments"]) is None
    (edit,) = (await ask(session, 2, 9))["edits"]
    assert edit["range"]["start"]["line"] == 3


async def test_what_was_shown_and_not_taken_stays_quiet_unless_asked_for(session: Session) -> None:
    await renamed(session)
    (edit,) = (await ask(session))["edits"]
    session.client.notify("textDocument/didShowInlineEdit", {"item": edit})
    session.client.change(URI, 7, insertion(0, 0, "import a\n"))
    assert await ask(session, 0, 0) == {"edits": []}
    place = {"uri": URI, "position": {"line": 0, "character": 0}}
    assert (await run(session, "codeassist.nextEdit", place))["text"] == "price"


async def test_another_open_document_is_edited_as_the_editor_has_it(session: Session) -> None:
    await session.ready()
    session.client.open(OTHER, "\n\nfrom sample import load_all\n\nload_all()\n", version=4)
    session.client.open(URI, "def load_all():\n    pass\n")
    session.client.change(OTHER, 5, replacement((0, 0), (1, 0), ""))
    session.client.change(URI, 2, replacement((0, 4), (0, 8), "read"))
    (edit,) = (await ask(session, 0, 8))["edits"]
    assert edit["textDocument"] == {"uri": OTHER, "version": 5}
    assert edit["range"] == span((1, 19), (1, 27))


async def test_an_edit_of_another_document_that_changes_meanwhile_is_not_told(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    await session.ready()
    session.client.open(OTHER, "from sample import load_all\n\nload_all()\n", version=4)
    session.client.open(URI, "def load_all():\n    pass\n")
    session.client.change(URI, 2, replacement((0, 4), (0, 8), "read"))
    await session.client.request("codeassist/status")
    editor, documents = session.assistant.next_edits, session.server.documents
    find = editor.ask

    async def slow(*arguments: Any, invoked: bool = False) -> Any:
        found = await find(*arguments, invoked=invoked)
        change = types.TextDocumentContentChangePartial(
            types.Range(types.Position(0, 0), types.Position(0, 0)), "# a\n"
        )
        documents.change(OTHER, 5, [change])
        return found

    monkeypatch.setattr(editor, "ask", slow)
    assert await ask(session, 0, 8) == {"edits": []}


async def test_a_snooze_is_for_next_edits_too_but_not_for_who_asks(session: Session) -> None:
    await renamed(session)
    await run(session, "codeassist.snooze", {"minutes": 5})
    assert await ask(session) == {"edits": []}
    assert await run(session, "codeassist.nextEdit", {"uri": URI, "position": {"line": 1, "character": 9}}) is not None


async def test_a_closed_document_is_not_edited(session: Session) -> None:
    await renamed(session)
    session.client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert await ask(session) is None


async def test_several_changes_at_once_are_one_edit(session: Session) -> None:
    await session.ready()
    session.client.open(URI, "load(a)\n\nload(b)\n\nload(c)\n")
    session.client.change(URI, 2, insertion(2, 6, ", 1"), insertion(0, 6, ", 1"))
    (edit,) = (await ask(session, 0, 9))["edits"]
    assert (edit["range"], edit["text"]) == (span((4, 6), (4, 6)), ", 1")


async def test_a_whole_new_text_is_an_edit_where_it_differs(session: Session) -> None:
    await session.ready()
    session.client.open(URI, TEXT)
    session.client.change(URI, 2, {"text": TEXT.replace("amount = ", "price = ")})
    (edit,) = (await ask(session, 1, 9))["edits"]
    assert edit["range"]["start"]["line"] == 2


async def test_the_next_edit_is_a_code_action(session: Session) -> None:
    await renamed(session, TEXT.replace("return", "print(amount)\n    return"))
    place = types.Range(types.Position(1, 9), types.Position(1, 9))
    params = types.CodeActionParams(types.TextDocumentIdentifier(URI), place, types.CodeActionContext([]))
    await session.client.request("codeassist/status")
    (action,) = await next_edit_actions(session.server, params)
    assert action.title == "codeassist: next edit: rename `amount` to `price` (1 more place)"
    assert action.edit is not None
    assert action.edit.changes is not None
    assert [edit.new_text for edit in action.edit.changes[URI]] == ["price"]


async def test_a_code_action_names_the_version_where_the_editor_knows_versions(session: Session) -> None:
    await renamed(session, workspace={"workspaceEdit": {"documentChanges": True}})
    place = types.Range(types.Position(1, 9), types.Position(1, 9))
    params = types.CodeActionParams(types.TextDocumentIdentifier(URI), place, types.CodeActionContext([]))
    await session.client.request("codeassist/status")
    (action,) = await next_edit_actions(session.server, params)
    assert action.edit is not None
    (change,) = action.edit.document_changes or ()
    assert isinstance(change, types.TextDocumentEdit)
    assert (change.text_document.uri, change.text_document.version) == (URI, 6)


@pytest.mark.parametrize(
    "arguments",
    [[], [{"uri": URI}], *([{"uri": URI, "position": {"line": line, "character": 0}}] for line in (-1, 2**31, 0.5))],
)
async def test_a_command_says_what_it_takes(session: Session, arguments: list[Any]) -> None:
    await session.ready()
    with pytest.raises(ResponseError, match=r"codeassist\.nextEdit takes one argument"):
        await run(session, "codeassist.nextEdit", *arguments)


@pytest.mark.parametrize("arguments", [[], [None], [{"id": 3}], [{"id": "edit-999999"}]])
async def test_an_acceptance_of_something_unknown_harms_nothing(session: Session, arguments: list[Any]) -> None:
    await session.ready()
    assert await run(session, "codeassist.editAccepted", *arguments) is None


@pytest.mark.parametrize("item", [None, {}, {"command": {}}, {"command": {"arguments": [3]}}, {"command": 3}])
async def test_an_odd_item_that_was_shown_harms_nothing(session: Session, item: Any) -> None:
    await renamed(session)
    session.client.notify("textDocument/didShowInlineEdit", {"item": item})
    assert len((await ask(session))["edits"]) == 1


@pytest.mark.parametrize("params", [{}, {"textDocument": {"uri": URI}}, {"textDocument": 3, "position": 4}, None])
async def test_an_odd_question_is_null(session: Session, params: Any) -> None:
    await renamed(session)
    assert await session.client.request("textDocument/copilotInlineEdit", params) is None
    assert len((await ask(session))["edits"]) == 1
