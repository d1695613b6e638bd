"""Where settings come from, and who wins.

    defaults < user's TOML < project's TOML < environment < command line or the editor's `initializationOptions`

The user's file is `$XDG_CONFIG_HOME/codeassist/config.toml`; a project's is `codeassist.toml` or
`.codeassist/config.toml` at the workspace root. A variable is spelled `CODEASSIST_<SECTION>_<NAME>`. A project's
file comes with the repository, so it can only narrow what is indexed and shown; what else it sets is not applied and
becomes a warning. A mistake in it is a ProjectConfigError, which an editor can answer by leaving that file out.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from codeassist.errors import ConfigError
from codeassist.setting_values import check_together, checked, from_text
from codeassist.settings import PROJECT_SETTINGS, ReviewSettings, Settings, documented_settings

ENVIRONMENT_PREFIX = "CODEASSIST_"
PROJECT_FILES = ("codeassist.toml", ".codeassist/config.toml")
MAX_FILE_BYTES = 100_000
# A key takes time by the square of its parts (`a.a.a...`), and a project's file is whoever's.
MAX_LINE = 5_000
# What decides which findings are told.
_OF_REVIEWS = ("review.passes", "review.min_confidence", "review.max_per_file")


class ProjectConfigError(ConfigError):
    """The project's own file is wrong; `load_settings(None, ...)` does without it."""


class LoadedSettings(NamedTuple):
    """The settings that count; for each dotted name where its value came from; and what was not applied, and why."""

    settings: Settings
    origins: dict[str, str]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Layer:
    """Checked values of one place, by dotted name, and what each is called as an origin."""

    values: dict[str, Any]
    origins: dict[str, str]
    warnings: tuple[str, ...] = ()


def load_settings(
    workspace: Path | None,
    *,
    overrides: Mapping[str, object],
    environ: Mapping[str, str],
    user_file: Path | None = None,
    overrides_origin: str = "command line",
) -> LoadedSettings:
    """Settings for one workspace.

    workspace: whose project file is read; None for no project. overrides: nested tables or dotted names, or both.
    user_file: None means the usual place.

    Raises ConfigError naming the place, the key, the nearest valid key and the type that was expected.
    """
    user_path = user_file or user_config_file(environ)
    merged = _defaults()
    for layer in (_user_layer(user_path), _project_layer(workspace), _environment_layer(environ)):
        merged = _merge(merged, layer)
    merged = _merge(merged, _layer(_flatten(overrides, overrides_origin), overrides_origin))
    check_together(merged.values)
    return LoadedSettings(_settings(merged.values), merged.origins, merged.warnings)


def narrowed_reviews(workspace: Path, settings: ReviewSettings) -> str:
    """What a project's file takes from reviews by these settings, in words; "" for nothing, and for a file that cannot
    be read.

    It may do that, and it comes with the repository, so that whoever relies on a review is to know.
    """
    try:
        values = _project_layer(workspace).values
    except ConfigError:
        return ""
    usual = settings_table(Settings())
    left = {name: _narrowed(name, usual[name], values[name], "")[0] for name in _OF_REVIEWS if name in values}
    taken = [
        f"{name} = {_in_toml(value)}" for name, value in left.items() if usual[name] != value == _review(settings, name)
    ]
    return f"the repository's own settings narrow its reviews: {', '.join(taken)}" if taken else ""


def user_config_file(environ: Mapping[str, str]) -> Path:
    """The user's file, whether it exists or not."""
    base = environ.get("XDG_CONFIG_HOME", "")
    folder = Path(base) if base.startswith("/") else Path(environ.get("HOME") or Path.home()) / ".config"
    return folder / "codeassist" / "config.toml"


def parse_assignments(assignments: Iterable[str]) -> dict[str, object]:
    """Overrides from `section.key=value` texts, as `-o` takes them. Raises ConfigError."""
    overrides: dict[str, object] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise ConfigError(f"-o {assignment}: write it as section.key=value, for example -o engine.threads=2")
        name = name.strip()
        _require_known(name, "-o")
        overrides[name] = from_text(name, text, f"-o {name}")
    return overrides


def settings_table(settings: Settings) -> dict[str, Any]:
    """Values by dotted name, in order."""
    return {
        f"{section.name}.{setting.name}": getattr(getattr(settings, section.name), setting.name)
        for section in fields(Settings)
        for setting in fields(getattr(settings, section.name))
    }


def _review(settings: ReviewSettings, name: str) -> object:
    return getattr(settings, name.removeprefix("review."))


def _in_toml(value: object) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def _defaults() -> _Layer:
    values = settings_table(Settings())
    return _Layer(values, dict.fromkeys(values, "default"))


def _settings(values: Mapping[str, Any]) -> Settings:
    defaults = Settings()
    sections = {}
    for section in fields(Settings):
        kind = type(getattr(defaults, section.name))
        sections[section.name] = kind(**{item.name: values[f"{section.name}.{item.name}"] for item in fields(kind)})
    return Settings(**sections)


def _merge(below: _Layer, above: _Layer) -> _Layer:
    """`above` wins; a project's values, being restrictions, are combined with what stands below them."""
    values = dict(below.values)
    warnings = below.warnings + above.warnings
    origins = below.origins | above.origins
    for name, wanted in above.values.items():
        values[name] = wanted
        if origins[name].startswith("project file"):
            values[name], warning = _narrowed(name, below.values[name], wanted, origins[name])
            if warning:
                warnings += (warning,)
                origins[name] = below.origins[name]
    return _Layer(values, origins, warnings)


def _narrowed(name: str, current: Any, wanted: Any, origin: str) -> tuple[Any, str]:
    """The stricter of two values, and a warning when the project asked for the wider one."""
    if name == "review.passes":
        return tuple(one for one in current if one in wanted), ""
    if name == "review.min_confidence":
        return max(current, wanted), ""
    if isinstance(current, tuple):
        return tuple(dict.fromkeys(current + wanted)), ""
    if wanted <= current:
        return wanted, ""
    return current, f"{origin}: {name} may only be lowered by a project; it stays {current!r}"


def _user_layer(path: Path) -> _Layer:
    if not path.is_file():
        return _Layer({}, {})
    return _layer(_flatten(_read_toml(path), str(path)), f"user file {path}", str(path))


def _project_layer(workspace: Path | None) -> _Layer:
    if workspace is None:
        return _Layer({}, {})
    try:
        return _read_project(workspace)
    except ConfigError as error:
        raise ProjectConfigError(str(error)) from error


def _read_project(workspace: Path) -> _Layer:
    found = [workspace / name for name in PROJECT_FILES if (workspace / name).is_file()]
    if not found:
        return _Layer({}, {})
    path, *others = found
    flat = _flatten(_read_toml(path), str(path))
    warnings = [f"{path}: {name} is not applied: {_why_refused(name)}" for name in flat if name not in PROJECT_SETTINGS]
    warnings += [f"{other}: not read, since {path.name} stands beside it" for other in others]
    allowed = {name: value for name, value in flat.items() if name in PROJECT_SETTINGS}
    layer = _layer(allowed, f"project file {path}", str(path))
    return _Layer(layer.values, layer.origins, tuple(warnings))


def _why_refused(name: str) -> str:
    if name.startswith(("engine.", "chat.", "server.")):
        reason = "it decides where your code is sent"
    else:
        reason = "it is not a repository's to decide"
    return f"{reason}, and this file comes with the repository; set it in your own config.toml if you want it"


def _environment_layer(environ: Mapping[str, str]) -> _Layer:
    names = {_variable(name): name for name in documented_settings()}
    values, origins, warnings = {}, {}, []
    for variable in sorted(key for key in environ if key.startswith(ENVIRONMENT_PREFIX)):
        if variable in names:
            name = names[variable]
            values[name] = from_text(name, environ[variable], f"environment {variable}")
            origins[name] = f"environment {variable}"
        elif near := difflib.get_close_matches(variable, names, 1, 0.8):
            raise ConfigError(f"environment: unknown variable {variable}; did you mean {near[0]}?")
        else:
            warnings.append(f"environment: {variable} names no setting; it is ignored")
    return _Layer(values, origins, tuple(warnings))


def _variable(name: str) -> str:
    return ENVIRONMENT_PREFIX + name.replace(".", "_").upper()


def _layer(flat: Mapping[str, object], origin: str, where: str | None = None) -> _Layer:
    values = {name: checked(name, value, where or origin) for name, value in flat.items()}
    return _Layer(values, dict.fromkeys(values, origin))


def _flatten(tables: Mapping[str, object], where: str) -> dict[str, object]:
    """Dotted names from nested tables; a name that is dotted already stays. Raises ConfigError for unknown ones."""
    sections = {section.name for section in fields(Settings)}
    flat: dict[str, object] = {}
    for key, value in tables.items():
        if isinstance(value, Mapping) and (value or key in sections):
            flat.update({f"{key}.{name}": item for name, item in value.items()})
        elif key in sections:
            raise ConfigError(f"{where}: `{key}` is a section: write its settings as a table, not {value!r}")
        else:
            flat[key] = value
    for name in flat:
        _require_known(name, where)
    return flat


def _require_known(name: str, where: str) -> None:
    known = list(documented_settings())
    if name in known:
        return
    by_short_name = {item.partition(".")[2]: item for item in known}
    short = name.rpartition(".")[2]
    near = difflib.get_close_matches(name, known, 1, 0.6)
    if not near and (alike := difflib.get_close_matches(short, by_short_name, 1, 0.7)):
        near = [by_short_name[alike[0]]]
    hint = f"did you mean `{near[0]}`?" if near else "`codeassist config` lists all settings"
    raise ConfigError(f"{where}: unknown setting `{name}`; {hint}")


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(f"{path}: larger than {MAX_FILE_BYTES} bytes, so it is no configuration; move it away")
        text = path.read_text(encoding="utf-8")
        if max(map(len, text.split("\n"))) > MAX_LINE:
            raise ConfigError(f"{path}: a line of more than {MAX_LINE} letters; break it")
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text; save it as UTF-8") from error
    except (ValueError, RecursionError) as error:  # Also a number of too many digits.
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
