"""A simulated editor and its user at one document, in real time, through the pipe of a real Language Server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bench.editor.buffer import Buffer, Change, Key, position_of, press
from bench.editor.ghost import (
    Ghost,
    Showing,
    accept,
    along,
    first_line_is_right,
    ghost_of,
    is_accepted,
    is_along,
    n_right_so_far,
    showing,
)
from bench.editor.rhythm import Rhythm
from bench.editor.typist import Goal, Typist, n_wrong
from bench.editor.watched import now_ms
from bench.probes import LspProbe

# What VS Code waits for before it asks (`InlineCompletionsDebounce`: min 50, max 50).
EDITOR_WAIT_MS = 50.0
# After the last key of a place the answer may still come; it is waited for so long.
LAST_ANSWER_S = 1.0


@dataclass
class Pressed:
    """One key and what came of it.

    sent_ms: monotonic. asked_ms: when the request left, None when it never did. answer_ms: from the key to the answer;
    None when a newer key came first. showing: what the answer did to the screen, or would have done in an editor that
    does not keep what is typed along; "null" when it was none. n_shown, n_right: characters of the ghost that the
    answer brought, and how many of them come next. line_right: whether its first line does. seen: whether a ghost stood
    there when the next key was pressed. along: whether the key was the next character of the ghost. stood_ms: how long
    what the answer brought was on the screen; used: it was typed or accepted to its end. item: id of the suggestion.
    line, ghost: the text left of the cursor and the suggestion, for examples; they are other people's and in no result.
    """

    kind: str
    place: str
    sent_ms: float
    asked_ms: float | None = None
    answer_ms: float | None = None
    showing: Showing | str = ""
    n_shown: int = 0
    n_right: int = 0
    line_right: bool = False
    seen: bool = False
    along: bool = False
    n_accepted: int = 0
    item: str = ""
    stood_ms: float = 0.0
    used: bool = False
    line: str = ""
    ghost: str = ""


@dataclass
class Editor:
    """One open document. Requests as VS Code sends them: one for each key, after a short wait, the older one cancelled.

    wait_ms: of the editor's own. clock: monotonic milliseconds. bringer: the key whose answer brought the ghost that is
    shown.
    """

    probe: LspProbe
    uri: str
    buffer: Buffer
    version: int = 1
    ghost: Ghost | None = None
    goal: Goal = field(default_factory=lambda: Goal("", ""))
    pressed: list[Pressed] = field(default_factory=list)
    pending: tuple[int, asyncio.Future[Any]] | None = None
    answering: asyncio.Task[None] | None = None
    wait_ms: float = EDITOR_WAIT_MS
    clock: Callable[[], float] = now_ms
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    bringer: Pressed | None = None

    async def open(self, language: str) -> None:
        item = {"uri": self.uri, "languageId": language, "version": self.version, "text": self.buffer.text}
        await self.probe.notify("textDocument/didOpen", {"textDocument": item})
        await self.probe.notify("textDocument/didFocus", {"textDocument": {"uri": self.uri}})

    async def close(self) -> None:
        self._show(None)
        await self.probe.notify("textDocument/didClose", {"textDocument": {"uri": self.uri}})

    def put_cursor(self, buffer: Buffer) -> None:
        """Go to another place of the text; what is shown goes."""
        self._show(None)
        self.buffer = buffer

    async def press(self, key: Key) -> Pressed:
        """One key: the edit, what is left of the ghost, and the next request."""
        note = Pressed(key.kind, place_kind(self.buffer, self.goal), self.clock())
        before = self.buffer
        if key.kind == "accept" and self.ghost is not None:
            note.n_accepted, note.item = len(self.ghost.text), item_id(self.ghost.item)
            command = self.ghost.item.get("command")
            self.buffer, change = accept(self.ghost, before)
            self._show(None, used=True)
            await self.change(before.text, change)
            await self._run(command)
        else:
            self.buffer, edit = press(before, key)
            note.along = is_along(self.ghost, key)
            left = along(self.ghost, before, key, self.buffer)
            self._show(left, used=note.along)
            if edit is not None:
                await self.change(before.text, edit)
            else:
                await self._cancel()
                return self._noted(note)
        await self._ask(note)
        return self._noted(note)

    async def change(self, text: str, change: Change) -> None:
        """Tell the server of one change of the text."""
        self.version += 1
        start, end = (position_of(text, offset) for offset in (change.start, change.end))
        span = {"start": _position(start), "end": _position(end)}
        document = {"uri": self.uri, "version": self.version}
        changes = [{"range": span, "text": change.text}]
        await self.probe.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    async def settled(self) -> None:
        """Wait for the answer that is on its way, for a while."""
        if self.answering is not None:
            await asyncio.wait({self.answering}, timeout=LAST_ANSWER_S)
        await self._cancel()

    def leave(self) -> None:
        """The next key is about to come: what stands on the screen now was seen."""
        if self.pressed:
            self.pressed[-1].seen = self.ghost is not None

    def _noted(self, note: Pressed) -> Pressed:
        self.pressed.append(note)
        return note

    async def _ask(self, note: Pressed) -> None:
        await self._cancel()
        line, character = self.buffer.position
        params = {
            "textDocument": {"uri": self.uri},
            "position": {"line": line, "character": character},
            "context": {"triggerKind": 2},
        }
        note.line = self.buffer.line_left
        self.answering = asyncio.create_task(self._answered(params, note))

    async def _answered(self, params: object, note: Pressed) -> None:
        """Ask once it is time, unless there is a newer key by then, and show what comes."""
        if self.wait_ms:
            await self.sleep(self.wait_ms / 1000)
        note.asked_ms = self.clock()
        asked = await self.probe.ask("textDocument/inlineCompletion", params)
        self.pending = asked
        result = await asyncio.shield(asked[1])
        if not self._is_newest(asked):
            return
        self.pending = None
        at = self.clock()
        note.answer_ms = at - note.sent_ms
        new = ghost_of(result, self.buffer, at)
        note.showing = "null" if result is None else showing(self.ghost, new, self.buffer)
        if result is None and self.ghost is not None:
            note.showing = "vanished"
        if new is not None:
            note.n_shown, note.item, note.ghost = len(new.text), item_id(new.item), new.text
            note.n_right = n_right_so_far(new, self.buffer, self.goal)
            note.line_right = first_line_is_right(new, self.buffer, self.goal)
        if self.ghost is None and new is not None:
            self._show(new)
            self.bringer = note
            await self.probe.notify("textDocument/didShowCompletion", {"item": new.item})

    def _is_newest(self, asked: tuple[int, asyncio.Future[Any]]) -> bool:
        return self.pending is asked

    def _show(self, ghost: Ghost | None, *, used: bool = False) -> None:
        """Put this on the screen; used: what stood there went because all of it was typed."""
        if self.ghost is not None and (ghost is None or ghost.since_ms != self.ghost.since_ms) and self.bringer:
            self.bringer.stood_ms = self.clock() - self.ghost.since_ms
            self.bringer.used = used
            self.bringer = None
        self.ghost = ghost

    async def _cancel(self) -> None:
        if self.answering is not None and self.pending is None:
            self.answering.cancel()
        if self.pending is not None:
            number, self.pending = self.pending[0], None
            await self.probe.notify("$/cancelRequest", {"id": number})

    async def _run(self, command: dict[str, Any] | None) -> None:
        """Run an item's command, as editors do after it was taken; its answer is of no interest."""
        if command is not None:
            params = {"command": command["command"], "arguments": command.get("arguments", [])}
            await self.probe.ask("workspace/executeCommand", params)


def item_id(item: Any) -> str:
    """The server's name for a suggestion."""
    arguments = (item.get("command") or {}).get("arguments") or [{}]
    return str(arguments[0].get("id", ""))


def place_kind(buffer: Buffer, goal: Goal) -> str:
    """Where a key is pressed, for examples: at a line's start, within a word, behind one."""
    line = buffer.line_left
    if not line.strip():
        return "start of line"
    todo = goal.todo(buffer) or ""
    is_within = (line[-1].isalnum() or line[-1] == "_") and (todo[:1].isalnum() or todo[:1] == "_")
    return "within a word" if is_within else "between words"


def _position(place: tuple[int, int]) -> dict[str, int]:
    return {"line": place[0], "character": place[1]}


async def write(
    editor: Editor,
    goal: Goal,
    typist: Typist,
    rhythm: Rhythm,
    *,
    accepts: bool,
) -> None:
    """Type at one place until all is there. accepts: whether the user takes suggestions at all."""
    editor.goal = goal
    key: Key | None = None
    due_ms, n_gone = editor.clock(), 0
    while True:
        n_gone = n_gone + 1 if key == Key("backspace") else 0
        gap_ms = rhythm.gap_ms(key, n_gone, n_wrong(editor.buffer, goal))
        due_ms = max(due_ms, editor.clock() - LAST_ANSWER_S * 1000) + gap_ms
        await editor.sleep(max(due_ms - editor.clock(), 0.0) / 1000)
        if accepts and is_accepted(editor.ghost, editor.buffer, goal, editor.clock()):
            key = Key("accept")
        else:
            key = typist.next_key(editor.buffer, goal)
        if key is None:
            await editor.settled()
            editor.leave()
            return
        editor.leave()
        await editor.press(key)
