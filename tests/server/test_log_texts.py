"""What clients send stays out of the log, whatever becomes of the request."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest
from starlette.routing import Route

from codeassist.assistant import Assistant
from codeassist.engine import wire
from codeassist.engine.scripted import Answer
from codeassist.errors import EngineCrashed, EngineUnavailable, RequestRejected
from codeassist.log_lines import log_formatter
from codeassist.server.hosting import Hosting
from codeassist.server.request_log import log_record
from codeassist.types import GenerationRequest
from tests.engine.asking import until
from tests.server.raw import Hosted, completion, hosted, request, status

MARKER = "xyzzy_marker"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged from level `info` on, as the log has it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log_formatter(texts=False))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def bodies() -> list[bytes]:
    """What any route may get: in order, with every field that carries text, and wrong in every way."""
    texts = dict.fromkeys(("prompt", "suffix", "input_prefix", "input_suffix", "input", "query", "model"), MARKER)
    messages = [{"role": "user", "content": MARKER}]
    asked = [
        {"prompt": MARKER},
        {"prompt": MARKER, "suffix": MARKER, "stream": True},
        {"input_prefix": MARKER, "input_suffix": MARKER},
        {"messages": messages, "model": MARKER},
        {"input": [MARKER]},
        {"query": MARKER, "documents": [MARKER]},
        {"language": "python", "segments": {"prefix": MARKER, "suffix": MARKER}},
        wire.request_to_json(GenerationRequest("r1", MARKER, 8, stop=(MARKER,))),
        texts,
        texts | {MARKER: MARKER},
        texts | {"max_tokens": MARKER, "temperature": MARKER},
        texts | {"prompt": [MARKER, {MARKER: MARKER}]},
        texts | {"prompt": "\ud800" + MARKER},
    ]
    whole = [json.dumps(body).encode() for body in asked]
    return [*whole, whole[0][:-1], MARKER.encode(), b'{"prompt": "\xff' + MARKER.encode() + b'"}', b'["%s"]' % whole[0]]


def posts(h: Hosted) -> list[str]:
    """The paths of all routes that take a body."""
    routes = h.server.config.app.routes  # type: ignore[union-attr]
    found = [route.path for route in routes if isinstance(route, Route) and "POST" in (route.methods or ())]
    assert "/v1/completions" in found
    return found


SCRIPT: list[str | Answer] = [
    MARKER,
    Answer(MARKER, error=EngineCrashed("it died")),
    Answer(MARKER, error=EngineUnavailable("not now")),
    Answer(MARKER, error=RequestRejected(f"what is {MARKER}?")),
]


async def test_no_route_logs_what_it_is_sent(make_assistant: Callable[..., Assistant], log: io.StringIO) -> None:
    async with hosted(make_assistant(SCRIPT), Hosting()) as h:
        h.service.journal.on_change(log_record)
        for path in posts(h):
            for body in bodies():
                assert status(await h.say(request("POST", path, body, f"X-Text: {MARKER}", close=True))) >= 200
                await h.say(request("POST", f"{path}?{MARKER}", body, f"Origin: http://{MARKER}", close=True))
        await h.say(MARKER.encode() + b"\r\n\r\n")
        await h.say(request("GET", f"/{MARKER}", close=True))
        await h.say(request("POST", "/v1/completions", MARKER.encode(), "Content-Encoding: br"))
    told = log.getvalue()
    assert "/v1/completions" in told
    assert MARKER not in told


async def test_a_client_that_leaves_leaves_no_text(
    make_assistant: Callable[..., Assistant], log: io.StringIO, gate: object
) -> None:
    async with hosted(make_assistant([MARKER], gate), Hosting()) as h:
        _, writer = await h.connect()
        writer.write(completion(prompt=MARKER))
        await until(lambda: h.engine.requests)
        writer.close()
        await until(lambda: h.engine.aborted)
    assert "the connection is gone" in log.getvalue()
    assert MARKER not in log.getvalue()


@pytest.mark.parametrize("stream", [False, True])
async def test_a_bug_is_logged_by_its_kind_and_place_alone(
    make_assistant: Callable[..., Assistant], log: io.StringIO, stream: bool
) -> None:
    def fail(asked: object) -> str:
        try:
            raise KeyError(MARKER)
        except KeyError as error:
            raise ValueError(f"what is {MARKER}?") from error

    assistant = make_assistant()
    assistant.engine._script = fail  # type: ignore[attr-defined]
    async with hosted(assistant, Hosting()) as h:
        answer = await h.say(completion(prompt=MARKER, stream=stream, close=True))
        assert status(answer) == 500
        assert MARKER.encode() not in answer
        assert await h.lives()
    told = log.getvalue()
    assert "ValueError (log.texts = true tells its message), from" in told
    assert "KeyError" in told
    assert "test_log_texts.py" in told
    assert f"what is {MARKER}" not in told
    assert f"'{MARKER}'" not in told


async def test_a_body_that_breaks_off_leaves_no_text(
    make_assistant: Callable[..., Assistant], log: io.StringIO
) -> None:
    async with hosted(make_assistant(), Hosting()) as h:
        _, writer = await h.connect()
        writer.write(completion(prompt=MARKER)[:-2])
        await asyncio.sleep(0)
        writer.transport.abort()
        chunked = request("POST", "/v1/completions", b"", "Transfer-Encoding: chunked")
        assert status(await h.say(chunked + MARKER.encode() + b"\r\n")) == 400
    assert MARKER not in log.getvalue()


def test_messages_are_logged_where_that_is_asked_for() -> None:
    try:
        raise ValueError(MARKER)
    except ValueError as error:
        record = logging.LogRecord("n", logging.ERROR, "f", 1, "failed", (), (type(error), error, error.__traceback__))
    assert f"ValueError: {MARKER}" in log_formatter(texts=True).format(record)
    assert f"ValueError: {MARKER}" not in log_formatter(texts=False).format(record)
