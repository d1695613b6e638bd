"""What a project has told bandit: `[tool.bandit]` of its pyproject.toml, else the `[bandit]` of its .bandit.

Both as they are with the change. Bandit itself reads the first with `-c pyproject.toml` alone; who has written it there
means it. They can switch checks off or choose among them, and name nothing that is read or run.
"""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any

# A path -> its text with the change, None where there is none.
Reads = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class BanditSettings:
    """tests: the checks to run, all where there are none; skips: those not to run. options: of single checks.

    problem: why the project's file cannot be read, "" where it can.
    """

    tests: tuple[str, ...] = ()
    skips: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""

    def leaves_out(self, path: str) -> bool:
        """Whether the project excludes a file. Source: bandit 1.9, `core/manager.py`, `_is_file_included`."""
        name = f"./{path}"
        return any(fnmatch(name, pattern) or pattern in name for pattern in self.excluded if pattern)


def read_settings(read: Reads) -> BanditSettings:
    """What the project says; nothing, and why, where its file is broken."""
    if (text := read("pyproject.toml")) is not None and "bandit" in text:
        try:
            table = tomllib.loads(text).get("tool", {}).get("bandit")
            if table is not None:
                return _of_table(table)
        except (tomllib.TOMLDecodeError, TypeError, AttributeError, RecursionError) as error:
            return BanditSettings(problem=f"[tool.bandit] of pyproject.toml is not used: {error}")
    if (text := read(".bandit")) is not None:
        try:
            return _of_ini(text)
        except configparser.Error as error:
            return BanditSettings(problem=f".bandit is not used: {error.message.splitlines()[0]}")
    return BanditSettings()


def _of_table(table: Any) -> BanditSettings:
    """Raises TypeError for values of another kind than bandit takes."""
    own = {"tests", "skips", "exclude_dirs", "exclude", "targets"}
    options = {name: value for name, value in table.items() if name not in own and isinstance(value, dict)}
    excluded = (*_texts(table, "exclude_dirs"), *_texts(table, "exclude"))
    return BanditSettings(_texts(table, "tests"), _texts(table, "skips"), excluded, options)


def _texts(table: Any, name: str) -> tuple[str, ...]:
    value = table.get(name) or []
    if isinstance(value, str):
        return _parts(value)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError(f"`{name}` must be a list of texts")
    return tuple(value)


def _of_ini(text: str) -> BanditSettings:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    if not parser.has_section("bandit"):
        return BanditSettings()
    section = parser["bandit"]
    tests, skips, excluded = (_parts(section.get(name, "")) for name in ("tests", "skips", "exclude"))
    return BanditSettings(tests, skips, excluded)


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[,\s]+", text) if part)
