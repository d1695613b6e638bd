"""How the embedded engine's choices were made: the same typing in one process per mode, on this machine.

    python -m bench.engine_modes --model DIRECTORY [--mode NAME]... [--json FILE]

Per mode: seconds to import vLLM and to load the model; first token of a new prompt of 1,500 tokens; first token after
one more typed token (median of 12); milliseconds per generated token; the whole of a suggestion, a line of our own
sources whose word was begun (median of 24, after one more typed character), and the CPU time it cost; memory; and how
many cores everything else on the machine kept busy meanwhile: above 0.1 the times say little.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import codeassist
from codeassist.engine.hardware import read_hardware
from codeassist.engine.vllm_arguments import HostOptions, environment
from codeassist.fim import TEMPLATES
from codeassist.models.directory import read_model
from codeassist.tokenizer import FileTokenizer
from codeassist.types import GenerationRequest

PROMPT_TOKENS = 1500
ANSWER_TOKENS = 24
KEYSTROKES = 12
PLACES = 24
COLD_PROMPTS = 3


@dataclass(frozen=True)
class Mode:
    """What differs from the product's choice: options, engine arguments, environment, repairs of vLLM left out."""

    options: dict[str, Any] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()


REPAIRS = ("use_kernels", "use_one_thread_for_few_tokens", "use_lean_layers")
COMPILED = {"enforce_eager": False}
COMPILER = {"TORCH_COMPILE_DISABLE": "0"}
PLAIN_32 = {"dtype": "float32", "speculative_tokens": 0}
PLAIN_16 = {"dtype": "bfloat16", "speculative_tokens": 0}
MODES = {
    "product": Mode(),
    "float32": Mode(PLAIN_32),
    "float32-mtp": Mode(PLAIN_32 | {"speculative_tokens": 1}),
    "float32-block128": Mode(PLAIN_32, {"block_size": 128}),
    "float32-compiled": Mode(PLAIN_32, COMPILED, COMPILER),
    "bfloat16": Mode(PLAIN_16),
    "bfloat16-mtp": Mode(PLAIN_16 | {"speculative_tokens": 1}),
    "bfloat16-mtp2": Mode(PLAIN_16 | {"speculative_tokens": 2}),
    "bfloat16-compiled": Mode(PLAIN_16, COMPILED, COMPILER),
    "bfloat16-latent": Mode(PLAIN_16, environment={"VLLM_MLA_DISABLE": "0"}),
    "step512": Mode(arguments={"long_prefill_token_threshold": 0}),
    "step2048": Mode(arguments={"long_prefill_token_threshold": 0, "max_num_batched_tokens": 2048}),
    "spinning": Mode(environment={"OMP_WAIT_POLICY": "ACTIVE"}),
    "spinning-briefly": Mode(environment={"GOMP_SPINCOUNT": "2000"}),
    "spinning-longer": Mode(environment={"GOMP_SPINCOUNT": "50000"}),
    "bound": Mode(environment={"GOMP_CPU_AFFINITY": "0-255"}),
    "one-thread": Mode({"threads": 1}),
    "split-attention": Mode(environment={"VLLM_CPU_ATTN_SPLIT_KV": "1"}),
    "float32-split-attention": Mode(PLAIN_32, environment={"VLLM_CPU_ATTN_SPLIT_KV": "1"}),
    "bfloat16-split-attention": Mode(PLAIN_16, environment={"VLLM_CPU_ATTN_SPLIT_KV": "1"}),
    "torch-operators": Mode(without=("use_kernels",)),
    "many-threads": Mode(without=("use_one_thread_for_few_tokens",)),
    "many-threads-split-attention": Mode(
        environment={"VLLM_CPU_ATTN_SPLIT_KV": "1"}, without=("use_one_thread_for_few_tokens",)
    ),
    "vllm-layers": Mode(without=("use_lean_layers",)),
    "unrepaired": Mode(without=REPAIRS),
    "bfloat16-unrepaired": Mode(PLAIN_16, without=REPAIRS),
}


def main() -> None:
    """Run the modes one after the other and print a table."""
    arguments = _arguments()
    if arguments.child:
        print(json.dumps(asyncio.run(_measure(arguments.model, MODES[arguments.child], time.perf_counter()))))
        return
    rows = [_run(arguments.model, name) for name in arguments.mode or MODES]
    if arguments.json:
        from bench.measuring import provenance  # the modes' own processes run this file by itself

        result = {**provenance("engine_modes"), "modes": rows}
        arguments.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


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
    from codeassist.engine import vllm_repairs
    from codeassist.engine.vllm_adapter import VllmModel

    for name in mode.without:
        setattr(vllm_repairs, name, lambda *_: None)
    imported = time.perf_counter()
    model = VllmModel(options, hardware, on_cpu=True, overrides=mode.arguments)
    await model.warm_up()
    loaded = time.perf_counter()
    row: dict[str, Any] = {"import_s": round(imported - start, 1), "load_s": round(loaded - imported, 1)}
    busy, own, began = _busy_s(), _own_s(), time.perf_counter()
    row |= await _type(model) | await _suggest(model, path)
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


async def _suggest(model: Any, path: Path) -> dict[str, Any]:
    tokenizer, times, lengths = FileTokenizer(path / "tokenizer.json"), [], []
    cpu_s = 0.0
    for above, word, below in _places():
        for typed in (word[:1], word[:2]):
            prompt = _prompt(tokenizer, above, below)
            request = GenerationRequest("bench", prompt, 32, forced_prefix=typed, stop=("\n",), logprobs=True)
            began, own = time.perf_counter(), _own_s()
            last = [delta async for delta in model.stream(request)][-1]
        times.append((time.perf_counter() - began) * 1e3)
        cpu_s += _own_s() - own
        lengths.append(last.usage.completion_tokens)
    return {
        "suggestion_ms": round(statistics.median(times)),
        "suggestion_cpu_ms": round(cpu_s * 1e3 / len(times)),
        "suggestion_tokens": statistics.median(lengths),
    }


def _places() -> Iterator[tuple[str, str, str]]:
    """Text before a word, the word, and the text after its line, spread over our own sources."""
    for path in sorted(Path(codeassist.__file__).parent.rglob("*.py"))[:PLACES]:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        for number in range(len(lines) * 2 // 3, len(lines)):
            found = re.search(r"(?<=[ (.])[a-z_]{4,}", lines[number])
            if found:
                above = "".join(lines[:number])[-3500:] + lines[number][: found.start()]
                yield above, found.group(), "".join(lines[number + 1 :])[:800]
                break


def _prompt(tokenizer: FileTokenizer, above: str, below: str) -> tuple[int, ...]:
    template = TEMPLATES["deepseek"]
    begin, hole, end = (tokenizer.special(token) for token in (template.begin, template.hole, template.end))
    head, newline, line = above.rpartition("\n")
    left = (tokenizer.special(template.bos), begin, *tokenizer.encode(head + newline), hole)
    return (*left, *tokenizer.encode("\n" + below), end, *tokenizer.encode(line))


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
