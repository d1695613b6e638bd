"""When suggestions are made, and what is made before it is asked for; the clock is the test's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from marked import marked
from virtual_time import VirtualTime, until

from codeassist.completion import Completer
from codeassist.engine.scripted import SCRIPTED_INFO, Answer, ScriptedEngine
from codeassist.ghost_text import GhostText
from codeassist.settings import CompletionSettings
from codeassist.tokenizer import FileTokenizer
from codeassist.types import GenerationRequest, Priority, Suggestion

Script = Callable[[GenerationRequest], str | Answer]


class Desk:
    """An editor's user: types, asks, accepts."""

    def __init__(self, tokenizer: FileTokenizer, file: Path, script: Script, **settings: object) -> None:
        self.time = VirtualTime()
        info = replace(SCRIPTED_INFO, tokenizer=file, gate=0.1)
        self.engine = ScriptedEngine(script, info=info, sleep=self.time.sleep)
        self.settings = CompletionSettings(**settings)  # type: ignore[arg-type]
        self.completer = Completer(self.engine, tokenizer, None, self.settings)
        self.ghost_text = GhostText(self._made, lambda: self.settings, clock=self.time.clock, sleep=self.time.sleep)

    async def _made(self) -> Completer:
        return self.completer

    async def ask(self, source: str, *, invoked: bool = False) -> list[Suggestion]:
        document, cursor = marked(source)
        return await self.ghost_text.suggestions(document, cursor, invoked=invoked)

    async def texts(self, source: str, *, invoked: bool = False) -> list[str]:
        return [one.text for one in await self.ask(source, invoked=invoked)]

    def type(self, text: str, after_s: float = 5.0, path: str = "pkg/mod.py") -> None:
        self.time.pass_by(after_s)
        self.ghost_text.edited(path, text)

    @property
    def asked(self) -> list[GenerationRequest]:
        """What the engine was asked and somebody waits for."""
        return [request for request in self.engine.requests if request.priority == Priority.COMPLETION]

    @property
    def ahead(self) -> list[GenerationRequest]:
        return [request for request in self.engine.requests if request.priority == Priority.AHEAD]


MakeDesk = Callable[..., Desk]


@pytest.fixture
async def desk_of(tokenizer: FileTokenizer, tokenizer_file: Path) -> AsyncIterator[MakeDesk]:
    made: list[Desk] = []

    def make(script: Script, **settings: object) -> Desk:
        made.append(Desk(tokenizer, tokenizer_file, script, **settings))
        return made[-1]

    yield make
    for desk in made:
        await desk.ghost_text.close()
        desk.completer.close()
        await desk.engine.close()


async def test_twenty_keys_at_thirty_milliseconds_start_two_generations_at_most(desk_of: MakeDesk) -> None:
    desk = desk_of(lambda request: Answer("= compute()\n", delay_s=0.2))
    await desk.engine.start()
    asked: list[asyncio.Task[list[str]]] = []
    for n_typed in range(1, 21):
        desk.type("x", after_s=0.03)
        if asked:
            asked[-1].cancel()
        asked.append(asyncio.create_task(desk.texts("x" * n_typed + " ‸")))
        await until(lambda: desk.time.n_asleep == 1)
    while not asked[-1].done():
        desk.time.pass_by(0.1)
        await until(lambda: desk.time.n_asleep > 0 or asked[-1].done())
    assert asked[-1].result() == ["= compute()"]
    assert len(desk.asked) <= 2


async def test_a_fixed_delay_counts_from_the_last_key(desk_of: MakeDesk) -> None:
    desk = desk_of(lambda request: "= 1\n", debounce_ms=300)
    await desk.engine.start()
    desk.type("x")
    desk.time.pass_by(0.1)
    asked = asyncio.create_task(desk.ask("x ‸"))
    await until(lambda: desk.time.n_asleep == 1)
    assert desk.engine.requests == []
    assert desk.time.slept == [pytest.approx(0.2)]
    desk.time.pass_by(0.2)
    (suggestion,) = await asked
    assert (suggestion.text, suggestion.ms["wait"]) == ("= 1", pytest.approx(200.0))


async def test_what_an_earlier_suggestion_answers_never_waits(desk_of: MakeDesk) -> None:
    desk = desk_of(lambda request: "= compute()\n", debounce_ms=300, ahead=False)
    await desk.engine.start()
    assert await desk.texts("x ‸") == ["= compute()"]
    desk.type("=")
    assert await desk.texts("x =‸") == [" compute()"]
    assert [pause for pause in desk.time.slept if pause > 0] == []


@pytest.mark.parametrize("source", ["fo‸o = 1\n", "x = ‸foo(1)\ny\n", "x = ‸foo(1)"])
async def test_where_nothing_would_be_suggested_the_answer_does_not_wait(desk_of: MakeDesk, source: str) -> None:
    desk = desk_of(lambda request: "= 1\n", debounce_ms=300)
    await desk.engine.start()
    desk.type("x")
    assert await desk.texts(source) == []
    assert [pause for pause in desk.time.slept if pause > 0] == []


async def test_who_asks_by_hand_never_waits(desk_of: MakeDesk) -> None:
    desk = desk_of(lambda request: "= 1\n", debounce_ms=300, alternatives=1)
    await desk.engine.start()
    desk.type("x")
    assert await desk.texts("x ‸", invoked=True) == ["= 1"]
    assert [pause for pause in desk.time.slept if pause > 0] == []


async def test_a_request_that_is_cancelled_while_it_waits_costs_nothing(desk_of: MakeDesk) -> None:
    desk = desk_of(lambda request: "= 1\n", debounce_ms=300)
    await desk.engine.start()
    desk.type("x")
    asked = asyncio.create_task(desk.ask("x ‸"))
    await until(lambda: desk.time.n_asleep == 1)
    asked.cancel()
    await asyncio.wait({asked})
    assert desk.engine.requests == []
    assert desk.ghost_text.last(None) is None


async def test_what_follows_a_suggestion_is_there_once_it_is_accepted(desk_of: MakeDesk) -> None:
    def script(request: GenerationRequest) -> str:
        return "\ny = 2\n" if request.priority == Priority.AHEAD else "= 1\n"

    desk = desk_of(script)
    await desk.engine.start()
    (suggestion,) = await desk.ask("x ‸")
    await until(lambda: len(desk.ahead) == 1)
    desk.ghost_text.edited("pkg/mod.py", suggestion.text)
    assert await desk.texts("x = 1‸") == ["\ny = 2"]
    assert len(desk.asked) == 1


async def test_who_accepts_before_it_is_there_gets_it_when_it_is(desk_of: MakeDesk) -> None:
    def script(request: GenerationRequest) -> Answer:
        return Answer("\ny = 2\n", delay_s=0.5) if request.priority == Priority.AHEAD else Answer("= 1\n")

    desk = desk_of(script)
    await desk.engine.start()
    (suggestion,) = await desk.ask("x ‸")
    await until(lambda: desk.time.n_asleep == 1)
    desk.ghost_text.edited("pkg/mod.py", suggestion.text)
    asked = asyncio.create_task(desk.texts("x = 1‸"))
    while not asked.done():
        desk.time.pass_by(0.5)
        await until(lambda: desk.time.n_asleep > 0 or asked.done())
    assert asked.result() == ["\ny = 2"]
    assert len(desk.asked) == 1


async def test_that_nothing_follows_is_known_once_a_suggestion_is_accepted(desk_of: MakeDesk) -> None:
    desk = desk_of(lambda request: "\n" if request.priority == Priority.AHEAD else "= 1\n")
    await desk.engine.start()
    (suggestion,) = await desk.ask("x ‸")
    await until(lambda: len(desk.ahead) == 1)
    desk.ghost_text.edited("pkg/mod.py", suggestion.text)
    assert await desk.texts("x = 1‸") == []
    assert len(desk.asked) == 1
    assert await desk.texts("y = 1‸") == ["= 1"]


async def test_the_next_key_ends_what_is_computed_ahead(desk_of: MakeDesk) -> None:
    def script(request: GenerationRequest) -> Answer:
        return Answer("\ny = 2\n", delay_s=0.5) if request.priority == Priority.AHEAD else Answer("= 1\n")

    desk = desk_of(script)
    await desk.engine.start()
    await desk.ask("x ‸")
    await until(lambda: desk.time.n_asleep == 1)
    desk.type("z", after_s=0.01)
    await until(lambda: desk.engine.aborted == [desk.ahead[0].id])


async def test_nothing_is_computed_ahead_where_that_is_off(desk_of: MakeDesk) -> None:
    desk = desk_of(lambda request: "= 1\n", ahead=False)
    await desk.engine.start()
    assert await desk.texts("x ‸") == ["= 1"]
    await desk.ghost_text.close()
    assert desk.ahead == []


@pytest.mark.parametrize("tells", ["by command", "by edit"])
async def test_a_line_that_was_just_accepted_is_not_gone_on_with(desk_of: MakeDesk, tells: str) -> None:
    answers = iter(["= first\n"])
    desk = desk_of(lambda request: next(answers, "_more\n"), ahead=False)
    await desk.engine.start()
    (suggestion,) = await desk.ask("x ‸")
    if tells == "by command":
        desk.ghost_text.accepted(suggestion.id)
    else:
        desk.ghost_text.edited("pkg/mod.py", suggestion.text)
    assert await desk.texts("x = first‸") == []
    outcome = desk.ghost_text.last("pkg/mod.py")
    assert outcome is not None
    assert outcome.drop_reason == "the line was just accepted as it is"
    assert await desk.texts("x = first‸") == []
    assert await desk.texts("y = first‸") == ["_more"]


async def test_the_last_outcome_of_each_document_tells_why(desk_of: MakeDesk) -> None:
    desk = desk_of(lambda request: Answer("= maybe\n", logprob=-9.0), ahead=False)
    await desk.engine.start()
    assert desk.ghost_text.last(None) is None
    assert await desk.texts("\nx ‸") == []
    outcome = desk.ghost_text.last(None)
    assert outcome is not None
    assert outcome == desk.ghost_text.last("pkg/mod.py")
    assert (outcome.path, outcome.line, outcome.text) == ("pkg/mod.py", 1, "")
    assert outcome.drop_reason == "low confidence (0.00 < 0.10)"
    assert desk.ghost_text.last("pkg/other.py") is None


async def test_a_new_line_is_computed_while_the_request_for_it_waits(desk_of: MakeDesk) -> None:
    desk = desk_of(lambda request: "y = 1\n", debounce_ms=300, ahead=False)
    await desk.engine.start()
    desk.type("\n")
    asked = asyncio.create_task(desk.texts("x = 1\n‸"))
    await until(lambda: len(desk.ahead) == 1)
    assert desk.ahead[0].max_tokens == 1
    assert desk.asked == []
    desk.time.pass_by(0.3)
    assert await asked == ["y = 1"]
    assert desk.asked[0].prompt == desk.ahead[0].prompt


async def test_prewarming_asks_for_one_token_of_the_same_prompt(desk_of: MakeDesk) -> None:
    desk = desk_of(lambda request: "= 1\n", ahead=False)
    await desk.engine.start()
    document, cursor = marked("x = value‸\n")
    await desk.ghost_text.prewarm(document, cursor)
    await desk.ask("x = value‸\n")
    warm, asked = desk.engine.requests
    assert (warm.prompt, warm.max_tokens, warm.priority) == (asked.prompt, 1, Priority.AHEAD)


async def test_prewarming_without_an_engine_is_no_error(desk_of: MakeDesk) -> None:
    desk = desk_of(lambda request: "= 1\n")
    document, cursor = marked("x = ‸\n")
    await desk.ghost_text.prewarm(document, cursor)
    await desk.engine.start()
    desk.engine.crash()
    await desk.ghost_text.prewarm(document, cursor)
    assert desk.engine.requests == []


async def test_several_different_suggestions_for_who_asks(desk_of: MakeDesk) -> None:
    answers = iter([Answer("= one\n", logprob=-0.4), Answer("= two\n", logprob=-0.1), Answer("= one\n")])
    desk = desk_of(lambda request: next(answers), alternatives=3)
    await desk.engine.start()
    assert await desk.texts("x ‸", invoked=True) == ["= two", "= one"]
    assert [request.temperature > 0 for request in desk.engine.requests] == [False, True, True]
    outcome = desk.ghost_text.last(None)
    assert outcome is not None
    assert outcome.text == "= two"


async def test_typing_along_any_of_them_keeps_it(desk_of: MakeDesk) -> None:
    answers = iter(["= one\n", "= two\n", "\n"])
    desk = desk_of(lambda request: next(answers), ahead=False)
    await desk.engine.start()
    await desk.texts("x ‸", invoked=True)
    desk.type("=")
    assert await desk.texts("x = t‸") == ["wo"]
    assert await desk.texts("x = o‸") == ["ne"]


async def test_an_engine_that_fails_is_told_once_to_who_asks(desk_of: MakeDesk) -> None:
    desk = desk_of(lambda request: "= 1\n")
    await desk.engine.start()
    desk.engine.crash()
    assert await desk.texts("x ‸", invoked=True) == []
    outcome = desk.ghost_text.last(None)
    assert outcome is not None
    assert outcome.drop_reason


async def test_who_deletes_is_asked_nothing_until_the_hand_rests(desk_of: MakeDesk) -> None:
    desk = desk_of(lambda request: "compute()\n", debounce_ms=0)
    await desk.engine.start()
    desk.type("", after_s=0.1)
    desk.type("", after_s=0.1)
    asked = asyncio.create_task(desk.texts("x = ‸"))
    await until(lambda: desk.time.n_asleep == 1)
    assert desk.asked == []
    desk.time.pass_by(0.4)
    assert await asked == ["compute()"]


async def test_what_was_accepted_and_undone_is_not_offered_again_unasked(desk_of: MakeDesk) -> None:
    desk = desk_of(lambda request: "compute()\n", debounce_ms=0, ahead=False, alternatives=1)
    await desk.engine.start()
    assert await desk.texts("x = ‸") == ["compute()"]
    desk.type("compute()")
    desk.type("")
    assert await desk.texts("x = ‸") == []
    last = desk.ghost_text.last(None)
    assert last is not None
    assert last.drop_reason == "it was just accepted and taken back"
    assert await desk.texts("x = ‸", invoked=True) == ["compute()"]


async def test_a_name_whose_author_types_over_suggestions_is_left_alone(desk_of: MakeDesk) -> None:
    desk = desk_of(lambda request: "stranger()\n", debounce_ms=0, ahead=False)
    await desk.engine.start()
    assert await desk.texts("x = ‸") == ["stranger()"]
    assert await desk.texts("x = a‸") == ["stranger()"]
    assert await desk.texts("x = ab‸") == []
    n_asked = len(desk.asked)
    assert await desk.texts("x = abc‸") == []
    assert len(desk.asked) == n_asked
    assert await desk.texts("x = abc.‸") == ["stranger()"]


async def test_an_edit_in_another_document_asks_anew(desk_of: MakeDesk) -> None:
    answers = iter(["old()\n", "new()\n"])
    desk = desk_of(lambda request: next(answers), debounce_ms=0, ahead=False)
    await desk.engine.start()
    assert await desk.texts("x = ‸") == ["old()"]
    desk.type("y", path="other.py")
    assert await desk.texts("x = ‸") == ["new()"]
    desk.type("n")
    assert await desk.texts("x = n‸") == ["ew()"]
