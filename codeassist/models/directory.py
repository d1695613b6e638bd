"""A folder with a model: what the core must know of it, read without loading it.

    config.json         the architecture, as transformers and vLLM read it
    tokenizer.json      the tokenizer
    *.safetensors       the weights; vLLM takes *.bin and *.pt where there are none
    codeassist.json     ours, optional: {"name", "template", "gate", "context_tokens", "prompt_tokens",
                        "completion_tokens"}

A published DeepSeek-Coder-V2 has no codeassist.json: its FIM template is told by its tokenizer, its budgets are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codeassist.engine.fields import Fields, Misfit, number, optional, positive, text
from codeassist.errors import ModelError
from codeassist.fim_templates import template_of
from codeassist.models.json_files import read_object
from codeassist.models.remedies import refetch
from codeassist.models.tokens import mark_ids
from codeassist.models.weights import weight_files
from codeassist.types import ModelInfo

_HERE = Path(__file__).parent

# Budgets for a model that says nothing: long enough for a file and its neighbours, short enough to answer in 100 ms on
# a GPU. A code completion of more than 128 tokens is not read.
_CONTEXT_TOKENS = 16384
_PROMPT_TOKENS = 4096
_COMPLETION_TOKENS = 128

# vLLM drafts with the MTP layers of these architectures only.
MTP_ARCHITECTURES = frozenset({"deepseek_v3", "deepseek_v32"})


class NoFillInTheMiddle(ModelError):
    """The tokenizer has no tokens for filling gaps that we know; all else may be well."""


@dataclass(frozen=True, slots=True)
class ModelDirectory:
    """A usable model folder. n_mtp_layers: 0 when the model cannot draft for itself. weight_bytes: of all shards.
    config: the whole config.json. longest_tokens: the context that may be asked for; `info` has what is served where
    nobody asks."""

    path: Path
    info: ModelInfo
    model_type: str
    n_mtp_layers: int
    weight_bytes: int
    config: Mapping[str, Any]
    longest_tokens: int


def shipped_model() -> Path:
    """Folder of the completion model in the package; may be missing in a bare source tree."""
    return _HERE / "deepseek-small"


def shipped_embedder() -> Path:
    """Folder of the embedding model in the package; may be missing in a bare source tree."""
    return _HERE / "embedder"


def read_model(path: Path) -> ModelDirectory:
    """What the folder holds. Raises ModelError, naming what is wrong and the remedy."""
    return _read(path, "engine.model", _template)


def read_chat_model(path: Path) -> ModelDirectory:
    """The same of a model that only chats: it need not know how to fill gaps, and its FIM template is ""."""
    return _read(path, "chat.directory", lambda _path, _tokens, _model_type: "")


def template_told_by(tokenizer: Path) -> str:
    """Name of the template that a tokenizer.json by itself has the tokens of, "" for none. Raises ModelError."""
    found = template_of(_special_tokens(tokenizer), "")
    return found.name if found else ""


def _read(path: Path, setting: str, template: Callable[[Path, frozenset[str], str], str]) -> ModelDirectory:
    name = path.name if path.is_symlink() else path.resolve().name
    path = path.resolve()
    if not path.is_dir():
        raise ModelError(f"{path} is no model directory; set {setting} to a folder with config.json")
    config = read_object(path / "config.json", "a model directory needs one, as published with the weights")
    tokens = _special_tokens(path / "tokenizer.json")
    model_type, n_mtp_layers, longest = _architecture(path / "config.json", config)
    info = _info(path, name, longest, lambda: template(path, tokens, model_type))
    return ModelDirectory(
        path=path,
        info=info,
        model_type=model_type,
        n_mtp_layers=n_mtp_layers if model_type in MTP_ARCHITECTURES else 0,
        weight_bytes=sum(shard.stat().st_size for shard in weight_files(path)),
        config=config,
        longest_tokens=info.context_tokens if "context_tokens" in _described(path) else longest,
    )


def _architecture(file: Path, config: Mapping[str, Any]) -> tuple[str, int, int]:
    """The model_type, the number of MTP layers and the longest context. Raises ModelError."""
    fields = Fields(config, str(file), ModelError)
    try:
        return (
            fields.take("model_type", text),
            fields.take("num_nextn_predict_layers", _layers, 0),
            fields.take("max_position_embeddings", positive, _CONTEXT_TOKENS),
        )
    except ModelError as error:
        raise ModelError(f"{error}; {refetch(file)}") from None


def _info(path: Path, name: str, longest: int, template: Callable[[], str]) -> ModelInfo:
    ours = path / "codeassist.json"
    fields = Fields(_described(path), str(ours), ModelError)
    context_tokens = min(fields.take("context_tokens", positive, min(longest, _CONTEXT_TOKENS)), longest)
    completion_tokens = fields.take("completion_tokens", positive, min(_COMPLETION_TOKENS, context_tokens // 4))
    prompt_tokens = fields.take("prompt_tokens", positive, min(_PROMPT_TOKENS, context_tokens // 2))
    if prompt_tokens + completion_tokens > context_tokens:
        raise ModelError(f"{ours}: prompt_tokens and completion_tokens exceed the context of {context_tokens} tokens")
    info = ModelInfo(
        name=fields.take("name", _name, name),
        template=fields.take("template", text, "") or template(),
        context_tokens=context_tokens,
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        tokenizer=path / "tokenizer.json",
        supports_forced_prefix=True,
        supports_logprobs=True,
        supports_scoring=True,
        gate=fields.take("gate", optional(number), None),
    )
    fields.finish()
    return info


def _described(path: Path) -> Mapping[str, Any]:
    ours = path / "codeassist.json"
    return read_object(ours) if ours.exists() else {}


def _template(path: Path, tokens: frozenset[str], model_type: str) -> str:
    found = template_of(tokens, model_type)
    if found is None:
        raise NoFillInTheMiddle(
            f"{path}: the tokenizer has no fill-in-the-middle tokens that we know, so the model cannot complete code; "
            "set engine.model to one that was trained to fill gaps (this one may still chat: chat.directory), "
            'or name the template in a codeassist.json beside it: {"template": "..."}'
        )
    return found.name


def _special_tokens(path: Path) -> frozenset[str]:
    tokenizer = read_object(path, "a model directory needs the fast tokenizer's file")
    try:
        return frozenset(mark_ids(tokenizer))
    except (KeyError, TypeError, ValueError):
        raise ModelError(f"{path} is no tokenizer; {refetch(path)}") from None


def _name(value: object) -> str:
    """It is shown in terminals, logs and editors."""
    if not (name := text(value)).isprintable():
        raise Misfit("a text without control characters")
    return name


def _layers(value: object) -> int:
    return 0 if value in (0, None) else positive(value)
