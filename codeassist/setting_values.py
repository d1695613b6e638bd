"""Whether a value suits its setting: type, range, choices, and what two settings ask of each other."""

from __future__ import annotations

import ipaddress
import json
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from codeassist.errors import ConfigError
from codeassist.fim import TEMPLATES
from codeassist.settings import Settings

_CHOICES: dict[str, tuple[str, ...]] = {
    "engine.kind": ("auto", "embedded", "remote", "scripted"),
    "engine.template": ("", *TEMPLATES),
    "engine.fallback": ("none", "shipped"),
    "engine.speculation": ("auto", "mtp", "ngram", "suffix", "none"),
    "engine.dtype": ("auto", "float32", "bfloat16", "float16"),
    "chat.kind": ("auto", "remote", "embedded", "scripted", "none"),
    "chat.fallback": ("none", "embedded"),
    "completion.as_list_entries": ("auto", "on", "off"),
    "shadow.kind": ("remote", "embedded", "scripted"),
    "shadow.template": ("", *TEMPLATES),
    "review.fail_on": ("error", "warning", "note", "never"),
    "log.level": ("debug", "info", "warning", "error"),
}

# What the entries of a list may be.
_ENTRIES: dict[str, tuple[str, ...]] = {"review.passes": ("static", "vulnerabilities", "surprise", "model")}

# Inclusive; None is open. A ceiling keeps a slip of the finger from asking for the impossible.
_RANGES: dict[str, tuple[float, float | None]] = {
    "engine.context_tokens": (0, 1_048_576),
    "engine.speculative_tokens": (-1, 16),
    "engine.tensor_parallel": (1, 64),
    "engine.pipeline_parallel": (1, 64),
    "engine.data_parallel": (1, 64),
    "engine.kv_cache_gib": (0, None),
    "engine.gpu_memory_fraction": (0.01, 1),
    "engine.threads": (0, 1024),
    "index.max_file_kb": (1, 1_048_576),
    "completion.prompt_tokens": (0, 1_048_576),
    "completion.context_share": (0, 1),
    "completion.suffix_share": (0, 1),
    "completion.max_tokens": (0, 4096),
    "completion.max_lines": (1, 1000),
    "completion.retrieve_deadline_ms": (0, 60_000),
    "completion.min_confidence": (-1, 1),
    "completion.debounce_ms": (-1, 10_000),
    "completion.alternatives": (1, 10),
    "chat.max_tokens": (16, 131_072),
    "chat.timeout_s": (1, 3600),
    "review.prompt_tokens": (1500, 1_048_576),
    "server.port": (1, 65_535),
    "server.max_body_mib": (1, 1024),
    "server.drain_s": (0, 3600),
    "server.price_input": (0, None),
    "server.price_output": (0, None),
    "review.max_seconds": (0.1, 3600),
    "review.surprise_tokens": (0, 10_000_000),
    "review.max_per_file": (1, 1000),
    "review.min_confidence": (0, 1),
    "review.max_file_kb": (1, 1_048_576),
    "shadow.share": (0, 1),
    "shadow.price_input": (0, None),
    "shadow.price_output": (0, None),
    "server.requests_per_minute": (0, 1_000_000),
}

_PATHS = frozenset(
    {
        "engine.model",
        "engine.models",
        "engine.lora",
        "engine.tokenizer",
        "index.directory",
        "index.embedder",
        "index.environment",
        "chat.directory",
        "chat.template",
        "log.file",
        "server.tls_certificate",
        "server.tls_key",
        "log.requests",
        "review.advisories",
        "review.semgrep_rules",
        "shadow.model",
        "shadow.tokenizer",
    }
)

_HOST = re.compile(r"(?!.{254})([A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?")

# Never part of a message: messages end in logs and on screens.
SECRETS = frozenset({"engine.api_key", "chat.api_key", "shadow.api_key"})

_EXPECTED: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    tuple: "a list of texts",
}


def checked(name: str, value: object, where: str) -> Any:
    """`value` as the setting's own type. Raises ConfigError naming `where`, the setting and what was expected."""
    kind = setting_type(name)
    converted = _converted(kind, value)
    if converted is None:
        given = f"a value of type {type(value).__name__}" if name in SECRETS else _shown(value)
        raise ConfigError(f"{where}: `{name}` must be {_EXPECTED[kind]}, not {given}")
    if name in _PATHS and converted.startswith("~"):
        converted = _at_home(name, converted, where)
    _check_value(name, converted, where)
    return converted


def from_text(name: str, text: str, where: str) -> Any:
    """The value that a person wrote as plain text: `true`, `4`, `0.5`, `a,b` or `["a", "b"]`. Raises ConfigError."""
    kind = setting_type(name)
    readers: dict[type, Callable[[str], object]] = {bool: _bool, int: _int, float: _float, tuple: _list}
    value = readers[kind](text.strip()) if kind in readers else text
    return checked(name, text if value is None else value, where)


def setting_type(name: str) -> type:
    """bool, int, float, str or tuple: what the default is."""
    section, _, key = name.partition(".")
    return type(getattr(getattr(Settings(), section), key))


def choices(name: str) -> tuple[str, ...]:
    """The texts that a setting may be; () where any will do."""
    return _CHOICES.get(name, ())


def limits(name: str) -> tuple[float | None, float | None]:
    """The least and the greatest number that a setting may be, inclusive; None where there is no limit."""
    return _RANGES.get(name, (None, None))


def check_together(values: Mapping[str, Any]) -> None:
    """Raises ConfigError where single values are fine and their sum is not."""
    shares = values["completion.context_share"] + values["completion.suffix_share"]
    if shares > 0.95:
        raise ConfigError(
            f"completion.context_share and completion.suffix_share add up to {shares:.2f}; "
            "leave at least 0.05 of the prompt to the code above the cursor"
        )
    if values["engine.kind"] == "remote" and not values["engine.url"]:
        raise ConfigError("engine.kind is `remote`, so engine.url must say where; e.g. http://127.0.0.1:8000/v1")
    if values["chat.kind"] == "remote" and not values["chat.url"]:
        raise ConfigError("chat.kind is `remote`, so chat.url must say where; e.g. http://127.0.0.1:8000/v1")
    if values["shadow.share"] and values["shadow.kind"] == "remote" and not values["shadow.url"]:
        raise ConfigError(
            "shadow.share is above 0 and shadow.kind is `remote`, so shadow.url must say where; set it, or shadow.kind"
        )


def _converted(kind: type, value: object) -> Any:
    """None when `value` is not of this kind. A whole number will do as a number; true is no number."""
    if kind is tuple:
        is_texts = isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
        return tuple(value) if is_texts and isinstance(value, list | tuple) else None
    if kind is float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return float(value) if is_number and isinstance(value, int | float) and math.isfinite(value) else None
    return value if type(value) is kind else None


def _check_value(name: str, value: Any, where: str) -> None:
    if name in _CHOICES and value not in _CHOICES[name]:
        choices = ", ".join(choice or '""' for choice in _CHOICES[name])
        raise ConfigError(f"{where}: `{name}` must be one of {choices}, not {_shown(value)}")
    for entry in value if name in _ENTRIES else ():
        if entry not in _ENTRIES[name]:
            raise ConfigError(f"{where}: `{name}` may hold {', '.join(_ENTRIES[name])}, not {_shown(entry)}")
    if name in _RANGES:
        _check_range(name, value, where)
    if name == "completion.min_confidence" and -1 < value < 0:
        raise ConfigError(f"{where}: `{name}` must be from 0 to 1, or -1 for the model's own gate, not {value}")
    if name in ("server.host", "server.allowed_hosts"):
        _check_hosts(name, (value,) if isinstance(value, str) else value, where)
    if name in ("engine.url", "chat.url", "shadow.url") and value:
        _check_url(name, value, where)
    if name in SECRETS:
        _check_key(name, value, where)
    if isinstance(value, str) and "\0" in value:
        raise ConfigError(f"{where}: `{name}` holds a NUL character")


def _check_range(name: str, value: float, where: str) -> None:
    low, high = _RANGES[name]
    if value < low or (high is not None and value > high):
        limits = f"from {low} to {high}" if high is not None else f"at least {low}"
        raise ConfigError(f"{where}: `{name}` must be {limits}, not {value}")


def _at_home(name: str, path: str, where: str) -> str:
    try:
        return str(Path(path).expanduser())
    except RuntimeError as error:
        raise ConfigError(f"{where}: `{name}` is {_shown(path)}: {error}") from error


def _check_hosts(name: str, hosts: tuple[str, ...], where: str) -> None:
    for host in hosts:
        if not _HOST.fullmatch(host) and not _is_address(host):
            raise ConfigError(
                f"{where}: `{name}` holds {_shown(host)}; give a name or an address alone, without http:// and port, "
                "for example 127.0.0.1 or assist.example.org"
            )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _check_url(name: str, value: str, where: str) -> None:
    """An address is told in messages and in the log, so it may hold no secret."""
    if "@" in value.partition("//")[2].partition("/")[0]:
        raise ConfigError(
            f"{where}: `{name}` holds a name or a password, which would be shown with it; give the address alone, and "
            f"a key as {name.partition('.')[0]}.api_key"
        )
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and value.isprintable()
    except ValueError:
        valid = False
    if not valid:
        raise ConfigError(f"{where}: `{name}` must look like http://127.0.0.1:8000/v1, not {_shown(value)}")


def _check_key(name: str, value: str, where: str) -> None:
    """A key travels in a header: what HTTP cannot carry there would fail at each request, and show the key doing so."""
    if not all("!" <= character <= "~" for character in value):
        raise ConfigError(
            f"{where}: `{name}` holds a blank, a line end or a character that is not ASCII, which no key has; "
            "copy it again from where it was issued"
        )


def _bool(text: str) -> bool | None:
    words = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    return words.get(text.lower())


def _int(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _list(text: str) -> list[object] | None:
    if not text.startswith("["):
        return [item.strip() for item in text.split(",") if item.strip()]
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return items if isinstance(items, list) else None


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
