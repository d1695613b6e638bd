"""Bytes that are no messages, and messages at the wrong time."""

from __future__ import annotations

import asyncio
import json

import pytest
from lsp_client import ResponseError, completion_params
from lsp_session import Session

from lsp.transport import BrokenStream, read_body

URI = "file:///project/sample.py"


async def read(data: bytes) -> bytes | None:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return await read_body(reader)


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"Content-Length: 2\r\n\r\n{}", b"{}"),
        (b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-length:2\r\n\r\n{}", b"{}"),
        (b"\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
        (b"", None),
        (b"Content-Length: 2\r\n", None),
        (b"Content-Length: 5\r\n\r\n{}", None),
    ],
)
async def test_a_body_is_framed_by_its_length(data: bytes, body: bytes | None) -> None:
    assert await read(data) == body


@pytest.mark.parametrize(
    "data", [b"Content-Length: many\r\n\r\n", b"Content-Length: 99999999999\r\n\r\n", b"x" * 100_000]
)
async def test_what_is_no_frame_is_told(data: bytes) -> None:
    with pytest.raises(BrokenStream):
        await read(data)


async def test_garbage_ends_the_session_with_its_own_code(session: Session) -> None:
    session.client._send(b"Content-Length: GET / HTTP/1.1\r\n\r\n")
    assert await session.client.within(session.running) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 100_000, -32700),
        (b"[1]", -32600),
        (b'{"id": 1, "method": "shutdown"}', -32600),
    ],
)
async def test_a_message_that_cannot_be_read_is_answered_without_an_id(
    session: Session, body: bytes, code: int
) -> None:
    session.client.send_bytes(body)
    await session.ready()
    answers = [message for message in session.client.notifications if "method" not in message]
    assert [(answer["id"], answer["error"]["code"]) for answer in answers] == [(None, code)]


async def test_a_request_before_initialize_is_refused(session: Session) -> None:
    with pytest.raises(ResponseError) as refused:
        await session.client.complete(URI, 0, 0)
    assert refused.value.code == -32002
    await session.ready()


async def test_a_second_initialize_is_refused(session: Session) -> None:
    await session.ready()
    with pytest.raises(ResponseError) as refused:
        await session.client.initialize()
    assert refused.value.code == -32600


async def test_a_request_with_bad_parameters_gets_an_error_and_not_silence(session: Session) -> None:
    await session.ready()
    params = completion_params(URI, 0, 0)
    del params["position"]
    with pytest.raises(ResponseError) as refused:
        await session.client.request("textDocument/inlineCompletion", params)
    assert refused.value.code == -32602


async def test_an_unknown_request_is_an_error_and_an_unknown_notification_nothing(session: Session) -> None:
    await session.ready()
    session.client.notify("workspace/didInventSomething", {"a": 1})
    session.client.notify("$/ignored")
    with pytest.raises(ResponseError) as refused:
        await session.client.request("textDocument/teleport", {"a": {"b": 1}})
    assert refused.value.code == -32601


async def test_messages_may_come_in_pieces_and_together(session: Session) -> None:
    await session.ready()
    item = {"uri": URI, "languageId": "python", "version": 1, "text": "x = "}
    messages = [
        {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": item}},
        {
            "jsonrpc": "2.0",
            "id": "mine",
            "method": "textDocument/inlineCompletion",
            "params": completion_params(URI, 0, 4),
        },
    ]
    bodies = [json.dumps(message).encode() for message in messages]
    data = b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies)
    for byte in data:
        session.client._send(bytes([byte]))
    await session.client.within(session.assistant.was_asked.wait())


async def test_a_failing_notification_pops_nothing_up(session: Session) -> None:
    await session.ready()
    session.client.notify("textDocument/didChange", {"textDocument": {"uri": URI, "version": 1}, "contentChanges": 7})
    session.client.notify("textDocument/didOpen", {})
    session.client.open(URI, "x = ")
    assert await session.client.complete(URI, 0, 4) is not None
    assert [message for message in session.client.notifications if message["method"] == "window/showMessage"] == []
