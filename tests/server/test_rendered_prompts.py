"""Prompts that a client has rendered for another model are asked as the gaps that they stand for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

PREFIX, SUFFIX = "def add(a, b):\n    return ", "\nprint(add(1, 2))\n"

RENDERED = [
    f"<|fim_prefix|>{PREFIX}<|fim_suffix|>{SUFFIX}<|fim_middle|>",
    f"<fim_suffix>{SUFFIX}<fim_prefix>{PREFIX}<fim_middle>",
    f"<｜fim▁begin｜>{PREFIX}<｜fim▁hole｜>{SUFFIX}<｜fim▁end｜>",
    f"<PRE> {PREFIX} <SUF>{SUFFIX} <MID>",
    f"[SUFFIX]{SUFFIX}[PREFIX]{PREFIX}",
]


@pytest.mark.parametrize("prompt", RENDERED)
@pytest.mark.parametrize("path", ["/v1/completions", "/beta/completions", "/v1/fim/completions"])
async def test_the_model_that_runs_gets_its_own_prompt(endpoint: Any, prompt: str, path: str) -> None:
    async with endpoint() as e:
        await e.client.post(path, json={"prompt": PREFIX, "suffix": SUFFIX})
        answer = await e.client.post(path, json={"prompt": prompt})
    assert answer.status_code == 200
    plain, rendered = e.engine.requests
    assert isinstance(rendered.prompt, tuple)
    assert (rendered.prompt, rendered.forced_prefix) == (plain.prompt, plain.forced_prefix)


async def test_stops_that_other_models_would_need_are_dropped_and_those_of_the_client_stay(endpoint: Any) -> None:
    stops = ["<fim_prefix>", "<|endoftext|>", "/src/", "```", "<｜end▁of▁sentence｜>", "/src/"]
    async with endpoint("a ``` b") as e:
        answer = await e.client.post("/v1/completions", json={"prompt": RENDERED[0], "stop": stops})
        await e.client.post("/v1/completions", json={"prompt": "as it is", "stop": stops})
    assert e.engine.requests[0].stop == ("/src/", "```", "<｜end▁of▁sentence｜>")
    assert e.engine.requests[1].stop == tuple(stops)
    assert answer.json()["choices"][0]["text"] == "a "


async def test_a_long_prompt_is_taken_apart_too(endpoint: Any) -> None:
    prefix = "x = 1\n" * 20_000
    async with endpoint() as e:
        body = {"prompt": f"<fim_prefix>{prefix}<fim_suffix>\n<fim_middle>"}
        assert (await e.client.post("/v1/completions", json=body)).status_code == 200
    assert isinstance(e.engine.requests[0].prompt, tuple)


async def test_a_prompt_that_speaks_of_marks_goes_to_the_model_as_it_is(endpoint: Any) -> None:
    text = 'MARKS = ("<fim_prefix>", "<fim_suffix>", "<fim_middle>")\n'
    async with endpoint() as e:
        await e.client.post("/v1/completions", json={"prompt": text})
    assert e.engine.requests[0].prompt == text


async def test_what_minuet_and_tabby_say_of_the_language_is_kept(endpoint: Callable[..., Any]) -> None:
    asked: list[Any] = []
    head = "# language: python\n# indentation: use 4 spaces for a tab\n"
    async with endpoint() as e:
        e.service.journal.on_answer(lambda _, exchange: asked.append(exchange.asked))
        await e.client.post("/v1/completions", json={"prompt": f"{head}x = ", "suffix": "\n"})
        await e.client.post("/v1/completions", json={"language": "python", "segments": {"prefix": "x = "}})
    assert [(one.prefix, one.language) for one in asked] == [("x = ", "python")] * 2
