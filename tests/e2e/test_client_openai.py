"""The `openai` library: what it asks of the endpoint, and what it makes of the answers."""

from __future__ import annotations

import math
from collections.abc import Iterator

import openai
import pytest
from openai.types.chat import ChatCompletionFunctionToolParam, ChatCompletionUserMessageParam

from tests.e2e.client_server import PREFIX, SUFFIX, ClientServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

MODEL = "codeassist-deepseek-small"
QUESTION = "Say hello to the library."
ANSWER = "Hello, library."
TOOL = ChatCompletionFunctionToolParam(
    type="function",
    function={"name": "look", "parameters": {"type": "object", "properties": {"place": {"type": "string"}}}},
)
MESSAGES = [ChatCompletionUserMessageParam(role="user", content=QUESTION)]


@pytest.fixture(scope="module")
def client(client_server: ClientServer) -> Iterator[openai.OpenAI]:
    client_server.chat.answers[QUESTION] = ANSWER
    with openai.OpenAI(base_url=f"{client_server.url}/v1", api_key="local", max_retries=0) as client:
        yield client


def test_the_models_are_listed_with_their_lengths(client: openai.OpenAI) -> None:
    listed = {model.id: model.model_extra or {} for model in client.models.list()}
    assert listed[MODEL]["max_model_len"] > 1000
    assert client.models.retrieve(MODEL).id == MODEL


def test_a_gap_is_filled_at_once_as_in_a_stream(client: openai.OpenAI) -> None:
    whole = client.completions.create(model=MODEL, prompt=PREFIX, suffix=SUFFIX, max_tokens=24, stop=["\n"])
    stream = client.completions.create(
        model=MODEL,
        prompt=PREFIX,
        suffix=SUFFIX,
        max_tokens=24,
        stop=["\n"],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    assert whole.choices[0].text.strip()
    assert "".join(chunk.choices[0].text for chunk in chunks if chunk.choices) == whole.choices[0].text
    assert whole.usage is not None
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens > 0


def test_several_answers_and_their_probabilities(client: openai.OpenAI) -> None:
    answer = client.completions.create(
        model=MODEL, prompt=PREFIX, suffix=SUFFIX, max_tokens=8, n=2, temperature=0.8, seed=1, logprobs=2
    )
    assert [choice.index for choice in answer.choices] == [0, 1]
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.token_logprobs
    assert logprobs.tokens
    assert len(logprobs.tokens) == len(logprobs.token_logprobs)
    assert max(logprobs.token_logprobs) <= 0


def test_a_chat_at_once_and_in_a_stream(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model="codeassist-chat", messages=MESSAGES)
    stream = client.chat.completions.create(
        model="codeassist-chat",
        messages=MESSAGES,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    assert whole.choices[0].message.content == ANSWER
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == ANSWER
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens > 0


def test_tools_and_formats_reach_the_chat_model(client: openai.OpenAI, client_server: ClientServer) -> None:
    client.chat.completions.create(
        model="codeassist-chat",
        messages=MESSAGES,
        tools=[TOOL],
        response_format={"type": "json_object"},
    )
    asked = client_server.chat.asked[-1]
    assert asked["tools"] == [TOOL]
    assert asked["response_format"] == {"type": "json_object"}


def test_vectors_are_the_same_in_base64_as_in_numbers(client: openai.OpenAI) -> None:
    texts = ["def price_with_tax(net_cents): ...", "class Order: ..."]
    coded = client.embeddings.create(model="codeassist-vectors", input=texts)  # the library asks for base64
    plain = client.embeddings.create(model="codeassist-vectors", input=texts, encoding_format="float")
    assert len(coded.data) == 2
    for one, other in zip(coded.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
        assert math.hypot(*one.embedding) == pytest.approx(1, abs=1e-3)


def test_what_would_not_be_honoured_is_an_error_of_the_library(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.completions.create(model=MODEL, prompt="x", echo=True)
    assert refused.value.param == "echo"
    with pytest.raises(openai.BadRequestError, match="surprise"):
        client.completions.create(model=MODEL, prompt="x", extra_body={"surprise": 1})
    with pytest.raises(openai.NotFoundError, match="responses"):
        client.responses.create(model=MODEL, input="x")
