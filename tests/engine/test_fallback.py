"""An engine that another one stands in for: both are scripted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from asking import ask, read, text_of, until
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from codeassist.engine.exchange import WrongSettings
from codeassist.engine.fallback import PAUSE_S, FallbackEngine
from codeassist.engine.retelling import respelled, retold
from codeassist.engine.scripted import SCRIPTED_INFO, Answer, ScriptedEngine
from codeassist.errors import EngineCrashed, EngineError, EngineUnavailable, ModelError, RequestRejected
from codeassist.fim import TEMPLATES, Slot, prompt_text, render_fim
from codeassist.fim_templates import as_text
from codeassist.types import Delta, EngineStatus, GenerationRequest
from codeassist.window import Window

FIRST = replace(SCRIPTED_INFO, name="first")
SECOND = replace(SCRIPTED_INFO, name="second", prompt_tokens=SCRIPTED_INFO.prompt_tokens - 100)
PROMPT = "<｜fim▁begin｜>a<｜fim▁hole｜>b<｜fim▁end｜>"


class Trouble(ScriptedEngine):
    """Raises `error` from `start` as well, while there is one."""

    def __init__(self, error: EngineError | None) -> None:
        super().__init__(["from the first"], info=FIRST)
        self.error = error

    async def start(self) -> None:
        await super().start()
        if self.error is not None:
            self.fail(str(self.error))
            raise self.error

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Delta]:
        if self.error is not None:
            raise self.error
        async for delta in super().stream(request):
            yield delta


class Stand:
    """A fallback engine and its parts."""

    def __init__(self, error: EngineError | None) -> None:
        self.now = 0.0
        self.opened: list[ScriptedEngine] = []
        self.first = Trouble(error)
        self.engine = FallbackEngine(self.first, self.open, patience_s=0.05, clock=lambda: self.now)

    def open(self) -> ScriptedEngine:
        self.opened.append(ScriptedEngine(["from the second"], info=SECOND))
        return self.opened[-1]


@pytest.fixture
async def stand() -> AsyncIterator[Callable[[EngineError | None], Stand]]:
    made: list[Stand] = []

    def make(error: EngineError | None) -> Stand:
        made.append(Stand(error))
        return made[-1]

    yield make
    for each in made:
        await each.engine.close()


async def test_the_first_one_answers_while_it_can(stand: Callable[..., Stand]) -> None:
    made = stand(None)
    await made.engine.start()
    deltas = await read(made.engine, ask())
    assert (text_of(deltas), {delta.model for delta in deltas}) == ("from the first", {""})
    assert (made.opened, made.engine.info.name, made.engine.status.state) == ([], "first", "ready")


@pytest.mark.parametrize("error", [EngineUnavailable("nobody there"), EngineCrashed("broke off")])
async def test_the_second_one_is_loaded_at_the_first_failure(stand: Callable[..., Stand], error: EngineError) -> None:
    made = stand(None)
    await made.engine.start()
    made.first.error = error
    with pytest.raises(EngineUnavailable, match="the model that stands in is being loaded"):
        await read(made.engine, ask(prompt=PROMPT))
    await until(lambda: made.engine._second.loaded)
    deltas = await read(made.engine, ask(prompt=PROMPT))
    assert (text_of(deltas), {delta.model for delta in deltas}) == ("from the second", {"second"})
    assert len(made.opened) == 1


async def test_the_first_one_is_left_alone_for_a_while_and_asked_again(stand: Callable[..., Stand]) -> None:
    made = stand(EngineUnavailable("nobody there"))
    await made.engine.start()
    assert text_of(await read(made.engine, ask(prompt="x"))) == "from the second"
    made.first.error = None
    await made.first.start()
    assert text_of(await read(made.engine, ask(prompt="x"))) == "from the second"
    made.now += PAUSE_S
    assert text_of(await read(made.engine, ask(prompt="x"))) == "from the first"


async def test_it_starts_without_the_first_one(stand: Callable[..., Stand]) -> None:
    made = stand(EngineUnavailable("nobody there"))
    heard: list[EngineStatus] = []
    made.engine.on_status(heard.append)
    await made.engine.start()
    assert made.engine.status == EngineStatus("ready", "second stands in: nobody there", stand_in="second")
    assert heard[-1] == made.engine.status


async def test_prompts_are_no_longer_than_what_the_one_that_answers_does_well_with(stand: Callable[..., Stand]) -> None:
    made = stand(EngineUnavailable("nobody there"))
    assert made.engine.info == FIRST
    await made.engine.start()
    assert made.engine.info == replace(FIRST, prompt_tokens=SECOND.prompt_tokens)
    assert text_of(await read(made.engine, ask(prompt="x"))) == "from the second"
    made.first.error = None
    await made.first.start()
    assert made.engine.info.prompt_tokens == SECOND.prompt_tokens
    made.now += PAUSE_S
    assert made.engine.info == FIRST


async def test_a_first_one_that_says_nothing_is_not_waited_for(stand: Callable[..., Stand]) -> None:
    made = stand(EngineUnavailable("nobody there"))
    await made.engine.start()
    made.first.error, made.now = None, PAUSE_S
    made.first._script = [Answer("late", delay_s=60)]
    await made.first.start()
    assert text_of(await read(made.engine, ask(prompt="x"))) == "from the second"
    assert made.first.aborted == ["r1"]


@pytest.mark.parametrize("error", [WrongSettings("bad key"), RequestRejected("too long")])
async def test_what_only_the_user_can_set_right_is_told(stand: Callable[..., Stand], error: EngineError) -> None:
    made = stand(None)
    await made.engine.start()
    made.first.error = error
    with pytest.raises(type(error), match=str(error)):
        await read(made.engine, ask())
    assert made.opened == []


async def test_an_answer_that_breaks_off_in_the_middle_is_not_begun_again(stand: Callable[..., Stand]) -> None:
    made = stand(None)
    await made.engine.start()
    stream = made.engine.stream(ask())
    assert (await anext(stream)).text == "from"
    made.first.crash()
    with pytest.raises(EngineCrashed):
        await anext(stream)


async def test_leaving_aborts(stand: Callable[..., Stand]) -> None:
    made = stand(EngineUnavailable("nobody there"))
    await made.engine.start()
    stream = made.engine.stream(ask(prompt="x"))
    await anext(stream)
    await stream.aclose()  # type: ignore[union-attr]
    assert made.opened[0].aborted == ["r1"]


async def test_a_second_one_that_cannot_be_loaded_is_told() -> None:
    def broken() -> ScriptedEngine:
        raise ModelError("no weights")

    engine = FallbackEngine(Trouble(EngineUnavailable("nobody there")), broken)
    with pytest.raises(EngineUnavailable, match=r"nobody there; the model that stands in cannot be loaded: no weights"):
        await engine.start()
    await engine.close()


async def test_closing_ends_a_loading_that_hangs() -> None:
    class Slow(ScriptedEngine):
        async def start(self) -> None:
            await asyncio.Event().wait()

    engine = FallbackEngine(Trouble(EngineUnavailable("nobody there")), Slow)
    with pytest.raises(EngineUnavailable):
        await read(engine, ask(prompt="x"))
    async with asyncio.timeout(5):
        await engine.close()


def test_special_tokens_are_spelled_as_the_second_model_spells_them() -> None:
    qwen, deepseek = TEMPLATES["qwen2.5-coder"], TEMPLATES["deepseek"]
    prompt = "<|fim_prefix|># <｜fim▁hole｜> in a text\n<|fim_suffix|>b<|fim_middle|>c"
    told = "<｜fim▁begin｜># < ｜fim▁hole｜> in a text\n<｜fim▁hole｜>b<｜fim▁end｜>c"
    assert respelled(prompt, qwen, deepseek) == told
    request = ask(prompt=prompt, stop=("\n", "<|endoftext|>"))
    made = retold(request, replace(FIRST, template=qwen.name), SECOND)
    assert (made.prompt, made.stop) == (told, ("\n", *deepseek.stop))


@pytest.mark.parametrize("other", TEMPLATES)
@pytest.mark.parametrize("one", TEMPLATES)
def test_a_prompt_is_told_in_the_other_models_order(one: str, other: str) -> None:
    first, second = TEMPLATES[one], TEMPLATES[other]
    window = Window("b.py", "", 0, 1, 2, ("above\n",), "  left", "right\n", ("below",))
    slots = [Slot("a.py", 1, 1, f"a = '{second.begin}'", "")]
    prompt = render_fim(first, window, slots, heal_at=6)
    as_ids = "".join(part.text for part in prompt.parts)
    expected = prompt_text(render_fim(second, window, slots, heal_at=6), second)
    for text in (as_ids, prompt_text(prompt, first)):
        if first.begin == second.begin and text == as_ids:
            continue  # what spells a mark of the same family stands there as such
        told = respelled(text, first, second)
        assert all(told.count(as_text(mark).strip()) == 1 for mark in (second.begin, second.hole, second.end) if mark)
        ordered = [told.index(piece) for piece in ("a = ", "above\n", "  left")]
        assert ordered == sorted(ordered)
        assert told.endswith("  left")
        if first.file and second.title is None:  # what a token divides comes back as slots
            assert told.replace("< ", "<").replace("[ ", "[") == expected.replace("< ", "<").replace("[ ", "[")


def test_a_text_with_marks_of_no_gap_keeps_its_code() -> None:
    qwen, codestral = TEMPLATES["qwen2.5-coder"], TEMPLATES["codestral"]
    assert respelled("plain [PREFIX] text", qwen, codestral) == "plain [ PREFIX] text"
    assert respelled("<|fim_prefix|>a<|fim_prefix|>b", qwen, codestral) == "ab"
    assert respelled("<|file_sep|>a.py\nx = 1\n", qwen, codestral) == "a.py\nx = 1\n"


def test_token_ids_are_told_as_text(tmp_path: Path) -> None:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: number for number, letter in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(TEMPLATES["deepseek"].specials))
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    first = replace(FIRST, tokenizer=tmp_path / "tokenizer.json")
    ids = tuple(tokenizer.encode(f"<｜begin▁of▁sentence｜>{PROMPT}").ids)
    assert retold(ask(prompt=ids), first, SECOND).prompt == PROMPT
    with pytest.raises(ModelError, match=r"engine\.tokenizer"):
        retold(ask(prompt=ids), FIRST, SECOND)
