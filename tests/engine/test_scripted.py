"""The shipped fake keeps the contract of a real engine."""

import asyncio
from dataclasses import replace
from itertools import product

import pytest
from asking import ask, read, text_of

from codeassist.engine.scripted import CACHED_PROMPTS, KEPT, SCRIPTED_INFO, Answer, ScriptedEngine, longer_start
from codeassist.errors import EngineCrashed, EngineUnavailable, RequestRejected
from codeassist.types import Priority


async def started(*answers: str | Answer, **options: object) -> ScriptedEngine:
    engine = ScriptedEngine(answers, **options)  # type: ignore[arg-type]
    await engine.start()
    return engine


class Gate:
    """A sleep that ends when the test says so."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.asked: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        await self.open.wait()


async def turn_loop() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_an_answer_arrives_in_several_deltas_that_add_up() -> None:
    deltas = await read(await started("return a + b\n"), ask())
    assert text_of(deltas) == "return a + b\n"
    assert len(deltas) > 2
    assert [delta.finish_reason for delta in deltas] == [None] * (len(deltas) - 1) + ["stop"]
    assert deltas[-1].usage.completion_tokens == len(deltas)


async def test_answers_are_given_in_turn_and_start_over() -> None:
    engine = await started("one", "two")
    assert [text_of(await read(engine, ask(str(n)))) for n in range(3)] == ["one", "two", "one"]
    assert [request.id for request in engine.requests] == ["0", "1", "2"]


async def test_a_function_of_the_request_may_answer() -> None:
    engine = ScriptedEngine(lambda request: f"asked {request.id}")
    await engine.start()
    assert text_of(await read(engine, ask("x"))) == "asked x"


async def test_without_a_script_the_answer_depends_on_the_prompt_alone() -> None:
    engine = ScriptedEngine()
    await engine.start()
    same, again, other = [text_of(await read(engine, ask(prompt=prompt))) for prompt in ("a", "a", "b")]
    assert same == again != other


@pytest.mark.parametrize(
    ("changes", "expected", "reason"),
    [
        ({"max_tokens": 2}, "one two", "length"),
        ({"stop": (" three",)}, "one two", "stop"),
        ({"stop": ("one",)}, "", "stop"),
        ({"forced_prefix": "on"}, "one two three", "stop"),
        ({"forced_prefix": "def "}, "def one two three", "stop"),
        ({"forced_prefix": "one t", "stop": ("t",)}, "one two ", "stop"),
    ],
)
async def test_limits_of_a_request_are_honoured(changes: dict[str, object], expected: str, reason: str) -> None:
    deltas = await read(await started("one two three"), ask(**changes))
    assert (text_of(deltas), deltas[-1].finish_reason) == (expected, reason)


async def test_tokens_carry_log_probabilities_only_when_asked() -> None:
    engine = await started(Answer("a b", logprob=-1.5))
    assert [delta.tokens for delta in await read(engine, ask())] == [(), ()]
    tokens = [token for delta in await read(engine, ask(logprobs=True)) for token in delta.tokens]
    assert [(token.text, token.logprob) for token in tokens] == [("a", -1.5), (" b", -1.5)]


async def test_tokens_carry_alternatives_only_when_asked() -> None:
    engine = await started(Answer("a", logprob=-1.5))
    assert (await read(engine, ask(logprobs=True)))[0].tokens[0].top == ()
    token = (await read(engine, ask(logprobs=True, top_logprobs=3)))[0].tokens[0]
    assert token.top == (("a", -1.5), ("a1", -2.5), ("a2", -3.5))


async def test_the_shared_start_of_prompts_counts_as_cached() -> None:
    engine = await started("x")
    await read(engine, ask(prompt=(1, 2, 3, 4)))
    assert (await read(engine, ask(prompt=(1, 2, 9))))[-1].usage.cached_tokens == 2
    assert (await read(engine, ask(prompt=(1, 2, 3, 4))))[-1].usage.cached_tokens == 3


def test_a_shared_start_is_found_where_it_is_longer_than_what_is_known() -> None:
    texts = ["".join(letters) for n in range(5) for letters in product("ab", repeat=n)]
    for one, other, known in product(texts, texts, range(3)):
        shared = max(n for n in range(5) if one[:n] == other[:n] and n <= min(len(one), len(other)))
        assert longer_start(one, other, known) == max(shared, known)
        assert longer_start(tuple(one), tuple(other), known) == max(shared, known)


async def test_a_day_of_requests_leaves_the_last_ones_alone() -> None:
    engine = await started("one two")
    for number in range(2 * KEPT):
        stream = engine.stream(ask(f"request-{number}", prompt=(number, 1, 2)))
        await anext(stream)
        await stream.aclose()
    assert len(engine.requests) == len(engine.aborted) == KEPT
    assert engine.requests[-1].id == engine.aborted[-1] == f"request-{2 * KEPT - 1}"


async def test_what_was_asked_long_ago_is_no_longer_cached() -> None:
    engine = await started("x")
    for number in range(CACHED_PROMPTS + 1):
        await read(engine, ask(prompt=(number, 1, 2)))
    assert (await read(engine, ask(prompt=(0, 1, 3))))[-1].usage.cached_tokens == 0
    assert (await read(engine, ask(prompt=(CACHED_PROMPTS, 1, 3))))[-1].usage.cached_tokens == 2


async def test_nothing_is_answered_before_start_and_after_close() -> None:
    engine = ScriptedEngine(["x"])
    with pytest.raises(EngineUnavailable, match="stopped"):
        await read(engine, ask())
    await engine.start()
    await engine.close()
    await engine.close()
    with pytest.raises(EngineUnavailable, match="stopped"):
        await read(engine, ask())


async def test_leaving_the_loop_early_aborts() -> None:
    engine = await started("one two three")
    stream = engine.stream(ask("left"))
    assert (await anext(stream)).text == "one"
    await stream.aclose()
    assert engine.aborted == ["left"]
    await read(engine, ask("read"))
    assert engine.aborted == ["left"]


async def test_cancelling_the_reader_aborts() -> None:
    gate = Gate()
    engine = await started(Answer("one", delay_s=2.5), sleep=gate)
    reader = asyncio.create_task(read(engine, ask("gone")))
    await turn_loop()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert (engine.aborted, gate.asked) == (["gone"], [2.5])


async def test_the_urgent_go_first_and_equals_in_order() -> None:
    gate = Gate()
    engine = await started("x", sleep=gate, n_seats=1)
    done: list[str] = []

    async def reader(id: str, priority: Priority) -> None:
        await read(engine, ask(id, priority=priority))
        done.append(id)

    async with asyncio.TaskGroup() as group:
        group.create_task(reader("running", Priority.REVIEW))
        await turn_loop()
        for id, priority in [("r", Priority.REVIEW), ("c1", Priority.COMPLETION), ("c2", Priority.COMPLETION)]:
            group.create_task(reader(id, priority))
        await turn_loop()
        gate.open.set()
    assert done == ["running", "c1", "c2", "r"]


async def test_a_waiting_request_that_leaves_frees_its_turn() -> None:
    gate = Gate()
    engine = await started("x", sleep=gate, n_seats=1)
    running = asyncio.create_task(read(engine, ask("running")))
    await turn_loop()
    waiting = asyncio.create_task(read(engine, ask("waiting")))
    await turn_loop()
    waiting.cancel()
    gate.open.set()
    await running
    assert text_of(await read(engine, ask("later"))) == "x"
    assert engine.aborted == ["waiting"]


async def test_a_crash_ends_running_streams_and_is_told() -> None:
    engine = await started(Answer("one two"), sleep=Gate())
    states: list[str] = []
    engine.on_status(lambda status: states.append(status.state))
    reader = asyncio.create_task(read(engine, ask()))
    await turn_loop()
    engine.crash()
    with pytest.raises(EngineCrashed):
        await reader
    with pytest.raises(EngineUnavailable, match="restarting"):
        await read(engine, ask())
    engine.recover()
    assert states == ["restarting", "ready"]
    assert (engine.status.restarts, engine.aborted) == (1, [])


async def test_an_engine_that_gave_up_says_why() -> None:
    engine = await started("x")
    engine.fail("no memory left")
    with pytest.raises(EngineUnavailable, match="no memory left"):
        await read(engine, ask())


async def test_a_scripted_error_replaces_the_answer_once() -> None:
    engine = await started(Answer("", error=RequestRejected("no")), "fine")
    with pytest.raises(RequestRejected, match="no"):
        await read(engine, ask())
    assert text_of(await read(engine, ask())) == "fine"
    assert engine.aborted == []


async def test_what_the_model_cannot_hold_is_rejected() -> None:
    engine = await started("x", info=replace(SCRIPTED_INFO, context_tokens=8, supports_forced_prefix=False))
    with pytest.raises(RequestRejected, match="4 tokens and max_tokens 16 are more"):
        await read(engine, ask())
    with pytest.raises(RequestRejected, match="forced_prefix"):
        await read(engine, ask(forced_prefix="x", max_tokens=2))
