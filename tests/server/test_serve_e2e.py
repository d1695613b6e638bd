"""`codeassist serve` with a real engine and the shipped model."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from codeassist.engine.attached import AttachedEngine
from codeassist.engine.choose import open_engine
from codeassist.engine.scoring import score
from codeassist.settings import EngineSettings
from codeassist.tokenizer import FileTokenizer
from codeassist.types import Token
from tests.server.serve_process import Server
from tests.server.test_captures import CAPTURES

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def server(living_server: Callable[[], Server]) -> Server:
    return living_server()


def test_the_engine_fills_in_and_its_cache_remembers(server: Server) -> None:
    # What comes next has to be beyond doubt: at a near tie, bfloat16 may go either way with and without the cache.
    function = "def area(radius):\n    return 3 * radius\n\n\n"
    body = {"prompt": f"{function * 20}def area(radius):\n    return ", "suffix": "\n", "max_tokens": 5}
    first = httpx.post(f"{server.url}/v1/completions", json=body, timeout=60).json()
    second = httpx.post(f"{server.url}/v1/completions", json=body, timeout=60).json()
    assert first["choices"] == second["choices"]
    assert first["usage"]["prompt_tokens"] > 256
    assert second["usage"]["prompt_tokens_details"]["cached_tokens"] >= 128


def test_special_tokens_in_a_raw_prompt_are_tokens(server: Server) -> None:
    body = {"prompt": "a<｜fim▁begin｜>b<｜fim▁hole｜>c<｜fim▁end｜>", "max_tokens": 1}
    usage = httpx.post(f"{server.url}/v1/completions", json=body, timeout=60).json()["usage"]
    assert usage["prompt_tokens"] <= 7


def test_a_prompt_for_another_model_is_the_gap_that_it_stands_for(server: Server) -> None:
    code, rest = "def area(radius):\n    return 3 * radius\n\n\ndef area(radius):\n    return ", "\n"
    rendered = f"<|fim_prefix|>{code}<|fim_suffix|>{rest}<|fim_middle|>"
    answers = [
        httpx.post(f"{server.url}/v1/completions", json={**body, "max_tokens": 5}, timeout=60).json()
        for body in ({"prompt": code, "suffix": rest}, {"prompt": rendered})
    ]
    assert answers[0]["choices"] == answers[1]["choices"]
    assert answers[0]["usage"]["prompt_tokens"] == answers[1]["usage"]["prompt_tokens"]


def test_the_tokens_that_are_told_are_those_of_the_text(server: Server) -> None:
    body = {"prompt": "def area(radius):\n    retu", "suffix": "\n", "max_tokens": 8, "logprobs": 1}
    choice = httpx.post(f"{server.url}/v1/completions", json=body, timeout=60).json()["choices"][0]
    told = choice["logprobs"]
    assert "".join(told["tokens"]) == choice["text"]
    places = zip(told["text_offset"], told["tokens"], strict=True)
    assert all(choice["text"].startswith(token, place) for place, token in places)
    assert all(logprob <= 0 for logprob in told["token_logprobs"])


@pytest.mark.parametrize("capture", CAPTURES, ids=[capture["client"] for capture in CAPTURES])
def test_what_a_real_client_sends_is_answered(server: Server, capture: dict[str, Any]) -> None:
    response = httpx.post(f"{server.url}{capture['path']}", json=capture["body"], timeout=60)
    assert response.status_code == 200
    assert '"error"' not in response.text


def test_another_process_shares_the_engine(server: Server) -> None:
    line = json.dumps({"file": "a.py", "line": 2, "col": 12, "invoked": True}) + "\n"
    ended = subprocess.run(
        [sys.executable, "-m", "codeassist.cli", "complete", "--stdin"],
        input=line.encode(),
        capture_output=True,
        cwd=server.workspace,
        env=server.environ,
        timeout=120,
        check=True,
    )
    answer = json.loads(ended.stdout)
    assert answer["usage"]["completion_tokens"] > 0
    assert httpx.get(f"{server.url}/health").json()["status"] == "ready"


def test_another_process_has_a_prompt_scored(server: Server) -> None:
    async def scored() -> tuple[Token, ...]:
        runtime = Path(server.environ["XDG_RUNTIME_DIR"]) / "codeassist"
        engine = open_engine(EngineSettings(), attach=True, runtime=runtime)
        assert isinstance(engine, AttachedEngine)
        try:
            await engine.start()
            assert engine.info.tokenizer is not None
            prompt = (0, *FileTokenizer(engine.info.tokenizer).encode("def area(radius):\n    return radius"))
            return await score(engine, prompt, 4, 3)
        finally:
            await engine.close()

    tokens = asyncio.run(scored())
    assert [len(token.top) for token in tokens] == [3] * 4
    assert "def area(radius):\n    return radius".endswith("".join(token.text for token in tokens))
    assert all(token.logprob <= token.top[0][1] <= 0 for token in tokens)


def test_a_client_that_leaves_frees_the_engine(server: Server) -> None:
    body = {"prompt": "x", "max_tokens": 4000, "stream": True}
    with httpx.stream("POST", f"{server.url}/v1/completions", json=body, timeout=60) as response:
        assert next(response.iter_lines())
    short = httpx.post(f"{server.url}/v1/completions", json={"prompt": "y", "max_tokens": 1}, timeout=60)
    assert short.status_code == 200


def test_a_signal_ends_server_and_engine(server: Server) -> None:
    pid = server.engine_pid()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=60) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
