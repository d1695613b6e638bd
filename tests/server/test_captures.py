"""Bodies that real clients have sent, as recorded: each is answered in the shape that its client reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.server.events import events_of

CAPTURES = json.loads((Path(__file__).parent / "captures" / "completions.json").read_text(encoding="utf-8"))


def text_of(path: str, choice: dict[str, Any], *, is_streamed: bool) -> str:
    """What the client reads of a choice: chats' where the route is Mistral's."""
    if path.endswith("fim/completions"):
        return str(choice["delta" if is_streamed else "message"]["content"])
    return str(choice["text"])


@pytest.mark.parametrize("capture", CAPTURES, ids=[f"{capture['client']} {capture['path']}" for capture in CAPTURES])
@pytest.mark.parametrize("has_v1", [True, False])
async def test_a_recorded_request_is_answered(endpoint: Any, capture: dict[str, Any], has_v1: bool) -> None:
    path = capture["path"] if has_v1 else capture["path"].removeprefix("/v1")
    body, headers = capture["body"], {"user-agent": capture["user_agent"]}
    async with endpoint("return a + b") as e:
        response = await e.client.post(path, json=body, headers=headers)
    assert response.status_code == 200, response.text
    if body.get("stream"):
        events = events_of(response)
        assert all(event["choices"] for event in events)
        text = "".join(text_of(path, event["choices"][0], is_streamed=True) for event in events)
    else:
        text = text_of(path, response.json()["choices"][0], is_streamed=False)
    assert text.endswith("return a + b")


@pytest.mark.parametrize("capture", CAPTURES, ids=[f"{capture['client']} {capture['path']}" for capture in CAPTURES])
async def test_the_model_sees_the_code_and_neither_marks_nor_headers_of_the_client(
    endpoint: Any, capture: dict[str, Any]
) -> None:
    async with endpoint() as e:
        await e.client.post(capture["path"], json=capture["body"])
    (request,) = e.engine.requests
    assert isinstance(request.prompt, tuple)
    prompt = bytes(token for token in request.prompt if token < 256)
    assert b"fim" not in prompt
    assert b"# indentation" not in prompt
    assert request.temperature == 0
    assert not [stop for stop in request.stop if stop.startswith(("<|", "<f", "["))]
