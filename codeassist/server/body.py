"""Strict reading of a request's fields: each is taken with a check, and what nobody took is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from codeassist.engine.fields import Misfit, integer, token_ids
from codeassist.server.completion_fields import characters, seed
from codeassist.server.problems import Problem

_T = TypeVar("_T")
_D = TypeVar("_D")


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

    def require_neutral(self, neutral: Mapping[str, tuple[object, ...]], more: str = "") -> None:
        """Pass over fields with a value that asks for nothing. Raises Problem for what we would not honour.

        neutral: those values, by field; true and 1 are different ones. more: another remedy, at the message's end.
        """
        for name, values in neutral.items():
            if name in self._rest and not _is_one_of(self._rest.pop(name), values):
                full = self._within + name
                allowed = " or ".join([*map(json.dumps, values), "null"])
                message = f"`{full}` is not supported; leave it out (or send {allowed}){more}"
                raise Problem(400, message, param=full, code="unsupported_field")

    def finish(self) -> None:
        """Raises Problem where a field is left that nobody took."""
        for name in self._rest:
            full = self._within + name
            raise Problem(400, f"unknown field `{full}`; it would not be honoured", param=full, code="unknown_field")


def _is_one_of(value: object, allowed: tuple[object, ...]) -> bool:
    return any(value == other and isinstance(value, bool) == isinstance(other, bool) for other in allowed)


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


def any_seed(value: object) -> int | None:
    """A seed; a negative one asks for any."""
    return seed(value) if integer(value) >= 0 else None


def tokens_to_predict(value: object) -> int | None:
    """A number of tokens, 0 for the prompt alone; -1 and -2 say "as much as there is room for", which is None."""
    if integer(value) < -2:
        raise Misfit("a whole number of at least -2")
    return integer(value) if integer(value) >= 0 else None
