"""The frozen base: final states and next tokens of every token, by transformers' own code for the architecture.

Which code is chosen goes by how experts are scored, not by what the config calls itself: a V3 that was relabelled V2
must not be scored by softmax.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from codeassist.errors import ModelError
from codeassist.models.json_files import read_object

if TYPE_CHECKING:
    import torch


class Base:
    """A model whose weights no longer change. device: of torch."""

    def __init__(self, path: Path, device: str) -> None:
        """Loads the weights in bfloat16 (float32 on a CPU). Raises ModelError."""
        import torch

        config = dict(read_object(path / "config.json"))
        dtype = torch.bfloat16 if device.startswith("cuda") else torch.float32
        self.model = _load(path, config, dtype).to(device).eval().requires_grad_(False)
        self.device = device

    @property
    def config(self) -> Any:
        """Transformers' config object."""
        return self.model.config

    @property
    def decoder(self) -> Any:
        """The model without its head: `embed_tokens`, `layers`, `norm`, `rotary_emb`."""
        return self.model.model

    def states(self, ids: torch.Tensor) -> torch.Tensor:
        """Final states, normed as vLLM hands them to the draft layer. ids: (rows, length); (rows, length, hidden)."""
        import torch

        with torch.no_grad():
            states: torch.Tensor = self.decoder(input_ids=ids, use_cache=False).last_hidden_state
        return states

    def logits(self, states: torch.Tensor) -> torch.Tensor:
        """By the base's own head, which the draft layer shares. states: (..., hidden); (..., vocabulary)."""
        logits: torch.Tensor = self.model.lm_head(states)
        return logits


def _load(path: Path, config: dict[str, Any], dtype: torch.dtype) -> Any:
    import transformers

    is_v3 = config.get("scoring_func", "sigmoid" if config["model_type"] == "deepseek_v3" else "softmax") == "sigmoid"
    family = "DeepseekV3" if is_v3 else "DeepseekV2"
    model_class = getattr(transformers, f"{family}ForCausalLM", None)
    config_class = getattr(transformers, f"{family}Config", None)
    if model_class is None or config_class is None:
        raise ModelError(f"transformers {transformers.__version__} knows no {family}; install a newer one")
    # What lies behind the last layer is another MTP layer; the base does without.
    fields = {**config, "model_type": config_class.model_type, "num_nextn_predict_layers": 0}
    transformers.logging.set_verbosity_error()
    try:
        return model_class.from_pretrained(
            path, config=config_class.from_dict(fields), dtype=dtype, attn_implementation="sdpa"
        )
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise ModelError(
            f"{path} cannot be loaded: {error}; `codeassist models verify {path}` checks its files"
        ) from None
