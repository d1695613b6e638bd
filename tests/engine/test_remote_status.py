"""What a remote engine shows of itself, and that no trouble keeps it from being asked again."""

import pytest
from asking import ask, read, text_of
from loopback import unused_address
from openai_server import INFO, MODELS, Server, connected
from starlette.responses import JSONResponse, PlainTextResponse

from codeassist.engine.remote import RemoteEngine
from codeassist.errors import EngineUnavailable, ModelError


async def test_one_bad_exchange_does_not_spoil_the_next() -> None:
    server = Server()
    async with connected(server) as engine:
        await engine.start()
        good, server.answer = server.answer, lambda: PlainTextResponse("boom", status_code=500)
        with pytest.raises(EngineUnavailable, match="boom"):
            await read(engine, ask())
        assert engine.status.state == "restarting"
        assert "boom" in engine.status.message
        server.answer = good
        assert text_of(await read(engine, ask())) == "ab"
        assert engine.status.state == "ready"


async def test_trouble_before_the_first_connection_is_a_failure_however_often_it_comes() -> None:
    server = Server(models=lambda: PlainTextResponse("warming up", status_code=503))
    async with connected(server) as engine:
        with pytest.raises(EngineUnavailable):
            await engine.start()
        states: list[str] = []
        engine.on_status(lambda status: states.append(status.state))
        server.models = lambda: PlainTextResponse("still warming up", status_code=503)
        with pytest.raises(EngineUnavailable, match="still"):
            await read(engine, ask())
    assert states == ["failed", "stopped"]


async def test_a_request_for_a_model_that_the_server_lacks_finds_the_engine_unavailable() -> None:
    async with connected(Server(), model="mine") as engine:
        with pytest.raises(ModelError):
            await engine.start()
        with pytest.raises(EngineUnavailable, match=r"'mine'.*coder, other"):
            await read(engine, ask())
        assert engine.status.state == "failed"


async def test_a_server_that_comes_up_later_is_used_without_another_start() -> None:
    server = Server(models=lambda: PlainTextResponse("warming up", status_code=503))
    async with connected(server) as engine:
        with pytest.raises(EngineUnavailable, match="warming up"):
            await engine.start()
        server.models = lambda: JSONResponse(MODELS)
        assert text_of(await read(engine, ask())) == "ab"


async def test_an_address_where_nobody_listens_is_named() -> None:
    engine = RemoteEngine(f"{unused_address()}/v1", INFO)
    with pytest.raises(EngineUnavailable, match="is the server running"):
        await engine.start()
    with pytest.raises(EngineUnavailable, match="is the server running"):
        await read(engine, ask())
    assert engine.status.state == "failed"
    await engine.close()
