"""Tiles of vLLM's Triton kernel for the experts, tried out on this GPU for DeepSeek-Coder-V2-Lite's sizes.

vLLM brings files of tiles for the GPUs and sizes that somebody tuned, and none for these experts (64 of 1,408) on an
H100 or H200; it falls back to a rule. The file that is written here has the same form, and vLLM finds it through
VLLM_TUNED_CONFIG_FOLDER. Each number of tokens is timed as a CUDA graph of calls that choose other experts each time,
as the layers of a model do: their weights come from memory, not from a cache.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterable, Iterator
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from bench.gpu.geometry import lite_config

Tiles = dict[str, int]

_FEW = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
_MANY = (96, 128, 256, 512, 1024, 2048, 4096)
_CALLS, _REPLAYS = 24, 12
# A tile has to be this much quicker than vLLM's rule to replace it: less is noise.
_LEAST_GAIN = 0.02
_COMPILERS = 12


def tune_experts(folder: Path, dtypes: str, seconds: float) -> None:
    """One file for each type of weights, and `report.json` with what was gained. seconds: at most, for all."""
    folder.mkdir(parents=True, exist_ok=True)
    report = {}
    kinds = dtypes.split(",")
    for kind in kinds:
        report[kind] = _tune(folder, kind, seconds / len(kinds))
        (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n")


def _tune(folder: Path, kind: str, seconds: float) -> list[dict[str, Any]]:
    from vllm.model_executor.layers.fused_moe.fused_moe import get_config_file_name

    begun = time.monotonic()
    candidates = list(_candidates())
    with get_context("spawn").Pool(_COMPILERS) as pool:
        usable = set(pool.imap_unordered(_compile, [(kind, index) for index in range(len(candidates))], chunksize=4))
    print(
        f"{kind}: {len(usable - {-1})} of {len(candidates)} tiles compiled in {time.monotonic() - begun:.0f} s",
        flush=True,
    )
    experts = Experts(kind)
    chosen, told = {}, []
    for n_tokens in (*_FEW, *_MANY):
        rule = experts.rule(n_tokens)
        best, best_us, rule_us = rule, *[experts.microseconds(n_tokens, rule)] * 2
        is_late = time.monotonic() - begun > seconds
        for index in sorted(usable - {-1}) if n_tokens in _FEW and not is_late else ():
            found = experts.microseconds(n_tokens, candidates[index])
            if found < best_us * (1 - _LEAST_GAIN):
                best, best_us = candidates[index], found
        chosen[str(n_tokens)] = {key: value for key, value in best.items() if key != "SPLIT_K"}
        told.append({"tokens": n_tokens, "rule_us": round(rule_us, 2), "best_us": round(best_us, 2), "tiles": best})
        print(json.dumps({"weights": kind, **told[-1]}), flush=True)
    n_experts, width = experts.shape
    name = get_config_file_name(n_experts, width, "fp8_w8a8" if kind == "fp8" else None)
    (folder / name).write_text(json.dumps(chosen, indent=4) + "\n")
    return told


def _candidates() -> Iterator[Tiles]:
    """Tiles for few tokens, where reading the weights is all there is to do."""
    for width, depth, warps, stages in product((32, 64, 128, 256), (64, 128, 256), (4, 8), (2, 3, 4, 5)):
        if width * depth * stages <= 131072:  # a stage must fit into shared memory
            yield {
                "BLOCK_SIZE_M": 16,
                "BLOCK_SIZE_N": width,
                "BLOCK_SIZE_K": depth,
                "GROUP_SIZE_M": 1,
                "num_warps": warps,
                "num_stages": stages,
            }


_experts: dict[str, Experts] = {}


def _compile(asked: tuple[str, int]) -> int:
    """Compile one candidate into Triton's cache on disk; its number, or -1 when the GPU cannot run it."""
    from triton.runtime.errors import OutOfResources

    kind, index = asked
    experts = _experts.get(kind) or _experts.setdefault(kind, Experts(kind))
    try:
        for n_tokens in (1, 2, 16):  # Triton compiles anew where a number is 1 or a multiple of 16
            experts.call(n_tokens, 0, list(_candidates())[index])
        torch.cuda.synchronize()
    except (OutOfResources, RuntimeError):
        return -1
    return index


class Experts:
    """One layer's experts with random weights, and what is routed to them."""

    def __init__(self, kind: str) -> None:
        """kind: bf16, or fp8 (weights and activations, one scale for each tensor, as vLLM converts them)."""
        config = lite_config(small=False)
        self.shape = config["n_routed_experts"], config["moe_intermediate_size"]
        n_experts, width = self.shape
        self._hidden, self._top_k, self._kind = config["hidden_size"], config["num_experts_per_tok"], kind
        torch.manual_seed(0)
        dtype = torch.float8_e4m3fn if kind == "fp8" else torch.bfloat16
        made = [
            torch.randn(n_experts, 2 * width, self._hidden, device="cuda", dtype=torch.bfloat16).mul_(0.02).to(dtype),
            torch.randn(n_experts, self._hidden, width, device="cuda", dtype=torch.bfloat16).mul_(0.02).to(dtype),
        ]
        self._up, self._down = made
        self._scale = torch.ones(n_experts, device="cuda", dtype=torch.float32)
        self._routed: dict[tuple[int, int], tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = {}

    def rule(self, n_tokens: int) -> Tiles:
        """What vLLM takes where it has no file."""
        from vllm.model_executor.layers.fused_moe.fused_moe import get_default_config

        n_experts, width = self.shape
        dtype = "fp8_w8a8" if self._kind == "fp8" else None
        return dict(get_default_config(n_tokens, n_experts, width, self._hidden, self._top_k, dtype))

    def call(self, n_tokens: int, layer: int, tiles: Tiles) -> torch.Tensor:
        """One pass through the experts."""
        from vllm.model_executor.layers.fused_moe import override_config
        from vllm.model_executor.layers.fused_moe.config import fp8_w8a8_moe_quant_config
        from vllm.model_executor.layers.fused_moe.fused_moe import fused_experts

        states, weights, ids = self._input(n_tokens, layer)
        quantised = fp8_w8a8_moe_quant_config(self._scale, self._scale) if self._kind == "fp8" else None
        with override_config(tiles):
            return fused_experts(states, self._up, self._down, weights, ids, quant_config=quantised)

    def microseconds(self, n_tokens: int, tiles: Tiles) -> float:
        """Of one call, the median of several replays."""
        for layer in range(_CALLS):
            self._input(n_tokens, layer)
        self.call(n_tokens, 0, tiles)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            for layer in range(_CALLS):
                self.call(n_tokens, layer, tiles)
        graph.replay()
        return statistics.median(_replays(graph)) / _CALLS

    def _input(self, n_tokens: int, layer: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        key = (n_tokens, layer)
        if key not in self._routed:
            chances = torch.rand(n_tokens, self.shape[0], device="cuda")
            weights, ids = torch.topk(chances.softmax(-1), self._top_k, dim=-1)
            states = torch.randn(n_tokens, self._hidden, device="cuda", dtype=torch.bfloat16)
            self._routed[key] = states, weights.float(), ids.to(torch.int32)
        return self._routed[key]


def _replays(graph: torch.cuda.CUDAGraph) -> Iterable[float]:
    for _ in range(_REPLAYS):
        begun, ended = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begun.record()
        graph.replay()
        ended.record()
        torch.cuda.synchronize()
        yield 1e3 * begun.elapsed_time(ended)
