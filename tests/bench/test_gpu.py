"""What the programs that measure on a GPU make of names, logs and traces; the rest needs an engine."""

import asyncio
import json
from pathlib import Path

import pytest

from bench.gpu.__main__ import _told
from bench.gpu.configurations import parse
from bench.gpu.profiling import _summary
from bench.gpu.turns import in_turn
from codeassist.models.layouts import expected_tensors


def test_a_configuration_is_told_by_its_name() -> None:
    found = parse("fp8-mtp2@gpu_memory_utilization=0.3@attention_backend=FLASHMLA")
    assert (found.quantization, found.n_drafted) == ("fp8", 2)
    assert found.arguments == ("gpu_memory_utilization=0.3", "attention_backend=FLASHMLA")


@pytest.mark.parametrize("name", ["", "int4", "bf16-mtp", "bf16 mtp2"])
def test_a_name_that_says_nothing_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no configuration"):
        parse(name)


def test_drafts_are_taken_at_the_rates_that_were_measured(tmp_path: Path) -> None:
    options = parse("bf16-mtp2").options(tmp_path, [0.8, 0.6, 0.4], 4096, on_cpu=False)
    told = json.loads(options.arguments[0].removeprefix("speculative_config="))
    assert told["synthetic_acceptance_rates"] == [0.8, 0.6]
    assert (told["num_speculative_tokens"], options.speculative_tokens) == (2, 2)
    assert not parse("bf16-mtp2").options(tmp_path, [0.8, 0.6], 4096, on_cpu=True).arguments


def test_of_a_log_only_what_was_measured_is_kept_and_no_path() -> None:
    log = ["(EngineCore) INFO [a.py:1] Model loading took 29.3 GiB", "[b.py:2] KV cache in /tmp/x", "[c.py:3] hello"]
    assert _told(log) == ["Model loading took 29.3 GiB"]


async def test_engines_on_one_gpu_are_measured_one_after_the_other(tmp_path: Path) -> None:
    files, told = [tmp_path / "0", tmp_path / "1"], []

    async def measure(name: str) -> None:
        async with in_turn(files):
            told.append(f"{name} begins")
            await asyncio.sleep(0)
            told.append(f"{name} ends")

    await asyncio.gather(measure("a"), measure("b"))
    assert [line.split()[1] for line in told] == ["begins", "ends"] * 2
    assert told[0][0] == told[1][0]


def test_time_in_which_two_things_run_counts_once() -> None:
    events = [
        {"cat": "kernel", "name": "a", "ts": 0.0, "dur": 4000.0},
        {"cat": "kernel", "name": "b", "ts": 2000.0, "dur": 4000.0},
        {"cat": "kernel", "name": "a", "ts": 9000.0, "dur": 1000.0},
        {"cat": "python", "name": "c", "ts": 0.0, "dur": 50000.0},
    ]
    found = _summary(events, ("kernel",))
    assert (found["span_ms"], found["busy_ms"], found["events"]) == (10.0, 7.0, 3)
    assert found["longest"][0] == {"name": "a", "ms": 5.0, "n": 2}


def test_a_small_checkpoint_is_one_that_our_checks_pass(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from bench.gpu.geometry import BASE, DRAFTING, lite_config, write_models
    from codeassist.models.directory import read_model

    assert torch is not None
    write_models(tmp_path, small=True)
    assert read_model(tmp_path / BASE).n_mtp_layers == 0
    assert read_model(tmp_path / DRAFTING).n_mtp_layers == 1
    assert len(expected_tensors(lite_config(small=False), 0)) > 5000
