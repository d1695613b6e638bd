"""How verdicts look: what stands in one line, and what is told of several formats at once."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from codeassist.commands.show_doctor import show_report
from codeassist.doctor.candidates import Candidate
from codeassist.doctor.fit import Wish
from codeassist.doctor.machine import Builds, Cpu, Disk, Machine
from codeassist.doctor.report import examine
from codeassist.engine.gpus import Gpu, Gpus
from codeassist.engine.hardware import Hardware
from codeassist.settings import EngineSettings

GB = 10**9
CARD = Gpu(0, "a card", 24 * GB, 24 * GB, (8, 9), 1e12)
SMALL = Candidate(
    "small-llama",
    "small-llama",
    "published",
    config={
        "model_type": "llama",
        "vocab_size": 32000,
        "hidden_size": 4096,
        "intermediate_size": 11008,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "max_position_embeddings": 16384,
    },
)
AWQ = {"quantization_config": {"quant_method": "awq", "bits": 4, "group_size": 128}}


def shown(*candidates: Candidate, gpu: Gpu = CARD) -> list[str]:
    machine = Machine(
        Gpus((gpu,), "580.65", (13, 0)),
        Cpu("a CPU", (), Hardware(8, 32 * GB, has_bf16_matrices=False)),
        32 * GB,
        Disk(Path("/models"), 500 * GB),
        Builds("0.26.0", False, "2.11.0", "13.0"),
    )
    out = io.StringIO()
    console = Console(file=out, highlight=False, soft_wrap=True)
    show_report(console, examine(machine, candidates, EngineSettings(), Wish()))
    return out.getvalue().splitlines()


def sized(name: str, n_layers: int, **config: object) -> Candidate:
    return replace(SMALL, name=name, config={**SMALL.sizes, "num_hidden_layers": n_layers, **config})


def line_of(name: str, lines: list[str]) -> str:
    (found,) = [line for line in lines if name in line and not line.startswith("recommended")]
    return found


def test_other_families_take_a_line_each_with_the_most_bits_that_fit() -> None:
    lines = shown(SMALL, sized("small-llama-awq", 32, **AWQ), sized("middle", 60), sized("middle-awq", 60, **AWQ))
    assert "bf16" in line_of("small-llama ", lines)
    assert not [line for line in lines if "small-llama-awq" in line]
    assert "fp8" in line_of("middle ", lines)


def test_what_fits_in_no_published_format_is_told_with_the_one_that_would() -> None:
    lines = shown(SMALL, sized("large", 100))
    assert line_of("large ", lines).endswith("of a checkpoint that is quantised so")
    lines = shown(SMALL, sized("huge", 250))
    assert " needs 4" in line_of("huge ", lines)
    assert line_of("huge ", lines).endswith("at least (int4)")


def test_one_model_alone_is_told_whole() -> None:
    lines = shown(sized("middle", 60))
    assert [line.split()[:2] for line in lines if line.startswith(("  fits", "  no"))] == [
        ["no", "bf16"],
        ["fits", "fp8"],
        ["fits", "int4"],
    ]
