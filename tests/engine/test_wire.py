"""What crosses the wire comes back as it was, or is refused by name."""

import json
from pathlib import Path
from typing import Any

import pytest
from asking import ask

from codeassist.engine import wire
from codeassist.errors import AdapterUnusable, EngineCrashed, EngineError, EngineUnavailable, RequestRejected
from codeassist.types import Delta, EngineStatus, GenerationRequest, ModelInfo, Priority, Token, Usage

FULL = GenerationRequest(
    id="r", prompt=(0, 7), max_tokens=3, forced_prefix="dé", stop=("\n",), temperature=0.5, top_p=0.9, seed=1,
    priority=Priority.CHAT, logprobs=True, adapter="/adapters/shop/1",
)  # fmt: skip


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("request_", [FULL, ask(), ask(prompt="text ｜ 😀"), ask(max_tokens=1, score_last=3)])
def test_requests_survive(request_: GenerationRequest) -> None:
    assert wire.request_from_json(through_json(wire.request_to_json(request_))) == request_


@pytest.mark.parametrize(
    "delta",
    [
        Delta("x", Usage(3, 2, 1)),
        Delta("", Usage(3, 2, 4), (Token("é", -0.25), Token("", -1.0)), "stop"),
        Delta("a\n", Usage(), (), "length"),
        Delta("b", Usage(), model="another"),
        Delta(
            "c", Usage(3, 0, 1), (), "length", scored=(Token("é", -0.25, (("e", -0.125), ("é", -0.25))), Token("", -1))
        ),
    ],
)
def test_deltas_survive(delta: Delta) -> None:
    assert wire.read_event(through_json(wire.delta_event(delta))) == delta


def test_engines_survive() -> None:
    info = ModelInfo("m", "deepseek", 4096, 1536, 48, Path("/m/tokenizer.json"), True, True, -0.5, "f" * 64, True)
    for status in (EngineStatus("restarting", "again", 12, 3), EngineStatus("ready", "b for a", stand_in="b")):
        assert wire.engine_from_json(through_json(wire.engine_to_json(info, status))) == (info, status)


def test_adapters_and_scores_are_no_word_to_those_who_use_none() -> None:
    assert {"adapter", "score_last"}.isdisjoint(wire.request_to_json(ask()))
    assert {"base", "supports_scoring"}.isdisjoint(wire.model_to_json(ModelInfo("m", "deepseek", 4096, 1536)))
    assert "scored" not in wire.delta_to_json(Delta("x", Usage()))


@pytest.mark.parametrize("kind", [AdapterUnusable, EngineCrashed, EngineUnavailable, RequestRejected])
def test_errors_arrive_as_their_kind(kind: type[Exception]) -> None:
    event = through_json(wire.error_event(kind("why")))  # type: ignore[arg-type]
    with pytest.raises(kind, match="why"):
        wire.read_event(event)


def test_an_error_of_a_finer_kind_arrives_as_the_kind_above_it() -> None:
    with pytest.raises(RequestRejected, match="not JSON"):
        wire.read_event(wire.error_event(wire.Malformed("not JSON")))
    with pytest.raises(EngineUnavailable, match="why"):
        wire.read_event(wire.error_event(EngineError("why")))


def test_only_three_fields_of_a_request_are_required() -> None:
    assert wire.request_from_json({"id": "r1", "prompt": [1, 2, 3, 4], "max_tokens": 16}) == ask()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"best_of": 2}, "unknown field 'best_of'"),
        ({"max_tokens": 0}, "'max_tokens' must be a whole number of at least 1"),
        ({"max_tokens": True}, "'max_tokens'"),
        ({"id": 7}, "'id' must be a text"),
        ({"prompt": [1, -2]}, "'prompt' must be a text or a list of token ids"),
        ({"prompt": []}, "'prompt'"),
        ({"prompt": [True]}, "'prompt'"),
        ({"stop": "x"}, "'stop' must be a list of texts"),
        ({"priority": 5}, "'priority' must be one of 0, 10, 20, 30"),
        ({"priority": True}, "'priority'"),
        ({"temperature": float("nan")}, "'temperature' must be a number"),
        ({"score_last": -1}, "'score_last' must be a whole number, 0 or more"),
        ({"logprobs": 1}, "'logprobs' must be true or false"),
        ({"seed": 1.5}, "'seed'"),
    ],
)
def test_requests_that_do_not_fit_are_refused_by_field(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(RequestRejected, match=complaint):
        wire.request_from_json(wire.request_to_json(ask()) | change)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(RequestRejected, match="field 'id' is missing"):
        wire.request_from_json({"prompt": "x", "max_tokens": 1})


@pytest.mark.parametrize("source", ["", "[1]", "nul", '"text"', b"\xff"])
def test_what_is_no_object_is_refused(source: str | bytes) -> None:
    with pytest.raises(wire.Malformed):
        wire.parse_object(source)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"delta": {"text": "x"}},
        {"delta": {"text": "x", "usage": [1, 2], "tokens": [], "finish_reason": None}},
        {"delta": {"text": "x", "usage": [1, 2, 3], "tokens": [["a"]], "finish_reason": None}},
        {"delta": {"text": "x", "usage": [1, 2, 3], "tokens": [], "finish_reason": "tired"}},
        {"error": {"kind": "SystemExit", "message": "x"}},
        {"error": "x"},
    ],
)
def test_malformed_events_are_told_from_refusals(event: dict[str, Any]) -> None:
    with pytest.raises(wire.Malformed):
        wire.read_event(event)
