"""The MTP layer in PyTorch, on top of a frozen base, and its tensors under their published names.

    state of token t, embedding of token t+1  ->  state for token t+2

The decoder layer in it begins as a copy of the base's last one, the joining matrix as the sum of both inputs, and the
final norm as the base's: so it starts near what the base would say, and not from noise.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from codeassist.errors import ModelError
from codeassist.mtp.base import Base

_FUSED = ("mlp.experts.gate_up_proj", "mlp.experts.down_proj")


class MtpLayer(nn.Module):  # type: ignore[misc]
    """One layer of multi-token prediction. Its own weights are float32; head and embedding are the base's."""

    def __init__(self, base: Base) -> None:
        super().__init__()
        config = base.config
        self._hidden = int(config.hidden_size)
        norm = base.decoder.norm
        self.enorm, self.hnorm, self.norm = (copy.deepcopy(norm).float() for _ in range(3))
        with torch.no_grad():
            self.enorm.weight.fill_(1.0)
            self.hnorm.weight.fill_(1.0)
        self.eh_proj = nn.Linear(2 * self._hidden, self._hidden, bias=False, device=base.device)
        self.block = copy.deepcopy(base.decoder.layers[-1]).float()
        for module in self.block.modules():  # the grouped kernels take bfloat16 alone
            if hasattr(module, "config"):
                module.config = copy.deepcopy(module.config)
                module.config._experts_implementation = "eager"
        self._rotary = [base.decoder.rotary_emb]  # in a list: it is the base's, not a part of this module
        with torch.no_grad():
            identity = torch.eye(self._hidden, device=base.device)
            self.eh_proj.weight.copy_(torch.cat((0.5 * identity, identity), dim=1))
        self.requires_grad_(True)

    def forward(self, states: Tensor, following: Tensor) -> Tensor:
        """States for the token after the next, before the base's head. Both: (rows, length, hidden); following:
        embeddings of the next tokens."""
        places = torch.arange(states.shape[1], device=states.device)[None]
        following = following * (places > 0)[..., None]  # vLLM masks position 0
        joined = self.eh_proj(torch.cat((self.enorm(following), self.hnorm(states)), dim=-1))
        cos_sin = self._rotary[0](joined, places)
        # Without a mask, `sdpa` (base.py) lets each token see itself and what is before it.
        mixed = self.block(joined, attention_mask=None, position_ids=places, position_embeddings=cos_sin)
        mixed = mixed[0] if isinstance(mixed, tuple) else mixed
        result: Tensor = self.norm(mixed)
        return result


def published(layer: MtpLayer, config: Any, dtype: torch.dtype) -> dict[str, Tensor]:
    """The layer's tensors as a checkpoint names them, on the CPU. A router's correcting bias stays float32."""
    prefix = f"model.layers.{config.num_hidden_layers}."
    tensors = {
        f"{prefix}enorm.weight": layer.enorm.weight,
        f"{prefix}hnorm.weight": layer.hnorm.weight,
        f"{prefix}eh_proj.weight": layer.eh_proj.weight,
        f"{prefix}shared_head.norm.weight": layer.norm.weight,
    }
    for name, tensor in layer.block.state_dict().items():
        tensors |= {f"{prefix}{part}": piece for part, piece in _unfused(name, tensor)}
    return {name: _stored(name, tensor, dtype) for name, tensor in tensors.items()}


def _stored(name: str, tensor: Tensor, dtype: torch.dtype) -> Tensor:
    kept = torch.float32 if name.endswith("e_score_correction_bias") else dtype
    return tensor.detach().to("cpu", kept).contiguous()


def save_layer(path: Path, layer: MtpLayer, config: Any, dtype: torch.dtype) -> None:
    """Write mtp.safetensors; it appears at once or not at all."""
    from safetensors.torch import save_file

    unfinished = path.with_name(f".{path.name}")
    save_file(published(layer, config, dtype), unfinished, metadata={"format": "pt"})
    unfinished.replace(path)


def read_layer(path: Path, base: Base) -> MtpLayer:
    """A layer that stands in a checkpoint or an mtp.safetensors of its own. Raises ModelError where it does not."""
    from safetensors.torch import load_file

    prefix = f"model.layers.{base.config.num_hidden_layers}."
    files = sorted(path.glob("*.safetensors")) if path.is_dir() else [path]
    stored = {
        name.removeprefix(prefix): tensor
        for file in files
        for name, tensor in load_file(file).items()
        if name.startswith(prefix)
    }
    layer = MtpLayer(base)
    try:
        with torch.no_grad():
            for name, tensor in (
                ("enorm", layer.enorm.weight),
                ("hnorm", layer.hnorm.weight),
                ("eh_proj", layer.eh_proj.weight),
                ("shared_head.norm", layer.norm.weight),
            ):
                tensor.copy_(stored.pop(f"{name}.weight"))
            layer.block.load_state_dict({name: _fused(name, stored) for name in layer.block.state_dict()})
    except (KeyError, RuntimeError) as error:
        raise ModelError(f"{path} holds no MTP layer for this base ({error}); train one for it") from None
    return layer


def _fused(name: str, stored: dict[str, Tensor]) -> Tensor:
    if name not in _FUSED:
        return stored[name]
    n_experts = 1 + max(int(found.split(".")[2]) for found in stored if found.startswith("mlp.experts."))
    experts = [f"mlp.experts.{number}." for number in range(n_experts)]
    if name == _FUSED[1]:
        return torch.stack([stored[f"{expert}down_proj.weight"] for expert in experts])
    pairs = [(stored[f"{expert}gate_proj.weight"], stored[f"{expert}up_proj.weight"]) for expert in experts]
    return torch.stack([torch.cat(pair) for pair in pairs])


def _unfused(name: str, tensor: Tensor) -> list[tuple[str, Tensor]]:
    """Transformers keeps all experts in one tensor each; checkpoints have one for each expert."""
    if name == _FUSED[0]:
        pieces = []
        for number, expert in enumerate(tensor):
            gate, up = expert.chunk(2)
            pieces += [(f"mlp.experts.{number}.gate_proj.weight", gate), (f"mlp.experts.{number}.up_proj.weight", up)]
        return pieces
    if name == _FUSED[1]:
        return [(f"mlp.experts.{number}.down_proj.weight", expert) for number, expert in enumerate(tensor)]
    return [(name, tensor)]
