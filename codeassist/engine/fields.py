"""Strict reading of JSON objects: every field is taken with a check, and what nobody took is refused."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

T = TypeVar("T")
Check = Callable[[object], T]

_REQUIRED: Any = object()


class Misfit(ValueError):
    """A value is not of the kind that its message names ("a text")."""


class Fields:
    """The fields of one JSON object, called `name` in messages; `error` is raised for whatever does not fit."""

    def __init__(self, value: Mapping[str, Any], name: str, error: type[Exception]) -> None:
        self._rest = dict(value)
        self._name = name
        self._error = error

    def take(self, key: str, check: Check[T], default: T = _REQUIRED) -> T:
        """The checked value of a field; `default` when it is missing and one is given."""
        if key not in self._rest:
            if default is _REQUIRED:
                raise self._error(f"{self._name}: field {key!r} is missing")
            return default
        try:
            return check(self._rest.pop(key))
        except Misfit as misfit:
            raise self._error(f"{self._name}: field {key!r} must be {misfit}") from None

    def finish(self) -> None:
        """Raises when a field is left that nobody took."""
        if self._rest:
            raise self._error(f"{self._name}: unknown field {sorted(self._rest)[0]!r}")


def text(value: object) -> str:
    """A str."""
    if not isinstance(value, str):
        raise Misfit("a text")
    return value


def texts(value: object) -> tuple[str, ...]:
    """A list of str."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Misfit("a list of texts")
    return tuple(value)


def flag(value: object) -> bool:
    """A bool."""
    if not isinstance(value, bool):
        raise Misfit("true or false")
    return value


def integer(value: object) -> int:
    """An int; true and false are none, and 64.0, which JSON does not tell from 64, is one."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Misfit("a whole number")
    return value


def token_ids(value: object) -> tuple[int, ...]:
    """A list of int of at least 0, at least one."""
    if isinstance(value, list) and set(map(type, value)) == {int} and min(value) >= 0:
        return tuple(value)  # a prompt has thousands, and each key sends one
    if not isinstance(value, list) or not value or not all(type(item) in (int, float) and item >= 0 for item in value):
        raise Misfit("a list of token ids")
    return tuple(integer(item) for item in value)


def positive(value: object) -> int:
    """An int of at least 1."""
    if integer(value) < 1:
        raise Misfit("a whole number of at least 1")
    return integer(value)


def number(value: object) -> float:
    """A finite int or float."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Misfit("a number")
    try:
        converted = float(value)
    except OverflowError:  # an int of hundreds of digits
        raise Misfit("a number that is not as large") from None
    if not math.isfinite(converted):
        raise Misfit("a number")
    return converted


def mapping(value: object) -> dict[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise Misfit("an object")
    return value


def optional(check: Check[T]) -> Check[T | None]:
    """What `check` takes, or null."""
    return lambda value: None if value is None else check(value)


def one_of(allowed: Collection[str]) -> Check[Any]:
    """One of a few texts."""

    def check(value: object) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise Misfit("one of " + ", ".join(allowed))
        return value

    return check
