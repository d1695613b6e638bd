"""A few settings changed in a TOML file, everything else left as it stands (pure).

A setting is looked for as a line of its own, in its table (`[engine]`) or with a dotted name above all tables. What is
written otherwise (an inline table, a text over several lines) is not touched: the result is read back, and where it is
not what was wanted, nothing is changed and the user is asked to.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from codeassist.errors import ConfigError

_TABLE = re.compile(r"\s*\[\s*([\w.\"' -]+?)\s*\]\s*(#.*)?")


def with_settings(text: str, settings: Mapping[str, Any]) -> str:
    """The file's text with the settings (by dotted names) in it. Raises ConfigError where that is not safe."""
    end = "\r\n" if "\r\n" in text else "\n"
    # Of what Python takes for line ends, TOML has these alone.
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n") if text else []
    for name, value in settings.items():
        lines = _with(lines, name, value)
    changed = "".join(f"{line}{end}" for line in lines)
    if not _says(changed, text, settings):
        wanted = "; ".join(f"{name} = {toml_value(value)}" for name, value in settings.items())
        raise ConfigError(f"the file is written in a way that cannot be edited safely; put this into it: {wanted}")
    return changed


def given_settings(text: str) -> dict[str, Any]:
    """The settings of a file by dotted names. Raises ValueError for what is no TOML."""
    flat: dict[str, Any] = {}
    for key, value in tomllib.loads(text).items():
        if isinstance(value, dict):
            flat |= {f"{key}.{name}": item for name, item in value.items()}
        else:
            flat[key] = value
    return flat


def toml_value(value: object) -> str:
    """As TOML spells it, which is as JSON does for all kinds that settings have."""
    return json.dumps(value, ensure_ascii=False)


def _with(lines: list[str], name: str, value: object) -> list[str]:
    section, _, key = name.partition(".")
    spelled = toml_value(value)
    found = _place(lines, section, key)
    if found is not None:
        head, comment = _head(lines[found]), _comment(lines[found])
        return [*lines[:found], f"{head}{spelled}{comment}", *lines[found + 1 :]]
    table = next((number for number, line in enumerate(lines) if _table(line) == section), None)
    if table is None:
        return [*lines, *([""] if lines and lines[-1].strip() else []), f"[{section}]", f"{key} = {spelled}"]
    last = _last_of(lines, table)
    return [*lines[: last + 1], f"{key} = {spelled}", *lines[last + 1 :]]


def _place(lines: list[str], section: str, key: str) -> int | None:
    """The line that sets it."""
    in_table = ""
    for number, line in enumerate(lines):
        table = _table(line)
        if table is not None:
            in_table = table
        left = line.partition("=")[0].replace(" ", "").replace('"', "")
        if "=" in line and left == (key if in_table == section else f"{section}.{key}" if not in_table else None):
            return number
    return None


def _last_of(lines: list[str], table: int) -> int:
    """The last line of a table that is not blank or a comment that leads the next one."""
    end = next((number for number in range(table + 1, len(lines)) if _table(lines[number]) is not None), len(lines))
    filled = [number for number in range(table, end) if lines[number].strip() and not lines[number].startswith("#")]
    return filled[-1]


def _table(line: str) -> str | None:
    found = _TABLE.fullmatch(line)
    return found[1].replace('"', "") if found else None


def _head(line: str) -> str:
    """Up to the value."""
    return line[: line.index("=") + 1] + " "


def _comment(line: str) -> str:
    """The comment behind a value, which may hold a `#` itself."""
    for start in (found.start() for found in re.finditer("#", line)):
        try:
            tomllib.loads(line[:start])
        except ValueError:
            continue
        return "  " + line[start:]
    return ""


def _says(changed: str, before: str, settings: Mapping[str, Any]) -> bool:
    try:
        return given_settings(changed) == given_settings(before) | dict(settings)
    except ValueError:
        return False
