"""OpenAI's completions: our request as its body, its stream as our deltas (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, repeat
from typing import Any

from codeassist.engine.fields import Misfit, integer, mapping, number, text
from codeassist.engine.wire import parse_object
from codeassist.errors import EngineCrashed, EngineError, EngineUnavailable, RequestRejected
from codeassist.types import Delta, FinishReason, GenerationRequest, Token, Usage

_DONE = "[DONE]"


def completion_body(request: GenerationRequest, model: str) -> dict[str, Any]:
    """The JSON body; only what the request asks for, so that small servers are not asked for what they lack."""
    body: dict[str, Any] = {
        "model": model,
        "prompt": request.prompt if isinstance(request.prompt, str) else list(request.prompt),
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.top_p < 1.0:
        body["top_p"] = request.top_p
    if request.seed is not None:
        body["seed"] = request.seed
    if request.stop:
        body["stop"] = list(request.stop)
    if request.logprobs:
        body["logprobs"] = max(request.top_logprobs, 1)
    return body


class CompletionReader:
    """Turns the events of one stream into deltas.

    The delta with the finish reason is kept back until the stream ends, for the usage comes after it. Servers that send
    no usage get their events counted as tokens.
    """

    def __init__(self, request: GenerationRequest) -> None:
        n_prompt = 0 if isinstance(request.prompt, str) else len(request.prompt)
        self.ended = False
        self._n_top = request.top_logprobs
        self._usage = Usage(prompt_tokens=n_prompt)
        self._counted = False
        self._last: Delta | None = None

    def read(self, event: str) -> Delta | None:
        """What the event adds. Raises EngineCrashed for what is no completion, or the error that the server sends."""
        if event.strip() == _DONE:
            self.ended = True
            return None
        try:
            return self._read_chunk(parse_object(event))
        except (Misfit, RequestRejected) as fault:
            raise EngineCrashed(f"the server's stream is malformed ({fault}): {event[:200]}") from None

    def last(self) -> Delta:
        """The final delta. Raises EngineCrashed when the stream ended without one."""
        if self._last is None:
            raise EngineCrashed("the server's stream ended in the middle of an answer")
        return Delta(self._last.text, self._usage, self._last.tokens, self._last.finish_reason)

    def _read_chunk(self, chunk: dict[str, Any]) -> Delta | None:
        if chunk.get("error"):
            raise _sent_error(chunk["error"])
        if chunk.get("usage"):
            self._usage = _usage(mapping(chunk["usage"]))
            self._counted = True
        choices = chunk.get("choices")
        if not isinstance(choices, list):
            raise Misfit("no choices")
        return self._read_choice(mapping(choices[0])) if choices else None

    def _read_choice(self, choice: dict[str, Any]) -> Delta | None:
        piece = text(choice.get("text", ""))
        tokens = _tokens(choice.get("logprobs"), self._n_top)
        if piece and not self._counted:
            self._usage = Usage(self._usage.prompt_tokens, 0, self._usage.completion_tokens + max(len(tokens), 1))
        reason = choice.get("finish_reason")
        delta = Delta(piece, self._usage, tokens, _finish_reason(reason) if reason else None)
        if delta.finish_reason is not None:
            self._last = delta
            return None
        return delta if delta.text or delta.tokens else None


def _usage(value: dict[str, Any]) -> Usage:
    """What makes no sense counts as 0: totals only grow."""
    details = value.get("prompt_tokens_details") or {}
    return Usage(
        prompt_tokens=max(integer(value.get("prompt_tokens", 0)), 0),
        cached_tokens=max(integer(mapping(details).get("cached_tokens") or 0), 0),
        completion_tokens=max(integer(value.get("completion_tokens", 0)), 0),
    )


def _tokens(value: object, n_top: int) -> tuple[Token, ...]:
    """Both shapes in use: parallel lists (OpenAI's completions, vLLM) and a list of objects (llama.cpp)."""
    if value is None:
        return ()
    logprobs = mapping(value)
    if isinstance(logprobs.get("content"), list):
        entries = [mapping(entry) for entry in _list(logprobs["content"])]
        tops = [_listed(entry.get("top_logprobs")) if n_top else () for entry in entries]
        found = [(entry.get("token"), entry.get("logprob")) for entry in entries]
    else:
        found = list(zip(_list(logprobs.get("tokens")), _list(logprobs.get("token_logprobs")), strict=False))
        tops = [tuple(mapping(top or {}).items()) for top in _list(logprobs.get("top_logprobs"))] if n_top else []
    return tuple(
        Token(text(piece), number(value), _best(top, n_top))
        for (piece, value), top in zip(found, chain(tops, repeat(())), strict=False)
    )


def _list(value: object) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise Misfit("logprobs are no lists")
    return value


def _listed(value: object) -> tuple[tuple[object, object], ...]:
    return tuple((entry.get("token"), entry.get("logprob")) for entry in map(mapping, _list(value)))


def _best(pairs: Iterable[tuple[object, object]], n_top: int) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(((text(piece), number(value)) for piece, value in pairs), key=lambda pair: -pair[1])[:n_top])


def _finish_reason(value: object) -> FinishReason:
    return {"length": "length", "abort": "abort"}.get(text(value), "stop")  # type: ignore[return-value]


def _sent_error(value: object) -> EngineError:
    said = value.get("message", value) if isinstance(value, dict) else value
    return EngineUnavailable(f"the server gave up in the middle of its answer: {str(said)[:300]}")
