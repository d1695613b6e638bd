"""The body of `POST /v1/completions`, read strictly: what we would not honour is refused, not ignored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from codeassist.engine.fields import Misfit, flag, integer, mapping, number, one_of, positive, text, texts
from codeassist.server.problems import Problem

_T = TypeVar("_T")

MAX_STOPS = 64

# Fields of the standard that we accept only where they ask for nothing: by name, the values that do.
_NEUTRAL: Mapping[str, tuple[object, ...]] = {
    "n": (1,),
    "best_of": (1,),
    "echo": (False,),
    "logprobs": (),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "logit_bias": ({},),
}
_IGNORED = ("model", "user")


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """What a client asks for. `prompt` is text or token ids; with a `suffix` it is the text before the gap."""

    prompt: str | tuple[int, ...]
    suffix: str | None
    max_tokens: int | None
    temperature: float
    top_p: float
    seed: int | None
    stop: tuple[str, ...]
    stream: bool
    include_usage: bool


def read_completion_request(body: Mapping[str, Any]) -> CompletionRequest:
    """The request; null counts as not given. Raises Problem naming the field."""
    rest = {key: value for key, value in body.items() if value is not None}
    for name in _IGNORED:
        _take(rest, name, text, "")
    request = CompletionRequest(
        prompt=_prompt_of(rest),
        suffix=_take(rest, "suffix", text, None),
        max_tokens=_take(rest, "max_tokens", positive, None),
        temperature=_take(rest, "temperature", _temperature, 0.0),
        top_p=_take(rest, "top_p", _top_p, 1.0),
        seed=_take(rest, "seed", _seed, None),
        stop=_take(rest, "stop", _stop, ()),
        stream=_take(rest, "stream", flag, False),
        include_usage=_take(rest, "stream_options", _include_usage, False),
    )
    if request.suffix is not None and not isinstance(request.prompt, str):
        raise Problem(400, "a `suffix` needs a `prompt` that is text, not token ids", param="prompt")
    _refuse_rest(rest)
    return request


def _take(rest: dict[str, Any], name: str, check: Callable[[object], _T], default: Any) -> Any:
    if name not in rest:
        return default
    try:
        return check(rest.pop(name))
    except Misfit as misfit:
        raise Problem(400, f"`{name}` must be {misfit}", param=name) from misfit


def _refuse_rest(rest: Mapping[str, Any]) -> None:
    for name, value in rest.items():
        if name not in _NEUTRAL:
            raise Problem(400, f"unknown field `{name}`; it would not be honoured", param=name, code="unknown_field")
        if not any(
            value == neutral and isinstance(value, bool) == isinstance(neutral, bool) for neutral in _NEUTRAL[name]
        ):
            allowed = " or ".join([*map(repr, _NEUTRAL[name]), "null"])
            message = f"`{name}` is not supported; leave it out (or send {allowed})"
            raise Problem(400, message, param=name, code="unsupported_field")


def _prompt_of(rest: dict[str, Any]) -> str | tuple[int, ...]:
    if "prompt" not in rest:
        raise Problem(400, "`prompt` is missing", param="prompt", code="missing_field")
    prompt: str | tuple[int, ...] = _take(rest, "prompt", _prompt, None)
    return prompt


def _prompt(value: object) -> str | tuple[int, ...]:
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str | list):
        return _prompt(value[0])
    if isinstance(value, str):
        return _characters(value)
    if isinstance(value, list) and value and all(type(item) is int and item >= 0 for item in value):
        return tuple(value)
    raise Misfit("one text, or one list of token ids")


def _characters(value: str) -> str:
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise Misfit("text without halves of surrogate pairs")
    return value


def _temperature(value: object) -> float:
    if not 0 <= number(value) <= 2:
        raise Misfit("from 0 to 2")
    return number(value)


def _top_p(value: object) -> float:
    if not 0 < number(value) <= 1:
        raise Misfit("above 0 and at most 1")
    return number(value)


def _seed(value: object) -> int:
    if not 0 <= integer(value) < 2**63:
        raise Misfit("a whole number from 0 to 2^63 - 1")
    return integer(value)


def _stop(value: object) -> tuple[str, ...]:
    stops = (value,) if isinstance(value, str) else texts(value)
    if len(stops) > MAX_STOPS or not all(stops):
        raise Misfit(f"a text or at most {MAX_STOPS} texts, none of them empty")
    return stops


def _include_usage(value: object) -> bool:
    options = mapping(value)
    one_of_known = one_of(("include_usage",))
    for name in options:
        one_of_known(name)
    return flag(options.get("include_usage", False))
