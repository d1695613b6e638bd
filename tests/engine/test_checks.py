"""A model directory that cannot be loaded is refused before the engine starts, by a line with file and remedy."""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest
from safetensors.numpy import load_file, save_file

from codeassist.engine.catalogue import UNKNOWN, Catalogue
from codeassist.errors import ModelError
from codeassist.models.checks import embedder_problems, model_problems, require_loadable
from codeassist.models.directory import read_model
from codeassist.models.verify import verify_model

CATALOGUE = Catalogue(frozenset({"DeepseekV3ForCausalLM", "LlamaForCausalLM"}), frozenset({"deepseek_v3", "llama"}))
SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
INDEX = "model.safetensors.index.json"
HEAD = 8

Spoil = Callable[[Path], object]


@pytest.fixture(scope="session")
def sharded(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model in two shards with an index."""
    directory = tmp_path_factory.mktemp("models") / "sharded"
    shutil.copytree(tiny_model, directory)
    tensors = load_file(directory / "model.safetensors")
    (directory / "model.safetensors").unlink()
    names = sorted(tensors)
    halves = (names[: len(names) // 2], names[len(names) // 2 :])
    for shard, half in zip(SHARDS, halves, strict=True):
        save_file({name: tensors[name] for name in half}, directory / shard, metadata={"format": "pt"})
    places = {name: shard for shard, half in zip(SHARDS, halves, strict=True) for name in half}
    (directory / INDEX).write_text(json.dumps({"weight_map": places}))
    return directory


@pytest.fixture
def model(sharded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sharded, tmp_path / "coder"))


def problems(model: Path, catalogue: Catalogue = CATALOGUE) -> list[str]:
    return list(verify_model(model, catalogue, lambda file: None).problems)


def start(model: Path) -> None:
    require_loadable(read_model(model), "deepseek", CATALOGUE)


def edit(file: str, change: Callable[[Any], object]) -> Spoil:
    def spoil(model: Path) -> None:
        value = json.loads((model / file).read_text())
        change(value)
        (model / file).write_text(json.dumps(value))

    return spoil


def config(**changes: object) -> Spoil:
    return edit("config.json", lambda value: value.update(changes))


def without_key(key: str) -> Spoil:
    return edit("config.json", lambda value: value.pop(key))


def written(file: str, content: bytes) -> Spoil:
    return lambda model: (model / file).write_bytes(content)


def cut(file: str, n_bytes: int) -> Spoil:
    return lambda model: (model / file).write_bytes((model / file).read_bytes()[:n_bytes])


def grown(file: str) -> Spoil:
    return lambda model: (model / file).write_bytes((model / file).read_bytes() + b"\0")


def rename_added(old: str, new: str) -> Spoil:
    return edit(
        "tokenizer.json",
        lambda value: [entry.update(content=new) for entry in value["added_tokens"] if entry["content"] == old],
    )


def move_added(spelling: str, token: int) -> Spoil:
    return edit(
        "tokenizer.json",
        lambda value: [entry.update(id=token) for entry in value["added_tokens"] if entry["content"] == spelling],
    )


def whole_word(spelling: str) -> Spoil:
    """A token that is found only where no letter is next to it."""
    return edit(
        "tokenizer.json",
        lambda value: [
            entry.update(single_word=True) for entry in value["added_tokens"] if entry["content"] == spelling
        ],
    )


def drop_tensors(prefix: str) -> Spoil:
    """Take tensors out of their shards and out of the index, as a conversion that forgot them would."""

    def spoil(model: Path) -> None:
        for shard in SHARDS:
            kept = {name: t for name, t in load_file(model / shard).items() if not name.startswith(prefix)}
            save_file(kept, model / shard)
        edit(INDEX, lambda value: value.update(weight_map=_without(value["weight_map"], prefix)))(model)

    return spoil


def _without(places: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name: shard for name, shard in places.items() if not name.startswith(prefix)}


def test_a_whole_model_has_no_problems(model: Path) -> None:
    assert problems(model) == []
    start(model)


BROKEN = [
    (cut(SHARDS[1], 5000), SHARDS[1], "is cut off: 5000 of"),
    (cut(SHARDS[1], 100), SHARDS[1], "end before its header"),
    (cut(SHARDS[1], 3), SHARDS[1], "is cut off"),
    (grown(SHARDS[0]), SHARDS[0], "is damaged"),
    (written(SHARDS[0], b"\xff" * 40), SHARDS[0], "is no safetensors file"),
    (written(SHARDS[0], (4).to_bytes(8, "little") + b"{,,}"), SHARDS[0], "header makes no sense"),
    (written(SHARDS[0], (8).to_bytes(8, "little") + b'{"a": 3}'), SHARDS[0], "header makes no sense"),
    (written(SHARDS[0], b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), SHARDS[0], "git lfs pull"),
    (lambda model: (model / SHARDS[1]).unlink(), SHARDS[1], "is missing"),
    (written(INDEX, b'{"weight_map": 3}'), INDEX, "no usable weight_map"),
    (written(INDEX, b'{"weight_map": {"a": "../../etc/passwd"}}'), INDEX, "no usable weight_map"),
    (written(INDEX, b"{"), INDEX, "not valid JSON"),
    (edit(INDEX, lambda value: value["weight_map"].update(ghost=SHARDS[1])), SHARDS[1], "lacks the tensor ghost"),
    (drop_tensors("model.layers.1.mlp.experts.3."), "", "lacks the tensor model.layers.1.mlp.experts.3"),
    (drop_tensors("lm_head"), "", "lacks the tensor lm_head.weight"),
    (drop_tensors("model.layers.2."), "", "engine.speculative_tokens to 0"),
    (drop_tensors("model.layers.2.enorm"), "", "lacks the tensor model.layers.2.enorm.weight of the head"),
    (config(hidden_size=96), SHARDS[0], "belong to different models"),
    (config(n_routed_experts=5), "", "lacks the tensor model.layers.1.mlp.experts.4"),
    (config(num_hidden_layers=3), "", "lacks the tensor model.layers.3"),
    (written("config.json", b'{"model_type": '), "config.json", "not valid JSON"),
    (without_key("model_type"), "config.json", "'model_type' is missing"),
    (without_key("kv_lora_rank"), "config.json", "does not say kv_lora_rank"),
    (without_key("moe_intermediate_size"), "config.json", "does not say moe_intermediate_size"),
    (config(vocab_size="1024"), "config.json", "does not say vocab_size"),
    (config(architectures=["DeepseekV9ForCausalLM"]), "config.json", "'DeepseekV9ForCausalLM'"),
    (config(model_type="deepseek_v9"), "config.json", "'deepseek_v9'"),
    (written("generation_config.json", b"{"), "generation_config.json", "not valid JSON"),
    (config(vocab_size=1000), "tokenizer.json", "has a token 1023"),
    (move_added("<｜fim▁end｜>", 5000), "tokenizer.json", "has a token 5000"),
    (rename_added("<｜fim▁hole｜>", "<hole>"), "tokenizer.json", "no single token <｜fim▁hole｜>"),
    (rename_added("<｜begin▁of▁sentence｜>", "<s>"), "tokenizer.json", "no single token <｜begin▁of▁sentence｜>"),
    (move_added("<｜fim▁end｜>", 7), "tokenizer.json", "gives <｜fim▁end｜> the id 7, but reads"),
    (move_added("<｜fim▁end｜>", 3), "tokenizer.json", "one id for <｜fim▁hole｜> and <｜fim▁end｜>"),
    (whole_word("<｜fim▁hole｜>"), "tokenizer.json", "reads a<｜fim▁hole｜>b as"),
    (edit("tokenizer.json", lambda value: value["model"].pop("vocab")), "tokenizer.json", "is no tokenizer"),
    (edit("codeassist.json", lambda value: value.update(template="mine")), "codeassist.json", "template 'mine'"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "file", "complaint"), BROKEN)
def test_what_is_broken_is_told_with_its_file_and_a_remedy(
    model: Path, spoil: Spoil, file: str, complaint: str
) -> None:
    spoil(model)
    told = [line for line in problems(model) if complaint in line]
    assert told, problems(model)
    assert told[0].startswith(str(model / file))
    assert any(word in told[0] for word in ("fetch", "git lfs", "choose another", "there are", "set engine."))


@pytest.mark.parametrize(("spoil", "file", "complaint"), [case for case in BROKEN if case[1] in SHARDS])
def test_the_start_of_the_engine_refuses_broken_weights(model: Path, spoil: Spoil, file: str, complaint: str) -> None:
    spoil(model)
    with pytest.raises(ModelError, match=complaint):
        start(model)


def test_several_problems_are_counted_when_one_is_told(model: Path) -> None:
    for shard in SHARDS:
        cut(shard, 5000)(model)
    with pytest.raises(ModelError, match=r"models verify .* shows 1 more"):
        start(model)


def test_a_broken_config_does_not_hide_a_broken_shard(model: Path) -> None:
    written("config.json", b"{")(model)
    cut(SHARDS[1], 5000)(model)
    assert [line.split(" ")[0].rsplit("/", 1)[1] for line in problems(model)] == ["config.json", SHARDS[1]]


def test_a_model_that_will_not_draft_needs_no_head_for_it(model: Path) -> None:
    drop_tensors("model.layers.2.")(model)
    require_loadable(replace(read_model(model), n_mtp_layers=0), "deepseek", CATALOGUE)


def save_llama(model: Path, head: int = 16) -> None:
    """A Llama with grouped keys and tied embeddings, in place of what was there."""
    for file in (*SHARDS, INDEX, "codeassist.json"):
        (model / file).unlink()
    described = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 1024, "hidden_size": 64,
        "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "tie_word_embeddings": True,
    }  # fmt: skip
    (model / "config.json").write_text(json.dumps(described))
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (1024, 64), "model.norm.weight": (64,)}
    for number in range(2):
        layer = f"model.layers.{number}"
        shapes |= {f"{layer}.{name}.weight": (64,) for name in ("input_layernorm", "post_attention_layernorm")}
        shapes |= {f"{layer}.self_attn.{name}_proj.weight": (4 * head, 64) for name in "qo"}
        shapes |= {f"{layer}.self_attn.{name}_proj.weight": (2 * head, 64) for name in "kv"}
        shapes |= {f"{layer}.mlp.{name}_proj.weight": (96, 64) for name in ("gate", "up")}
        shapes |= {f"{layer}.mlp.down_proj.weight": (64, 96), f"{layer}.self_attn.rotary_emb.inv_freq": (8,)}
    tensors = {name: numpy.zeros(shape, dtype=numpy.float16) for name, shape in shapes.items()}
    save_file(tensors, model / "model.safetensors")


def test_a_llama_with_grouped_keys_is_whole(model: Path) -> None:
    save_llama(model)
    assert problems(model) == []


def test_a_llama_of_other_heads_is_not(model: Path) -> None:
    save_llama(model, head=8)
    assert "q_proj" in problems(model)[0]


def quantised(model: Path) -> None:
    config(quantization_config={"quant_method": "awq"})(model)
    drop_tensors("model.layers.1.")(model)


def of_an_unknown_family(model: Path) -> None:
    config(architectures=["MambaForCausalLM"], model_type="mamba")(model)
    drop_tensors("model.")(model)


def in_mistrals_own_format(model: Path) -> None:
    save_file({"tok_embeddings.weight": numpy.zeros((4, 4))}, model / "consolidated.safetensors")
    for shard in SHARDS:
        (model / shard).unlink()


def in_torchs_format(model: Path) -> None:
    for file in (*SHARDS, INDEX):
        (model / file).unlink()
    (model / "pytorch_model.bin").write_bytes(b"PK\3\4")


def with_an_index_of_torch_files_that_were_not_fetched(model: Path) -> None:
    (model / "pytorch_model.bin.index.json").write_text('{"weight_map": {"a": "pytorch_model-1.bin"}}')


def with_its_own_code(model: Path) -> None:
    config(auto_map={"AutoModelForCausalLM": "modeling.Mine"}, architectures=["MineForCausalLM"])(model)


def with_a_padding_token_beyond_the_embedding(model: Path) -> None:
    padding = {"content": "[PAD]", "id": 1024}
    edit("tokenizer.json", lambda value: value["added_tokens"].append(value["added_tokens"][0] | padding))(model)


@pytest.mark.parametrize(
    "change",
    [
        quantised,
        of_an_unknown_family,
        in_mistrals_own_format,
        in_torchs_format,
        with_an_index_of_torch_files_that_were_not_fetched,
        with_its_own_code,
        with_a_padding_token_beyond_the_embedding,
        without_key("architectures"),
        without_key("tie_word_embeddings"),
        written("other.safetensors.part", b"half"),
        drop_tensors("model.layers.2.shared_head"),
    ],
)
def test_what_we_do_not_know_is_left_to_the_engine(model: Path, change: Spoil) -> None:
    change(model)
    catalogue = replace(CATALOGUE, architectures=frozenset({*CATALOGUE.architectures, "MambaForCausalLM"}))  # type: ignore[misc]
    assert problems(model, replace(catalogue, model_types=frozenset({"deepseek_v3", "mamba"}))) == []


def test_a_missing_torch_shard_is_told(model: Path) -> None:
    in_torchs_format(model)
    (model / "pytorch_model.bin.index.json").write_text('{"weight_map": {"a": "pytorch_model-2.bin"}}')
    assert "pytorch_model-2.bin is missing" in problems(model)[0]


def test_without_a_catalogue_every_architecture_is_taken(model: Path) -> None:
    config(architectures=["DeepseekV9ForCausalLM"], model_type="deepseek_v9")(model)
    assert list(model_problems(read_model(model), "deepseek", UNKNOWN)) == []


@pytest.fixture
def embedder(tmp_path: Path) -> Path:
    directory = tmp_path / "embedder"
    directory.mkdir()
    (directory / "modules.json").write_text('[{"type": "sentence_transformers.models.StaticEmbedding"}]')
    (directory / "tokenizer.json").write_text('{"model": {"vocab": {"a": 0, "b": 7}}}')
    save_file({"embedding.weight": numpy.zeros((8, 4))}, directory / "model.safetensors")
    return directory


EMBEDDER_BROKEN = [
    (written("tokenizer.json", b'{"model": {"vocab": {"a": 8}}}'), "tokenizer.json", "has a token 8"),
    (written("tokenizer.json", b'{"model": {}}'), "tokenizer.json", "is no tokenizer"),
    (written("modules.json", b"["), "modules.json", "not valid JSON"),
    (cut("model.safetensors", 90), "model.safetensors", "is cut off"),
    (lambda model: (model / "model.safetensors").unlink(), "", r"has no *.safetensors"),
]


@pytest.mark.parametrize(("spoil", "file", "complaint"), EMBEDDER_BROKEN)
def test_a_broken_embedder_is_told(embedder: Path, spoil: Spoil, file: str, complaint: str) -> None:
    assert list(embedder_problems(embedder)) == []
    spoil(embedder)
    told = problems(embedder)
    assert len(told) == 1
    assert told[0].startswith(str(embedder / file))
    assert complaint in told[0]
