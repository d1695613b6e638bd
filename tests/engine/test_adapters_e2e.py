"""Adapters in a real vLLM: they change answers as merged weights would, keep apart, and are swapped while it runs."""

import asyncio
import itertools
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from asking import read, text_of, until
from small_adapter import merged, write_adapter

from codeassist.adapters.fingerprint import base_fingerprint
from codeassist.adapters.registry import disable, enable
from codeassist.adapters.using import AdaptedEngine, ChosenAdapter
from codeassist.engine.choose import open_embedded
from codeassist.engine.embedded import EmbeddedEngine
from codeassist.engine.vllm_arguments import ADAPTERS_IN_A_STEP
from codeassist.errors import AdapterUnusable
from codeassist.settings import EngineSettings
from codeassist.types import GenerationRequest

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

# More than a few blocks, so that the prefix cache could give one adapter's keys and values to another.
PROMPT = (0, *range(300, 700))
N_TOKENS = 12
SETTINGS = replace(EngineSettings(), kv_cache_gib=0.5, dtype="float32")


@pytest.fixture(scope="module")
def data_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(autouse=True)
def at_home(data_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(data_home))


@pytest.fixture(scope="module")
def adapters(real_model: Path, data_home: Path) -> list[Path]:
    folder = data_home / "codeassist" / "adapters"
    return [write_adapter(folder / "a" / str(seed), real_model, seed=seed) for seed in range(ADAPTERS_IN_A_STEP + 2)]


@pytest.fixture
def engine(adaptable_engine: EmbeddedEngine) -> EmbeddedEngine:
    return adaptable_engine


def ask(adapter: Path | str = "", n_tokens: int = N_TOKENS) -> GenerationRequest:
    return GenerationRequest("e2e", PROMPT, n_tokens, logprobs=True, adapter=str(adapter))


async def logprobs(engine: EmbeddedEngine, adapter: Path | str = "") -> list[float]:
    return [token.logprob for delta in await read(engine, ask(adapter)) for token in delta.tokens]


@pytest.mark.parametrize("alpha", [8, 3])
async def test_an_adapter_answers_as_merged_weights_do(
    engine: EmbeddedEngine, real_model: Path, tmp_path: Path, alpha: int
) -> None:
    """By transformers, in float32, with the adapter's matrices added to the weights."""
    adapter = write_adapter(tmp_path / "adapter", real_model, seed=9, lora_alpha=alpha)
    found = await logprobs(engine, adapter)
    script = Path(__file__).with_name("greedy.py")
    whole = merged(real_model, adapter, tmp_path / "merged")
    told = await asyncio.create_subprocess_exec(
        sys.executable, str(script), str(whole), json.dumps([PROMPT, N_TOKENS]), stdout=asyncio.subprocess.PIPE
    )
    expected = json.loads((await told.communicate())[0])
    assert found == pytest.approx(expected, abs=0.01)
    assert found != pytest.approx(await logprobs(engine), abs=0.01)


async def test_an_adapter_of_zeroes_changes_nothing(engine: EmbeddedEngine, real_model: Path, tmp_path: Path) -> None:
    nothing = write_adapter(tmp_path / "nothing", real_model, size=0.0)
    assert await logprobs(engine, nothing) == pytest.approx(await logprobs(engine), abs=1e-4)


async def test_adapters_of_one_step_keep_apart(engine: EmbeddedEngine, adapters: list[Path]) -> None:
    """Also where there are more than a step may have, and beside requests that have none."""
    asked = ["", *adapters]
    alone = [await logprobs(engine, adapter) for adapter in asked]
    together = await asyncio.gather(*(logprobs(engine, adapter) for adapter in asked))
    for found, right in zip(together, alone, strict=True):
        assert found == pytest.approx(right, abs=0.01)
    for first, second in itertools.pairwise(alone):
        assert first != pytest.approx(second, abs=0.01)


async def test_the_prefix_cache_tells_adapters_apart(engine: EmbeddedEngine, real_model: Path, tmp_path: Path) -> None:
    one = write_adapter(tmp_path / "one", real_model, seed=21)
    first, again = [(await read(engine, ask(one)))[-1].usage.cached_tokens for _ in range(2)]
    of_none = (await read(engine, ask()))[-1].usage.cached_tokens
    other = write_adapter(tmp_path / "other", real_model, seed=22)
    of_other = (await read(engine, ask(other)))[-1].usage.cached_tokens
    assert (first, of_other) == (0, 0)
    assert again > 0 < of_none


async def test_a_replaced_folder_is_another_adapter(engine: EmbeddedEngine, real_model: Path, tmp_path: Path) -> None:
    folder = write_adapter(tmp_path / "adapter", real_model, seed=31)
    before = await logprobs(engine, folder)
    shutil.rmtree(folder)
    write_adapter(folder, real_model, seed=32)
    after = await logprobs(engine, folder)
    assert after != pytest.approx(before, abs=0.01)
    assert after == pytest.approx(
        await logprobs(engine, write_adapter(tmp_path / "same", real_model, seed=32)), abs=1e-4
    )


async def test_what_cannot_be_applied_is_refused_and_the_model_answers(
    engine: EmbeddedEngine, real_model: Path, tmp_path: Path
) -> None:
    right = await logprobs(engine)
    cut = write_adapter(tmp_path / "cut", real_model)
    weights = cut / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    high = write_adapter(tmp_path / "high", real_model, rank=65)
    for adapter, complaint in ((cut, "is cut off"), (tmp_path / "none", "is missing"), (high, "rank 65")):
        with pytest.raises(AdapterUnusable, match=complaint):
            await logprobs(engine, adapter)
        adapted = AdaptedEngine(lambda: engine, ChosenAdapter(str(adapter), tmp_path))
        deltas = await read(adapted, replace(ask(), id="ghost"))
        assert [token.logprob for delta in deltas for token in delta.tokens] == pytest.approx(right, abs=1e-4)
    assert engine.status.state == "ready"


async def test_a_removed_adapter_is_refused_and_no_death(
    engine: EmbeddedEngine, real_model: Path, adapters: list[Path], tmp_path: Path
) -> None:
    """Also once vLLM has dropped it, for others."""
    gone = write_adapter(tmp_path / "gone", real_model)
    await logprobs(engine, gone)
    shutil.rmtree(gone)
    for seed in range(20):
        await read(engine, ask(write_adapter(tmp_path / str(seed), real_model, seed=seed, rank=1), 1))
    with pytest.raises(AdapterUnusable, match="is missing"):
        await logprobs(engine, gone)
    assert await logprobs(engine, adapters[0])


async def test_a_forced_prefix_is_kept_with_an_adapter(engine: EmbeddedEngine, adapters: list[Path]) -> None:
    deltas = await read(engine, replace(ask(adapters[0]), forced_prefix="return"))
    assert text_of(deltas).startswith("return")


async def test_the_first_adapter_of_all_starts_the_engine_again(
    real_model: Path, adapters: list[Path], tmp_path: Path
) -> None:
    """And what is enabled after it is used at once; two repositories each have their own."""
    here, there = tmp_path / "here", tmp_path / "there"
    base = base_fingerprint(real_model)
    engine = open_embedded(replace(SETTINGS, model=str(real_model), speculative_tokens=1))
    try:
        await engine.start()
        ours, theirs = [AdaptedEngine(lambda: engine, ChosenAdapter("auto", root)) for root in (here, there)]
        plain = text_of(await read(ours, ask()))
        pid = engine.status.pid
        enable(here, base, adapters[0])
        assert text_of(await read(ours, ask())) == plain
        assert engine.status.state == "restarting"
        await until(lambda: engine.status.state == "ready", 120)
        assert engine.status.pid != pid
        assert engine.status.restarts == 0
        first = text_of(await read(ours, ask()))
        assert first != plain
        assert text_of(await read(theirs, ask())) == plain
        enable(there, base, adapters[1])
        both = await asyncio.gather(read(ours, ask()), read(theirs, replace(ask(), id="other")))
        assert text_of(both[0]) == first
        assert text_of(both[1]) not in (plain, first)
        disable(here)
        assert text_of(await read(ours, ask())) == plain
        assert engine.speculation is None or engine.speculation.drafted_tokens > 0
    finally:
        await engine.close()
