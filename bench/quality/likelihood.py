"""How surprised a model is by a text behind a prompt: vLLM itself, without the served product around it.

Where a GPU is on another machine, prompts are written down for `training.fusion_score` and its scores read back:
`training/model.py` computes what vLLM computes (tests/training/test_parity.py), here in bfloat16.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

# vLLM on a CPU, in this process, as the embedded engine sets it up.
_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "TORCH_COMPILE_DISABLE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_MLA_DISABLE": "1",
}


class Judge(Protocol):
    """What says how surprised a model is."""

    def nats(self, prompt: Sequence[int], text: Sequence[int]) -> float:
        """The negative log-probability of a text's tokens behind a prompt's, summed."""
        ...


class WrittenDown:
    """Writes down what would be asked, for `training.fusion_score`."""

    def __init__(self) -> None:
        self._pieces: list[Sequence[int]] = []

    def nats(self, prompt: Sequence[int], text: Sequence[int]) -> float:
        """Not known yet: 0."""
        self._pieces += [prompt, text]
        return 0.0

    def save(self, path: Path) -> None:
        """Every question as two pieces, the prompt and the text."""
        ids = np.array([token for piece in self._pieces for token in piece], np.uint16)
        piece_ends = np.cumsum([len(piece) for piece in self._pieces])
        parts = np.arange(len(self._pieces), dtype=np.int32)
        np.savez_compressed(path, ids=ids, piece_ends=piece_ends, parts=parts, ends=np.arange(2, len(parts) + 1, 2))


class ReadBack:
    """Scores of what was written down, in the same order. StopIteration means that other things were asked."""

    def __init__(self, path: Path) -> None:
        self._nats = iter(np.load(path)["nats"][:, 1])

    def nats(self, prompt: Sequence[int], text: Sequence[int]) -> float:
        """The next score."""
        return float(next(self._nats))


class Likelihood:
    """A loaded model. Making one takes many seconds."""

    def __init__(self, model: Path, context_tokens: int) -> None:
        os.environ |= _ENVIRONMENT
        from vllm import LLM

        self._engine: Any = LLM(
            str(model),
            dtype="float32",
            max_model_len=context_tokens,
            enforce_eager=True,
            enable_prefix_caching=False,
            block_size=32,
            kv_cache_memory_bytes=1 << 30,
            compilation_config={"custom_ops": ["-rotary_embedding"]},
            distributed_executor_backend="uni",
        )

    def nats(self, prompt: Sequence[int], text: Sequence[int]) -> float:
        """The negative log-probability of a text's tokens behind a prompt's, summed."""
        from vllm import SamplingParams

        sampling = SamplingParams(temperature=0.0, max_tokens=1, prompt_logprobs=0)
        ids = [*prompt, *text]
        (output,) = self._engine.generate([{"prompt_token_ids": ids}], sampling, use_tqdm=False)
        known = list(zip(ids, output.prompt_logprobs, strict=True))[len(prompt) :]
        return -sum(float(position[token].logprob) for token, position in known)
