"""How many numbers a model has, by what becomes of them when it is loaded, told from its config.json (pure).

Exact for DeepSeek's architectures and Llama's; of others, biases and the norms of queries and keys are left out, which
are less than a thousandth.

Source: transformers, `modeling_deepseek_v2`, `modeling_deepseek_v3`, `modeling_llama`, `modeling_mixtral`,
`modeling_qwen3_moe`, `modeling_starcoder2`; vLLM, `deepseek_mtp`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from codeassist.errors import ModelError

Config = Mapping[str, Any]

# Each name of the same size, DeepSeek's first.
_EXPERTS = ("n_routed_experts", "num_experts", "num_local_experts")
_SHARED_WIDTHS = ("shared_expert_intermediate_size",)
# Their feed-forward layers have no gate: two matrices, not three.
_WITHOUT_GATE = frozenset({"starcoder2", "gpt_bigcode", "gpt_neox", "phi", "falcon"})
# Their classes use the embedding as the head where config.json says nothing.
_TIED = frozenset({"starcoder2", "gpt_bigcode", "gemma", "gemma2", "cohere", "granite"})


@dataclass(frozen=True, slots=True)
class Geometry:
    """Sizes of one model. kv_rank: 0 for plain attention. n_experts: 0 for a dense model. n_read: experts that a token
    goes through. shared_width: of all shared experts together. has_expert_bias: one number for each expert, beside the
    router's matrix."""

    hidden: int
    n_layers: int
    n_dense_layers: int
    vocabulary: int
    n_heads: int
    n_kv_heads: int
    head: int
    value_head: int
    rope_head: int
    kv_rank: int
    q_rank: int
    width: int
    n_experts: int
    n_read: int
    expert_width: int
    shared_width: int
    n_mlp_matrices: int
    has_expert_bias: bool
    is_tied: bool
    context_tokens: int

    @property
    def is_latent(self) -> bool:
        """Whether keys and values are kept as one latent vector (MLA)."""
        return self.kv_rank > 0


@dataclass(frozen=True, slots=True)
class Parameters:
    """Numbers of a model. embedding, head, plain (norms, routers, what joins a draft): never quantised.

    dense: matrices that every token goes through, and several GPUs share. whole: the same that each GPU has a copy of.
    experts: all routed ones; read_experts: those that one token goes through. latent_up: the part of dense that MLA
    keeps a second time where it is quantised.
    """

    embedding: int = 0
    head: int = 0
    plain: int = 0
    dense: int = 0
    whole: int = 0
    experts: int = 0
    read_experts: int = 0
    latent_up: int = 0

    @property
    def total(self) -> int:
        """All that a checkpoint holds."""
        return self.embedding + self.head + self.plain + self.dense + self.whole + self.experts

    @property
    def read(self) -> int:
        """Those that one token is computed with; of the embedding that is one row, which does not count."""
        head = self.head or self.embedding
        return head + self.plain + self.dense + self.whole + self.read_experts


def read_geometry(config: Config) -> Geometry:
    """The sizes that a config.json states. Raises ModelError."""
    hidden, n_heads = _size(config, "hidden_size"), _size(config, "num_attention_heads")
    n_layers = _size(config, "num_hidden_layers")
    model_type = config.get("model_type")
    n_experts = _first(config, _EXPERTS)
    kv_rank = _given(config, "kv_lora_rank")
    rope = _given(config, "qk_rope_head_dim") if kv_rank else 0
    head = _given(config, "head_dim") or max(1, hidden // n_heads)
    width = _given(config, "intermediate_size") or 4 * hidden
    expert_width = _given(config, "moe_intermediate_size") or width
    shared = _first(config, _SHARED_WIDTHS) or _given(config, "n_shared_experts") * expert_width
    return Geometry(
        hidden=hidden,
        n_layers=n_layers,
        n_dense_layers=_n_dense_layers(config, n_layers) if n_experts else n_layers,
        vocabulary=_size(config, "vocab_size"),
        n_heads=n_heads,
        n_kv_heads=_given(config, "num_key_value_heads") or n_heads,
        head=_size(config, "qk_nope_head_dim") + rope if kv_rank else head,
        value_head=_size(config, "v_head_dim") if kv_rank else head,
        rope_head=rope,
        kv_rank=kv_rank,
        q_rank=_given(config, "q_lora_rank") if kv_rank else 0,
        width=width,
        n_experts=n_experts,
        n_read=_given(config, "num_experts_per_tok") if n_experts else 0,
        expert_width=expert_width,
        shared_width=shared if n_experts else 0,
        n_mlp_matrices=2 if model_type in _WITHOUT_GATE else 3,
        has_expert_bias=config.get("topk_method") == "noaux_tc",
        is_tied=bool(config.get("tie_word_embeddings", model_type in _TIED)),
        context_tokens=_given(config, "max_position_embeddings"),
    )


def model_parameters(sizes: Geometry) -> Parameters:
    """Of the model itself, without layers that draft."""
    dense, experts = _layer(sizes, has_experts=False), _layer(sizes, has_experts=True)
    n_with_experts = sizes.n_layers - sizes.n_dense_layers
    table = sizes.vocabulary * sizes.hidden
    own = Parameters(embedding=table, head=0 if sizes.is_tied else table, plain=sizes.hidden)
    return _sum(own, _times(dense, sizes.n_dense_layers), _times(experts, n_with_experts))


def draft_parameters(sizes: Geometry) -> Parameters:
    """Of one MTP layer as vLLM keeps it: embedding and head are the model's own, `eh_proj` joins two vectors."""
    layer = _layer(sizes, has_experts=sizes.n_experts > 0)
    joins = Parameters(plain=2 * sizes.hidden * sizes.hidden + 3 * sizes.hidden)
    return _sum(layer, joins)


def _layer(sizes: Geometry, *, has_experts: bool) -> Parameters:
    attention = _latent_attention(sizes) if sizes.is_latent else _plain_attention(sizes)
    norms = Parameters(plain=2 * sizes.hidden)
    if not has_experts:
        return _sum(attention, norms, Parameters(dense=sizes.n_mlp_matrices * sizes.hidden * sizes.width))
    one = sizes.n_mlp_matrices * sizes.hidden * sizes.expert_width
    return _sum(
        attention,
        norms,
        Parameters(
            plain=sizes.n_experts * (sizes.hidden + sizes.has_expert_bias),
            dense=sizes.n_mlp_matrices * sizes.hidden * sizes.shared_width,
            experts=one * sizes.n_experts,
            read_experts=one * sizes.n_read,
        ),
    )


def _plain_attention(sizes: Geometry) -> Parameters:
    queries_and_output = 2 * sizes.hidden * sizes.n_heads * sizes.head
    return Parameters(dense=queries_and_output + 2 * sizes.hidden * sizes.n_kv_heads * sizes.head)


def _latent_attention(sizes: Geometry) -> Parameters:
    """What leads down to the latent vectors is the same for all heads, so that each GPU has it whole."""
    up = sizes.kv_rank * sizes.n_heads * (sizes.head - sizes.rope_head + sizes.value_head)
    queries = (sizes.q_rank or sizes.hidden) * sizes.n_heads * sizes.head
    output = sizes.n_heads * sizes.value_head * sizes.hidden
    return Parameters(
        plain=sizes.kv_rank + sizes.q_rank,
        dense=queries + up + output,
        whole=sizes.hidden * (sizes.kv_rank + sizes.rope_head + sizes.q_rank),
        latent_up=up,
    )


def _n_dense_layers(config: Config, n_layers: int) -> int:
    first, every = _given(config, "first_k_dense_replace"), _given(config, "moe_layer_freq") or 1
    return sum(1 for number in range(n_layers) if number < first or number % every)


def _sum(*parts: Parameters) -> Parameters:
    return Parameters(*(sum(getattr(part, name) for part in parts) for name in Parameters.__slots__))


def _times(part: Parameters, factor: int) -> Parameters:
    return Parameters(*(getattr(part, name) * factor for name in Parameters.__slots__))


def _size(config: Config, key: str) -> int:
    """A size that has to be stated."""
    value = _given(config, key)
    if not value:
        raise ModelError(_complaint(key))
    return value


def _given(config: Config, key: str) -> int:
    """A size that may be left out, which is 0."""
    value = config.get(key)
    if value is None or value is False:
        return 0
    if not isinstance(value, int) or value < 0 or value is True:
        raise ModelError(_complaint(key))
    return value


def _first(config: Config, keys: tuple[str, ...]) -> int:
    return next((size for key in keys if (size := _given(config, key))), 0)


def _complaint(key: str) -> str:
    return f"config.json does not say {key} as a whole number above 0, so nothing can be reckoned from it"
