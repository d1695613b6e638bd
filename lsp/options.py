"""The editor's `initializationOptions`: settings by their names in the TOML files, nested or dotted."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from codeassist.settings import documented_settings


def read_options(options: object) -> tuple[dict[str, object], list[str]]:
    """Settings by dotted name, and a warning for each name that does not exist; those are left out."""
    if options is None:
        return {}, []
    if not isinstance(options, Mapping):
        kind = type(options).__name__
        return {}, [f"initializationOptions must be an object of settings, not {kind}; they are ignored"]
    given = _flatten(options, "")
    known = documented_settings()
    unknown = [name for name in given if name not in known]
    warnings = [f"initializationOptions: unknown setting `{name}` is ignored{_hint(name, known)}" for name in unknown]
    return {name: value for name, value in given.items() if name in known}, warnings


def _flatten(table: Mapping[object, object], prefix: str) -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            flat.update(_flatten(value, f"{name}."))
        elif value is not None:  # editors send null for "not set"
            flat[name] = value
    return flat


def _hint(name: str, known: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(name, known, 1, 0.6)
    return f"; did you mean `{near[0]}`?" if near else "; `codeassist config` lists all settings"
