"""What an adapter was trained to say is what vLLM says with it: log-probabilities of the same tokens."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from asking import read

from codeassist.adapt.completing import answers
from codeassist.adapt.rows import Row
from codeassist.adapters.checks import adapter_problems
from codeassist.engine.embedded import EmbeddedEngine
from codeassist.models.directory import read_model
from codeassist.types import GenerationRequest

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

pytest.importorskip("peft")

PROMPT = (0, *range(300, 460))
N_TOKENS = 10


@pytest.fixture(scope="module")
def trained(real_model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[int, float]]]:
    """An adapter after a few large steps, and what the training's own code goes on with behind PROMPT."""
    folder = tmp_path_factory.mktemp("trained") / "adapter"
    folder.mkdir()
    script = Path(__file__).with_name("train_adapter.py")
    command = [sys.executable, str(script), str(real_model), str(folder), json.dumps([PROMPT, N_TOKENS])]
    told = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
    results = [line for line in told.stdout.splitlines() if line.startswith("RESULT ")]
    assert results, told.stderr[-3000:]
    return folder, [(token, logprob) for token, logprob in json.loads(results[0].removeprefix("RESULT "))]


@pytest.fixture
def engine(adaptable_engine: EmbeddedEngine) -> EmbeddedEngine:
    return adaptable_engine


async def test_vllm_says_with_an_adapter_what_its_training_says(
    engine: EmbeddedEngine, real_model: Path, trained: tuple[Path, list[tuple[int, float]]]
) -> None:
    folder, expected = trained
    assert list(adapter_problems(folder, read_model(real_model))) == []
    request = GenerationRequest("with", PROMPT, len(expected), logprobs=True, adapter=str(folder))
    found = [token.logprob for delta in await read(engine, request) for token in delta.tokens]
    assert found == pytest.approx([logprob for _, logprob in expected], abs=2e-2)
    plain = await read(engine, replace(request, id="without", adapter=""))
    without = [token.logprob for delta in plain for token in delta.tokens]
    assert max(abs(one - two) for one, two in zip(found, without, strict=False)) > 0.1


async def test_answers_come_in_the_order_of_their_rows_and_without_what_is_forced(
    engine: EmbeddedEngine, trained: tuple[Path, object]
) -> None:
    prompts = [(0, *range(first, first + 40)) for first in (300, 400, 500)]
    rows = [Row("a.py", prompt, (0.0,) * 41, 41, forced, "", 0) for prompt in prompts for forced in ("", "def ")]
    together = await answers(engine, rows, trained[0])
    assert together == [(await answers(engine, [row], trained[0]))[0] for row in rows]
    assert not [text for text in together if "\n" in text]
    assert await answers(engine, rows, None) != together
