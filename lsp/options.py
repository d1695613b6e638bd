"""The editor's settings: by their names in the TOML files, nested or dotted, bare or under the key `codeassist`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from codeassist.settings import documented_settings

# The one key of a message that holds settings of several servers, and the section that a client is asked for.
SECTION = "codeassist"
# What editors keep beside a server's settings, for themselves: how much of the traffic they log.
_CLIENTS_OWN = "trace."


@dataclass(frozen=True, slots=True)
class Options:
    """Settings by dotted name. unset: those that were named with null. warnings: for each name that does not exist."""

    values: dict[str, object]
    unset: frozenset[str]
    warnings: tuple[str, ...]


def read_options(options: object, where: str) -> Options:
    """What an editor has sent as settings; names that do not exist are left out. where: how warnings call it."""
    if options is None:
        return Options({}, frozenset(), ())
    if not isinstance(options, Mapping):
        kind = type(options).__name__
        return Options({}, frozenset(), (f"{where} must be an object of settings, not {kind}; it is ignored",))
    if SECTION in options:
        return read_options(options[SECTION], where)
    given = _flatten(options, "")
    known = documented_settings()
    strange = [name for name, value in given.items() if name not in known and value is not None]
    unknown = [name for name in strange if not name.startswith(_CLIENTS_OWN)]
    return Options(
        {name: value for name, value in given.items() if name in known and value is not None},
        frozenset(name for name, value in given.items() if name in known and value is None),
        tuple(f"{where}: unknown setting `{name}` is ignored{_hint(name, known)}" for name in unknown),
    )


def _flatten(table: Mapping[object, object], prefix: str) -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            flat.update(_flatten(value, f"{name}."))
        else:
            flat[name] = value
    return flat


def _hint(name: str, known: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(name, known, 1, 0.6)
    return f"; did you mean `{near[0]}`?" if near else "; `codeassist config` lists all settings"
