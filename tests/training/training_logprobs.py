"""Log-probabilities of texts by the training code, in float32: `training_logprobs.py MODEL '[[ids], ...]'`."""

import json
import sys
from pathlib import Path

import torch

from training.export import read_exported


def main() -> None:
    """Prints a JSON list of lists: for each text, log-probabilities of its tokens but the first."""
    model = read_exported(Path(sys.argv[1])).eval()
    found = []
    with torch.no_grad():
        for ids in json.loads(sys.argv[2]):
            bounds = torch.tensor([0, len(ids)], dtype=torch.int32)
            hidden, _ = model(torch.tensor(ids), torch.arange(len(ids)), bounds, torch.float32)
            logprobs = torch.log_softmax(hidden @ model.head.T, dim=-1)
            found.append(logprobs[:-1].gather(1, torch.tensor(ids[1:])[:, None])[:, 0].tolist())
    sys.stdout.write("\nRESULT " + json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
