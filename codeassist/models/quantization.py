"""Whether the installed vLLM knows the quantization that a model or the settings name, told before it starts.

vLLM's list is `QuantizationMethods` in `model_executor/layers/quantization/__init__.py` (0.26 to 0.32). A checkpoint
may also name what one of vLLM's methods takes over (`auto-round`); that name stands in the sources beside the list.
Where a version keeps its list elsewhere, or a plug-in has brought more, nothing is refused.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codeassist.engine.catalogue import has_plugins, package_folder
from codeassist.errors import ModelError

_SOURCES = "model_executor/layers/quantization"
_LIST = re.compile(r"^QuantizationMethods = Literal\[\n(.*?)^\]", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r'^    "([\w-]+)",', re.MULTILINE)


def require_known_quantization(asked: str, model: Path, config: Mapping[str, Any], vllm: Path | None = None) -> None:
    """Raises ModelError for a name that vLLM does not know.

    asked: engine.quantization. config: the model's config.json. vllm: the package's folder, by default the installed
    one. Reads vLLM's sources (2 MB) only where the config names something that is not on the list.
    """
    stored = stored_method(config)
    folder = vllm or package_folder("vllm")
    if not (asked or stored) or folder is None or has_plugins():
        return
    known = known_methods(folder)
    if not known:
        return
    if asked and asked not in known:
        raise ModelError(f"engine.quantization is {asked!r}, {_unknown(asked, known)}, or leave it empty")
    if stored and stored not in known and not _is_spelled(stored, folder):
        raise ModelError(
            f"{model / 'config.json'} says that the weights are quantised as {stored!r}, {_unknown(stored, known)}: "
            "choose a checkpoint in one of these, or one that is not quantised"
        )


def stored_method(config: Mapping[str, Any]) -> str:
    """How the weights are quantised by their config.json, as vLLM reads it; "" where it does not say."""
    described = config.get("quantization_config") or config.get("compression_config")
    method = described.get("quant_method") if isinstance(described, dict) else None
    return method.lower().replace("compressed_tensors", "compressed-tensors") if isinstance(method, str) else ""


def known_methods(vllm: Path) -> tuple[str, ...]:
    """Names on the list of vLLM, in its order; none where there is no such list."""
    listed = _LIST.search(_text(vllm / _SOURCES / "__init__.py"))
    return tuple(_NAME.findall(listed.group(1))) if listed else ()


def _unknown(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    meant = f" (did you mean {near[0]!r}?)" if near else ""
    return f"which the installed vLLM does not know{meant}; it knows {', '.join(known)}"


def _is_spelled(method: str, vllm: Path) -> bool:
    """Whether the name stands as a text in vLLM's quantization code."""
    return any(f'"{method}"' in _text(file) for file in (vllm / _SOURCES).rglob("*.py"))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
