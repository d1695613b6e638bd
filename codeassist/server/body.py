"""Strict reading of a request's fields: each is taken with a check, and what nobody took is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from codeassist.engine.fields import Misfit, integer, number, texts, token_ids
from codeassist.server.problems import Problem

_T = TypeVar("_T")
_D = TypeVar("_D")

MAX_STOPS = 64


class Body:
    """The fields of one JSON object; null counts as not given. within: what messages call the object, for example
    `options.`."""

    def __init__(self, fields: Mapping[str, Any], within: str = "") -> None:
        self._rest = {name: value for name, value in fields.items() if value is not None}
        self._within = within

    def take(self, name: str, check: Callable[[object], _T], default: _D) -> _T | _D:
        """The checked value of a field, `default` where it is missing. Raises Problem."""
        if name not in self._rest:
            return default
        full = self._within + name
        try:
            return check(self._rest.pop(name))
        except Misfit as misfit:
            raise Problem(400, f"`{full}` must be {misfit}", param=full) from misfit

    def require(self, name: str, check: Callable[[object], _T]) -> _T:
        """The checked value of a field that must be there. Raises Problem."""
        if name not in self._rest:
            full = self._within + name
            raise Problem(400, f"`{full}` is missing", param=full, code="missing_field")
        value: _T | None = self.take(name, check, None)
        assert value is not None
        return value

    def ignore(self, names: Iterable[str]) -> None:
        """Pass over fields that are documented to have no effect here."""
        for name in names:
            self._rest.pop(name, None)

    def require_neutral(self, neutral: Mapping[str, tuple[object, ...]]) -> None:
        """Pass over fields with a value that asks for nothing. Raises Problem for what we would not honour.

        neutral: those values, by field; true and 1 are different ones.
        """
        for name, values in neutral.items():
            if name in self._rest and not _is_one_of(self._rest.pop(name), values):
                full = self._within + name
                allowed = " or ".join([*map(repr, values), "null"])
                message = f"`{full}` is not supported; leave it out (or send {allowed})"
                raise Problem(400, message, param=full, code="unsupported_field")

    def finish(self) -> None:
        """Raises Problem where a field is left that nobody took."""
        for name in self._rest:
            full = self._within + name
            raise Problem(400, f"unknown field `{full}`; it would not be honoured", param=full, code="unknown_field")


def _is_one_of(value: object, allowed: tuple[object, ...]) -> bool:
    return any(value == other and isinstance(value, bool) == isinstance(other, bool) for other in allowed)


def characters(value: object) -> str:
    """A text that can be encoded."""
    if not isinstance(value, str):
        raise Misfit("a text")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise Misfit("text without halves of surrogate pairs")
    return value


def from_zero(value: object) -> int:
    """A whole number that is not negative."""
    if integer(value) < 0:
        raise Misfit("a whole number of at least 0")
    return integer(value)


def one_prompt(value: object) -> str | tuple[int, ...]:
    """One text, or token ids; a list of one of these is that one."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str | list):
        value = value[0]
    if isinstance(value, str):
        return characters(value)
    try:
        return token_ids(value)
    except Misfit:
        raise Misfit("one text, or one list of token ids") from None


def temperature(value: object) -> float:
    """From 0 (greedy) to 2."""
    if not 0 <= number(value) <= 2:
        raise Misfit("from 0 to 2")
    return number(value)


def top_p(value: object) -> float:
    """Above 0, at most 1."""
    if not 0 < number(value) <= 1:
        raise Misfit("above 0 and at most 1")
    return number(value)


def seed(value: object) -> int | None:
    """A seed; a negative one, where a dialect allows it, asks for any."""
    if not -(2**63) <= integer(value) < 2**63:
        raise Misfit("a whole number below 2^63")
    return integer(value) if integer(value) >= 0 else None


def stops(value: object) -> tuple[str, ...]:
    """Texts that end an answer."""
    found = (value,) if isinstance(value, str) else texts(value)
    if len(found) > MAX_STOPS or not all(found):
        raise Misfit(f"a text or at most {MAX_STOPS} texts, none of them empty")
    return tuple(characters(stop) for stop in found)
