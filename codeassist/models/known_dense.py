"""Published models of other families that fill in the middle, with their sizes (data).

Sources: config.json and model card of each; Qwen2.5-Coder (arXiv 2409.12186), StarCoder2 (2402.19173), Code Llama
(2308.12950), Granite Code (2405.04324). Of Code Llama only 7B and 13B were trained to fill gaps. StarCoder2 is
published as float32. Revisions: as in `known_deepseek.py`.
"""

from __future__ import annotations

from typing import Any

from codeassist.models.published import KnownModel

_QWEN: dict[str, Any] = {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "max_position_embeddings": 32768,
    "tie_word_embeddings": False,
    "vocab_size": 152064,
}
_SMALL_QWEN: dict[str, Any] = _QWEN | {"tie_word_embeddings": True, "vocab_size": 151936}
_STARCODER2: dict[str, Any] = {
    "architectures": ["Starcoder2ForCausalLM"],
    "model_type": "starcoder2",
    "max_position_embeddings": 16384,
    "tie_word_embeddings": True,
    "torch_dtype": "float32",
    "vocab_size": 49152,
}
_LLAMA: dict[str, Any] = {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}
_CODELLAMA: dict[str, Any] = _LLAMA | {
    "max_position_embeddings": 16384,
    "tie_word_embeddings": False,
    "vocab_size": 32016,
}
_GRANITE_CODE: dict[str, Any] = _LLAMA | {
    "max_position_embeddings": 128000,
    "tie_word_embeddings": True,
    "vocab_size": 49152,
}
_GRANITE_3: dict[str, Any] = {
    "architectures": ["GraniteForCausalLM"],
    "model_type": "granite",
    "max_position_embeddings": 131072,
    "tie_word_embeddings": True,
    "vocab_size": 49159,
}
_MISTRAL: dict[str, Any] = {
    "architectures": ["MistralForCausalLM"],
    "model_type": "mistral",
    "max_position_embeddings": 32768,
    "tie_word_embeddings": False,
    "vocab_size": 32768,
}


def _sizes(hidden: int, width: int, layers: int, heads: int, kv_heads: int) -> dict[str, Any]:
    return {
        "hidden_size": hidden,
        "intermediate_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
    }


_QWENS: dict[str, dict[str, Any]] = {
    "0.5B": _SMALL_QWEN | _sizes(896, 4864, 24, 14, 2),
    "1.5B": _SMALL_QWEN | _sizes(1536, 8960, 28, 12, 2),
    "3B": _SMALL_QWEN | _sizes(2048, 11008, 36, 16, 2),
    "7B": _QWEN | _sizes(3584, 18944, 28, 28, 4),
    "14B": _QWEN | _sizes(5120, 13824, 48, 40, 8),
    "32B": _QWEN | _sizes(5120, 27648, 64, 40, 8),
}
_QUANTISED: dict[str, dict[str, Any]] = {
    "": {},
    "-AWQ": {"torch_dtype": "float16", "quantization_config": {"quant_method": "awq", "bits": 4, "group_size": 128}},
    "-GPTQ-Int4": {
        "torch_dtype": "float16",
        "quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 128},
    },
    "-GPTQ-Int8": {
        "torch_dtype": "float16",
        "quantization_config": {"quant_method": "gptq", "bits": 8, "group_size": 128},
    },
}
_QWEN_REVISIONS = {
    "0.5B": "8123ea2e9354afb7ffcc6c8641d1b2f5ecf18301",
    "1.5B": "df3ce67c0e24480f20468b6ef2894622d69eb73b",
    "3B": "09d9bc5d376b0cfa0100a0694ea7de7232525803",
    "7B": "0396a76181e127dfc13e5c5ec48a8cee09938b02",
    "14B": "f2ad5164aade432d6d56c24bb71589184d5d613d",
    "32B": "2e12b5f7bc878d424d222e224ed40aee564ec45f",
    "0.5B-Instruct": "ea3f2471cf1b1f0db85067f1ef93848e38e88c25",
    "1.5B-Instruct": "2e1fd397ee46e1388853d2af2c993145b0f1098a",
    "3B-Instruct": "488639f1ff808d1d3d0ba301aef8c11461451ec5",
    "7B-Instruct": "c03e6d358207e414f1eca0bb1891e29f1db0e242",
    "14B-Instruct": "aedcc2d42b622764e023cf882b6652e646b95671",
    "32B-Instruct": "381fc969f78efac66bc87ff7ddeadb7e73c218a7",
    "7B-Instruct-AWQ": "8e8ed243bbe6f9a5aff549a0924562fc719b2b8a",
    "32B-Instruct-AWQ": "1ed0a6145da0ce550c628e8e8b678f51e695995d",
}


def _qwen(size: str, suffix: str, added: dict[str, Any], *, chats: bool) -> KnownModel:
    licence = "Qwen research licence (no commercial use)" if size == "3B" else "Apache-2.0"
    variant = f"{size}{suffix}"
    return KnownModel(
        f"qwen2.5-coder-{variant.lower()}",
        f"Qwen/Qwen2.5-Coder-{variant}",
        _QWEN_REVISIONS.get(variant, ""),
        licence,
        fills_gaps=True,
        chats=chats,
        config=_QWENS[size] | added,
    )


def _open(name: str, hub_id: str, licence: str, config: dict[str, Any], revision: str = "") -> KnownModel:
    return KnownModel(name, hub_id, revision, licence, True, "instruct" in name, config)


_STARS = "BigCode OpenRAIL-M (use-based restrictions)"
_LLAMA_2 = "Llama 2 Community Licence"
_7B, _13B = _CODELLAMA | _sizes(4096, 11008, 32, 32, 32), _CODELLAMA | _sizes(5120, 13824, 40, 40, 40)
_3B_CODE, _8B_CODE = _GRANITE_CODE | _sizes(2560, 10240, 32, 32, 32), _GRANITE_CODE | _sizes(4096, 14336, 36, 32, 8)
_2B_3, _8B_3 = _GRANITE_3 | _sizes(2048, 8192, 40, 32, 8), _GRANITE_3 | _sizes(4096, 12800, 40, 32, 8)

DENSE = (
    *(_qwen(size, "", {}, chats=False) for size in _QWENS),
    *(_qwen(size, f"-Instruct{kind}", added, chats=True) for size in _QWENS for kind, added in _QUANTISED.items()),
    _open(
        "starcoder2-3b",
        "bigcode/starcoder2-3b",
        _STARS,
        _STARCODER2 | _sizes(3072, 12288, 30, 24, 2),
        "733247c55e3f73af49ce8e9c7949bf14af205928",
    ),
    _open(
        "starcoder2-7b",
        "bigcode/starcoder2-7b",
        _STARS,
        _STARCODER2 | _sizes(4608, 18432, 32, 36, 4),
        "bb9afde76d7945da5745592525db122d4d729eb1",
    ),
    _open(
        "starcoder2-15b",
        "bigcode/starcoder2-15b",
        _STARS,
        _STARCODER2 | _sizes(6144, 24576, 40, 48, 4) | {"tie_word_embeddings": False},
        "46d44742909c03ac8cee08eb03fdebce02e193ec",
    ),
    _open("codellama-7b", "codellama/CodeLlama-7b-hf", _LLAMA_2, _7B, "6c284d1468fe6c413cf56183e69b194dcfa27fe6"),
    _open(
        "codellama-7b-instruct",
        "codellama/CodeLlama-7b-Instruct-hf",
        _LLAMA_2,
        _7B,
        "22cb240e0292b0b5ab4c17ccd97aa3a2f799cbed",
    ),
    _open("codellama-13b", "codellama/CodeLlama-13b-hf", _LLAMA_2, _13B),
    _open("codellama-13b-instruct", "codellama/CodeLlama-13b-Instruct-hf", _LLAMA_2, _13B),
    KnownModel(
        "codestral-22b",
        "mistralai/Codestral-22B-v0.1",
        "",
        "Mistral AI Non-Production Licence (no commercial use)",
        fills_gaps=True,
        chats=True,
        config=_MISTRAL | _sizes(6144, 16384, 56, 48, 8),
        is_gated=True,
    ),
    _open("granite-3b-code", "ibm-granite/granite-3b-code-base-128k", "Apache-2.0", _3B_CODE),
    _open("granite-3b-code-instruct", "ibm-granite/granite-3b-code-instruct-128k", "Apache-2.0", _3B_CODE),
    _open("granite-8b-code", "ibm-granite/granite-8b-code-base-128k", "Apache-2.0", _8B_CODE),
    _open("granite-8b-code-instruct", "ibm-granite/granite-8b-code-instruct-128k", "Apache-2.0", _8B_CODE),
    _open("granite-3.3-2b", "ibm-granite/granite-3.3-2b-base", "Apache-2.0", _2B_3),
    _open(
        "granite-3.3-2b-instruct",
        "ibm-granite/granite-3.3-2b-instruct",
        "Apache-2.0",
        _2B_3,
        "707f574c62054322f6b5b04b6d075f0a8f05e0f0",
    ),
    _open(
        "granite-3.3-8b",
        "ibm-granite/granite-3.3-8b-base",
        "Apache-2.0",
        _8B_3,
        "cfb7adb44a974653cbb2ff883653971c54dba578",
    ),
    _open(
        "granite-3.3-8b-instruct",
        "ibm-granite/granite-3.3-8b-instruct",
        "Apache-2.0",
        _8B_3,
        "51dd4bc2ade4059a6bd87649d68aa11e4fb2529b",
    ),
)
