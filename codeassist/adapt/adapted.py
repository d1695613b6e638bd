"""A frozen model and an adapter of it, in PyTorch: losses with and without the adapter, gradients, the adapter's files.

The model runs by transformers' own code for its architecture; PEFT puts the adapter's matrices beside those layers that
vLLM can adapt when it serves (`codeassist/adapters/targets.py`). Experts, router and embeddings stay as they are.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)
from torch.utils.checkpoint import checkpoint

from codeassist.adapt.rows import Row
from codeassist.adapters.checks import CONFIG, WEIGHTS
from codeassist.adapters.targets import peft_targets
from codeassist.engine.memory import available_bytes
from codeassist.errors import EngineUnavailable, ModelError
from codeassist.models.json_files import read_object
from codeassist.models.weights import loaded_files
from codeassist.mtp.base import Base
from codeassist.mtp.relabel import BASE_TYPES

# Twice the rank is what LoRA's changes are scaled by, as most recipes do; some of its inputs are left out at random,
# since a repository is little to learn from.
_ALPHA, _DROPOUT, _SEED = 2, 0.05, 0
# Logits of so many tokens are in memory at the same time: a vocabulary is wider than the model.
_TOKENS_AT_ONCE = 1024


class Adapted:
    """A model with an adapter that says nothing yet."""

    def __init__(self, model: Path, device: str, rank: int) -> None:
        """Loads the weights, in bfloat16 (float32 on a CPU). Raises ModelError, and EngineUnavailable where they do not
        fit."""
        from peft import LoraConfig, inject_adapter_in_model

        require_room(_needed_bytes(model, device), _free_bytes(device), model, device)
        base = _load(model, device)
        torch.manual_seed(_SEED)
        self._config = LoraConfig(
            r=rank,
            lora_alpha=_ALPHA * rank,
            lora_dropout=_DROPOUT,
            target_modules=peft_targets(int(base.config.num_hidden_layers)),
            task_type="CAUSAL_LM",
        )
        # Where PEFT sees the config of a mixture of experts, it adapts those as well. So it sees the layers alone.
        self._layers = nn.ModuleDict({"model": base.model})
        inject_adapter_in_model(self._config, self._layers)
        for tensor in self._matrices().values():  # made in the type of the layers, in which small steps would be lost
            tensor.data = tensor.data.float()
        self._base = base
        self._device, self._is_cuda = device, device.startswith("cuda")
        if self._is_cuda:  # activations of a large model do not fit beside it
            base.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})

    @property
    def context_tokens(self) -> int:
        """The longest row that the model was made for."""
        return int(self._base.config.max_position_embeddings)

    @property
    def parameters(self) -> list[Tensor]:
        """What is trained, in float32."""
        return list(self._matrices().values())

    def learn(self, rows: Sequence[Row], rows_at_once: int) -> float:
        """Add the gradient of these rows' weighted mean loss, which is returned, in nats a token."""
        self._base.train()
        total, lost = sum(sum(row.weights) for row in rows), 0.0
        for start in range(0, len(rows), rows_at_once):
            loss = self._weighted(rows[start : start + rows_at_once]) / total
            loss.backward()
            lost += float(loss.detach())
        return lost

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def nats(self, row: Row) -> float:
        """How surprised the model is by a gap's answer, with its adapter."""
        self._base.eval()
        only = replace(row, weights=tuple(0.0 if n < row.n_prompt else 1.0 for n in range(len(row.ids))))
        return float(self._weighted([only]))

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def next_logits(self, ids: Sequence[int], past: Any) -> tuple[Tensor, Any]:
        """Of the token after these, (vocabulary,), and keys and values so far. past: those of what stands before."""
        self._base.eval()
        fed = torch.tensor([ids], device=self._device)
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=self._is_cuda):
            said = self._base(input_ids=fed, past_key_values=past, use_cache=True, logits_to_keep=1)
        return said.logits[0, -1], said.past_key_values

    @contextmanager
    def without(self) -> Iterator[None]:
        """The model as it is, for the length of a `with` block."""
        for layer in self._adapted():
            layer.enable_adapters(enabled=False)
        try:
            yield
        finally:
            for layer in self._adapted():
                layer.enable_adapters(enabled=True)

    def matrices(self) -> dict[str, Tensor]:
        """A copy of the adapter's own, on the CPU."""
        return {name: tensor.detach().to("cpu", copy=True) for name, tensor in self._matrices().items()}

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def take(self, matrices: dict[str, Tensor]) -> None:
        """Put these in the adapter's place. Raises ModelError where they are another's."""
        own = self._matrices()
        if own.keys() != matrices.keys() or any(own[name].shape != matrices[name].shape for name in own):
            raise ModelError("the adapter was trained with another rank or for another model")
        for name, tensor in own.items():
            tensor.copy_(matrices[name])

    def save(self, folder: Path) -> None:
        """Write the adapter as PEFT and vLLM read it; each file appears at once or not at all."""
        from safetensors.torch import save_file

        unfinished = folder / f".{WEIGHTS}"
        save_file(self.matrices(), unfinished, metadata={"format": "pt"})
        if not (folder / CONFIG).exists():
            names = sorted({name.split(".lora_")[0].rpartition(".")[2] for name in self._matrices()})
            replace(self._config, inference_mode=True, target_modules=names).save_pretrained(str(folder))
        unfinished.replace(folder / WEIGHTS)

    def read(self, folder: Path) -> None:
        """Take the adapter that lies in a folder. Raises ModelError."""
        from safetensors.torch import load_file

        self.take(load_file(folder / WEIGHTS))

    def release(self) -> None:
        """Give back the memory; nothing more can be asked."""
        del self._base, self._layers
        gc.collect()
        if self._is_cuda:
            torch.cuda.empty_cache()

    def _adapted(self) -> list[Any]:
        from peft.tuners.tuners_utils import BaseTunerLayer

        return [module for module in self._layers.modules() if isinstance(module, BaseTunerLayer)]

    def _matrices(self) -> dict[str, Tensor]:
        """By the names that PEFT gives them in a file."""
        parameters = self._layers.named_parameters()
        return {
            f"base_model.model.{name.replace('.default.weight', '.weight')}": tensor
            for name, tensor in parameters
            if ".lora_" in name
        }

    def _weighted(self, rows: Sequence[Row]) -> Tensor:
        """Nats of all tokens, each times its weight, summed."""
        length = max(len(row.ids) for row in rows)
        # What stands behind a row's end has weight 0, and nothing before sees it.
        ids = torch.tensor([row.ids + (0,) * (length - len(row.ids)) for row in rows], device=self._device)
        weights = torch.tensor([row.weights + (0.0,) * (length - len(row.ids)) for row in rows], device=self._device)
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=self._is_cuda):
            states = self._base.model(input_ids=ids, use_cache=False).last_hidden_state[:, :-1]
            counted = weights[:, 1:] > 0
            chosen, said, worth = states[counted], ids[:, 1:][counted], weights[:, 1:][counted]
            pieces = [
                checkpoint(self._lost, states, tokens, counts, use_reentrant=False)
                for states, tokens, counts in zip(
                    *(tensor.split(_TOKENS_AT_ONCE) for tensor in (chosen, said, worth)), strict=True
                )
            ]
        return torch.stack(pieces).sum()

    def _lost(self, states: Tensor, said: Tensor, worth: Tensor) -> Tensor:
        logits = self._base.get_output_embeddings()(states).float()
        losses: Tensor = F.cross_entropy(logits, said, reduction="none")
        return (losses * worth).sum()


def require_adaptable(model: Path) -> None:
    """Raises ModelError for a model that cannot be trained on."""
    config = read_object(model / "config.json", "a model directory needs one, as published with the weights")
    if config.get("quantization_config"):
        raise ModelError(
            f"{model} is quantised: its layers cannot be trained on; adapt the bfloat16 checkpoint that it was made of"
        )
    if config.get("model_type") not in BASE_TYPES and not _is_known(str(config.get("model_type"))):
        raise ModelError(
            f"transformers knows no {config.get('model_type')!r}, which {model} is; install a newer transformers, or "
            "adapt another model with --model"
        )


def require_room(needed: int, free: int, model: Path, device: str) -> None:
    """Raises EngineUnavailable where the weights alone do not fit: a process that takes more memory than there is ends
    without a word."""
    if needed > free:
        raise EngineUnavailable(
            f"{model} needs {needed / 2**30:.1f} GiB on {device} to be trained on, and {free / 2**30:.1f} GiB are "
            "free; end what else runs there, or adapt a smaller model with --model"
        )


def _needed_bytes(model: Path, device: str) -> int:
    n_bytes = sum(file.stat().st_size for file in loaded_files(model))
    is_stored_whole = read_object(model / "config.json").get("torch_dtype") == "float32"
    return n_bytes if device.startswith("cuda") or is_stored_whole else 2 * n_bytes  # computed in float32


def _free_bytes(device: str) -> int:
    return int(torch.cuda.mem_get_info(device)[0]) if device.startswith("cuda") else available_bytes()


def _is_known(model_type: str) -> bool:
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    return model_type in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES


def _load(path: Path, device: str) -> Any:
    import transformers

    transformers.utils.logging.disable_progress_bar()
    if read_object(path / "config.json").get("model_type") in BASE_TYPES:
        return Base(path, device).model
    dtype = torch.bfloat16 if device.startswith("cuda") else torch.float32
    transformers.logging.set_verbosity_error()
    try:
        loaded = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=dtype, local_files_only=True)
    except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
        raise ModelError(
            f"{path} cannot be loaded: {error}; `codeassist models verify {path}` checks its files"
        ) from None
    return loaded.to(device).eval().requires_grad_(False)
