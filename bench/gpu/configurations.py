"""The ways to run the model that are measured, by name: `bf16`, `bf16-mtp2`, `fp8`, `fp8-mtp1`, with `@name=value`
behind it for further engine arguments of vLLM."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.gpu.geometry import BASE, DRAFTING
from codeassist.engine.vllm_arguments import HostOptions

_NAME = re.compile(r"(bf16|fp8)(?:-mtp(\d))?((?:@[^@]+)*)")
CONTEXT_TOKENS = 16384


@dataclass(frozen=True, slots=True)
class Configuration:
    """One way to run it. n_drafted: tokens drafted per step."""

    name: str
    quantization: str
    n_drafted: int
    arguments: tuple[str, ...]

    def options(self, models: Path, rates: Sequence[float], context_tokens: int, *, on_cpu: bool) -> HostOptions:
        """What the host is started with. rates: shares of the first, second ... draft that are taken."""
        synthetic = {
            "method": "mtp",
            "num_speculative_tokens": self.n_drafted,
            "rejection_sample_method": "synthetic",
            "synthetic_acceptance_rates": list(rates[: self.n_drafted]),
        }
        drafting = (f"speculative_config={json.dumps(synthetic)}",) if self.n_drafted and not on_cpu else ()
        return HostOptions(
            model=str((models / (DRAFTING if self.n_drafted else BASE)).resolve()),
            n_mtp_layers=1 if self.n_drafted else 0,
            context_tokens=context_tokens,
            dtype="auto" if on_cpu else "bfloat16",
            quantization=self.quantization,
            speculative_tokens=self.n_drafted,
            name=self.name,
            arguments=(*drafting, *self.arguments),
        )


def parse(name: str) -> Configuration:
    """The configuration of a name. Raises ValueError."""
    found = _NAME.fullmatch(name)
    if not found:
        raise ValueError(f"{name!r} is no configuration; write bf16, fp8-mtp2 or bf16@attention_backend=TRITON_MLA")
    weights, n_drafted, more = found.groups()
    return Configuration(
        name, "fp8" if weights == "fp8" else "", int(n_drafted or 0), tuple(filter(None, more.split("@")))
    )
