"""Which models the installed vLLM can load, read from its source: to import it would take seconds.

vLLM takes an architecture of its own registry, or one that transformers has a causal language model for; and a
`model_type` that transformers or vLLM has a config class for. Where a version keeps these lists elsewhere than those
that we have seen (vLLM 0.26 to 0.33), nothing is known and everything is taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

_REGISTRY = "model_executor/models/registry.py"
_CONFIGS = "transformers_utils/config.py"
_MODELLING = "models/auto/modeling_auto.py"
_MAPPINGS = ("models/auto/auto_mappings.py", "models/auto/configuration_auto.py")

# The dictionaries of vLLM's registry whose models write text; the others embed, classify or draft.
_WRITING = frozenset(
    {
        "_TEXT_GENERATION_MODELS",
        "_MULTIMODAL_MODELS",
        "_TRANSFORMERS_SUPPORTED_MODELS",
        "_TRANSFORMERS_BACKEND_MODELS",
    }
)
_TABLE = re.compile(r"^(_[A-Z_]+)(?:: [^=\n]+)? = \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_KEY = re.compile(r'^    "(\w+)": ', re.MULTILINE)
_CAUSAL = re.compile(r'"(\w+(?:ForCausalLM|LMHeadModel|ForConditionalGeneration))"')
_CONFIG = re.compile(r'\b"?([\w.-]+)"?\s?[=:]\s?"\w+Config"')
_MAPPED = re.compile(r'\("([\w.-]+)", "\w*Config"\)')


@dataclass(frozen=True, slots=True)
class Catalogue:
    """architectures, model_types: None where it is not known."""

    architectures: frozenset[str] | None
    model_types: frozenset[str] | None


UNKNOWN = Catalogue(None, None)


def read_catalogue() -> Catalogue:
    """What the installed vLLM and transformers list."""
    vllm, transformers = package_folder("vllm"), package_folder("transformers")
    if vllm is None or transformers is None:
        return UNKNOWN
    return parse_catalogue(vllm, transformers)


def parse_catalogue(vllm: Path, transformers: Path) -> Catalogue:
    """What two packages list, by their folders."""
    tables = dict(_TABLE.findall(_text(vllm / _REGISTRY)))
    causal = _CAUSAL.findall(_text(transformers / _MODELLING))
    own = [name for table in _WRITING & tables.keys() for name in _KEY.findall(tables[table])]
    mapped = [name for file in _MAPPINGS for name in _MAPPED.findall(_text(transformers / file))]
    configs = _CONFIG.findall(_text(vllm / _CONFIGS))
    return Catalogue(
        architectures=frozenset([*own, *causal]) if "LlamaForCausalLM" in own and causal else None,
        model_types=frozenset([*mapped, *configs]) if "llama" in mapped and configs else None,
    )


def has_plugins() -> bool:
    """Whether something besides vLLM itself may have taught it more models."""
    points = metadata.entry_points(group="vllm.general_plugins")
    return any(not point.value.startswith("vllm.") for point in points)


def package_folder(package: str) -> Path | None:
    """Where an installed package lies, without importing it."""
    spec = util.find_spec(package)
    places = getattr(spec, "submodule_search_locations", None)
    return Path(places[0]) if places else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
