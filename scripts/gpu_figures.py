"""Tables of what `bench.gpu` and `bench.engine_agreement` measured on GPUs, for bench/README.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codeassist.doctor.footprint import predict
from codeassist.models.known import find_known

RESULTS = Path(__file__).parent.parent / "bench" / "results"
# NVIDIA's data sheets: bytes a second of the memory.
_BANDWIDTH = {"NVIDIA H200": 4.8e12, "NVIDIA H100 80GB HBM3": 3.35e12}
_HEAD = (
    "| | tokens of prompt | first token, cold | first token after 8 typed | 20 tokens after 8 typed "
    "| decoding, tokens/s | of the limit |"
)
_MANY_HEAD = "| | 20 tokens in the middle of a word, ms | 8 requests, tokens/s of all | 32 requests |"
_FORCED_HEAD = (
    "| one draft a step, ms | first token, nothing forced | a word forced | a blank forced | 20 tokens, a blank |"
)
_FORCED = (("gpu_forced_list", "a list of the allowed tokens"), ("gpu_forced", "a mask"))
_AGREEMENT_HEAD = (
    "| | runner | texts the same | the same when asked again | drafts taken | tokens/s | forced beginnings kept "
    "| scores off the CPU's, nats: mean, largest |"
)
# File, what of it is shown, and how it is told apart.
_SHOWN = (
    ("gpu_before", ("bf16", "bf16-mtp2"), ", before"),
    ("gpu", ("bf16",), ""),
    ("gpu_alone", ("bf16",), ", alone"),
    ("gpu", ("bf16-mtp1", "bf16-mtp2"), ", older runner"),
    ("gpu_drafts", ("bf16-mtp1", "bf16-mtp2", "bf16-mtp3"), ""),
    ("gpu_fp8", ("fp8", "fp8-mtp2"), ""),
    ("gpu_two", ("bf16",), ", two GPUs"),
    ("gpu_two_drafts", ("bf16-mtp2",), ", two GPUs, older runner"),
)
# What vLLM tells of a start, in the order of time.
_PARTS = {
    "loading weights": r"Model loading took .* and ([\d.]+) seconds",
    "compiling": r"torch\.compile took ([\d.]+) s",
    "CUDA graphs": r"Graph capturing finished in ([\d.]+) secs",
    "all from compiling on": r"init engine .* took ([\d.]+) s",
}


@dataclass(frozen=True, slots=True)
class _Run:
    """One configuration as it was measured. limit: tokens a second."""

    label: str
    found: dict[str, Any]
    limit: float


def gpu() -> str:
    """Milliseconds and tokens a second, bare vLLM's in parentheses. The limit is what reading the active weights once
    for each token leaves of the memory's bandwidth, of each GPU its share."""
    rows = []
    for run in _runs():
        for found in run.found["lengths"]:
            rate = found["decode_tokens_per_s"]
            cells = [
                f"{found[key]['ours']:.0f} ({found[key]['bare']:.0f})" for key in ("first_typed_ms", "suggestion_ms")
            ]
            shares = f"{rate['ours'] / run.limit:.0%} ({rate['bare'] / run.limit:.0%})"
            rows.append(
                f"| {run.label} | {found['prompt_tokens']:,} | {found['first_cold_ms']:.0f} | {' | '.join(cells)} "
                f"| {rate['ours']:.0f} ({rate['bare']:.0f}) | {shares} |"
            )
    return "\n".join([_HEAD, "|---|---|---|---|---|---|---|", *rows])


def gpu_many() -> str:
    """The forced prefix of a prompt of 4,096 tokens, and requests at once whose prompts of 2,048 tokens are cached."""
    rows = [
        f"| {run.label} | {run.found['forced']['suggestion_ms']:.0f} | "
        + " | ".join(f"{batch['tokens_per_s']:,.0f}" for batch in run.found["batches"])
        + " |"
        for run in _runs()
        if "forced" in run.found
    ]
    return "\n".join([_MANY_HEAD, "|---|---|---|---|", *rows])


def gpu_starts() -> str:
    """Seconds of a start with nothing kept from an earlier one, and of the next."""
    starts = [_read(file)["runs"][0] for file in ("gpu_alone", "gpu_second")]
    parts = {"until it answers": [run["start_s"] for run in starts]}
    for part, pattern in _PARTS.items():
        told = [re.search(pattern, "\n".join(run["log"])) for run in starts]
        parts[part] = [float(found[1]) for found in told if found]
    rows = [f"| {part} | {' | '.join(f'{seconds:.0f}' for seconds in both)} |" for part, both in parts.items()]
    return "\n".join(["| seconds | first start | second start |", "|---|---|---|", *rows])


def gpu_forced() -> str:
    """What it costs that an answer has to begin with a given text, by the way in which tokens are ruled out."""
    rows = []
    for file, label in _FORCED:
        run = next(run for run in _read(file)["runs"] if run["configuration"].startswith("bf16-mtp1@"))
        blank = run["forced_blank"]
        found = (run["lengths"][0]["first_typed_ms"]["ours"], run["forced"]["first_typed_ms"], blank["first_typed_ms"])
        rows.append(f"| {label} | {' | '.join(f'{ms:.0f}' for ms in (*found, blank['suggestion_ms']))} |")
    return "\n".join([_FORCED_HEAD, "|---|---|---|---|---|", *rows])


def gpu_agreement() -> str:
    """A row for each configuration. Behind texts that part: after how many tokens the first does, and by how much at
    most the log-probabilities of two tokens differ where texts part."""
    rows = [_agreement(found) for found in _read("gpu_agreement")["configurations"]]
    return "\n".join([_AGREEMENT_HEAD, "|---|---|---|---|---|---|---|---|", *rows])


def _agreement(found: dict[str, Any]) -> str:
    same = f"{found['same']} of {found['n']}"
    if found["largest_gap_where_they_part"] is not None:
        same += f" ({found['shortest_common_prefix']}; {found['largest_gap_where_they_part']:.2f})"
    cells = (
        found["name"], found["runner"], same, found["same_when_asked_again"],
        f"{found['accepted']} of {found['drafted']}" if "drafted" in found else "",
        format(found["tokens_per_s_again"], ".0f"),
        "{kept} of {n}".format(**found["forced"]) if "forced" in found else "",
        "{mean:.3f}, {largest:.2f}".format(**found["scores"]) if "scores" in found else "",
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def _runs() -> Iterator[_Run]:
    for file, names, apart in _SHOWN:
        result = _read(file)
        runs = {run["configuration"].partition("@")[0]: run for run in result["runs"]}
        for name in names:
            machine = runs[name] if "gpu" in runs[name] else result
            yield _Run(name + apart, runs[name], _limit(machine["gpu"], runs[name]["configuration"]))


def _limit(device: str, configuration: str) -> float:
    lite = find_known("deepseek-coder-v2-lite")
    assert lite is not None
    n_gpus = 2 if "@tensor_parallel_size=2" in configuration else 1
    stored = "fp8" if configuration.startswith("fp8") else ""
    return _BANDWIDTH[device] / predict(lite.config, 0, stored, tensor_parallel=n_gpus).read_per_token


def _read(name: str) -> Any:
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
