"""Checks of single fields of a completion request; each raises Misfit for what does not fit."""

from __future__ import annotations

from collections.abc import Callable

from codeassist.engine.fields import Misfit, flag, integer, mapping, number, one_of, positive, texts, token_ids

# Answers to one request, those to several prompts taken together.
MAX_CHOICES = 16
MAX_STOPS = 64
MAX_LOGPROBS = 5
# Continue asks for 0.01 where it wants the likeliest answer: there, a token that is half as likely as the best one
# comes once in 10^30 times. Taken for 0, such requests can share one generation.
GREEDY_UP_TO = 0.01

_STREAM_OPTIONS = ("include_usage", "continuous_usage_stats", "include_obfuscation")


def prompts(value: object) -> tuple[str | tuple[int, ...], ...]:
    """A text, token ids, or a list of either."""
    if isinstance(value, list) and value and all(isinstance(item, str | list) for item in value):
        if len(value) > MAX_CHOICES:
            raise Misfit(f"at most {MAX_CHOICES} texts or lists of token ids; ask in several requests")
        return tuple(prompt(item) for item in value)
    return (prompt(value),)


def prompt(value: object) -> str | tuple[int, ...]:
    """A text or a list of token ids."""
    if isinstance(value, str):
        return characters(value)
    try:
        return token_ids(value)
    except Misfit:
        raise Misfit("a text or a list of token ids, or a list of those") from None


def characters(value: object) -> str:
    """A text that can be encoded."""
    if not isinstance(value, str):
        raise Misfit("a text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Misfit("text without halves of surrogate pairs") from None
    return value


def temperature(value: object) -> float:
    """From 0 to 2; 0 where it is so low that nothing but the likeliest token would come."""
    if not 0 <= number(value) <= 2:
        raise Misfit("from 0 to 2")
    return number(value) if number(value) > GREEDY_UP_TO else 0.0


def top_p(value: object) -> float:
    """Above 0, at most 1."""
    if not 0 < number(value) <= 1:
        raise Misfit("above 0 and at most 1")
    return number(value)


def seed(value: object) -> int:
    """What vLLM takes."""
    if not 0 <= integer(value) < 2**63:
        raise Misfit("a whole number from 0 to 2^63 - 1")
    return integer(value)


def stop(value: object) -> tuple[str, ...]:
    """One text or several."""
    stops = (value,) if isinstance(value, str) else texts(value)
    if len(stops) > MAX_STOPS or not all(stops):
        raise Misfit(f"a text or at most {MAX_STOPS} texts, none of them empty")
    return tuple(characters(text) for text in stops)


def count(value: object) -> int:
    """How many; at least 1."""
    return positive(value)


def few(most: int) -> Callable[[object], int]:
    """How many, from 1 to a limit."""

    def check(value: object) -> int:
        if not 1 <= integer(value) <= most:
            raise Misfit(f"a whole number from 1 to {most}")
        return integer(value)

    return check


def top_logprobs(value: object) -> int | None:
    """How many of the likeliest tokens are told; false, as chats say it, for nothing."""
    if value is False:
        return None
    if not 0 <= integer(value) <= MAX_LOGPROBS:
        raise Misfit(f"a whole number from 0 to {MAX_LOGPROBS}")
    return integer(value)


def stream_options(value: object) -> tuple[bool, bool]:
    """Whether the usage is told at the end, and whether with every event. Padding against eavesdroppers is not made."""
    options = mapping(value)
    one_of_known = one_of(_STREAM_OPTIONS)
    for name in options:
        one_of_known(name)
        flag(options[name])
    return options.get("include_usage", False), options.get("continuous_usage_stats", False)
