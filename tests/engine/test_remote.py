"""The remote engine against a real socket that speaks OpenAI's completions, well and badly."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from asking import ask, read, text_of
from openai_server import GOOD, INFO, Server, chunk, connected, sse
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from codeassist.engine.remote import RemoteEngine
from codeassist.errors import EngineCrashed, EngineUnavailable, ModelError, RequestRejected
from codeassist.types import Token, Usage


async def test_an_answer_is_streamed_with_its_usage() -> None:
    async with connected(Server()) as engine:
        await engine.start()
        deltas = await read(engine, ask())
    assert [delta.text for delta in deltas] == ["a", "b"]
    assert deltas[-1].finish_reason == "stop"
    assert deltas[-1].usage == Usage(prompt_tokens=4, cached_tokens=3, completion_tokens=2)


async def test_a_usage_that_makes_no_sense_takes_nothing_off_what_was_counted() -> None:
    events = [
        chunk("a", finish_reason="stop"),
        {"choices": [], "usage": {"prompt_tokens": -7, "completion_tokens": -1}},
    ]
    async with connected(Server(answer=lambda: PlainTextResponse(sse(events)))) as engine:
        await engine.start()
        deltas = await read(engine, ask())
    assert deltas[-1].usage == Usage()


async def test_the_first_listed_model_is_used_and_its_context_believed() -> None:
    server = Server()
    async with connected(server) as engine:
        await engine.start()
        assert (engine.info.name, engine.info.context_tokens, engine.status.state) == ("coder", 2048, "ready")
        await read(engine, ask())
    assert server.asked[0]["model"] == "coder"


async def test_a_request_sends_what_it_asks_for_and_no_more() -> None:
    server = Server()
    async with connected(server, model="other", api_key="secret") as engine:
        await engine.start()
        await read(engine, ask())
        await read(engine, ask(prompt="text", stop=("\n",), temperature=0.5, top_p=0.9, seed=7, logprobs=True))
    plain, full = server.asked
    assert set(plain) == {"model", "prompt", "max_tokens", "temperature", "stream", "stream_options"}
    assert plain["prompt"] == [1, 2, 3, 4]
    assert full["prompt"] == "text"
    assert (full["stop"], full["top_p"], full["seed"], full["logprobs"]) == (["\n"], 0.9, 7, 1)
    assert server.keys == ["Bearer secret"]


@pytest.mark.parametrize(
    "logprobs",
    [
        {"tokens": ["a", "b"], "token_logprobs": [-0.5, -1]},
        {"content": [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -1.0}]},
    ],
)
async def test_log_probabilities_are_read_in_both_shapes(logprobs: dict[str, Any]) -> None:
    events = [chunk("ab", logprobs=logprobs), chunk("", finish_reason="length")]
    async with connected(Server(answer=lambda: PlainTextResponse(sse(events)))) as engine:
        await engine.start()
        deltas = await read(engine, ask(logprobs=True))
    assert deltas[0].tokens == (Token("a", -0.5), Token("b", -1.0))
    assert (deltas[-1].finish_reason, deltas[-1].usage.completion_tokens) == ("length", 2)


@pytest.mark.parametrize(
    "logprobs",
    [
        {
            "tokens": ["a", "b"],
            "token_logprobs": [-0.5, -1],
            "top_logprobs": [{"x": -0.9, "a": -0.5, "y": -3}, {"b": -1}],
        },
        {
            "content": [
                {
                    "token": "a",
                    "logprob": -0.5,
                    "top_logprobs": [
                        {"token": "a", "logprob": -0.5},
                        {"token": "x", "logprob": -0.9},
                        {"token": "y", "logprob": -3},
                    ],
                },
                {"token": "b", "logprob": -1, "top_logprobs": [{"token": "b", "logprob": -1}]},
            ]
        },
    ],
)
async def test_alternatives_are_read_in_both_shapes(logprobs: dict[str, Any]) -> None:
    server = Server(answer=lambda: PlainTextResponse(sse([chunk("ab", logprobs=logprobs, finish_reason="stop")])))
    async with connected(server) as engine:
        await engine.start()
        tokens = (await read(engine, ask(logprobs=True, top_logprobs=2)))[-1].tokens
        unasked = (await read(engine, ask(logprobs=True)))[-1].tokens
    assert server.asked[0]["logprobs"] == 2
    assert tokens == (Token("a", -0.5, (("a", -0.5), ("x", -0.9))), Token("b", -1, (("b", -1),)))
    assert unasked == (Token("a", -0.5), Token("b", -1))


async def test_separators_that_json_may_hold_raw_are_text() -> None:
    body = 'data: {"choices": [{"text": "x\u2028y\x85z", "finish_reason": "stop"}]}\n\n'
    async with connected(Server(answer=lambda: PlainTextResponse(body))) as engine:
        await engine.start()
        assert text_of(await read(engine, ask())) == "x\u2028y\x85z"


async def test_a_stream_that_marks_no_end_is_finished_by_its_reason() -> None:
    async with connected(Server(answer=lambda: PlainTextResponse(sse(GOOD[:2])))) as engine:
        await engine.start()
        assert text_of(await read(engine, ask())) == "ab"


@pytest.mark.parametrize(
    "body",
    [
        "data: {nonsense\n\n",
        "data: [1]\n\n",
        'data: {"choices": 3}\n\n',
        'data: {"choices": [{"text": 3}]}\n\n',
        'data: {"choices": [{"text": "a", "logprobs": {"tokens": ["a"], "token_logprobs": ["b"]}}]}\n\n',
        'data: {"choices": [{"text": "a", "logprobs": {"tokens": "a", "token_logprobs": [-1]}}]}\n\n',
        sse([chunk("a")]),
        sse([chunk("a")]) + "data: [DONE]\n\n",
        "",
        "<html>",
    ],
)
async def test_a_malformed_stream_is_a_crash_not_an_answer(body: str) -> None:
    async with connected(Server(answer=lambda: PlainTextResponse(body))) as engine:
        await engine.start()
        with pytest.raises(EngineCrashed, match="stream"):
            await read(engine, ask())
        assert engine.status.state == "restarting"


async def test_an_error_in_the_middle_of_a_stream_is_told() -> None:
    events = [chunk("a"), {"error": {"message": "out of memory"}}]
    async with connected(Server(answer=lambda: PlainTextResponse(sse(events)))) as engine:
        await engine.start()
        with pytest.raises(EngineUnavailable, match="out of memory"):
            await read(engine, ask())


@pytest.mark.parametrize(
    ("status", "kind", "words", "shown"),
    [
        (400, RequestRejected, "no such field", "ready"),
        (401, EngineUnavailable, "CODEASSIST_ENGINE_API_KEY", "failed"),
        (403, EngineUnavailable, "CODEASSIST_ENGINE_API_KEY", "failed"),
        (404, EngineUnavailable, "engine.remote_model", "failed"),
        (429, EngineUnavailable, "no such field", "restarting"),
        (500, EngineUnavailable, "the server's log", "restarting"),
        (302, RequestRejected, "302", "ready"),
    ],
)
async def test_refusals_say_what_to_do(status: int, kind: type[Exception], words: str, shown: str) -> None:
    refusal = JSONResponse({"error": {"message": "no such field"}}, status_code=status)
    server = Server(answer=lambda: refusal)
    async with connected(server) as engine:
        await engine.start()
        with pytest.raises(kind, match=words):
            await read(engine, ask())
        assert len(server.asked) == 1
        assert engine.status.state == shown


async def test_a_model_that_the_server_lacks_is_told_with_those_it_has() -> None:
    async with connected(Server(), model="mine") as engine:
        with pytest.raises(ModelError, match=r"'mine'.*coder, other"):
            await engine.start()


@pytest.mark.parametrize("answer", [PlainTextResponse("<html>hello</html>"), JSONResponse([1]), JSONResponse({})])
async def test_an_address_that_is_no_such_server_is_told(answer: Response) -> None:
    async with connected(Server(models=lambda: answer)) as engine:
        with pytest.raises(EngineUnavailable, match=r"address|engine\.url"):
            await engine.start()


async def test_what_a_remote_engine_cannot_do_is_rejected() -> None:
    async with connected(Server()) as engine:
        with pytest.raises(EngineUnavailable, match="stopped"):
            await read(engine, ask())
        await engine.start()
        with pytest.raises(RequestRejected, match="forced_prefix"):
            await read(engine, ask(forced_prefix="x"))
        assert not engine.info.supports_forced_prefix


class Endless:
    """An answer that goes on until its reader is gone."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()

    async def body(self) -> AsyncIterator[str]:
        try:
            while True:
                yield sse([chunk("a")])
                await asyncio.sleep(0.001)
        finally:
            self.gone.set()


async def leave_by_closing(engine: RemoteEngine) -> None:
    stream = engine.stream(ask())
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]


async def leave_by_cancelling(engine: RemoteEngine) -> None:
    reader = asyncio.create_task(read(engine, ask()))
    await asyncio.sleep(0.02)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader


@pytest.mark.parametrize("leave", [leave_by_closing, leave_by_cancelling])
async def test_leaving_the_loop_closes_the_connection(leave: Callable[[RemoteEngine], Awaitable[None]]) -> None:
    endless = Endless()
    async with connected(Server(answer=lambda: StreamingResponse(endless.body()))) as engine:
        await engine.start()
        await leave(engine)
        async with asyncio.timeout(5):
            await endless.gone.wait()


async def test_a_server_that_dies_in_the_middle_is_a_crash() -> None:
    async def torn(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\ndata:\r\n")
        writer.close()

    server = await asyncio.start_server(torn, "127.0.0.1", 0)
    engine = RemoteEngine(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", INFO)
    with pytest.raises(EngineCrashed, match="broke off"):
        await engine.start()
    await engine.close()
    server.close()


async def test_what_a_server_says_gives_a_terminal_no_commands() -> None:
    said = JSONResponse({"error": {"message": "no\x1b]0;title\x07 \n\x9b31m memory" + "x" * 10_000}}, 400)
    async with connected(Server(answer=lambda: said)) as engine:
        await engine.start()
        with pytest.raises(RequestRejected, match=r"no\]0;title 31m memoryx") as refused:
            await read(engine, ask())
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 500


async def test_a_key_that_a_server_repeats_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    said = JSONResponse({"error": {"message": "no such key: sk-secret-1"}}, 401)
    async with connected(Server(answer=lambda: said), api_key="sk-secret-1") as engine:
        await engine.start()
        with pytest.raises(EngineUnavailable, match=r"no such key: \(the key\)") as refused:
            await read(engine, ask())
        assert "sk-secret" not in str(refused.value) + engine.status.message + caplog.text
