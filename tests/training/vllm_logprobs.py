"""Prompt log-probabilities by vLLM, as the embedded engine sets it up: `vllm_logprobs.py MODEL '[[ids], ...]'`."""

import json
import sys
from pathlib import Path

from training.check import start


def main() -> None:
    """Prints a JSON list of lists: for each text, log-probabilities of its tokens but the first."""
    from vllm import SamplingParams

    texts = json.loads(sys.argv[2])
    engine = start(Path(sys.argv[1]))
    sampling = SamplingParams(temperature=0.0, max_tokens=1, prompt_logprobs=0)
    outputs = engine.generate([{"prompt_token_ids": ids} for ids in texts], sampling, use_tqdm=False)
    found = [
        [position[token].logprob for token, position in zip(ids[1:], output.prompt_logprobs[1:], strict=True)]
        for ids, output in zip(texts, outputs, strict=True)
    ]
    sys.stdout.write("\nRESULT " + json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
