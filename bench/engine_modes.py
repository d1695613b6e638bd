"""How the embedded engine's choices were made: the same typing in one process per mode, on this machine.

    python bench/engine_modes.py --model DIRECTORY [--mode NAME]... [--json FILE]

Per mode: seconds to import vLLM and to load the model, first token of a new prompt of 1,500 tokens, first token after
one more typed token (median of 12), milliseconds per generated token, memory, and how many cores everything else on the
machine kept busy meanwhile: above 0.1 the times say little.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from codeassist.engine.hardware import read_hardware
from codeassist.engine.vllm_arguments import HostOptions, environment
from codeassist.models.directory import read_model
from codeassist.types import GenerationRequest

PROMPT_TOKENS = 1500
ANSWER_TOKENS = 24
KEYSTROKES = 12
COLD_PROMPTS = 3


@dataclass(frozen=True)
class Mode:
    """What differs from the product's choice: options, engine arguments, environment."""

    options: dict[str, Any] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)


COMPILED = {"enforce_eager": False}
COMPILER = {"TORCH_COMPILE_DISABLE": "0"}
MODES = {
    "product": Mode(),
    "float32": Mode({"dtype": "float32"}),
    "bfloat16": Mode({"dtype": "bfloat16"}),
    "float32-block128": Mode({"dtype": "float32"}, {"block_size": 128}),
    "bfloat16-block128": Mode({"dtype": "bfloat16"}, {"block_size": 128}),
    "float32-compiled": Mode({"dtype": "float32"}, COMPILED, COMPILER),
    "bfloat16-compiled": Mode({"dtype": "bfloat16"}, COMPILED, COMPILER),
    "bfloat16-latent": Mode({"dtype": "bfloat16"}, environment={"VLLM_MLA_DISABLE": "0"}),
    "float32-mtp": Mode({"dtype": "float32", "speculative_tokens": 1}),
    "bfloat16-mtp": Mode({"dtype": "bfloat16", "speculative_tokens": 1}),
    "step512": Mode(arguments={"long_prefill_token_threshold": 0}),
    "step2048": Mode(arguments={"long_prefill_token_threshold": 0, "max_num_batched_tokens": 2048}),
    "spinning": Mode(environment={"OMP_WAIT_POLICY": "ACTIVE"}),
    "spinning-briefly": Mode(environment={"GOMP_SPINCOUNT": "2000"}),
    "spinning-longer": Mode(environment={"GOMP_SPINCOUNT": "50000"}),
    "bound": Mode(environment={"GOMP_CPU_AFFINITY": "0-255"}),
    "one-thread": Mode({"threads": 1}),
}


def main() -> None:
    """Run the modes one after the other and print a table."""
    arguments = _arguments()
    if arguments.child:
        print(json.dumps(asyncio.run(_measure(arguments.model, MODES[arguments.child], time.perf_counter()))))
        return
    rows = [_run(arguments.model, name) for name in arguments.mode or MODES]
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--mode", action="append", choices=sorted(MODES))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", choices=sorted(MODES), help=argparse.SUPPRESS)
    return parser.parse_args()


def _run(model: Path, name: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--model", str(model), "--child", name]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    lines = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    row: dict[str, Any] = {"mode": name}
    row |= json.loads(lines[-1]) if lines else {"error": ended.stderr[-300:]}
    print(json.dumps(row), flush=True)
    return row


async def _measure(path: Path, mode: Mode, start: float) -> dict[str, Any]:
    directory = read_model(path)
    options = HostOptions(str(directory.path), directory.n_mtp_layers, directory.info.context_tokens)
    options = replace(options, **mode.options)
    hardware = read_hardware()
    os.environ.update(environment(options, hardware, on_cpu=True) | mode.environment)
    from codeassist.engine.vllm_adapter import VllmModel

    imported = time.perf_counter()
    model = VllmModel(options, hardware, on_cpu=True, overrides=mode.arguments)
    await model.warm_up()
    loaded = time.perf_counter()
    row: dict[str, Any] = {"import_s": round(imported - start, 1), "load_s": round(loaded - imported, 1)}
    busy, own, began = _busy_s(), _own_s(), time.perf_counter()
    row |= await _type(model)
    others_s = (_busy_s() - busy) - (_own_s() - own)
    row["others"] = round(others_s / (time.perf_counter() - began), 2)
    row["memory_mb"] = _memory_mb()
    model.close()
    return row


async def _type(model: Any) -> dict[str, Any]:
    dice = random.Random(0)
    cold: list[float] = []
    warm: list[float] = []
    steps: list[float] = []
    cached: list[float] = []
    for _ in range(COLD_PROMPTS):
        prompt = [dice.randrange(300, 900) for _ in range(PROMPT_TOKENS)]
        for keystroke in range(1 + KEYSTROKES // COLD_PROMPTS):
            first_ms, step_ms, n_cached = await _answer(model, tuple(prompt))
            (warm if keystroke else cold).append(first_ms)
            steps.append(step_ms)
            cached += [n_cached / len(prompt)] if keystroke else []
            prompt.append(dice.randrange(300, 900))
    return {
        "cold_first_ms": round(statistics.median(cold)),
        "typed_first_ms": round(statistics.median(warm)),
        "ms_per_token": round(statistics.median(steps), 1),
        "cached": round(statistics.median(cached), 3),
    }


async def _answer(model: Any, prompt: tuple[int, ...]) -> tuple[float, float, int]:
    start = time.perf_counter()
    request = GenerationRequest("bench", prompt, ANSWER_TOKENS, logprobs=True)
    times, usages = [], []
    async for delta in model.stream(request):
        times.append(time.perf_counter())
        usages.append(delta.usage)
    n_more = usages[-1].completion_tokens - usages[0].completion_tokens
    return (times[0] - start) * 1e3, (times[-1] - times[0]) * 1e3 / max(n_more, 1), usages[-1].cached_tokens


def _pids() -> list[int]:
    return [os.getpid(), *map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())]


def _memory_mb() -> list[int]:
    """Proportional set size of this process and of its children, in MB."""
    rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() for pid in _pids()]
    return [int(line.split()[1]) // 1024 for lines in rollups for line in lines if line.startswith("Pss:")]


def _busy_s() -> float:
    """CPU seconds that the machine has worked: all but idle and waiting for disks."""
    times = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(times) - times[3] - times[4]) / os.sysconf("SC_CLK_TCK")


def _own_s() -> float:
    """CPU seconds that this process and its children have worked."""
    stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in _pids()]
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
