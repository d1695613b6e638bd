"""Clients that break off, dawdle, lie or send no HTTP: each is told or dropped, and others are answered meanwhile."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import pytest

from codeassist.assistant import Assistant
from codeassist.engine.scripted import Answer
from codeassist.server.guard import Access
from codeassist.server.hosting import Hosting
from codeassist.server.limits import Limits
from codeassist.settings import ServerSettings, Settings
from tests.engine.asking import until
from tests.server.conftest import Gate
from tests.server.raw import Hosted, completion, error_code, hosted, read_all, request, status

SHORT = Limits(head_s=0.15, body_s=0.15, send_s=0.15, linger_s=0.5, idle_s=1)
TINY = replace(Limits(), body_bytes=1000, head_bytes=2000, header_fields=20)
# Routes whose errors have another shape than OpenAI's.
OTHERS = ("/infill", "/api/chat")

Opened = Callable[..., AbstractAsyncContextManager[Hosted]]


@pytest.fixture
def opened(make_assistant: Callable[..., Assistant]) -> Opened:
    """`async with opened(limits, *script, gate=...) as h`: a server with these limits."""

    def make(limits: Limits = SHORT, *script: str | Answer, gate: Gate | None = None) -> Any:
        return hosted(make_assistant(script or ("a + b",), gate), Hosting(Access(limits=limits)))

    return make


async def test_a_client_that_leaves_in_the_middle_of_a_stream_stops_its_generation(opened: Opened, gate: Gate) -> None:
    async with opened(SHORT, "one two three", gate=gate) as h:
        gate.let(1)
        reader, writer = await h.connect()
        writer.write(completion(stream=True))
        await reader.readuntil(b"data: ")
        writer.transport.abort()
        await until(lambda: h.engine.aborted)


@pytest.mark.parametrize("sent", [b"", b'{"prompt": "x'])
async def test_half_a_body_asks_nothing(opened: Opened, sent: bytes) -> None:
    async with opened() as h:
        _, writer = await h.connect()
        writer.write(request("POST", "/v1/completions", b'{"prompt": "x"}')[:-15] + sent)
        await writer.drain()
        assert await h.lives()
        writer.close()
        await until(lambda: not h.server.server_state.connections)
        assert h.engine.requests == []


@pytest.mark.parametrize("length", [2000, 500], ids=["too large", "too slow"])
async def test_a_body_that_is_refused_is_told_so_in_the_dialect_of_its_route(opened: Opened, length: int) -> None:
    limits = replace(TINY, body_s=0.15, linger_s=0.1)
    async with opened(limits) as h:
        heads = [f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n" for path in OTHERS]
        infill, chat = await asyncio.gather(*(h.say(head.encode()) for head in heads))
    expected = 413 if length == 2000 else 408
    assert (status(infill), status(chat)) == (expected, expected)
    assert json.loads(infill.rpartition(b"\r\n\r\n")[2])["error"]["code"] == expected
    assert isinstance(json.loads(chat.rpartition(b"\r\n\r\n")[2])["error"], str)


@pytest.mark.parametrize("framing", ["Content-Length: 104857600", "Transfer-Encoding: chunked"])
async def test_a_hundred_megabytes_are_refused_with_an_answer(opened: Opened, framing: str) -> None:
    head = f"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n".encode()
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n" if "chunked" in framing else b"x" * 65_536
    async with opened(Limits(linger_s=5)) as h:
        reader, writer = await h.connect()
        writer.write(head)
        for _ in range(1600):
            writer.write(chunk)
            await writer.drain()
        writer.write(b"0\r\n\r\n" if "chunked" in framing else b"")
        assert await h.lives()
        answer = await read_all(reader)
        writer.close()
    assert (status(answer), error_code(answer)) == (413, "body_too_large")


async def flood(writer: asyncio.StreamWriter) -> None:
    """Send until the connection breaks."""
    async with asyncio.timeout(5):
        while True:
            writer.write(b"x" * 1000)
            await writer.drain()
            await asyncio.sleep(0.01)


async def test_who_goes_on_sending_after_a_refusal_is_cut_off(opened: Opened) -> None:
    async with opened(replace(TINY, linger_s=0.1)) as h:
        reader, writer = await h.connect()
        writer.write(b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 104857600\r\n\r\n")
        assert status(await reader.readuntil(b"\r\n")) == 413
        with pytest.raises(ConnectionError):
            await flood(writer)
        writer.close()


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 1_000_000,
        b'{"prompt": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"prompt": "\xff\xfe"}',
        b'{"prompt": "x", "temperature": NaN}',
        b'{"prompt": "x", "temperature": Infinity}',
        b'{"prompt": "x", "temperature": -1e999}',
        b'{"prompt": "x", "max_tokens": 1' + b"0" * 5000 + b"}",
        b'{"prompt": "x", "temperature": 1' + b"0" * 500 + b"}",
        b'{"prompt": "x", "max_tokens": -1' + b"0" * 500 + b"}",
        b'{"prompt": ["\\ud800"]}',
        b"\x00",
        b'"text"',
        b'{"prompt": "x"',
        b'{"prompt": "x"} {}',
    ],
    ids=lambda body: f"{body[:16]!r}({len(body)})",
)
async def test_what_is_no_json_that_can_be_asked_is_refused(opened: Opened, body: bytes) -> None:
    async with opened() as h:
        answer = await h.say(request("POST", "/v1/completions", body, close=True))
        assert status(answer) == 400
        assert json.loads(answer.rpartition(b"\r\n\r\n")[2])["error"]["type"] == "invalid_request_error"
        assert await h.lives()


async def drip(h: Hosted, start: bytes, drop: bytes) -> bytes:
    """The answer to somebody who sends `start`, then `drop` again and again."""
    reader, writer = await h.connect()
    writer.write(start)
    answering = asyncio.create_task(read_all(reader))
    async with asyncio.timeout(5):
        while not answering.done():
            writer.write(drop)
            await asyncio.wait({answering}, timeout=0.01)
    writer.close()
    return await answering


async def test_headers_that_drip_in_are_given_up(opened: Opened) -> None:
    async with opened() as h:
        dripping = asyncio.create_task(drip(h, b"GET /health HTTP/1.1\r\nHost: localhost\r\n", b"X: y\r\n"))
        assert await h.lives()
        answer = await dripping
    assert (status(answer), error_code(answer)) == (408, "headers_too_slow")


async def test_a_body_that_drips_in_is_given_up(opened: Opened) -> None:
    async with opened() as h:
        head = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
        dripping = asyncio.create_task(drip(h, head, b" "))
        assert await h.lives()
        answer = await dripping
    assert (status(answer), error_code(answer)) == (408, "body_too_slow")


async def test_a_body_that_drips_in_of_who_asks_too_much_is_given_up(make_assistant: Callable[..., Assistant]) -> None:
    settings = Settings(server=replace(ServerSettings(), requests_per_minute=1))
    async with hosted(make_assistant(settings=settings), Hosting(Access(limits=SHORT))) as h:
        await h.say(completion(close=True))
        head = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
        answer = await drip(h, head, b" ")
    assert (status(answer), error_code(answer)) == (429, "rate_limit_exceeded")


async def test_a_second_request_that_drips_in_is_given_up(opened: Opened) -> None:
    async with opened() as h:
        answer = await drip(h, request("GET", "/health") + b"GET /hea", b"l")
    assert status(answer) == 200
    assert b"headers_too_slow" in answer or answer.count(b"HTTP/1.1") == 1


async def test_who_says_nothing_is_dropped_without_a_word(opened: Opened) -> None:
    async with opened() as h:
        assert await h.say(b"") == b""


async def test_a_connection_between_requests_is_kept_for_a_while_and_then_closed(opened: Opened) -> None:
    async with opened(replace(SHORT, idle_s=0)) as h:
        answer = await h.say(request("GET", "/health"))
    assert status(answer) == 200


@pytest.mark.parametrize(
    "head",
    [
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"X%d: y\r\n" % n for n in range(30)) + b"\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 3000 + b"\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 3000,
        b"GET /" + b"y" * 3000,
    ],
    ids=["many", "long", "unended", "address"],
)
async def test_too_many_headers_are_refused(opened: Opened, head: bytes) -> None:
    async with opened(TINY) as h:
        answer = await h.say(head)
    assert (status(answer), error_code(answer)) == (431, "headers_too_large")


@pytest.mark.parametrize(
    "content",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost : localhost\r\n\r\n",
        b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}    ",
        b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1e3\r\n\r\n",
        b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}garbage\r\n\r\n",
    ],
    ids=["tls", "words", "blank", "two lengths", "negative", "float", "chunk size", "chunk end"],
)
async def test_what_is_no_http_is_told_so(opened: Opened, content: bytes) -> None:
    async with opened() as h:
        answer = await h.say(content)
        assert await h.lives()
    assert (status(answer), error_code(answer)) == (400, "invalid_http")
    assert h.engine.requests == []


async def test_a_body_in_chunks_is_read(opened: Opened) -> None:
    chunks = b'8\r\n{"prompt\r\n7\r\n": "x"}\r\n0\r\n\r\n'
    head = (
        b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    async with opened() as h:
        assert status(await h.say(head + chunks)) == 200


async def test_an_encoded_body_is_refused(opened: Opened) -> None:
    async with opened() as h:
        answer = await h.say(completion("Content-Encoding: gzip"))
        assert (status(answer), error_code(answer)) == (415, "unsupported_encoding")
        assert status(await h.say(completion("Content-Encoding: identity", close=True))) == 200


async def test_who_waits_to_be_asked_for_the_body_is_asked(opened: Opened) -> None:
    head, _, body = completion("Expect: 100-continue", close=True).partition(b"\r\n\r\n")
    async with opened() as h:
        reader, writer = await h.connect()
        writer.write(head + b"\r\n\r\n")
        assert b" 100 " in await reader.readuntil(b"\r\n\r\n")
        writer.write(body)
        assert status(await reader.read()) == 200
        writer.close()


async def test_old_clients_and_other_methods_are_answered(opened: Opened) -> None:
    async with opened() as h:
        assert b" 200 " in (await h.say(b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n")).split(b"\r\n")[0]
        head = await h.say(request("HEAD", "/health", close=True))
        assert (status(head), head.endswith(b"\r\n\r\n")) == (200, True)
        for method, path in (("OPTIONS", "/v1/completions"), ("GET", "/v1/completions"), ("DELETE", "/health")):
            answer = await h.say(request(method, path, close=True))
            assert status(answer) == 405
            assert b"\r\nallow: " in answer.lower()


async def test_an_offer_of_another_protocol_is_passed_over(opened: Opened) -> None:
    upgrade = ("Connection: Upgrade, HTTP2-Settings, close", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")
    websocket = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: aaaa")
    async with opened() as h:
        assert status(await h.say(completion(*upgrade))) == 200
        assert status(await h.say(request("GET", "/v1/completions", b"", *websocket))) == 400


async def test_requests_in_a_row_are_answered_in_their_order(opened: Opened) -> None:
    async with opened(SHORT, "one", "two", "three") as h:
        answer = await h.say(completion() + completion() + completion(close=True))
    texts = [part.split(b'"')[0] for part in answer.split(b'"text":"')[1:]]
    assert texts == [b"one", b"two", b"three"]


async def test_who_leaves_after_several_requests_in_a_row_leaves_nothing(opened: Opened, gate: Gate) -> None:
    async with opened(SHORT, "one " * 20, gate=gate) as h:
        _, writer = await h.connect()
        writer.write(completion(stream=True) * 3)
        await until(lambda: h.engine.requests)
        writer.transport.abort()
        gate.let(100)
        await until(lambda: not h.server.server_state.connections)
        assert await h.lives()


async def test_requests_in_a_row_have_an_end(opened: Opened, gate: Gate) -> None:
    async with opened(SHORT, "one", gate=gate) as h:
        saying = asyncio.create_task(h.say(completion() * 400))
        await until(lambda: h.engine.requests)
        assert await h.lives()
        saying.cancel()
        gate.let(2000)
    assert len(h.engine.requests) < 400


async def test_who_does_not_read_an_answer_stops_its_generation(opened: Opened) -> None:
    async with opened(SHORT, "word " * 4000) as h:
        small = socket.socket()
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        small.setblocking(False)
        await asyncio.get_running_loop().sock_connect(small, ("127.0.0.1", h.port))
        await asyncio.get_running_loop().sock_sendall(small, completion(stream=True, max_tokens=4000))
        await until(lambda: h.engine.requests)
        assert await h.lives()
        await until(lambda: h.engine.aborted)
        small.close()


async def test_who_reads_an_answer_slowly_gets_all_of_it(opened: Opened) -> None:
    async with opened(SHORT, "word " * 1000) as h:
        reader, writer = await h.connect()
        writer.write(completion(stream=True, max_tokens=1000, close=True))
        answer = b""
        while part := await reader.read(8000):
            answer += part
            await asyncio.sleep(0.01)
        writer.close()
    assert b"data: [DONE]" in answer


async def test_too_many_connections_are_told_and_more_of_them_dropped(opened: Opened) -> None:
    async with opened(replace(Limits(), connections=2)) as h:
        held = [await h.connect() for _ in range(2)]
        await until(lambda: len(h.server.server_state.connections) == 2)
        answer = await h.say(completion())
        assert (status(answer), error_code(answer)) == (503, "too_many_connections")
        assert b"retry-after: 1\r\n" in answer.lower()
        held += [await h.connect() for _ in range(2)]
        await until(lambda: len(h.server.server_state.connections) == 4)
        assert await h.say(completion()) == b""
        for _, writer in held:
            writer.close()
        await until(lambda: not h.server.server_state.connections)
        assert await h.lives()
