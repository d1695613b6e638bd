"""The suggestion as an entry of the completion list, for editors without ghost text."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from lsp_client import insertion, replacement, span
from lsp_session import Session

from codeassist.types import Source, Suggestion
from lsp.documents import DocumentStore

URI = "file:///project/sample.py"
GHOST = {"textDocument": {"inlineCompletion": {"dynamicRegistration": True}}}


def suggest(text: str, **values: Any) -> Any:
    return lambda document, cursor: Suggestion("s1", text, **values)


async def ask(session: Session, line: int, character: int, **context: Any) -> Any:
    params = {"textDocument": {"uri": URI}, "position": {"line": line, "character": character}}
    return await session.client.request("textDocument/completion", params | ({"context": context} if context else {}))


async def entry(
    session: Session, text: str, line: int, character: int, capabilities: dict[str, Any] | None = None
) -> Any:
    """The one entry for a cursor in a text."""
    await session.ready(capabilities, rootUri="file:///project")
    session.client.open(URI, text)
    answer = await ask(session, line, character)
    assert answer["isIncomplete"] is True
    return answer["items"][0]


def applied(text: str, edit: dict[str, Any], encoding: str = "utf-16") -> str:
    """The text as an editor has it after accepting an entry."""
    from lsprotocol import converters, types

    store = DocumentStore(encoding)  # type: ignore[arg-type]
    store.open(types.TextDocumentItem(uri=URI, language_id="python", version=1, text=text))
    change = converters.get_converter().structure(
        {"range": edit["range"], "text": edit["newText"]}, types.TextDocumentContentChangePartial
    )
    return store.change(URI, 2, (change,)).text


@pytest.mark.parametrize(
    ("setting", "capabilities", "is_announced"),
    [
        (None, {}, True),
        (None, GHOST, False),
        ("auto", GHOST, False),
        ("on", GHOST, True),
        ("off", {}, False),
        (7, {}, True),
    ],
)
async def test_the_list_is_announced_to_editors_without_ghost_text(
    session: Session, setting: object, capabilities: dict[str, Any], is_announced: bool
) -> None:
    options = {"completion": {"as_list_entries": setting}}
    announced = await session.client.initialize(capabilities, initializationOptions=options)
    assert ("completionProvider" in announced) is is_announced
    if is_announced:
        assert announced["completionProvider"]["resolveProvider"] is True
        assert "." in announced["completionProvider"]["triggerCharacters"]


async def test_the_entry_begins_with_the_word_at_the_cursor(session: Session) -> None:
    session.assistant.answer = suggest("lf.area()\n    return x")
    item = await entry(session, "x = se\n", 0, 6)
    assert item["textEdit"] == {"range": span((0, 4), (0, 6)), "newText": "self.area()\n    return x"}
    assert item["filterText"] == "self.area()"
    assert item["label"] == "self.area() …"
    assert item["detail"] == "codeassist"
    assert item["command"]["command"] == "codeassist.accepted"
    assert item["command"]["arguments"] == [{"id": "s1", "uri": URI, "characters": 22}]
    assert (item["insertTextFormat"], item["insertTextMode"]) == (1, 1)


async def test_an_entry_may_replace_code_on_both_sides_of_the_cursor(session: Session) -> None:
    session.assistant.answer = suggest("print('hé')", replace_left=3, replace_right=1)
    item = await entry(session, "é😀 pri)", 0, 7)
    assert item["textEdit"]["range"] == span((0, 4), (0, 8))
    assert item["filterText"].startswith("pri")
    assert applied("é😀 pri)", item["textEdit"]) == "é😀 print('hé')"


async def test_an_entry_that_does_not_begin_with_the_typed_word_is_kept_by_the_editor(session: Session) -> None:
    session.assistant.answer = suggest("Circle()", replace_left=3)
    item = await entry(session, "x = cir", 0, 7)
    assert item["textEdit"] == {"range": span((0, 4), (0, 7)), "newText": "Circle()"}
    assert item["filterText"] == "cir"


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 9), ("utf-16", 6), ("utf-32", 5)])
async def test_columns_are_the_editors(session: Session, encoding: str, character: int) -> None:
    text = "\té😀 w\r\nx\r\n"
    session.assistant.answer = suggest("ord\n\tif")
    capabilities = {"general": {"positionEncodings": [encoding]}}
    item = await entry(session, text, 0, character, capabilities)
    assert applied(text, item["textEdit"], encoding) == "\té😀 word\r\n\tif\r\nx\r\n"
    assert item["filterText"] == "word"


async def test_a_suggestion_that_starts_on_the_next_line_is_labelled_by_its_first_words(session: Session) -> None:
    session.assistant.answer = suggest("\n    return 1")
    item = await entry(session, "def one():", 0, 10)
    assert (item["label"], item["filterText"]) == ("return 1", "")


async def test_a_long_first_line_is_cut_in_the_list_alone(session: Session) -> None:
    session.assistant.answer = suggest("a" * 300)
    item = await entry(session, "x = ", 0, 4)
    assert len(item["label"]) == 80
    assert item["textEdit"]["newText"] == "a" * 300


async def test_the_whole_text_and_its_sources_come_when_the_entry_is_looked_at(session: Session) -> None:
    source = Source("shapes.py", 3, 9, "defines Circle", 40)
    session.assistant.answer = suggest("Circle()\n```", sources=(source,))
    item = await entry(session, "x = ", 0, 4)
    assert "documentation" not in item
    resolved = await session.client.request("completionItem/resolve", item)
    assert resolved["documentation"] == {
        "kind": "markdown",
        "value": "````python\nCircle()\n```\n````\n\nwith context from\n\n- `shapes.py:3-9` (defines Circle)",
    }
    assert resolved["textEdit"] == item["textEdit"]


@pytest.mark.parametrize("data", [None, 7, [], {"id": "s9", "uri": URI}, {"id": 1, "uri": None}, {"uri": URI}])
async def test_an_entry_of_somebody_else_is_left_as_it_is(session: Session, data: object) -> None:
    await session.ready()
    item = {"label": "x", "data": data} if data is not None else {"label": "x"}
    assert (await session.client.request("completionItem/resolve", item))["label"] == "x"


@pytest.mark.parametrize(
    ("text", "trigger", "is_asked"),
    [
        ("x.", ".", True),
        ("f(", "(", True),
        ("return ", " ", True),
        ("    ", " ", False),
        ("x  ", " ", False),
        ("'", "'", False),
        ("@", "@", False),
        ("", "\n", False),
    ],
)
async def test_only_sensible_characters_open_the_list(
    session: Session, text: str, trigger: str, is_asked: bool
) -> None:
    await session.ready(rootUri="file:///project")
    session.client.open(URI, text)
    answer = await ask(session, 0, len(text), triggerKind=2, triggerCharacter=trigger)
    assert (len(answer["items"]), len(session.assistant.asked)) == ((1, 1) if is_asked else (0, 0))


async def test_the_list_is_no_way_around_a_snooze(session: Session) -> None:
    await session.ready(rootUri="file:///project")
    session.client.open(URI, "x = ")
    session.server.switches.snooze(5)
    answer = await ask(session, 0, 4, triggerKind=1)
    assert answer == {"isIncomplete": True, "items": []}
    assert session.assistant.asked == []


async def test_a_list_for_a_text_that_has_changed_is_no_answer(session: Session) -> None:
    await session.ready(rootUri="file:///project")
    session.client.open(URI, "x = ")
    session.assistant.hold = asyncio.Event()
    params = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 4}}
    _, answer = session.client.ask("textDocument/completion", params)
    await session.client.within(session.assistant.was_asked.wait())
    session.client.change(URI, 2, insertion(0, 4, "1"))
    assert await session.client.within(answer) is None
    assert session.assistant.n_cancelled == 1


async def test_a_document_that_is_not_open_has_no_answer(session: Session) -> None:
    await session.ready(rootUri="file:///project")
    assert await ask(session, 0, 0) is None


async def test_a_list_that_is_switched_off_later_is_empty(session: Session) -> None:
    await session.ready(rootUri="file:///project")
    session.client.open(URI, "x = ")
    settings = {"settings": {"codeassist": {"completion": {"as_list_entries": "off"}}}}
    session.client.notify("workspace/didChangeConfiguration", settings)
    await session.client.notification("codeassist/status", lambda _: session.assistant.told != [])
    assert (await ask(session, 0, 4))["items"] == []


async def test_typing_along_keeps_what_the_editor_filters_by(session: Session) -> None:
    session.assistant.answer = lambda document, cursor: Suggestion("s1", "self.area"[cursor.column - 4 :])
    item = await entry(session, "x = s", 0, 5)
    session.client.change(URI, 2, replacement((0, 5), (0, 5), "e"))
    again = (await ask(session, 0, 6))["items"][0]
    assert item["textEdit"]["newText"] == again["textEdit"]["newText"] == "self.area"
    assert again["filterText"].startswith("se")
