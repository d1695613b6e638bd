"""How surprised a model is by a text behind a prompt: vLLM itself, without the served product around it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
