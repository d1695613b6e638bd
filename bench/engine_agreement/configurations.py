"""The ways to run the shipped model that are held against each other, by name."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from codeassist.settings import EngineSettings

RUNNER = "VLLM_USE_V2_MODEL_RUNNER"

_NAME = re.compile(
    r"(?:tp(?P<n_gpus>[1-9])-)?(?P<ep>ep-)?(?:(?P<weights>lora|merged)(?:-|$))?"
    r"(?:(?P<drafts>none|(?P<method>mtp|ngram)(?P<n_drafted>[1-9]))(?:-|$))?(?:v(?P<runner>[12]))?"
)
# The model is small: a part of a GPU lets several engines stand side by side.
_GPU_SHARE = 0.06
_GPU_CACHE = "kv_cache_memory_bytes=1073741824"
_CPU_CACHE_GIB = 0.5


@dataclass(frozen=True, slots=True)
class Configuration:
    """One way to run it. weights: "", "lora" or "merged". method: what drafts, "none" for nothing. runner: what RUNNER
    is set to, "" to leave it as it is."""

    name: str
    weights: str
    method: str
    n_drafted: int
    n_gpus: int
    experts_whole: bool
    runner: str

    def settings(self, *, on_cpu: bool) -> EngineSettings:
        """All but the model and its adapter."""
        settings = replace(
            EngineSettings(),
            lora="off",
            speculation=self.method,
            tensor_parallel=self.n_gpus,
            expert_parallel=self.experts_whole,
        )
        if self.n_drafted:
            settings = replace(settings, speculative_tokens=self.n_drafted)
        if self.weights == "merged":
            settings = replace(settings, dtype="bfloat16")
        if on_cpu:
            return replace(settings, kv_cache_gib=_CPU_CACHE_GIB)
        return replace(settings, gpu_memory_fraction=_GPU_SHARE, vllm_arguments=(_GPU_CACHE,))


def parse(name: str) -> Configuration:
    """The configuration of a name. Raises ValueError."""
    found = _NAME.fullmatch(name)
    if not found or not name or name.endswith("-"):
        raise ValueError(f"{name!r} is no configuration; write none, mtp1, ngram3-v1, lora-mtp1, merged or tp2-ep-mtp1")
    runner = {None: "", "1": "0", "2": "1"}[found["runner"]]
    return Configuration(
        name,
        found["weights"] or "",
        found["method"] or "none",
        int(found["n_drafted"] or 0),
        int(found["n_gpus"] or 1),
        bool(found["ep"]),
        runner,
    )
