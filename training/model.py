"""DeepSeek-V3's architecture in plain PyTorch for training: MLA, routed and shared experts, one MTP layer.

Tokens of many samples lie in one flat stream; `positions` restart with each sample and attention stays inside of it.
All experts are computed for every token and weighed: at this size that is as fast as grouping tokens by expert.
Sources: DeepSeek-V3 technical report (arXiv 2412.19437), sections 2.1 and 2.2; transformers, `modeling_deepseek_v3`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a model. experts: routed ones; one shared expert of the same width comes on top."""

    vocabulary: int = 16_384
    hidden: int = 512
    layers: int = 8
    dense_width: int = 1536
    heads: int = 6
    nope: int = 64
    rope: int = 64
    value: int = 128
    kv_rank: int = 512
    experts: int = 8
    active: int = 2
    expert_width: int = 256
    context: int = 8192
    rope_theta: float = 10_000.0
    norm_eps: float = 1e-6


TINY = Shape(hidden=64, layers=2, dense_width=128, heads=2, nope=16, rope=16, value=32, kv_rank=32, expert_width=32)


@dataclass(frozen=True, slots=True)
class Stream:
    """What every layer needs to know of a stream. bounds: cumulative starts of samples, int32, padded with the end."""

    cos: Tensor
    sin: Tensor
    bounds: Tensor
    longest: int


def matrix(*size: int, gain: float = 0.5) -> nn.Parameter:
    """Weights with a spread of gain / sqrt(inputs)."""
    return nn.Parameter(torch.randn(*size) * gain * size[-1] ** -0.5)


class Norm(nn.Module):  # type: ignore[misc]
    """RMSNorm with a gain."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """The same directions, scaled to the gain."""
        return F.rms_norm(x.float(), (x.shape[-1],), self.weight, self.eps).to(x.dtype)


def linear(x: Tensor, weight: Tensor) -> Tensor:
    """X times the transposed weight, in the precision of x."""
    return F.linear(x, weight.to(x.dtype))


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary embedding of neighbouring pairs. x: (tokens, heads, rope); cos, sin: (tokens, rope / 2), float32."""
    even, odd = x.float().unflatten(-1, (-1, 2)).unbind(-1)
    cos, sin = cos[:, None], sin[:, None]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2).to(x.dtype)


def attend(query: Tensor, key: Tensor, value: Tensor, stream: Stream) -> Tensor:
    """Causal attention inside of each sample. All: (tokens, heads, width)."""
    scale = query.shape[-1] ** -0.5
    if query.is_cuda:
        bounds, longest = stream.bounds, stream.longest
        return torch.ops.aten._flash_attention_forward(
            query, key, value, bounds, bounds, longest, longest, 0.0, True, False, scale=scale
        )[0]
    return attend_masked(query, key, value, stream)


def attend_masked(query: Tensor, key: Tensor, value: Tensor, stream: Stream) -> Tensor:
    """The same with an explicit mask, for processors without the kernel and for checking it."""
    places = torch.arange(len(query), device=query.device)
    sample = torch.searchsorted(stream.bounds[1:].to(places.dtype), places, right=True)
    mask = (sample[:, None] == sample[None]) & (places[:, None] >= places[None])
    query, key, value = (x.transpose(0, 1)[None] for x in (query, key, value))
    mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=query.shape[-1] ** -0.5)
    return mixed[0].transpose(0, 1)


class Attention(nn.Module):  # type: ignore[misc]
    """Multi-head latent attention without query compression."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.q_proj = matrix(shape.heads * (shape.nope + shape.rope), shape.hidden)
        self.kv_a = matrix(shape.kv_rank + shape.rope, shape.hidden)
        self.kv_norm = Norm(shape.kv_rank, shape.norm_eps)
        self.kv_b = matrix(shape.heads * (shape.nope + shape.value), shape.kv_rank)
        self.o_proj = matrix(shape.hidden, shape.heads * shape.value, gain=0.0)

    def forward(self, x: Tensor, stream: Stream) -> Tensor:
        """Mixed values. x: (tokens, hidden)."""
        shape = self.shape
        query = linear(x, self.q_proj).view(len(x), shape.heads, -1)
        latent, key_rope = linear(x, self.kv_a).split([shape.kv_rank, shape.rope], -1)
        opened = linear(self.kv_norm(latent), self.kv_b).view(len(x), shape.heads, -1)
        key, value = opened.split([shape.nope, shape.value], -1)
        query_nope, query_rope = query.split([shape.nope, shape.rope], -1)
        query = torch.cat((query_nope, rotate(query_rope, stream.cos, stream.sin)), -1)
        rotated = rotate(key_rope[:, None], stream.cos, stream.sin).expand(-1, shape.heads, -1)
        mixed = attend(query, torch.cat((key, rotated), -1), value.contiguous(), stream)
        return linear(mixed.flatten(1), self.o_proj)


class Dense(nn.Module):  # type: ignore[misc]
    """A gated feed-forward layer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate = matrix(shape.dense_width, shape.hidden)
        self.up = matrix(shape.dense_width, shape.hidden)
        self.down = matrix(shape.hidden, shape.dense_width, gain=0.0)

    def forward(self, x: Tensor) -> Tensor:
        """x: (tokens, hidden)."""
        return linear(F.silu(linear(x, self.gate)) * linear(x, self.up), self.down)


class Experts(nn.Module):  # type: ignore[misc]
    """Routed experts chosen by sigmoid scores plus a balancing bias, and one shared expert, which stands last."""

    bias: Tensor
    load: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.active = shape.active
        n_all = shape.experts + 1
        self.router = nn.Parameter(torch.randn(shape.experts, shape.hidden) * 0.02)
        self.gate = matrix(n_all, shape.expert_width, shape.hidden)
        self.up = matrix(n_all, shape.expert_width, shape.hidden)
        self.down = matrix(n_all, shape.hidden, shape.expert_width, gain=0.0)
        self.register_buffer("bias", torch.zeros(shape.experts))
        self.register_buffer("load", torch.zeros(shape.experts))

    def forward(self, x: Tensor) -> Tensor:
        """x: (tokens, hidden)."""
        scores = F.linear(x.float(), self.router).sigmoid()
        chosen = (scores.detach() + self.bias).topk(self.active, -1).indices
        mask = torch.zeros_like(scores).scatter(-1, chosen, 1.0)
        if self.training:
            self.load += mask.sum(0)
        weights = scores * mask
        weights = weights / (weights.sum(-1, keepdim=True) + 1e-20)
        weights = torch.cat((weights, torch.ones_like(weights[:, :1])), -1)
        inner = F.silu(linear(x, self.gate.flatten(0, 1))) * linear(x, self.up.flatten(0, 1))
        inner = inner.view(len(x), weights.shape[-1], -1) * weights[..., None].to(x.dtype)
        return linear(inner.flatten(1), self.down.transpose(0, 1).flatten(1))


class Block(nn.Module):  # type: ignore[misc]
    """One decoder layer."""

    def __init__(self, shape: Shape, feed_forward: nn.Module) -> None:
        super().__init__()
        self.attention_norm = Norm(shape.hidden, shape.norm_eps)
        self.attention = Attention(shape)
        self.feed_forward_norm = Norm(shape.hidden, shape.norm_eps)
        self.feed_forward = feed_forward

    def forward(self, x: Tensor, stream: Stream) -> Tensor:
        """x: (tokens, hidden)."""
        x = x + self.attention(self.attention_norm(x), stream)
        return x + self.feed_forward(self.feed_forward_norm(x))


class Draft(nn.Module):  # type: ignore[misc]
    """The multi-token-prediction layer: the state of a token and the next token give the one after that."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embedding_norm = Norm(shape.hidden, shape.norm_eps)
        self.hidden_norm = Norm(shape.hidden, shape.norm_eps)
        self.join = matrix(shape.hidden, 2 * shape.hidden)
        self.block = Block(shape, Experts(shape))
        self.norm = Norm(shape.hidden, shape.norm_eps)

    def forward(self, hidden: Tensor, following: Tensor, stream: Stream) -> Tensor:
        """Final states for the token after the next. following: embeddings of the next tokens."""
        joined = torch.cat((self.embedding_norm(following), self.hidden_norm(hidden)), -1)
        return self.norm(self.block(linear(joined, self.join), stream))


class Model(nn.Module):  # type: ignore[misc]
    """The whole model; `forward` gives final states of the model and of its draft layer."""

    cos: Tensor
    sin: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Parameter(torch.randn(shape.vocabulary, shape.hidden) * 0.5)
        kinds = [Dense(shape), *(Experts(shape) for _ in range(shape.layers - 1))]
        self.blocks = nn.ModuleList(Block(shape, kind) for kind in kinds)
        self.norm = Norm(shape.hidden, shape.norm_eps)
        self.draft = Draft(shape)
        self.head = nn.Parameter(torch.zeros(shape.vocabulary, shape.hidden))
        speed = shape.rope_theta ** -(torch.arange(0, shape.rope, 2).double() / shape.rope)
        angles = torch.outer(torch.arange(shape.context).double(), speed)
        self.register_buffer("cos", angles.cos().float(), persistent=False)
        self.register_buffer("sin", angles.sin().float(), persistent=False)

    def forward(self, tokens: Tensor, positions: Tensor, bounds: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """tokens, positions: (n,) int64; bounds: int32, cumulative starts of the samples, ending with n."""
        stream = Stream(self.cos[positions], self.sin[positions], bounds, self.shape.context)
        embedded = F.embedding(tokens, self.embedding).to(dtype)
        hidden = embedded
        for block in self.blocks:
            hidden = block(hidden, stream)
        hidden = self.norm(hidden)
        following = embedded.roll(-1, 0) * (positions != 0)[:, None]  # served so: nothing at position 0
        return hidden, self.draft(hidden, following, stream)

    def experts(self) -> list[Experts]:
        """All layers with routed experts."""
        return [module for module in self.modules() if isinstance(module, Experts)]

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def balance(self, rate: float) -> Tensor:
        """Shift the routers' biases towards the idle experts; the highest load relative to an even one."""
        worst = torch.zeros((), device=self.head.device)
        for experts in self.experts():
            even = experts.load.mean().clamp(min=1.0)
            experts.bias += rate * torch.sign(even - experts.load)
            worst = torch.maximum(worst, experts.load.max() / even)
            experts.load.zero_()
        return worst
