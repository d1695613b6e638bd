"""Where the time of a decoding step goes: vLLM's profiler around one long answer, and its trace summed up."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.gpu.configurations import Configuration
from bench.gpu.scenarios import Bench
from bench.gpu.starting import started
from codeassist.engine.embedded import EmbeddedEngine
from codeassist.engine.hardware import vllm_runs_on_cpu
from codeassist.types import Priority

_PROMPT, _TOKENS, _SHOWN = 4096, 128, 25
_SMALL_PROMPT = 128
# What a GPU does, and what an operator costs on a CPU, as torch's profiler calls them.
_WORK = ("kernel", "gpu_memcpy", "gpu_memset")
_ON_CPU = ("cpu_op",)


async def profile_decoding(
    configuration: Configuration, models: Path, rates: Sequence[float], context_tokens: int, *, small: bool
) -> dict[str, Any]:
    """One answer with the profiler and one without: milliseconds a token, and what fills them."""
    on_cpu = vllm_runs_on_cpu()
    with tempfile.TemporaryDirectory() as folder:
        told = json.dumps({"profiler": "torch", "torch_profiler_dir": folder, "torch_profiler_with_stack": False})
        options = configuration.options(models, rates, context_tokens, on_cpu=on_cpu)
        options = replace(options, arguments=(*options.arguments, f"profiler_config={told}"))
        vocab_size = json.loads((Path(options.model) / "config.json").read_text())["vocab_size"]
        async with started(options) as running:
            engine = running.engine
            bench = Bench(engine, vocab_size)
            prompt = bench.prompt(_SMALL_PROMPT if small else _PROMPT)
            await bench.ours(prompt, _TOKENS)
            plain = await bench.ours(prompt, _TOKENS)
            await _trace(engine, on=True)
            await bench.ours(prompt, _TOKENS)
            await _trace(engine, on=False)
        traces = [_summary(events, _ON_CPU if on_cpu else _WORK) for events in _traces(Path(folder))]
    return {
        "configuration": configuration.name,
        "ms_per_token": round((plain.total_ms - plain.first_ms) / (plain.n_tokens - 1), 3),
        "tokens": _TOKENS,
        "traces": [trace for trace in traces if trace["events"]],
    }


async def _trace(engine: EmbeddedEngine, *, on: bool) -> None:
    async with aclosing(engine.chat({"trace": on}, Priority.COMPLETION)) as events:
        async for _ in events:
            pass


def _traces(folder: Path) -> Iterable[list[dict[str, Any]]]:
    for path in sorted(folder.rglob("*.json*")):
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        events: list[dict[str, Any]] = json.loads(text).get("traceEvents", [])
        yield events


def _summary(events: list[dict[str, Any]], kinds: tuple[str, ...]) -> dict[str, Any]:
    """Milliseconds from the first event to the last, how much of it something ran, and what ran longest."""
    work = sorted(
        (float(e["ts"]), float(e["dur"]), str(e["name"])) for e in events if e.get("cat") in kinds and "dur" in e
    )
    busy, reached = 0.0, 0.0
    by_name: Counter[str] = Counter()
    n_by_name: Counter[str] = Counter()
    for begun, lasts, name in work:
        busy += max(begun + lasts - max(begun, reached), 0.0)
        reached = max(reached, begun + lasts)
        by_name[name] += lasts  # type: ignore[assignment]
        n_by_name[name] += 1
    return {
        "events": len(work),
        "span_ms": round((reached - work[0][0]) / 1e3, 3) if work else 0.0,
        "busy_ms": round(busy / 1e3, 3),
        "longest": [
            {"name": name[:120], "ms": round(us / 1e3, 3), "n": n_by_name[name]}
            for name, us in by_name.most_common(_SHOWN)
        ],
    }
