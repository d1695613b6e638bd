"""What `codeassist mtp measure` chose, kept for the engines that run under the same circumstances.

    $XDG_STATE_HOME/codeassist/speculation.json
    {"version": 1, "measured": [{"circumstances": {...}, "choices": {"completion": {"method", "n_tokens", ...}, ...}}]}

A choice holds for the model, vLLM's version, the device and the number format that it was measured with; with others
nothing was measured. Whatever else stands beside "method" and "n_tokens" are figures for the reader.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from codeassist.engine.fields import Fields, Misfit, integer, mapping, one_of, text
from codeassist.engine.hardware import Hardware
from codeassist.engine.speculation import METHODS, NO_DRAFTER, Drafter
from codeassist.engine.vllm_arguments import HostOptions, cpu_dtype
from codeassist.private_files import replace_private

_log = logging.getLogger(__name__)

# 1: a list of circumstances, each with its choices.
VERSION = 1
# No method drafts more; a larger number was not written by us.
_MOST_TOKENS = 64

# What an engine is mostly asked for. completion: a gap in code. edit: code that repeats what stands in its prompt.
Purpose = Literal["completion", "edit"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a measurement depends on. model: `models/fingerprint.py`. device: of GPUs also how many work together."""

    model: str
    vllm: str
    device: str
    dtype: str
    quantization: str


def circumstances(
    options: HostOptions, fingerprint: str, vllm: str, device: str, hardware: Hardware, *, on_cpu: bool
) -> Circumstances:
    """Those of an engine. device: the name of its processor, or of one of its GPUs."""
    n_gpus = options.tensor_parallel * options.pipeline_parallel
    return Circumstances(
        model=fingerprint,
        vllm=vllm,
        device=f"{n_gpus} x {device}" if n_gpus > 1 and not on_cpu else device,
        dtype=cpu_dtype(options.dtype, hardware) if on_cpu else options.dtype,
        quantization=options.quantization,
    )


def read_choice(file: Path, now: Circumstances, purpose: str) -> Drafter | None:
    """What was chosen under these circumstances; None where nothing was, or where the file cannot be read."""
    for entry in _entries(file):
        if entry.get("circumstances") == asdict(now):
            return _choice(file, entry, purpose)
    return None


def write_choices(file: Path, now: Circumstances, choices: Mapping[Purpose, tuple[Drafter, Json]]) -> None:
    """Put choices, each with its figures, in the place of earlier ones for the same purposes. Raises OSError."""
    entries = _entries(file)
    old: Json = next((entry for entry in entries if entry.get("circumstances") == asdict(now)), {})
    kept = old.get("choices")
    made = {purpose: asdict(drafter) | figures for purpose, (drafter, figures) in choices.items()}
    new = {"circumstances": asdict(now), "choices": (kept if isinstance(kept, dict) else {}) | made}
    others = [entry for entry in entries if entry is not old]
    file.parent.mkdir(parents=True, exist_ok=True)
    replace_private(file, json.dumps({"version": VERSION, "measured": [*others, new]}, indent=1) + "\n")


def _entries(file: Path) -> list[Json]:
    """All that was measured; nothing where the file is not ours."""
    try:
        whole = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError, RecursionError) as error:
        _log.warning("%s is ignored, it cannot be read (%s); `codeassist mtp measure` writes it anew", file, error)
        return []
    if not isinstance(whole, dict) or whole.get("version") != VERSION or not isinstance(whole.get("measured"), list):
        _log.warning("%s is ignored, another version wrote it; `codeassist mtp measure` writes it anew", file)
        return []
    return [entry for entry in whole["measured"] if isinstance(entry, dict)]


def _choice(file: Path, entry: Json, purpose: str) -> Drafter | None:
    try:
        choices = mapping(entry.get("choices"))
        if purpose not in choices:
            return None
        chosen = Fields(mapping(choices[purpose]), f"{file}, {purpose}", ValueError)
        found = Drafter(chosen.take("method", one_of(METHODS)), chosen.take("n_tokens", _n_tokens))
    except ValueError as error:
        _log.warning("%s is ignored (%s); `codeassist mtp measure` writes it anew", file, error)
        return None
    return found if found.n_tokens and found.method != "none" else NO_DRAFTER


def _n_tokens(value: object) -> int:
    found = integer(value)
    if not 0 <= found <= _MOST_TOKENS:
        raise Misfit(f"0 to {_MOST_TOKENS}")
    return found


def circumstances_from_json(told: Mapping[str, Any]) -> Circumstances:
    """As the host process tells them. Raises ValueError."""
    taken = Fields(told, "circumstances", ValueError)
    return Circumstances(**{field.name: taken.take(field.name, text) for field in fields(Circumstances)})
