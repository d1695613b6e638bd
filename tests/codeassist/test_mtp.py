"""A draft layer is joined to its base and taken off again, and nothing else is touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tiny_model import SMALL, weights, write_model

from codeassist.errors import ModelError
from codeassist.models.directory import read_model
from codeassist.mtp.attach import DESCRIPTION, LAYER, attach, detach
from codeassist.mtp.checkpoint import read_checkpoint
from codeassist.mtp.relabel import relabelled
from codeassist.mtp.samples import Sampler, read_texts
from training.strip import strip

LITE = {  # what DeepSeek-Coder-V2-Lite-Base's config.json says of its experts, its attention and its code
    "architectures": ["DeepseekV2ForCausalLM"],
    "auto_map": {"AutoConfig": "configuration_deepseek.DeepseekV2Config"},
    "model_type": "deepseek_v2",
    "hidden_size": 2048,
    "num_hidden_layers": 27,
    "n_group": 1,
    "topk_group": 1,
    "topk_method": "greedy",
    "scoring_func": "softmax",
    "norm_topk_prob": False,
    "q_lora_rank": None,
    "rope_scaling": {"type": "yarn", "factor": 40},
}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "whole", ["def add(a, b):\n    return a + b\n"] * 9)


@pytest.fixture
def base(model: Path, tmp_path: Path) -> Path:
    strip(model, tmp_path / "base")
    return tmp_path / "base"


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """The draft layer of the whole model, by itself."""
    from safetensors.numpy import save_file

    prefix = f"model.layers.{SMALL.layers}."
    found = {name: array for name, array in weights(SMALL).items() if name.startswith(prefix)}
    (tmp_path / "layer").mkdir()
    save_file(found, tmp_path / "layer" / LAYER)
    return tmp_path / "layer"


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_v2_config_becomes_v3_with_what_v3_would_take_otherwise_spelled_out() -> None:
    made = relabelled(LITE)
    assert (made["model_type"], made["architectures"]) == ("deepseek_v3", ["DeepseekV3ForCausalLM"])
    assert made["num_nextn_predict_layers"] == 1
    assert (made["scoring_func"], made["topk_method"], made["norm_topk_prob"]) == ("softmax", "greedy", False)
    assert (made["n_group"], made["topk_group"], made["q_lora_rank"]) == (1, 1, None)
    assert made["rope_scaling"] == LITE["rope_scaling"]
    assert "auto_map" not in made
    assert "auto_map" in LITE  # the base's own is left alone


def test_groups_of_the_large_v2_stay() -> None:
    made = relabelled({**LITE, "topk_method": "group_limited_greedy", "n_group": 8, "topk_group": 3})
    assert (made["n_group"], made["topk_group"]) == (8, 3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model_type": "llama"}, "DeepSeek"),
        ({"num_nextn_predict_layers": 1}, "already"),
        ({"quantization_config": {"bits": 4}}, "quantised"),
    ],
)
def test_what_cannot_get_a_layer_is_told_why(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        relabelled({**LITE, **change})


def test_a_base_and_its_layer_become_one_model_and_come_apart_again(base: Path, layer: Path, tmp_path: Path) -> None:
    before, out = files(base), tmp_path / "attached"
    made = attach(base, layer, out)
    told = read_model(out)
    assert (told.model_type, told.n_mtp_layers) == ("deepseek_v3", 1)
    assert made.n_bytes == read_checkpoint(base).n_bytes + sum(a.nbytes for a in loaded(layer).values())
    assert all((out / shard).is_symlink() for shard in set(read_checkpoint(base).places.values()))
    assert detach(out) == base.resolve()
    assert not out.exists()
    assert files(base) == before


def loaded(layer: Path) -> dict[str, Any]:
    from safetensors.numpy import load_file

    return dict(load_file(layer / LAYER))


def test_what_somebody_put_into_the_folder_stays(base: Path, layer: Path, tmp_path: Path) -> None:
    out = tmp_path / "attached"
    attach(base, layer, out)
    (out / "notes.txt").write_text("mine")
    detach(out)
    assert [path.name for path in out.iterdir()] == ["notes.txt"]


def test_a_folder_that_was_not_attached_is_not_taken_apart(base: Path) -> None:
    before = files(base)
    with pytest.raises(ModelError, match="not made by"):
        detach(base)
    (base / DESCRIPTION).write_text('{"links": "all"}')
    with pytest.raises(ModelError, match="nothing was removed"):
        detach(base)
    assert files(base).keys() == {*before, DESCRIPTION}


def test_a_description_cannot_lead_out_of_its_folder(base: Path, layer: Path, tmp_path: Path) -> None:
    out, victim = tmp_path / "attached", tmp_path / "victim"
    attach(base, layer, out)
    victim.symlink_to(base)
    described = json.loads((out / DESCRIPTION).read_text())
    (out / DESCRIPTION).write_text(json.dumps({**described, "links": ["../victim", *described["links"]]}))
    detach(out)
    assert victim.is_symlink()


def test_a_layer_of_another_model_is_refused(base: Path, layer: Path, tmp_path: Path) -> None:
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps({**config, "hidden_size": 128}))
    with pytest.raises(ModelError, match="another width"):
        attach(base, layer, tmp_path / "attached")
    (base / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 9}))
    with pytest.raises(ModelError, match=r"model\.layers\.9"):
        attach(base, layer, tmp_path / "attached")
    assert not (tmp_path / "attached").exists()


def test_a_folder_in_use_is_not_written_into(base: Path, layer: Path, tmp_path: Path) -> None:
    (tmp_path / "attached").mkdir()
    (tmp_path / "attached" / "mine").write_text("")
    with pytest.raises(ModelError, match="exists already"):
        attach(base, layer, tmp_path / "attached")


def test_rows_are_prompts_with_their_answers_and_the_same_for_the_same_seed(model: Path, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    for number in range(60):
        (repository / f"module_{number}.py").write_text("".join(f"value_{n} = {n}\n" for n in range(40)))
    (repository / ".env").write_text("SECRET=1\n" * 40)
    (repository / "ours.py").write_text("private = 1\n" * 40)
    (repository / ".codeassistignore").write_text("ours.py\n")
    train, held_out = read_texts([repository])
    assert len(train) + len(held_out) == 60  # no secrets, and nothing that no model may see
    assert held_out
    assert not {text.path for text in train} & {text.path for text in held_out}
    rows = [next(Sampler(model, train, 300, seed).rows()) for seed in (1, 1, 2)]
    assert rows[0] == rows[1] != rows[2]
    assert len(rows[0].ids) == len(rows[0].is_middle) == 300
    assert rows[0].ids[0] == 0  # BOS
    assert 0 < sum(rows[0].is_middle) < 300


def test_too_few_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("a = 1\n" * 9)
    with pytest.raises(ModelError, match="too few"):
        read_texts([tmp_path])
