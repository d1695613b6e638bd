"""Greedy answers by vLLM's own layers, by layers that nobody trusts, and by lean ones: `lean_answers.py MODEL DTYPE`.

Prints JSON: for each, how many layers were lean, and the log-probabilities of each answer's tokens.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from codeassist.engine.hardware import read_hardware
from codeassist.engine.vllm_arguments import HostOptions, engine_arguments, environment

N_TOKENS = 12
# The second prompt shares blocks with the first, so that its first step has a middling number of tokens.
PROMPTS = [[*range(100, 400)], [*range(100, 360), *range(500, 540)], [*range(700, 705)]]


def main() -> None:
    """Loads the model once; the kinds of layers take turns in this process."""
    options = HostOptions(sys.argv[1], 0, 1024, dtype=sys.argv[2], kv_cache_gib=0.1)
    os.environ.update(environment(options, read_hardware(), on_cpu=True) | {"VLLM_ENABLE_V1_MULTIPROCESSING": "0"})
    from vllm import LLM

    from codeassist.engine import vllm_lean_layer, vllm_repairs

    vllm_repairs.use_kernels()
    config = json.loads((Path(sys.argv[1]) / "config.json").read_text())
    arguments = engine_arguments(options, config, read_hardware(), on_cpu=True)
    del arguments["enable_log_requests"]  # LLM never logs them
    model = LLM(**arguments)
    told = {"own": answers(model)}
    vllm_repairs.use_lean_layers()
    tolerance, vllm_lean_layer.TOLERANCE = vllm_lean_layer.TOLERANCE, -1.0
    told["distrusted"] = answers(model)
    vllm_lean_layer.TOLERANCE = tolerance
    model.apply_model(forget)
    told["lean"] = answers(model)
    sys.stdout.write(json.dumps(told))


def forget(model: Any) -> None:
    for module in model.modules():
        vars(module).pop("codeassist_lean", None)


def n_lean(model: Any) -> int:
    return sum(vars(module).get("codeassist_lean") is not None for module in model.modules())


def answers(model: Any) -> tuple[int, list[list[float]]]:
    """One after the other, then all in one batch."""
    from vllm import SamplingParams
    from vllm.inputs import TokensPrompt

    params = SamplingParams(temperature=0, max_tokens=N_TOKENS, logprobs=0, detokenize=False, ignore_eos=True)
    prompts = [TokensPrompt(prompt_token_ids=prompt) for prompt in PROMPTS]
    outputs = [model.generate(batch, params, use_tqdm=False) for batch in (*([one] for one in prompts), prompts)]
    tokens = [output.outputs[0] for batch in outputs for output in batch]
    return sum(model.apply_model(n_lean)), [
        [candidates[token].logprob for token, candidates in zip(made.token_ids, made.logprobs, strict=True)]
        for made in tokens
    ]


if __name__ == "__main__":
    main()
