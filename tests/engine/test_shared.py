"""One engine for many: equal requests are one generation, others take turns, and nothing is left behind."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from asking import ask, text_of, until

from codeassist.engine.scripted import Answer, ScriptedEngine
from codeassist.engine.shared import MOST_AHEAD, SharedEngine
from codeassist.errors import EngineCrashed, EngineError, EngineUnavailable, RequestRejected
from codeassist.types import Delta, GenerationRequest, Priority


class Gate:
    """A sleep that lets through as many deltas as it is told."""

    def __init__(self) -> None:
        self._passes = asyncio.Semaphore(0)

    async def __call__(self, _: float) -> None:
        await self._passes.acquire()

    def let(self, n: int) -> None:
        for _ in range(n):
            self._passes.release()


class Reader:
    """Reads one answer in a task of its own."""

    def __init__(self, shared: SharedEngine, request: GenerationRequest) -> None:
        self.deltas: list[Delta] = []
        self._stream = shared.stream(request)
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for delta in self._stream:
                self.deltas.append(delta)
        finally:
            await self._stream.aclose()  # type: ignore[attr-defined]

    async def leave(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def opened(
    *answers: str | Answer, gate: Gate | None = None, n_seats: int = 8
) -> tuple[SharedEngine, ScriptedEngine]:
    script = answers or ("one two three",)
    engine = ScriptedEngine(script, sleep=gate) if gate else ScriptedEngine(script)
    shared = SharedEngine(engine, n_seats)
    await shared.start()
    return shared, engine


async def steps(n: int = 10) -> None:
    for _ in range(n):
        await asyncio.sleep(0)


def assert_nothing_is_left(shared: SharedEngine) -> None:
    assert shared.n_running == shared.n_waiting == shared.n_readers == 0
    assert {task for task in asyncio.all_tasks() if task is not asyncio.current_task()} == set()


async def test_equal_greedy_requests_are_one_generation() -> None:
    gate = Gate()
    shared, engine = await opened(gate=gate)
    readers = [Reader(shared, ask(f"{n}", client=f"{n}")) for n in range(5)]
    await steps()
    gate.let(10)
    await asyncio.gather(*(reader.task for reader in readers))
    assert [text_of(reader.deltas) for reader in readers] == ["one two three"] * 5
    assert [reader.deltas[-1].finish_reason for reader in readers] == ["stop"] * 5
    assert len(engine.requests) == 1
    assert engine.aborted == []
    assert_nothing_is_left(shared)


@pytest.mark.parametrize(
    "other",
    [
        {"prompt": (9,)},
        {"max_tokens": 5},
        {"stop": ("two",)},
        {"forced_prefix": "on"},
        {"logprobs": True},
        {"temperature": 0.5},
        {"seed": 4},
    ],
)
async def test_requests_that_differ_are_generations_of_their_own(other: dict[str, object]) -> None:
    gate = Gate()
    shared, engine = await opened(gate=gate)
    readers = [Reader(shared, ask("a")), Reader(shared, ask("b", **other))]
    await steps()
    gate.let(20)
    await asyncio.gather(*(reader.task for reader in readers))
    assert len(engine.requests) == 2


@pytest.mark.parametrize(("seed", "n_generations"), [(None, 2), (7, 1)])
async def test_sampled_answers_are_shared_only_where_the_seed_makes_them_equal(
    seed: int | None, n_generations: int
) -> None:
    gate = Gate()
    shared, engine = await opened(gate=gate)
    readers = [Reader(shared, ask(name, temperature=0.8, seed=seed)) for name in "ab"]
    await steps()
    gate.let(20)
    await asyncio.gather(*(reader.task for reader in readers))
    assert len(engine.requests) == n_generations


async def test_who_joins_late_gets_at_once_what_there_is() -> None:
    gate = Gate()
    shared, engine = await opened(gate=gate)
    first = Reader(shared, ask("a"))
    gate.let(2)
    await until(lambda: len(first.deltas) == 2)
    late = Reader(shared, ask("b"))
    await steps()
    assert text_of(late.deltas) == "one two"
    gate.let(1)
    await asyncio.gather(first.task, late.task)
    assert first.deltas == late.deltas
    assert len(engine.requests) == 1


async def test_after_its_end_a_generation_answers_nobody_else() -> None:
    shared, engine = await opened()
    for name in "ab":
        await Reader(shared, ask(name)).task
    assert len(engine.requests) == 2


async def test_one_leaving_takes_nothing_from_the_others_and_the_last_one_aborts() -> None:
    gate = Gate()
    shared, engine = await opened(gate=gate)
    first, second = Reader(shared, ask("a")), Reader(shared, ask("b"))
    gate.let(1)
    await until(lambda: first.deltas and second.deltas)
    await first.leave()
    gate.let(1)
    await until(lambda: len(second.deltas) == 2)
    assert engine.aborted == []
    await second.leave()
    assert engine.aborted == ["a"]
    assert_nothing_is_left(shared)


async def test_an_error_reaches_all_and_nobody_joins_what_has_failed() -> None:
    gate = Gate()
    shared, _ = await opened(Answer("x", error=RequestRejected("too long")), "fine", gate=gate)
    readers = [Reader(shared, ask(name)) for name in "abc"]
    await steps()
    gate.let(1)
    for error in await asyncio.gather(*(reader.task for reader in readers), return_exceptions=True):
        assert isinstance(error, RequestRejected)
    gate.let(9)
    again = Reader(shared, ask("d"))
    await again.task
    assert text_of(again.deltas) == "fine"
    assert_nothing_is_left(shared)


async def test_an_engine_that_dies_tells_all_and_frees_their_seats() -> None:
    gate = Gate()
    shared, engine = await opened(gate=gate, n_seats=2)
    readers = [Reader(shared, ask(name, prompt=(n,))) for n, name in enumerate("abcd")]
    await until(lambda: len(engine.requests) == 2)
    engine.crash()
    errors = await asyncio.gather(*(reader.task for reader in readers), return_exceptions=True)
    assert [type(error) for error in errors] == [EngineCrashed] * 2 + [EngineUnavailable] * 2
    assert_nothing_is_left(shared)


async def test_closing_ends_what_runs_and_what_waits() -> None:
    gate = Gate()
    shared, engine = await opened(gate=gate, n_seats=1)
    readers = [Reader(shared, ask(name, prompt=(n,))) for n, name in enumerate("abc")]
    await until(lambda: engine.requests)
    await shared.close()
    errors = await asyncio.gather(*(reader.task for reader in readers), return_exceptions=True)
    assert all(isinstance(error, EngineError) for error in errors)
    assert_nothing_is_left(shared)


async def test_a_slow_reader_holds_up_neither_seat_nor_others() -> None:
    shared, engine = await opened("one two three", "four", n_seats=1)
    slow = shared.stream(ask("slow"))
    assert (await anext(aiter(slow))).text == "one"
    other = Reader(shared, ask("other", prompt=(7,)))
    await other.task
    assert text_of(other.deltas) == "four"
    assert "".join([delta.text async for delta in slow]) == " two three"
    assert engine.aborted == []
    assert_nothing_is_left(shared)


async def test_a_generation_that_nobody_reads_waits_and_goes_on_when_somebody_does() -> None:
    shared, engine = await opened("word " * (2 * MOST_AHEAD))
    stream = shared.stream(ask("slow", max_tokens=3 * MOST_AHEAD))
    texts = [(await anext(aiter(stream))).text]
    await steps(20 * MOST_AHEAD)
    assert shared.n_running == 1
    texts += [delta.text async for delta in stream]
    assert "".join(texts).count("word") == 2 * MOST_AHEAD
    assert engine.aborted == []
    assert_nothing_is_left(shared)


async def test_a_waiting_generation_becomes_as_urgent_as_who_joins_it() -> None:
    gate = Gate()
    shared, engine = await opened(gate=gate, n_seats=1)
    running = Reader(shared, ask("running", prompt=(0,)))
    await until(lambda: engine.requests)
    ahead = Reader(shared, ask("ahead", prompt=(1,), priority=Priority.AHEAD))
    chat = Reader(shared, ask("chat", prompt=(2,), priority=Priority.CHAT))
    await steps()
    joiner = Reader(shared, ask("joiner", prompt=(1,)))
    await steps()
    gate.let(30)
    await asyncio.gather(*(reader.task for reader in (running, ahead, chat, joiner)))
    assert [request.id for request in engine.requests] == ["running", "ahead", "chat"]
    assert engine.requests[1].priority == Priority.COMPLETION


async def test_a_finished_request_ends_with_what_it_has_and_without_its_generation() -> None:
    gate = Gate()
    shared, engine = await opened(gate=gate)
    reader = Reader(shared, ask("a"))
    gate.let(1)
    await until(lambda: reader.deltas)
    shared.finish("a")
    shared.finish("nobody")
    await reader.task
    assert text_of(reader.deltas) == "one"
    assert reader.deltas[-1].finish_reason == "stop"
    assert reader.deltas[-1].usage.completion_tokens == 1
    assert engine.aborted == ["a"]
    assert_nothing_is_left(shared)


async def test_a_finished_request_ends_while_it_waits_for_its_turn() -> None:
    gate = Gate()
    shared, engine = await opened(gate=gate, n_seats=1)
    running, waiting = Reader(shared, ask("a", prompt=(0,))), Reader(shared, ask("b"))
    await until(lambda: engine.requests)
    shared.finish("b")
    await waiting.task
    assert [(delta.text, delta.finish_reason) for delta in waiting.deltas] == [("", "stop")]
    assert len(engine.requests) == 1
    await running.leave()
    assert_nothing_is_left(shared)


async def test_listeners_hear_of_every_turn_and_whether_it_is_shared() -> None:
    gate = Gate()
    shared, _ = await opened(gate=gate, n_seats=1)
    told: list[tuple[str, bool]] = []
    shared.on_turn(lambda request_id, is_joined: told.append((request_id, is_joined)))
    readers = [Reader(shared, ask(name, prompt=(prompt,))) for name, prompt in [("a", 0), ("b", 1), ("c", 1)]]
    await steps()
    assert told == [("a", False)]
    gate.let(3)
    await steps(30)
    assert told == [("a", False), ("b", False), ("c", True)]
    gate.let(9)
    await asyncio.gather(*(reader.task for reader in readers))


async def test_a_turn_for_other_work_counts_among_the_seats() -> None:
    shared, engine = await opened(n_seats=1)
    async with shared.turn(Priority.CHAT, "a"):
        reader = Reader(shared, ask())
        await steps()
        assert shared.n_waiting == 1
        assert engine.requests == []
    await reader.task
    assert text_of(reader.deltas) == "one two three"


async def test_32_clients_get_alike_while_one_of_them_floods() -> None:
    shared, engine = await opened(n_seats=4)
    flood = [Reader(shared, ask(f"flood-{n}", prompt=(n,), client="flood")) for n in range(100)]
    others = [Reader(shared, ask(f"{n}", prompt=(1000 + n,), client=f"{n}")) for n in range(31)]
    await asyncio.gather(*(reader.task for reader in [*flood, *others]))
    order = [request.id for request in engine.requests]
    before = order[: max(order.index(f"{n}") for n in range(31))]
    assert sum(name.startswith("flood") for name in before) <= 2 * 4 + 1
    assert_nothing_is_left(shared)


async def _one_of_many(shared: SharedEngine, chance: random.Random, name: str, outcomes: list[str]) -> None:
    request = ask(
        name,
        prompt=(chance.randint(0, 3),),
        priority=chance.choice(list(Priority)),
        client=f"{chance.randint(0, 5)}",
        temperature=chance.choice([0.0, 0.0, 0.9]),
    )
    stream: AsyncIterator[Delta] = shared.stream(request)
    n_wanted = chance.choice([0, 1, 2, 99, 99])
    try:
        async for delta in stream:
            n_wanted -= 1
            await steps(chance.choice([0, 0, 3]))
            if n_wanted <= 0:
                break
            if delta.finish_reason:
                outcomes.append(name)
    finally:
        await stream.aclose()  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", range(40))
async def test_no_schedule_leaves_anything_behind(seed: int) -> None:
    chance = random.Random(seed)
    shared, engine = await opened("one two three four", n_seats=chance.randint(1, 4))
    outcomes: list[str] = []
    tasks: list[asyncio.Task[None]] = []
    for n in range(80):
        tasks.append(asyncio.create_task(_one_of_many(shared, chance, str(n), outcomes)))
        await steps(chance.randint(0, 4))
        if chance.random() < 0.3:
            chance.choice(tasks).cancel()
        if chance.random() < 0.1:
            shared.finish(str(chance.randint(0, n)))
        if chance.random() < 0.02:
            engine.crash()
            engine.recover()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    unexpected = [result for result in results if result is not None]
    assert all(isinstance(result, asyncio.CancelledError | EngineError) for result in unexpected)
    assert outcomes
    assert_nothing_is_left(shared)


@pytest.mark.parametrize("n_steps", range(25))
async def test_leaving_at_any_step_aborts_and_leaves_nothing(n_steps: int) -> None:
    shared, engine = await opened("one two three", n_seats=1)
    readers = [Reader(shared, ask("a", prompt=(1,))), Reader(shared, ask("b", prompt=(2,)))]
    await steps(n_steps)
    for reader in readers:
        await reader.leave()
    assert_nothing_is_left(shared)
    assert set(engine.aborted) <= {request.id for request in engine.requests}
    again = Reader(shared, ask("c", prompt=(1,)))
    await again.task
    assert text_of(again.deltas) == "one two three"
