"""Requests, deltas, models and statuses as JSON, for the other process that holds the engine.

Strict in both directions: a missing, unknown or wrongly typed field is Malformed and names itself, so that two
versions never misunderstand each other silently. `attached.py` and `host.py` speak it, and the server's
`/codeassist/v1/generate`.

An event of the answer is `{"delta": {...}}` or `{"error": {"kind": "EngineCrashed", "message": "..."}}`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from codeassist.engine.fields import (
    Fields,
    Misfit,
    flag,
    integer,
    mapping,
    number,
    one_of,
    optional,
    positive,
    text,
    texts,
    token_ids,
)
from codeassist.errors import AdapterUnusable, EngineCrashed, EngineError, EngineUnavailable, RequestRejected
from codeassist.types import Delta, EngineStatus, GenerationRequest, ModelInfo, Priority, Token, Usage

Json = dict[str, Any]

# What is said of an engine whose processes ended while it answered.
DEAD = "vLLM died while it was answering; it is being restarted (with log.level `debug` the log has its last words)"
_STATES = ("stopped", "starting", "ready", "restarting", "failed")
_FINISH_REASONS = ("stop", "length", "abort")
_ERRORS: dict[str, type[EngineError]] = {
    kind.__name__: kind for kind in (AdapterUnusable, EngineCrashed, EngineUnavailable, RequestRejected)
}


class Malformed(RequestRejected):
    """What came over the wire is not what this version speaks."""


def parse_object(source: str | bytes) -> Json:
    """A JSON object. Raises Malformed for anything else."""
    try:
        return as_object(json.loads(source))
    except ValueError as error:
        raise Malformed(f"not JSON: {error}") from None


def as_object(value: object) -> Json:
    """A parsed JSON object. Raises Malformed for anything else."""
    if not isinstance(value, dict):
        raise Malformed(f"a JSON object is expected, not {type(value).__name__}")
    return value


def request_to_json(request: GenerationRequest) -> Json:
    """Every field of the request; `adapter` and `score_last` only where they say something, so that versions which do
    not know them can be attached."""
    adapter = {"adapter": request.adapter} if request.adapter else {}
    scoring = {"score_last": request.score_last} if request.score_last else {}
    return {
        "id": request.id,
        "prompt": request.prompt if isinstance(request.prompt, str) else list(request.prompt),
        "max_tokens": request.max_tokens,
        "forced_prefix": request.forced_prefix,
        "stop": list(request.stop),
        "temperature": request.temperature,
        "top_p": request.top_p,
        "seed": request.seed,
        "priority": int(request.priority),
        "logprobs": request.logprobs,
        "top_logprobs": request.top_logprobs,
        "client": request.client,
        **adapter,
        **scoring,
    }


def request_from_json(value: Json) -> GenerationRequest:
    """The request; only `id`, `prompt` and `max_tokens` must be given. Raises Malformed."""
    fields = _fields(value, "request")
    request = GenerationRequest(
        id=fields.take("id", text),
        prompt=fields.take("prompt", _prompt),
        max_tokens=fields.take("max_tokens", positive),
        forced_prefix=fields.take("forced_prefix", text, ""),
        stop=fields.take("stop", texts, ()),
        temperature=fields.take("temperature", number, 0.0),
        top_p=fields.take("top_p", number, 1.0),
        seed=fields.take("seed", optional(integer), None),
        priority=fields.take("priority", _priority, Priority.COMPLETION),
        logprobs=fields.take("logprobs", flag, False),
        top_logprobs=fields.take("top_logprobs", _count, 0),
        client=fields.take("client", text, ""),
        adapter=fields.take("adapter", text, ""),
        score_last=fields.take("score_last", _count, 0),
    )
    fields.finish()
    return request


def delta_to_json(delta: Delta) -> Json:
    """Every field of the delta; tokens as [text, logprob, [[text, logprob], ...]]. `model` and `scored` only where they
    say something, so that versions which do not know them can be attached."""
    usage = delta.usage
    other = {"model": delta.model} if delta.model else {}
    scored = {"scored": _tokens_to_json(delta.scored)} if delta.scored else {}
    return {
        "text": delta.text,
        "usage": [usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens],
        "tokens": _tokens_to_json(delta.tokens),
        "finish_reason": delta.finish_reason,
        **other,
        **scored,
    }


def delta_from_json(value: Json) -> Delta:
    """The delta. Raises Malformed."""
    fields = _fields(value, "delta")
    delta = Delta(
        text=fields.take("text", text),
        usage=fields.take("usage", _usage),
        tokens=fields.take("tokens", _tokens),
        finish_reason=fields.take("finish_reason", optional(one_of(_FINISH_REASONS))),
        model=fields.take("model", text, ""),
        scored=fields.take("scored", _tokens, ()),
    )
    fields.finish()
    return delta


def delta_event(delta: Delta) -> Json:
    """A delta as an event of the answer."""
    return {"delta": delta_to_json(delta)}


def error_event(error: EngineError) -> Json:
    """An error as the last event of the answer."""
    names = [kind.__name__ for kind in type(error).__mro__]
    kind = next((name for name in names if name in _ERRORS), EngineUnavailable.__name__)
    return {"error": {"kind": kind, "message": str(error)}}


def read_event(value: Json) -> Delta:
    """The delta that an event carries; raises the EngineError that it carries instead."""
    if "error" not in value:
        fields = _fields(value, "event")
        delta = delta_from_json(fields.take("delta", mapping))
        fields.finish()
        return delta
    outer = _fields(value, "event")
    fields = _fields(outer.take("error", mapping), "error")
    raise _ERRORS[fields.take("kind", one_of(tuple(_ERRORS)))](fields.take("message", text))


def engine_to_json(info: ModelInfo, status: EngineStatus) -> Json:
    """What `GET /codeassist/v1/engine` answers."""
    return {"model": model_to_json(info), "status": status_to_json(status)}


def engine_from_json(value: Json) -> tuple[ModelInfo, EngineStatus]:
    """Model and status. Raises Malformed."""
    fields = _fields(value, "engine")
    model, status = fields.take("model", mapping), fields.take("status", mapping)
    fields.finish()
    return model_from_json(model), status_from_json(status)


def model_to_json(info: ModelInfo) -> Json:
    """Every field of the model's description; `base` only where adapters can be asked for and `supports_scoring` only
    where it does, so that versions which do not know them can attach."""
    base = {"base": info.base} if info.base else {}
    scoring = {"supports_scoring": True} if info.supports_scoring else {}
    return {
        "name": info.name,
        "template": info.template,
        "context_tokens": info.context_tokens,
        "prompt_tokens": info.prompt_tokens,
        "completion_tokens": info.completion_tokens,
        "tokenizer": str(info.tokenizer) if info.tokenizer else None,
        "supports_forced_prefix": info.supports_forced_prefix,
        "supports_logprobs": info.supports_logprobs,
        "gate": info.gate,
        **base,
        **scoring,
    }


def model_from_json(value: Json) -> ModelInfo:
    """The model's description. Raises Malformed."""
    fields = _fields(value, "model")
    tokenizer = fields.take("tokenizer", optional(text))
    info = ModelInfo(
        name=fields.take("name", text),
        template=fields.take("template", text),
        context_tokens=fields.take("context_tokens", positive),
        prompt_tokens=fields.take("prompt_tokens", positive),
        completion_tokens=fields.take("completion_tokens", positive),
        tokenizer=Path(tokenizer) if tokenizer else None,
        supports_forced_prefix=fields.take("supports_forced_prefix", flag),
        supports_logprobs=fields.take("supports_logprobs", flag),
        gate=fields.take("gate", optional(number)),
        base=fields.take("base", text, ""),
        supports_scoring=fields.take("supports_scoring", flag, False),
    )
    fields.finish()
    return info


def status_to_json(status: EngineStatus) -> Json:
    """Every field of the status; `stand_in` where there is one."""
    told = {"state": status.state, "message": status.message, "pid": status.pid, "restarts": status.restarts}
    return told | ({"stand_in": status.stand_in} if status.stand_in else {})


def status_from_json(value: Json) -> EngineStatus:
    """The status. Raises Malformed."""
    fields = _fields(value, "status")
    status = EngineStatus(
        state=fields.take("state", one_of(_STATES)),
        message=fields.take("message", text),
        pid=fields.take("pid", optional(integer)),
        restarts=fields.take("restarts", integer),
        stand_in=fields.take("stand_in", text, ""),
    )
    fields.finish()
    return status


def _fields(value: Json, name: str) -> Fields:
    return Fields(value, name, Malformed)


def _prompt(value: object) -> tuple[int, ...] | str:
    if isinstance(value, str):
        return value
    try:
        return token_ids(value)
    except Misfit:
        raise Misfit("a text or a list of token ids") from None


def _priority(value: object) -> Priority:
    if value not in list(Priority):
        raise Misfit("one of " + ", ".join(str(int(priority)) for priority in Priority))
    return Priority(integer(value))


def _usage(value: object) -> Usage:
    if not isinstance(value, list) or len(value) != 3:
        raise Misfit("three counts")
    return Usage(*map(_count, value))


def _tokens_to_json(tokens: Sequence[Token]) -> list[Any]:
    return [[token.text, token.logprob, list(map(list, token.top))] for token in tokens]


def _tokens(value: object) -> tuple[Token, ...]:
    if not isinstance(value, list) or not all(isinstance(token, list) and len(token) == 3 for token in value):
        raise Misfit("a list of [text, logprob, top] triples")
    return tuple(Token(text(piece), number(logprob), _top(top)) for piece, logprob, top in value)


def _top(value: object) -> tuple[tuple[str, float], ...]:
    if not isinstance(value, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        raise Misfit("a list of [text, logprob] pairs")
    return tuple((text(piece), number(logprob)) for piece, logprob in value)


def _count(value: object) -> int:
    if integer(value) < 0:
        raise Misfit("a whole number, 0 or more")
    return integer(value)
