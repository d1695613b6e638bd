"""The end of a prompt scored by a server that may be a vLLM."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from loopback import serving
from openai_server import INFO, Server
from starlette.responses import JSONResponse, Response

from codeassist.engine.remote import RemoteEngine
from codeassist.engine.scoring import score
from codeassist.errors import EngineUnavailable, RequestRejected
from codeassist.types import ModelInfo, Token

PROMPT = (0, 1, 2, 3)
# What vLLM's server sends: token ids as texts; who stands there comes even where it is not among the likeliest.
ROWS = [
    None,
    {"1": {"logprob": -0.5, "rank": 1, "decoded_token": "a"}},
    {"4": {"logprob": -0.25, "rank": 1}, "2": {"logprob": -3.0, "rank": 7}},
    {"3": {"logprob": -0.125, "rank": 1}, "4": {"logprob": -4.0, "rank": 2}},
]


@pytest.fixture
def info(tmp_path: Path) -> ModelInfo:
    """Of a model whose third and fourth token are the two halves of an é."""
    vocabulary = {"<s>": 0, "a": 1, "Ã": 2, "©": 3, "b": 4}
    file = tmp_path / "tokenizer.json"
    file.write_text(json.dumps({"model": {"vocab": vocabulary}, "decoder": {"type": "ByteLevel"}}))
    return replace(INFO, tokenizer=file)


def answering(choice: dict[str, Any], owner: str = "vllm") -> Server:
    listing = {"data": [{"id": "coder", "max_model_len": 2048, "owned_by": owner}]}
    return Server(lambda: JSONResponse({"choices": [choice]}), lambda: JSONResponse(listing))


async def asked(server: Server, info: ModelInfo, n_last: int, n_top: int) -> tuple[Token, ...]:
    async with serving(server.app()) as address:
        engine = RemoteEngine(f"{address}/v1", info)
        try:
            await engine.start()
            return await score(engine, PROMPT, n_last, n_top)
        finally:
            await engine.close()


async def test_a_vllm_behind_the_address_scores(info: ModelInfo) -> None:
    server = answering({"text": "x", "prompt_logprobs": ROWS})
    assert len(await asked(server, info, 2, 1)) == 2
    (body,) = server.asked
    assert (body["prompt"], body["prompt_logprobs"], body["stream"], body["max_tokens"]) == ([0, 1, 2, 3], 1, False, 1)
    assert "stream_options" not in body


async def test_tokens_have_their_bytes_texts(info: ModelInfo) -> None:
    tokens = await asked(answering({"prompt_logprobs": ROWS}), info, 2, 1)
    assert [token.text for token in tokens] == ["", "é"]
    assert [token.logprob for token in tokens] == [-3.0, -0.125]
    assert tokens[0].top == (("b", -0.25),)
    (last,) = await asked(answering({"prompt_logprobs": ROWS}), info, 1, 0)
    assert last == Token("é", -0.125)


async def test_who_is_no_vllm_or_whose_tokens_are_unknown_is_not_asked(info: ModelInfo) -> None:
    for server, known in (
        (answering({"prompt_logprobs": ROWS}, owner="llamacpp"), info),
        (answering({"prompt_logprobs": ROWS}), replace(info, tokenizer=None)),
    ):
        with pytest.raises(RequestRejected, match="cannot score"):
            await asked(server, known, 2, 1)
        assert server.asked == []


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ({"text": "x"}, "no prompt_logprobs"),
        ({"prompt_logprobs": ROWS[:2]}, "check engine.tokenizer"),
        ({"prompt_logprobs": [None, *ROWS]}, "check engine.tokenizer"),
        (
            {"prompt_logprobs": [None, {}, {"9": {"logprob": -1.0}}, {"3": {"logprob": -1.0}}]},
            "scores no prompt",
        ),
        (
            {"prompt_logprobs": [None, {}, {"2": {"logprob": "x"}}, {"3": {"logprob": -1.0}}]},
            "scores no prompt",
        ),
        ({"prompt_logprobs": [None, {}, {"two": {"logprob": -1.0}}, {}]}, "scores no prompt"),
    ],
)
async def test_an_answer_that_scores_nothing_is_refused(info: ModelInfo, choice: dict[str, Any], told: str) -> None:
    with pytest.raises(RequestRejected, match=told):
        await asked(answering(choice), info, 2, 1)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (lambda: JSONResponse({"error": {"message": "prompt_logprobs is too large"}}, 400), RequestRejected),
        (lambda: JSONResponse({"error": {"message": "busy"}}, 503), EngineUnavailable),
        (lambda: Response("<html>"), RequestRejected),
        (lambda: JSONResponse({"choices": []}), RequestRejected),
    ],
)
async def test_trouble_is_told(info: ModelInfo, answer: Callable[[], Response], kind: type[Exception]) -> None:
    server = answering({})
    server.answer = answer
    with pytest.raises(kind):
        await asked(server, info, 2, 1)
