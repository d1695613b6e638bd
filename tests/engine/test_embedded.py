"""The embedded engine's care for its child process, with children that a test plays."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from asking import ask, read, text_of, until
from nursery import DEAD, READY, FakeChild, Nursery, until_asked

from codeassist.engine import wire
from codeassist.engine.chat_events import END, head_event, text_event, usage_event
from codeassist.engine.diagnosis import last_words
from codeassist.engine.drafts import drafts_to_json
from codeassist.engine.embedded import MAX_CRASHES, EmbeddedEngine
from codeassist.engine.measured import Circumstances
from codeassist.engine.scripted import SCRIPTED_INFO
from codeassist.errors import AdapterUnusable, EngineCrashed, EngineUnavailable, ModelError, RequestRejected
from codeassist.speculation import Speculation
from codeassist.types import GenerationRequest, Priority, Usage


async def test_loading_is_told_step_by_step() -> None:
    nursery = Nursery(READY)
    engine = nursery.engine()
    told: list[tuple[str, str]] = []
    engine.on_status(lambda status: told.append((status.state, status.message)))
    await engine.start()
    await engine.start()
    assert told == [("starting", "starting scripted"), ("starting", "loading"), ("ready", "scripted")]
    assert (engine.status.pid, len(nursery.children)) == (100, 1)
    await engine.close()


async def test_an_answer_comes_from_the_child() -> None:
    nursery = Nursery(READY)
    engine = nursery.engine()
    await engine.start()
    child, request = nursery.children[0], ask(logprobs=True)
    reader = asyncio.create_task(read(engine, request))
    await until_asked(child)
    key = child.heard[0]["key"]
    assert wire.request_from_json(child.heard[0]["generate"]) == request
    child.answer(key, "a")
    child.answer(key, "b", "stop")
    assert text_of(await reader) == "ab"
    assert len(child.heard) == 1, "a finished answer is not aborted"
    await engine.close()


async def test_the_child_tells_how_drafting_does() -> None:
    nursery = Nursery(READY)
    engine = nursery.engine()
    await engine.start()
    assert engine.speculation is None
    drafted = Speculation(40, 30, "mtp", 20, (18, 12))
    nursery.children[0].say({"speculation": json.loads(json.dumps(drafts_to_json(drafted)))})
    await until(lambda: engine.speculation == drafted)
    await engine.close()


async def test_the_child_tells_what_measurements_of_it_depend_on() -> None:
    now = Circumstances("abc", "0.32.0", "Some CPU", "float32", "")
    engine = Nursery([{"ready": True, "circumstances": asdict(now)}]).engine()
    assert engine.circumstances is None
    await engine.start()
    assert engine.circumstances == now
    await engine.close()


async def test_answers_do_not_mix_even_under_one_id() -> None:
    nursery = Nursery(READY)
    engine = nursery.engine()
    await engine.start()
    child = nursery.children[0]
    readers = [asyncio.create_task(read(engine, ask("same"))) for _ in range(2)]
    await until_asked(child, 2)
    first, second = (message["key"] for message in child.heard)
    child.answer(second, "two", "stop")
    child.answer(first, "one", "stop")
    assert [text_of(await reader) for reader in readers] == ["one", "two"]
    await engine.close()


async def leave(engine: EmbeddedEngine, child: FakeChild) -> None:
    stream = engine.stream(ask())
    reading = asyncio.ensure_future(anext(stream))
    await until_asked(child)
    child.answer(0, "a")
    await reading
    await stream.aclose()  # type: ignore[attr-defined]


async def cancel_before_the_first_token(engine: EmbeddedEngine, child: FakeChild) -> None:
    reader = asyncio.create_task(read(engine, ask()))
    await until_asked(child)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader


@pytest.mark.parametrize("go", [leave, cancel_before_the_first_token])
async def test_leaving_the_loop_aborts_in_the_child(go: Callable[[EmbeddedEngine, FakeChild], Any]) -> None:
    nursery = Nursery(READY)
    engine = nursery.engine()
    await engine.start()
    child = nursery.children[0]
    await go(engine, child)
    assert child.heard[-1] == {"key": 0, "abort": True}
    child.answer(0, "late")
    child.say({"progress": "still here"})
    await until(lambda: engine.status.message == "still here")
    await engine.close()


async def test_the_childs_refusal_is_the_readers() -> None:
    nursery = Nursery(READY)
    engine = nursery.engine()
    await engine.start()
    reader = asyncio.create_task(read(engine, ask()))
    await until_asked(nursery.children[0])
    nursery.children[0].say({"key": 0} | wire.error_event(RequestRejected("too odd")))
    with pytest.raises(RequestRejected, match="too odd"):
        await reader
    assert len(nursery.children[0].heard) == 1
    await engine.close()


async def test_the_childs_word_of_a_death_ends_readiness_at_once() -> None:
    nursery = Nursery(READY)
    engine = nursery.engine()
    await engine.start()
    reader = asyncio.create_task(read(engine, ask()))
    await until_asked(nursery.children[0])
    nursery.children[0].say({"key": 0} | wire.error_event(EngineCrashed("vLLM died")))
    with pytest.raises(EngineCrashed, match="vLLM died"):
        await reader
    with pytest.raises(EngineUnavailable, match="restarting"):
        await read(engine, ask())
    await engine.close()


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        (ask(max_tokens=5000), "4 tokens and max_tokens 5000 are more"),
        (ask(max_tokens=0), "at least 1"),
        (ask(seed=-1), "seed"),
        (ask(stop=("\ud800",)), "surrogate"),
    ],
)
async def test_what_cannot_fit_does_not_reach_the_child(request_: GenerationRequest, complaint: str) -> None:
    nursery = Nursery(READY)
    engine = nursery.engine()
    with pytest.raises(EngineUnavailable, match="stopped"):
        await read(engine, request_)
    await engine.start()
    with pytest.raises(RequestRejected, match=complaint):
        await read(engine, request_)
    assert nursery.children[0].heard == []
    await engine.close()


async def test_a_death_is_told_and_healed() -> None:
    nursery = Nursery(READY)
    engine = nursery.engine()
    await engine.start()
    reader = asyncio.create_task(read(engine, ask()))
    await until_asked(nursery.children[0])
    nursery.children[0].slow_end.clear()
    nursery.children[0].say(None)
    with pytest.raises(EngineCrashed, match="being restarted"):
        await reader
    with pytest.raises(EngineUnavailable, match="restarting"):
        await read(engine, ask())
    nursery.children[0].slow_end.set()
    await until(lambda: nursery.pauses)
    assert engine.status.state == "restarting"
    assert "ValueError: no room" in engine.status.message
    with pytest.raises(EngineUnavailable, match="restarting"):
        await read(engine, ask())
    nursery.wake.set()
    await until(lambda: engine.status.state == "ready")
    assert (engine.status.pid, engine.status.restarts) == (101, 1)
    assert nursery.children[0].n_closed == 1
    await engine.close()


@pytest.fixture
def adapter(tmp_path: Path) -> str:
    (tmp_path / "adapter_config.json").write_text('{"r": 8}')
    return str(tmp_path)


def adapting(nursery: Nursery, require_usable: Callable[[Path], None] = lambda _: None) -> EmbeddedEngine:
    info = replace(SCRIPTED_INFO, base="b" * 64)
    return EmbeddedEngine(info, nursery.launch, sleep=nursery.sleep, require_usable=require_usable)


async def answered(engine: EmbeddedEngine, child: FakeChild, adapter: str) -> str:
    """The adapter that the child was asked for."""
    n = len([message for message in child.heard if "generate" in message])
    reader = asyncio.create_task(read(engine, ask(adapter=adapter)))
    await until(lambda: reader.done() or len([one for one in child.heard if "generate" in one]) > n)
    if not reader.done():
        message = [one for one in child.heard if "generate" in one][-1]
        child.answer(message["key"], "x", "stop")
        await reader
        return str(message["generate"].get("adapter", ""))
    await reader
    raise AssertionError("answered without the child")


async def test_the_first_adapter_has_the_engine_started_again_when_it_is_idle(adapter: str) -> None:
    nursery = Nursery(READY, [{"ready": True, "lora_rank": 16}])
    engine = adapting(nursery)
    await engine.start()
    child = nursery.children[0]
    waiting = asyncio.create_task(read(engine, ask()))
    await until_asked(child)
    assert await answered(engine, child, adapter) == ""
    assert (engine.status.state, child.heard[-1].get("end")) == ("ready", None)
    child.answer(child.heard[0]["key"], "x", "stop")
    await waiting
    assert child.heard[-1] == {"end": True}
    assert (engine.status.state, engine.status.message) == ("restarting", "starting scripted with adapters")
    child.say(None)
    await until(lambda: engine.status.state == "ready")
    assert (engine.status.pid, engine.status.restarts, nursery.pauses) == (101, 0, [])
    assert await answered(engine, nursery.children[1], adapter) == adapter
    await engine.close()


async def test_an_engine_that_comes_back_without_adapters_is_not_started_over_and_over(adapter: str) -> None:
    nursery = Nursery(READY, READY)
    engine = adapting(nursery)
    await engine.start()
    await answered(engine, nursery.children[0], adapter)
    nursery.children[0].say(None)
    await until(lambda: engine.status.pid == 101)
    await until(lambda: engine.status.state == "ready")
    assert await answered(engine, nursery.children[1], adapter) == ""
    assert engine.status.state == "ready"
    await engine.close()


async def test_a_restart_for_adapters_that_is_closed_leaves_nothing_to_the_next_start(adapter: str) -> None:
    nursery = Nursery(READY, DEAD)
    engine = adapting(nursery)
    await engine.start()
    await answered(engine, nursery.children[0], adapter)
    assert engine.status.state == "restarting"
    await engine.close()
    with pytest.raises(EngineUnavailable, match="cannot be started"):
        await engine.start()
    await engine.close()
    assert len(nursery.children) == 2


async def test_nothing_is_started_again_for_an_adapter_that_cannot_be_applied(adapter: str) -> None:
    def refuse(folder: Path) -> None:
        raise AdapterUnusable(f"{folder} is bad")

    nursery = Nursery(READY)
    engine = adapting(nursery, refuse)
    await engine.start()
    for folder, complaint in ((adapter, "is bad"), (f"{adapter}/none", "is missing")):
        with pytest.raises(AdapterUnusable, match=complaint):
            await read(engine, ask(adapter=folder))
    assert engine.status.state == "ready"
    assert nursery.children[0].heard == []
    await engine.close()


async def test_restarts_wait_longer_and_longer_and_end() -> None:
    nursery = Nursery(READY, *[DEAD] * (MAX_CRASHES - 1))
    nursery.wake.set()
    engine = nursery.engine()
    await engine.start()
    nursery.children[0].say(None)
    await until(lambda: engine.status.state == "failed")
    assert nursery.pauses == [1, 2, 4, 8, 16]
    assert "gave up" in engine.status.message
    assert "no room" in engine.status.message
    await engine.close()


async def test_why_it_died_is_told_with_the_restart_and_with_the_end() -> None:
    nursery = Nursery(READY, *[DEAD] * (MAX_CRASHES - 1))
    heard: list[tuple[int, bool]] = []

    def explain(log: Sequence[str], *, was_ready: bool) -> str:
        heard.append((len(log), was_ready))
        return "GPU 0 is full" if was_ready else "no room to start again"

    engine = EmbeddedEngine(SCRIPTED_INFO, nursery.launch, explain=explain, sleep=nursery.sleep)
    await engine.start()
    nursery.children[0].say(None)
    await until(lambda: nursery.pauses)
    assert engine.status.message == "scripted died: GPU 0 is full; again in 1 s"
    nursery.wake.set()
    await until(lambda: engine.status.state == "failed")
    gave_up = f"gave up after {MAX_CRASHES} failures in a row: scripted cannot be started: no room to start again"
    assert engine.status.message == gave_up
    assert heard == [(3, True), *[(3, False)] * (MAX_CRASHES - 1)]
    await engine.close()


async def test_a_crash_loop_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    nursery = Nursery(READY, *[DEAD] * (MAX_CRASHES - 1))
    nursery.wake.set()
    engine = nursery.engine()
    await engine.start()
    nursery.children[0].say(None)
    await until(lambda: engine.status.state == "failed")
    told = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert told[0] == ("WARNING", "scripted died: ValueError: no room; it is started again in 1 s")
    assert [level for level, _ in told] == ["WARNING"] * (MAX_CRASHES - 1) + ["ERROR"]
    await engine.close()


async def test_an_answer_in_between_starts_the_count_anew() -> None:
    nursery = Nursery(READY, READY)
    nursery.wake.set()
    engine = nursery.engine()
    await engine.start()
    for n in range(3):
        await until(lambda n=n: len(nursery.children) == n + 1 and engine.status.state == "ready")
        reader = asyncio.create_task(read(engine, ask()))
        await until_asked(nursery.children[n])
        nursery.children[n].answer(n, "x", "stop")
        await reader
        nursery.children[n].say(None)
    await until(lambda: len(nursery.pauses) == 3)
    assert nursery.pauses == [1, 1, 1]
    await engine.close()


@pytest.mark.parametrize("words", [DEAD, OSError("no more processes")])
async def test_a_first_start_that_fails_is_not_repeated_by_itself(words: Any) -> None:
    nursery = Nursery(words, READY)
    engine = nursery.engine()
    with pytest.raises(EngineUnavailable, match=r"no room|no more processes"):
        await engine.start()
    assert (engine.status.state, nursery.pauses) == ("failed", [])
    await engine.start()
    assert engine.status.state == "ready"
    await engine.close()


async def test_a_model_that_cannot_be_loaded_is_told_as_such_and_may_be_mended() -> None:
    nursery = Nursery(ModelError("a.safetensors is cut off"), READY)
    engine = nursery.engine()
    with pytest.raises(ModelError, match="cut off"):
        await engine.start()
    assert (engine.status.state, engine.status.message) == ("failed", "a.safetensors is cut off")
    assert (nursery.children, nursery.pauses) == ([], [])
    await engine.start()
    assert engine.status.state == "ready"
    await engine.close()


async def test_a_model_that_is_damaged_while_it_runs_is_tried_again_like_a_crash() -> None:
    nursery = Nursery(READY, ModelError("a.safetensors is cut off"), READY)
    nursery.wake.set()
    engine = nursery.engine()
    await engine.start()
    nursery.children[0].say(None)
    await until(lambda: len(nursery.pauses) == 2 and engine.status.state == "ready")
    await engine.close()


async def test_closing_ends_the_child_and_what_it_was_answering() -> None:
    nursery = Nursery(READY)
    engine = nursery.engine()
    await engine.start()
    reader = asyncio.create_task(read(engine, ask()))
    await until_asked(nursery.children[0])
    states: list[str] = []
    engine.on_status(lambda status: states.append(status.state))
    await engine.close()
    await engine.close()
    assert states == ["stopped"]
    with pytest.raises(EngineCrashed):
        await reader
    assert (nursery.children[0].n_closed, engine.status.state) == (1, "stopped")


async def test_closing_while_loading_ends_the_wait() -> None:
    nursery = Nursery([])
    engine = nursery.engine()
    starting = asyncio.create_task(engine.start())
    await until(lambda: nursery.children)
    await engine.close()
    with pytest.raises(EngineUnavailable, match="closed while it was starting"):
        await starting
    assert nursery.children[0].n_closed == 1


async def test_closing_waits_for_a_child_that_was_ending_by_itself() -> None:
    nursery = Nursery(READY)
    engine = nursery.engine()
    await engine.start()
    child = nursery.children[0]
    child.slow_end.clear()
    child.say(None)
    await until(lambda: engine.status.state == "restarting")
    closing = asyncio.create_task(engine.close())
    await asyncio.sleep(0)
    child.slow_end.set()
    await closing
    assert (child.n_closed, len(nursery.children), engine.status.state) == (1, 1, "stopped")


async def test_one_who_stops_waiting_for_the_start_does_not_stop_it() -> None:
    nursery = Nursery([])
    engine = nursery.engine()
    impatient = asyncio.create_task(engine.start())
    await until(lambda: nursery.children)
    impatient.cancel()
    nursery.children[0].say({"ready": True})
    await engine.start()
    assert engine.status.state == "ready"
    await engine.close()


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (["INFO fine", "ERROR [core.py:1] ValueError: first", "RuntimeError: second"], "ValueError: first"),
        (["INFO fine", "it ended by itself with status -9"], "it ended by itself with status -9"),
        ([], "it left no word"),
    ],
)
def test_the_last_words_name_the_cause(log: list[str], expected: str) -> None:
    assert last_words(log) == expected


async def test_a_chat_is_an_exchange_with_the_child_too() -> None:
    nursery = Nursery([{"ready": True}])
    engine = EmbeddedEngine(SCRIPTED_INFO, nursery.launch, chats=True)
    await engine.start()
    child = nursery.children[0]
    body: wire.Json = {"messages": []}
    events: list[wire.Json] = []

    async def chat() -> None:
        events.extend([event async for event in engine.chat(body, Priority.CHAT)])

    asking = asyncio.create_task(chat())
    await until(lambda: child.heard)
    assert child.heard == [{"key": 0, "chat": {"body": body, "priority": 10}}]
    said = [head_event(200, "text/plain"), text_event("x"), usage_event(Usage(1, 2, 3)), END]
    for word in said:
        child.say({"key": 0} | word)
    await asking
    assert events == said
    assert len(child.heard) == 1
    await engine.close()


async def test_leaving_a_chat_aborts_it_and_its_error_is_raised() -> None:
    nursery = Nursery([{"ready": True}])
    engine = EmbeddedEngine(SCRIPTED_INFO, nursery.launch, chats=True)
    with pytest.raises(EngineUnavailable):
        await anext(engine.chat({}, Priority.CHAT))
    await engine.start()
    child = nursery.children[0]
    child.say({"key": 0} | head_event(200, "text/plain"))
    left = engine.chat({}, Priority.CHAT)
    reading = asyncio.create_task(anext(left))
    await until(lambda: child.heard)
    child.say({"key": 0} | head_event(200, "text/plain"))
    await reading
    await left.aclose()
    assert child.heard[-1] == {"key": 0, "abort": True}
    failing = asyncio.create_task(anext(engine.chat({}, Priority.CHAT)))
    await until(lambda: len(child.heard) == 3)
    child.say({"key": 1} | wire.error_event(RequestRejected("no template")))
    with pytest.raises(RequestRejected, match="no template"):
        await failing
    await engine.close()
