"""Trains an adapter by a few large steps: `train_adapter.py MODEL FOLDER '[[prompt ids], n_tokens]'`.

Prints what its training's code goes on with behind the prompt: a JSON list of token and log-probability.
"""

import json
import sys
from pathlib import Path

import torch

from codeassist.adapt.adapted import Adapted
from codeassist.adapt.rows import Row


def main() -> None:
    """Six steps on one row that says its numbers backwards, which no model would."""
    torch.manual_seed(0)
    adapted = Adapted(Path(sys.argv[1]), "cpu", 8)
    ids = (0, *range(360, 300, -1))
    row = Row("a.py", ids, (0.0,) * 10 + (1.0,) * (len(ids) - 10), 10, "", "", 0)
    optimiser = torch.optim.AdamW(adapted.parameters, lr=5e-3)
    for _ in range(6):
        adapted.learn([row], 1)
        optimiser.step()
        optimiser.zero_grad()
    adapted.save(Path(sys.argv[2]))
    prompt, n_tokens = json.loads(sys.argv[3])
    said = []
    for _ in range(n_tokens):
        logprobs = torch.log_softmax(adapted.next_logits(prompt, None)[0].float(), dim=-1)
        token = int(logprobs.argmax())
        said.append((token, float(logprobs[token])))
        prompt = [*prompt, token]
        if token == 1:
            break
    sys.stdout.write("\nRESULT " + json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
