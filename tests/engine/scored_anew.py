"""Scores as a vLLM gives them that nothing was put right in, as on a GPU: `scored_anew.py MODEL PROMPTS`.

PROMPTS: a JSON list of [prompt, n_last, n_top]. Prints, for each, its scores as `wire.py` has them and how many tokens
came from the cache.
"""

import asyncio
import json
import os
import sys
from typing import Any

from codeassist.engine import wire
from codeassist.engine.hardware import read_hardware
from codeassist.engine.vllm_arguments import HostOptions, environment
from codeassist.types import GenerationRequest


async def main() -> None:
    """Loads the model once and scores one prompt after the other."""
    options = HostOptions(sys.argv[1], 0, 2048, dtype="float32", kv_cache_gib=0.2)
    hardware = read_hardware()
    os.environ.update(environment(options, hardware, on_cpu=True))
    from codeassist.engine import vllm_scored_end
    from codeassist.engine.vllm_adapter import VllmModel

    vllm_scored_end.score_ends_alone = lambda: None
    model = VllmModel(options, hardware, on_cpu=True)
    model._scores_ends = False
    told: list[Any] = []
    for prompt, n_last, n_top in json.loads(sys.argv[2]):
        request = GenerationRequest("anew", tuple(prompt), 1, top_logprobs=n_top, score_last=n_last)
        (delta,) = [delta async for delta in model.stream(request)]
        told.append([wire.delta_to_json(delta)["scored"], delta.usage.cached_tokens])
    model.close()
    sys.stdout.write("\nRESULT " + json.dumps(told) + "\n")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
