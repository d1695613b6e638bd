"""The attached engine against a real socket behind which a scripted engine answers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asking import ask, read, text_of, until
from loopback import serving, unused_address
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from codeassist.engine import wire
from codeassist.engine.attached import ENGINE_PATH, GENERATE_PATH, AttachedEngine, probe
from codeassist.engine.discovery import RunningServer
from codeassist.engine.scripted import SCRIPTED_INFO, Answer, ScriptedEngine
from codeassist.errors import EngineCrashed, EngineError, EngineUnavailable, RequestRejected
from codeassist.types import Delta, EngineStatus, GenerationRequest, ModelInfo, Priority, Usage


def event(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value)}\n\n"


def server(engine: ScriptedEngine, generate: Callable[[], Response] | None = None) -> Starlette:
    """What `codeassist serve` answers an attached engine with; `generate` replaces its answers."""
    return server_of([engine], generate)


def server_of(engines: list[ScriptedEngine], generate: Callable[[], Response] | None = None) -> Starlette:
    """A server that runs the last of the engines: a test adds one, and the server has come back as another."""

    async def told(_: Request) -> Response:
        return JSONResponse(wire.engine_to_json(engines[-1].info, engines[-1].status))

    async def generated(request: Request) -> Response:
        asked = wire.request_from_json(wire.parse_object(await request.body()))
        return generate() if generate else StreamingResponse(events(asked))

    async def events(asked: GenerationRequest) -> AsyncIterator[str]:
        try:
            async for delta in engines[-1].stream(asked):
                yield event(wire.delta_event(delta))
        except EngineError as error:
            yield event(wire.error_event(error))

    return Starlette(routes=[Route(ENGINE_PATH, told), Route(GENERATE_PATH, generated, methods=["POST"])])


@asynccontextmanager
async def attached(app: Starlette, **options: Any) -> AsyncIterator[AttachedEngine]:
    async with serving(app) as address:
        engine = AttachedEngine(RunningServer(address), SCRIPTED_INFO, **options)
        try:
            yield engine
        finally:
            await engine.close()


async def started(*script: str | Answer, info: ModelInfo = SCRIPTED_INFO) -> ScriptedEngine:
    engine = ScriptedEngine(script, info=info)
    await engine.start()
    return engine


async def test_the_answer_is_the_servers_delta_for_delta() -> None:
    behind = await started("return 1")
    request = ask(logprobs=True, priority=Priority.REVIEW, forced_prefix="ret")
    async with attached(server(behind)) as engine:
        await engine.start()
        deltas = await read(engine, request)
    assert behind.requests == [request]
    again = [delta async for delta in behind.stream(request)]
    assert [(delta.text, delta.tokens) for delta in deltas] == [(delta.text, delta.tokens) for delta in again]


async def test_leaving_the_loop_aborts_in_the_server() -> None:
    behind = await started(Answer("one two three four five six", delay_s=0.01))
    async with attached(server(behind)) as engine:
        await engine.start()
        stream = engine.stream(ask("left"))
        await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]
        await until(lambda: behind.aborted)
    assert behind.aborted == ["left"]


@pytest.mark.parametrize("kind", [EngineCrashed, EngineUnavailable, RequestRejected])
async def test_the_servers_errors_arrive_as_they_are(kind: type[EngineError]) -> None:
    async with attached(server(await started(Answer("", error=kind("the reason"))))) as engine:
        await engine.start()
        with pytest.raises(kind, match="the reason"):
            await read(engine, ask())


async def test_start_waits_for_the_servers_engine() -> None:
    behind = ScriptedEngine(["x"])
    behind.crash()
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            behind.recover()

    async with attached(server(behind), sleep=sleep) as engine:
        with pytest.raises(EngineUnavailable, match="stopped"):
            await read(engine, ask())
        await engine.start()
        assert (engine.status.state, len(waits)) == ("ready", 3)


async def test_start_gives_up_when_the_servers_engine_has_failed() -> None:
    behind = ScriptedEngine(["x"])
    behind.fail("no memory left")
    async with attached(server(behind)) as engine:
        with pytest.raises(EngineUnavailable, match="no memory left"):
            await engine.start()


async def test_a_crash_is_shown_until_the_server_is_ready_again() -> None:
    behind = await started("x")
    async with attached(server(behind), sleep=lambda _: asyncio.sleep(0)) as engine:
        await engine.start()
        states: list[EngineStatus] = []
        engine.on_status(states.append)
        behind.crash()
        with pytest.raises(EngineUnavailable, match="restarting"):
            await read(engine, ask())
        assert states[0].state == "restarting"
        behind.recover()
        await until(lambda: engine.status.state == "ready")
        assert text_of(await read(engine, ask())) == "x"


async def test_start_does_not_wait_forever_for_an_engine_that_only_a_request_could_bring_back() -> None:
    behind = await started("x")
    behind.crash()
    async with attached(server(behind), sleep=lambda _: asyncio.sleep(0)) as engine:
        with pytest.raises(EngineUnavailable, match="told to crash"):
            await engine.start()


@pytest.mark.parametrize("stop", [ScriptedEngine.crash, lambda engine: engine.fail("refused")])
async def test_whether_a_troubled_engine_answers_is_for_the_server_to_say(
    stop: Callable[[ScriptedEngine], None],
) -> None:
    behind = await started("x")
    async with attached(server(behind), sleep=lambda _: asyncio.Event().wait()) as engine:
        await engine.start()
        stop(behind)
        with pytest.raises(EngineUnavailable):
            await read(engine, ask())
        assert engine.status.state == "restarting"
        behind.recover()
        assert text_of(await read(engine, ask())) == "x"


async def test_requests_to_a_failed_engine_do_not_make_its_status_flicker() -> None:
    behind = await started("x")
    async with attached(server(behind), sleep=lambda _: asyncio.sleep(0)) as engine:
        await engine.start()
        states: list[str] = []
        engine.on_status(lambda status: states.append(status.state))
        behind.fail("no memory")
        for _ in range(3):
            with pytest.raises(EngineUnavailable, match="no memory"):
                await read(engine, ask())
            await until(lambda: engine.status.state == "failed")
        assert states == ["restarting", "failed"]


@pytest.mark.parametrize(
    "change",
    [
        {"name": "bigger"},
        {"template": "starcoder2"},
        {"tokenizer": Path("/other/tokenizer.json")},
        {"supports_forced_prefix": False},
    ],
)
async def test_a_server_that_came_back_with_another_model_gets_no_requests(change: dict[str, Any]) -> None:
    before, after = await started("x"), await started("y", info=replace(SCRIPTED_INFO, **change))
    engines = [before]
    async with attached(server_of(engines), sleep=lambda _: asyncio.sleep(0)) as engine:
        await engine.start()
        before.crash()
        with pytest.raises(EngineUnavailable):
            await read(engine, ask())
        engines.append(after)
        await until(lambda: engine.status.state == "failed")
        with pytest.raises(EngineUnavailable, match=rf"now runs {after.info.name} instead of scripted; restart the ed"):
            await read(engine, ask())
        assert (after.requests, engine.info, engine.status.state) == ([], SCRIPTED_INFO, "failed")
        engines.pop().fail("gone")
        before.recover()
        await until(lambda: engine.status.state == "ready")
        assert text_of(await read(engine, ask())) == "x"


async def test_another_model_before_the_first_answer_is_told_by_start() -> None:
    behind = await started("x", info=replace(SCRIPTED_INFO, tokenizer=Path("/other/tokenizer.json")))
    async with attached(server(behind)) as engine:
        with pytest.raises(EngineUnavailable, match="restart the editor's language server"):
            await engine.start()
        assert engine.status.state == "failed"


async def test_what_leaves_prompts_as_they_are_is_taken_over() -> None:
    connected = replace(SCRIPTED_INFO, name="as the remote server calls it", context_tokens=2048)
    engines = [await started("x", info=connected)]
    async with attached(server_of(engines), sleep=lambda _: asyncio.sleep(0)) as engine:
        await engine.start()
        assert engine.info == connected
        engines[0].crash()
        with pytest.raises(EngineUnavailable):
            await read(engine, ask())
        engines.append(await started("x", info=replace(connected, context_tokens=1024)))
        await until(lambda: engine.status.state == "ready")
        assert engine.info.context_tokens == 1024


async def test_a_server_that_is_gone_is_told() -> None:
    engine = AttachedEngine(RunningServer(unused_address()), SCRIPTED_INFO)
    with pytest.raises(EngineUnavailable, match="is the server running"):
        await engine.start()
    assert engine.status.state == "restarting"
    await engine.close()
    await engine.close()
    assert engine.status.state == "stopped"


@pytest.mark.parametrize(
    "body",
    ["", "data: {]\n\n", event({"delta": {"text": "x"}}), event({"news": 1}), event({"error": {"kind": "KeyError"}})],
)
async def test_an_answer_of_another_version_is_a_crash(body: str) -> None:
    async with attached(server(await started("x"), lambda: PlainTextResponse(body))) as engine:
        await engine.start()
        with pytest.raises(EngineCrashed, match=r"another version|in the middle"):
            await read(engine, ask())


async def test_separators_that_json_may_hold_raw_are_text() -> None:
    delta = wire.delta_event(Delta("x\u2028y", Usage(), (), "stop"))
    body = f"data: {json.dumps(delta, ensure_ascii=False)}\n\n"
    async with attached(server(await started("x"), lambda: PlainTextResponse(body))) as engine:
        await engine.start()
        assert text_of(await read(engine, ask())) == "x\u2028y"


async def test_a_server_of_ours_is_told_from_others() -> None:
    async with serving(server(await started("x"))) as address:
        assert await asyncio.to_thread(probe, RunningServer(address)) == SCRIPTED_INFO
    async with serving(Starlette()) as address:
        assert await asyncio.to_thread(probe, RunningServer(address)) is None
    assert await asyncio.to_thread(probe, RunningServer(unused_address())) is None
