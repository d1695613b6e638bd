"""Editor, user and server together, in virtual time: what is sent, kept, cancelled, accepted."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.editor.buffer import Buffer, Key, position_of
from bench.editor.rhythm import Rhythm
from bench.editor.session import Editor, write
from bench.editor.typist import Goal, Typist

GOAL = Goal("def area(width, height):\n    return width * height\n", "\nend\n")
START = Buffer("\nend\n", 0, language="python")

Answer = Callable[[str, int], str | None]


@dataclass
class Time:
    """Milliseconds that pass when somebody sleeps."""

    ms: float = 0.0

    def clock(self) -> float:
        return self.ms

    async def sleep(self, seconds: float) -> None:
        for _ in range(5):
            await asyncio.sleep(0)
        self.ms += seconds * 1000


@dataclass
class FakeServer:
    """Answers at once, or never; keeps the text that it is told of. answer: suggests, by text and cursor."""

    answer: Answer
    text: str = ""
    sent: list[tuple[str, Any]] = field(default_factory=list)
    n_asked: int = 0

    async def notify(self, method: str, params: Any) -> None:
        self.sent.append((method, params))
        if method == "textDocument/didOpen":
            self.text = params["textDocument"]["text"]
        if method == "textDocument/didChange":
            for change in params["contentChanges"]:
                start, end = (self._offset(change["range"][name]) for name in ("start", "end"))
                self.text = self.text[:start] + change["text"] + self.text[end:]

    async def ask(self, method: str, params: Any) -> tuple[int, asyncio.Future[Any]]:
        self.sent.append((method, params))
        self.n_asked += 1
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if method == "textDocument/inlineCompletion":
            place = params["position"]
            suggested = self.answer(self.text, self._offset(place))
            if suggested is not None:
                command = {"command": "codeassist.accepted", "arguments": [{"id": f"complete-{self.n_asked}"}]}
                item = {"insertText": suggested, "range": {"start": place, "end": place}, "command": command}
                answer.set_result({"items": [item] if suggested else []})
        return self.n_asked, answer

    def _offset(self, place: dict[str, int]) -> int:
        wanted = (place["line"], place["character"])
        return next(offset for offset in range(len(self.text) + 1) if position_of(self.text, offset) == wanted)

    def methods(self) -> list[str]:
        return [method for method, _ in self.sent]


async def session(answer: Answer, *, accepts: bool, corrections: float = 0.0) -> tuple[Editor, FakeServer]:
    server, time = FakeServer(answer), Time()
    editor = Editor(server, "file:///a.py", START, wait_ms=0.0, clock=time.clock, sleep=time.sleep)  # type: ignore[arg-type]
    await editor.open("python")
    typist, rhythm = Typist("seed", corrections), Rhythm(random.Random(1))
    await write(editor, GOAL, typist, rhythm, accepts=accepts)
    await editor.close()
    return editor, server


def oracle(text: str, offset: int) -> str | None:
    """The rest of the line, where all is right so far."""
    return GOAL.left[offset:].partition("\n")[0] if GOAL.left.startswith(text[:offset]) else ""


async def test_the_server_ends_with_the_text_that_the_editor_has() -> None:
    for accepts in (True, False):
        editor, server = await session(oracle, accepts=accepts, corrections=0.1)
        assert editor.buffer.text == server.text == GOAL.left + GOAL.right


async def test_every_key_is_asked_about_and_a_newer_one_cancels() -> None:
    editor, server = await session(lambda _text, _offset: None, accepts=True)
    methods = server.methods()
    n_keys = len(editor.pressed)
    assert methods.count("textDocument/inlineCompletion") == n_keys
    assert methods.count("$/cancelRequest") == n_keys
    assert all(key.answer_ms is None and not key.seen for key in editor.pressed)


async def test_who_never_accepts_types_along_what_stays_there() -> None:
    editor, _ = await session(oracle, accepts=False)
    assert sum(key.along for key in editor.pressed) > 20
    assert not {key.showing for key in editor.pressed} & {"replaced", "vanished"}
    assert all(key.line_right for key in editor.pressed if key.showing == "appeared" and key.n_shown > 1)


async def test_accepting_saves_keys_and_is_told_to_the_server() -> None:
    with_help, server = await session(oracle, accepts=True)
    without, _ = await session(oracle, accepts=False)
    accepted = [key for key in with_help.pressed if key.kind == "accept"]
    assert accepted
    assert server.methods().count("workspace/executeCommand") == len(accepted)
    assert all(key.item.startswith("complete-") for key in accepted)
    assert len(with_help.pressed) <= len(without.pressed) - sum(key.n_accepted - 1 for key in accepted) + 1


async def test_a_suggestion_that_changes_under_the_hands_is_seen_as_flicker() -> None:
    turn = iter(range(1000))

    def moody(_text: str, offset: int) -> str:
        return f"{GOAL.left[offset : offset + 3]}{next(turn)}"

    editor, _ = await session(moody, accepts=False)
    assert sum(key.showing == "replaced" for key in editor.pressed) > 10


async def test_how_long_a_suggestion_stood_is_kept_with_the_key_that_brought_it() -> None:
    typed, _ = await session(oracle, accepts=False)
    brought = [key for key in typed.pressed if key.showing == "appeared"]
    assert all(key.stood_ms > 0 for key in brought)
    assert all(key.used for key in brought if key.n_shown > 1)
    moved, _ = await session(lambda _text, offset: "wrong" if offset == 3 else "", accepts=False)
    assert [(key.stood_ms > 0, key.used) for key in moved.pressed if key.showing == "appeared"] == [(True, False)]


async def test_what_is_typed_along_stays_though_an_answer_says_nothing() -> None:
    editor, _ = await session(lambda text, offset: oracle(text, offset) if offset == 1 else "", accepts=False)
    assert [key.showing for key in editor.pressed][:2] == ["appeared", "vanished"]
    assert editor.pressed[1].seen


async def test_a_key_that_comes_before_the_editor_asks_is_not_asked_about() -> None:
    async def never(_seconds: float) -> None:
        await asyncio.Event().wait()

    server = FakeServer(oracle)
    editor = Editor(server, "file:///a.py", START, sleep=never)  # type: ignore[arg-type]
    await editor.open("python")
    for letter in "de":
        await editor.press(Key("type", letter))
        await asyncio.sleep(0)
    assert "textDocument/inlineCompletion" not in server.methods()
    assert all(key.asked_ms is None for key in editor.pressed)
    await editor.press(Key("type", "f"))
    editor.answering.cancel()  # type: ignore[union-attr]
