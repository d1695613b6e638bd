"""Which files of a published model are needed to run it (pure)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase

from codeassist.errors import ModelError

# Of these kinds the first that is there holds the weights; the others are the same once more.
_WEIGHTS: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda name: name.endswith(".safetensors") and not name.startswith("consolidated"), "*.safetensors.index.json"),
    (lambda name: fnmatchcase(name, "consolidated*.safetensors"), "consolidated*.index.json"),
    (lambda name: fnmatchcase(name, "pytorch_model*.bin"), "pytorch_model*.index.json"),
)

# Configuration, tokenizer, chat template, and what must be handed on with the weights. Code of a model's own is left
# out: nothing here runs it.
_TEXTS = ("*.json", "*.jinja", "*.txt", "*.tiktoken", "tokenizer.model", "README.md", "LICENSE*", "NOTICE*")
_INDEX = "*.index.json"


def needed_files(names: Iterable[str]) -> list[str]:
    """Of a repository's files those that are needed, sorted: one set of weights, and what describes them.

    Files in subfolders are other formats, pictures and examples. Raises ModelError when no weights are there.
    """
    top = sorted(name for name in names if "/" not in name and not name.startswith("."))
    weights, index = _weights(top)
    texts = [name for name in top if any(fnmatchcase(name, pattern) for pattern in _TEXTS)]
    return sorted({*weights, *(name for name in texts if not fnmatchcase(name, _INDEX) or fnmatchcase(name, index))})


def _weights(names: Sequence[str]) -> tuple[list[str], str]:
    for is_weights, index in _WEIGHTS:
        if found := [name for name in names if is_weights(name)]:
            return found, index
    raise ModelError("there are no weights (*.safetensors or pytorch_model*.bin); name a repository that has some")
