"""An advice put into the user's own configuration: what it changes, what it would overwrite, and the file itself."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codeassist.configuration import MAX_FILE_BYTES, load_settings
from codeassist.doctor.toml_edit import given_settings, toml_value, with_settings
from codeassist.errors import ConfigError
from codeassist.settings import Settings


@dataclass(frozen=True, slots=True)
class Change:
    """One setting. before: what the user's file says, None where it says nothing. after: what it is to say."""

    name: str
    before: Any
    after: Any

    @property
    def line(self) -> str:
        """As a person reads it."""
        if self.before is None:
            return f"{self.name} = {toml_value(self.after)}"
        return f"{self.name} = {toml_value(self.after)}   (was {toml_value(self.before)})"


@dataclass(frozen=True, slots=True)
class Plan:
    """changes: of the file. own: those of them that replace what the user wrote. text: of the file once written."""

    file: Path
    changes: tuple[Change, ...]
    own: tuple[Change, ...]
    text: str


def plan_changes(file: Path, settings: Mapping[str, Any]) -> Plan:
    """What writing the settings into the file means. A default that nobody wrote needs no line. Raises ConfigError."""
    text = _read(file)
    try:
        given = given_settings(text)
    except ValueError as error:
        raise ConfigError(f"{file}: not valid TOML: {error}; mend it first") from None
    wanted = {name: value for name, value in settings.items() if name in given or value != default_of(name)}
    changes = tuple(Change(name, given.get(name), value) for name, value in wanted.items() if given.get(name) != value)
    try:
        changed = with_settings(text, {change.name: change.after for change in changes})
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from None
    return Plan(file, changes, tuple(change for change in changes if change.before is not None), changed)


def write_plan(plan: Plan) -> None:
    """Put the text into the file in one step; a link stays one, and the file's mode stays. Raises ConfigError."""
    target = plan.file.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, plan.text)
    except UnicodeEncodeError:
        raise ConfigError(f"{target} is UTF-8 text, which a name in it is not; give the folder another name") from None
    except OSError as error:
        raise ConfigError(f"{target} cannot be written ({error.strerror}); make it writable") from None


def _replace(target: Path, text: str) -> None:
    """Raises ConfigError for a file that would not be read any more, UnicodeEncodeError, OSError."""
    mode = target.stat().st_mode & 0o7777 if target.exists() else None
    # Nobody else may read it while it is written, either: it may hold keys.
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        load_settings(None, overrides={}, environ={}, user_file=unfinished)
        if mode is not None:
            unfinished.chmod(mode)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _read(file: Path) -> str:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(f"{file}: larger than {MAX_FILE_BYTES} bytes, so it is no configuration; move it away")
        return file.read_bytes().decode()  # with the line ends that it has
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None


def default_of(name: str) -> Any:
    """What a setting is where nobody says anything."""
    return value_of(Settings(), name)


def value_of(settings: Settings, name: str) -> Any:
    """A setting by its dotted name."""
    section, _, key = name.partition(".")
    return getattr(getattr(settings, section), key)
