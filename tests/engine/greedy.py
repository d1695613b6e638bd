"""Log-probabilities of a greedy answer by transformers, in float32: `greedy.py MODEL '[[prompt ids], n_tokens]'`."""

import json
import sys

import torch
from transformers import AutoModelForCausalLM


def main() -> None:
    """Prints a JSON list."""
    prompt, n_tokens = json.loads(sys.argv[2])
    model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
    ids, logprobs = torch.tensor([prompt]), []
    with torch.no_grad():
        for _ in range(n_tokens):
            best = torch.log_softmax(model(ids).logits[0, -1], dim=-1).max(dim=-1)
            logprobs.append(float(best.values))
            ids = torch.cat([ids, best.indices.reshape(1, 1)], dim=1)
    sys.stdout.write(json.dumps(logprobs))


if __name__ == "__main__":
    main()
