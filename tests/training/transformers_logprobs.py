"""Log-probabilities of texts by transformers, in float32: `transformers_logprobs.py MODEL '[[ids], ...]'`."""

import json
import sys

import torch
from transformers import AutoModelForCausalLM


def main() -> None:
    """Prints a JSON list of lists: for each text, log-probabilities of its tokens but the first."""
    model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
    found = []
    with torch.no_grad():
        for ids in json.loads(sys.argv[2]):
            logprobs = torch.log_softmax(model(torch.tensor([ids])).logits[0], dim=-1)
            found.append(logprobs[:-1].gather(1, torch.tensor(ids[1:])[:, None])[:, 0].tolist())
    sys.stdout.write("\nRESULT " + json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
