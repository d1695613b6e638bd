"""What becomes of suggestions, told by the editor or seen in its edits, through a whole session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fake_assistant import FakeAssistant
from lsp_client import insertion, replacement
from lsp_session import Session, connected

from codeassist.settings import Settings, StatisticsSettings
from codeassist.statistics.record import Record
from codeassist.statistics.store import StatisticsStore
from codeassist.types import Cursor, Document, Suggestion

URI = "file:///project/sample.py"
TEXT = "area(radius) * 2"


@dataclass
class Counted:
    """A session whose suggestions are counted in `file`, and whose time goes on when the test says so."""

    session: Session
    file: Path
    now: float = 1_790_000_000.0
    sleepers: list[tuple[float, asyncio.Event]] = field(default_factory=list)
    version: int = 1
    looked: asyncio.Event = field(default_factory=asyncio.Event)

    async def look(self, look: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        await look(*arguments)
        self.looked.set()

    async def sleep(self, seconds: float) -> None:
        event = asyncio.Event()
        self.sleepers.append((self.now + seconds, event))
        await event.wait()

    def go_on(self, seconds: float) -> None:
        self.now += seconds
        for due, event in self.sleepers:
            if due <= self.now:
                event.set()

    async def suggested(self, line: int = 0, character: int = 4, **context: Any) -> Any:
        answer = await self.session.client.complete(URI, line, character, **context)
        return answer["items"][0]

    def edit(self, *changes: dict[str, Any]) -> None:
        self.version += 1
        self.session.client.change(URI, self.version, *changes)

    async def accept(self, item: Any) -> None:
        await self.session.client.request("workspace/executeCommand", {
            "command": item["command"]["command"], "arguments": item["command"]["arguments"],
        })  # fmt: skip

    async def settled(self) -> None:
        """Everything that was sent is handled."""
        await self.session.client.request("codeassist/status")

    async def records(self) -> list[Record]:
        """What is in the file at the end of the session."""
        await self.settled()
        await self.session.end()
        return StatisticsStore(self.file).read(0)

    async def record(self) -> Record:
        (one,) = await self.records()
        return one


def rest_of(text: str) -> Any:
    """What an assistant answers while `text` is typed from column 4 of the first line on."""

    def answer(document: Document, cursor: Cursor) -> Suggestion:
        return Suggestion("complete-1", text[cursor.column - 4 :], ms={"total": 40.0})

    return answer


@pytest.fixture
async def counted(tmp_path: Path) -> AsyncIterator[Counted]:
    file = tmp_path / "state" / "statistics.sqlite"
    async with connected(FakeAssistant(tmp_path), file) as session:
        made = Counted(session, file)
        session.server.outcomes.clock, session.server.outcomes._sleep = lambda: made.now, made.sleep
        session.server.outcomes._look = partial(made.look, session.server.outcomes._look)
        session.assistant.answer = rest_of(TEXT)
        await session.ready(rootUri="file:///project")
        session.client.open(URI, "x = ")
        yield made


async def test_a_suggestion_that_is_sent_is_shown(counted: Counted) -> None:
    await counted.suggested(triggerKind=1)
    record = await counted.record()
    assert (record.language, record.characters, record.latency_ms, record.invoked) == ("python", len(TEXT), 40.0, True)
    assert (record.shown_at, record.taken, record.accepted_at) == (1_790_000_000.0, 0, None)


async def test_one_that_came_too_late_is_not(counted: Counted) -> None:
    counted.session.assistant.hold = asyncio.Event()
    _, answer = counted.session.client.ask_completion(URI, 0, 4)
    await counted.session.client.within(counted.session.assistant.was_asked.wait())
    counted.edit(insertion(0, 4, "y"))
    assert await counted.session.client.within(answer) is None
    assert await counted.records() == []


@pytest.mark.parametrize("is_told_first", [True, False])
async def test_an_accepted_suggestion_is_accepted_once_whatever_comes_first(
    counted: Counted, is_told_first: bool
) -> None:
    item = await counted.suggested()
    counted.now += 2
    if is_told_first:
        await counted.accept(item)
    counted.edit(insertion(0, 4, TEXT))
    if not is_told_first:
        await counted.accept(item)
    record = await counted.record()
    assert (record.taken, record.is_whole, record.accepted_at) == (len(TEXT), True, 1_790_000_002.0)


async def test_an_editor_that_tells_nothing_is_seen_to_accept(counted: Counted) -> None:
    await counted.suggested()
    counted.edit(insertion(0, 4, TEXT))
    assert (await counted.record()).is_whole is True


async def test_typing_along_is_no_acceptance(counted: Counted) -> None:
    await counted.suggested()
    for column, letter in enumerate(TEXT[:6], 4):
        counted.edit(insertion(0, column, letter))
        await counted.suggested(0, column + 1)
    record = await counted.record()
    assert (record.typed, record.taken, record.characters) == (6, 0, len(TEXT))


async def test_an_editor_may_put_in_letter_by_letter_what_was_accepted(counted: Counted) -> None:
    item = await counted.suggested()
    counted.edit(*(insertion(0, column, letter) for column, letter in enumerate(TEXT[:3], 4)))
    counted.edit(*(insertion(0, column, letter) for column, letter in enumerate(TEXT[3:], 7)))
    await counted.accept(item)
    await look(counted, 30)
    record = await counted.record()
    assert (record.typed, record.taken, record.is_whole, record.changed_30) == (0, len(TEXT), True, 0.0)


async def test_an_editor_that_sends_whole_texts_is_seen_to_accept_too(counted: Counted) -> None:
    item = await counted.suggested()
    counted.edit({"text": f"x = {TEXT}"})
    await counted.accept(item)
    counted.edit({"text": f"import os\nx = {TEXT}"})
    await look(counted, 30)
    record = await counted.record()
    assert (record.taken, record.is_whole, record.changed_30) == (len(TEXT), True, 0.0)


async def test_a_bracket_that_the_editor_closes_is_typing_along(counted: Counted) -> None:
    await counted.suggested()
    for column, letter in enumerate("area", 4):
        counted.edit(insertion(0, column, letter))
    counted.edit(insertion(0, 8, "()"))
    assert (await counted.record()).typed == 5


async def test_words_that_are_taken_are_a_partial_acceptance(counted: Counted) -> None:
    await counted.suggested()
    counted.edit(insertion(0, 4, "area"))
    counted.edit(insertion(0, 8, "(radius"))
    record = await counted.record()
    assert (record.taken, record.is_whole) == (11, False)


async def test_the_last_word_makes_it_a_whole_one(counted: Counted) -> None:
    await counted.suggested()
    counted.edit(insertion(0, 4, "area"))
    counted.edit(insertion(0, 8, TEXT[4:]))
    record = await counted.record()
    assert (record.taken, record.is_whole) == (len(TEXT), True)


async def test_keys_that_are_told_together_are_typing_along(counted: Counted) -> None:
    await counted.suggested()
    counted.edit(insertion(0, 4, "are"))
    record = await counted.record()
    assert (record.typed, record.taken) == (3, 0)


async def test_what_the_editor_tells_and_the_edit_shows_counts_once(counted: Counted) -> None:
    item = await counted.suggested()
    told = {"item": item, "acceptedLength": 4}
    counted.session.client.notify("textDocument/didPartiallyAcceptCompletion", told)
    counted.edit(insertion(0, 4, "area"))
    assert (await counted.record()).taken == 4


async def test_a_length_counts_units_of_utf_16(counted: Counted) -> None:
    counted.session.assistant.answer = rest_of("😀é = 1")
    item = await counted.suggested()
    told = {"item": item, "acceptedLength": 3}
    counted.session.client.notify("textDocument/didPartiallyAcceptCompletion", told)
    record = await counted.record()
    assert (record.taken, record.is_whole) == (2, False)


async def test_other_text_at_the_place_is_no_acceptance(counted: Counted) -> None:
    await counted.suggested()
    counted.edit(insertion(0, 4, "other(thing) + 1"))
    record = await counted.record()
    assert (record.typed, record.taken) == (0, 0)


async def test_what_is_accepted_counts_for_the_one_that_was_on_the_screen(counted: Counted) -> None:
    await counted.suggested()
    counted.session.assistant.answer = lambda document, cursor: Suggestion("complete-2", "area(radius)")
    await counted.suggested()
    counted.edit(insertion(0, 4, "area(radius)"))
    first, second = await counted.records()
    assert {first.characters, second.characters} == {len(TEXT), 12}
    assert sorted([first.taken, second.taken]) == [0, 12]


async def test_what_is_typed_after_the_suggestion_has_gone_is_the_users_own(counted: Counted) -> None:
    await counted.suggested()
    counted.session.assistant.answer = lambda document, cursor: Suggestion("complete-2", "", drop_reason="none")
    assert (await counted.session.client.complete(URI, 0, 4))["items"] == []
    counted.edit(insertion(0, 4, "a"))
    assert (await counted.record()).typed == 0


async def test_an_alternative_that_is_accepted_counts_by_itself(counted: Counted) -> None:
    counted.session.assistant.further = [Suggestion("complete-2", "other()", ms={"total": 50.0})]
    answer = await counted.session.client.complete(URI, 0, 4, triggerKind=1)
    counted.edit(insertion(0, 4, "other()"))
    await counted.accept(answer["items"][1])
    taken = {record.characters: (record.taken, record.is_whole) for record in await counted.records()}
    assert taken == {len(TEXT): (0, False), 7: (7, True)}


async def test_edits_above_move_the_place_along(counted: Counted) -> None:
    await counted.suggested()
    counted.edit(insertion(0, 0, "import os\n"))
    counted.edit(insertion(1, 4, TEXT))
    assert (await counted.record()).is_whole is True


async def test_a_suggestion_that_replaces_code_is_seen_in_the_least_change_too(counted: Counted) -> None:
    counted.session.assistant.answer = lambda document, cursor: Suggestion("c1", "print('x')", replace_left=2)
    counted.edit(insertion(0, 4, "pr"))
    await counted.suggested(0, 6)
    counted.edit(insertion(0, 6, "int('x')"))
    assert (await counted.record()).is_whole is True


async def test_carriage_returns_change_nothing(counted: Counted) -> None:
    counted.session.client.open(URI, "y\r\nx = ", version=5)
    counted.version = 5
    counted.session.assistant.answer = lambda document, cursor: Suggestion("c1", "f(\n    1)")
    item = await counted.suggested(1, 4)
    counted.edit(insertion(1, 4, item["insertText"]))
    counted.go_on(30)
    record = await counted.record()
    assert (record.characters, record.taken, record.is_whole) == (9, 9, True)


async def look(counted: Counted, seconds: float) -> None:
    """Let time go on, and wait until whoever has waited for that has looked."""
    await counted.settled()
    counted.looked.clear()
    counted.go_on(seconds)
    await counted.session.client.within(counted.looked.wait())


async def test_what_is_accepted_is_looked_at_after_half_a_minute_and_five(counted: Counted) -> None:
    await counted.suggested()
    counted.edit(insertion(0, 4, TEXT))
    await look(counted, 30)
    counted.edit(insertion(0, 0, "# a line above\n"), replacement((1, 8), (1, 16), ""))
    await look(counted, 270)
    record = await counted.record()
    assert (record.changed_30, record.changed_300) == (0.0, 0.5)


async def test_what_is_deleted_is_not_kept(counted: Counted) -> None:
    await counted.suggested()
    counted.edit(insertion(0, 4, TEXT))
    counted.edit(replacement((0, 0), (0, 20), ""))
    await look(counted, 30)
    assert (await counted.record()).changed_30 == 1.0


async def test_what_goes_on_behind_it_is_not_compared(counted: Counted) -> None:
    await counted.suggested()
    counted.edit(insertion(0, 4, "area"))
    counted.edit(insertion(0, 8, "(radius"))
    counted.edit(insertion(0, 15, " + much_more_code)"))
    await look(counted, 30)
    assert (await counted.record()).changed_30 == 0.0


@pytest.mark.parametrize("how", ["closed", "replaced", "overwritten"])
async def test_what_cannot_be_told_any_more_is_not_counted_as_lost(counted: Counted, how: str) -> None:
    await counted.suggested()
    counted.edit(insertion(0, 4, TEXT))
    if how == "closed":
        counted.session.client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    elif how == "replaced":
        counted.edit({"text": "all is new"})
    else:
        counted.edit(insertion(0, 20, " "), replacement((0, 0), (0, 21), "formatted(again)"))
    await look(counted, 30)
    record = await counted.record()
    assert (record.is_whole, record.changed_30) == (True, None)


async def test_nothing_is_counted_when_the_user_does_not_want_it(tmp_path: Path) -> None:
    file = tmp_path / "statistics.sqlite"
    async with connected(FakeAssistant(tmp_path), file) as session:
        session.assistant.settings = replace(Settings(), statistics=StatisticsSettings(enabled=False))
        await session.ready(rootUri="file:///project")
        session.client.open(URI, "x = ")
        item = (await session.client.complete(URI, 0, 4))["items"][0]
        session.client.notify("textDocument/didShowCompletion", {"item": item})
        await session.end()
    assert not file.exists()


async def test_a_file_that_is_damaged_harms_no_suggestion(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "statistics.sqlite"
    file.write_bytes(b"this is no database" * 300)
    async with connected(FakeAssistant(tmp_path), file) as session:
        await session.ready(rootUri="file:///project")
        session.client.open(URI, "x = ")
        assert (await session.client.complete(URI, 0, 4))["items"] != []
        command = {"command": "codeassist.statistics", "arguments": []}
        figures = await session.client.request("workspace/executeCommand", command)
        assert "cannot be used" in figures["problem"]
        assert await session.end() == 0
    assert caplog.text.count("no statistics are kept") == 1


async def test_the_figures_are_there_while_the_session_runs(counted: Counted) -> None:
    await counted.suggested()
    counted.edit(insertion(0, 4, TEXT))
    await counted.settled()
    command = {"command": "codeassist.statistics", "arguments": [{"days": 1}]}
    figures = await counted.session.client.request("workspace/executeCommand", command)
    assert figures["languages"]["python"]["accepted"] == 1
    assert sum(figures["latencies"]) == 1


async def test_the_list_counts_as_the_ghost_does(counted: Counted) -> None:
    params = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 4}}
    (item,) = (await counted.session.client.request("textDocument/completion", params))["items"]
    counted.edit(insertion(0, 4, item["textEdit"]["newText"]))
    await counted.accept(item)
    assert (await counted.record()).is_whole is True
