"""A model that was fetched by its name answers in a real vLLM, and the layouts are those of the real libraries."""

from __future__ import annotations

from pathlib import Path

import pytest
from asking import read, text_of
from fake_hub import FakeHub, files_of, hub_serving
from tokenizers import Tokenizer

from codeassist.engine.choose import open_embedded
from codeassist.models.fetching import fetch, plan_fetch
from codeassist.models.hub import Hub
from codeassist.models.known import find_known
from codeassist.models.layouts import expected_tensors
from codeassist.settings import EngineSettings
from codeassist.types import GenerationRequest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SIZES = {
    "vocab_size": 128,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "tie_word_embeddings": False,
}


async def test_a_fetched_model_answers_under_its_name(tiny_model: Path, tmp_path: Path) -> None:
    known = find_known("deepseek-coder-v2-lite")
    assert known is not None
    hub = FakeHub()
    hub.add(
        known.hub_id, "a" * 40, {name: text for name, text in files_of(tiny_model).items() if name != "codeassist.json"}
    )
    with hub_serving(hub) as address:
        fetch(Hub(address), plan_fetch(Hub(address), known, tmp_path))
    engine = open_embedded(EngineSettings(model=known.name, models=str(tmp_path), kv_cache_gib=0.5))
    assert engine.info.name == known.name
    try:
        await engine.start()
        prompt = (0, *Tokenizer.from_file(str(tiny_model / "tokenizer.json")).encode("def area(self):").ids)
        assert text_of(await read(engine, GenerationRequest("named", prompt, 8)))
    finally:
        await engine.close()


@pytest.mark.parametrize(
    "name", ["starcoder2-3b", "granite-3.3-2b", "granite-3b-code", "qwen2.5-coder-7b", "codestral-22b"]
)
def test_layouts_of_known_models_are_those_of_transformers(name: str) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    known = find_known(name)
    assert known is not None
    config = {**known.config, **SIZES}
    with torch.device("meta"):
        built = transformers.AutoModelForCausalLM.from_config(
            transformers.AutoConfig.for_model(config["model_type"], **SIZES)
        )
    there = {key: tuple(tensor.shape) for key, tensor in built.state_dict().items()}
    assert {key: there.get(key) for key in expected_tensors(config, 0)} == expected_tensors(config, 0)
    assert [key for key, shape in there.items() if len(shape) == 2 and key not in expected_tensors(config, 0)] == []
