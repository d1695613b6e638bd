"""With a real vLLM: what cannot start is told with its remedy, and the shipped model answers only where told to."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asking import read, text_of

from codeassist.engine.choose import open_engine
from codeassist.errors import EngineUnavailable, ModelError
from codeassist.models.directory import shipped_model
from codeassist.protocols import Engine
from codeassist.settings import EngineSettings
from codeassist.tokenizer import FileTokenizer
from codeassist.types import GenerationRequest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PROMPT = "<｜fim▁begin｜>def add(a, b):\n    return <｜fim▁hole｜>\n<｜fim▁end｜>"


@pytest.fixture
def broken(tiny_model: Path, tmp_path: Path) -> Path:
    directory = shutil.copytree(tiny_model, tmp_path / "broken")
    os.truncate(directory / "model.safetensors", 4000)
    return directory


def opened(model: Path, **settings: Any) -> Engine:
    return open_engine(replace(EngineSettings(), model=str(model), **settings), attach=False)


@pytest.mark.skipif(
    not (shipped_model() / "config.json").exists(), reason="the shipped model is not in this source tree"
)
async def test_the_shipped_model_answers_for_a_broken_one_if_told_to(broken: Path) -> None:
    engine = opened(broken, fallback="shipped")
    try:
        await engine.start()
        assert engine.status.state == "ready"
        assert engine.status.message.startswith(
            f"codeassist-deepseek-small stands in: {broken}/model.safetensors is cut"
        )
        assert engine.info.tokenizer is not None
        prompt = FileTokenizer(engine.info.tokenizer).encode(PROMPT)
        for asked in (PROMPT, prompt):
            deltas = await read(engine, GenerationRequest("r", asked, max_tokens=8, forced_prefix="a"))
            assert text_of(deltas).startswith("a")
            assert {delta.model for delta in deltas} == {"codeassist-deepseek-small"}
    finally:
        await engine.close()


async def test_nothing_else_answers_unless_told_to(broken: Path) -> None:
    engine = opened(broken)
    with pytest.raises(ModelError, match=r"model\.safetensors is cut off: .*; fetch it again"):
        await engine.start()
    await engine.close()


async def test_what_vllm_dies_of_is_told_with_figures_and_remedy(tiny_model: Path) -> None:
    engine = opened(tiny_model, vllm_arguments=("kv_cache_memory_bytes=1000000",))
    with pytest.raises(EngineUnavailable) as caught:
        await engine.start()
    await engine.close()
    assert str(caught.value).startswith("tiny-random cannot be started: the KV cache has room for ")
    assert "less than engine.context_tokens = 4,096: set it to " in str(caught.value)
