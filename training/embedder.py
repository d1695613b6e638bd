"""The embedding model for code search: one vector for each token, the mean for a text; trained on pairs, on a CPU.

    python -m training.embedder TOKENIZER.json OUT --seconds 600 PAIRS.npz...

Writes a directory that `sentence_transformers.SentenceTransformer` loads. How much a token tells is the length of its
vector: it begins as a / (a + frequency) (Arora et al. 2017, "A simple but tough-to-beat baseline") and is then learnt.
Loss: each question among all answers of its batch and the other way round (InfoNCE); a batch is made of runs of one
repository, so that the wrong answers are near ones.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from codeassist.models.checksums import write_checksums
from training.embedder_corpus import Pairs, load

DIM = 256
BATCH = 1024
# So many pairs in a row are from one repository.
RUN = 64
TEMPERATURE = 0.05
RATE = 8e-3
FREQUENT = 1e-3
# Shares of tokens kept in each step: the same pair never looks the same twice, so that it cannot be learnt by heart.
KEPT_QUERY, KEPT_CODE = 0.85, 0.6
SEED = 20261122
MODULE = {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"}


def first_table(pairs: Pairs, vocabulary: int) -> Tensor:
    """(vocabulary, dim) random directions, shorter the more frequent a token is; id 0, the unknown, tells nothing."""
    counts = np.bincount(np.concatenate((pairs.queries.ids, pairs.codes.ids)), minlength=vocabulary).astype(np.float64)
    weights = FREQUENT / (FREQUENT + counts / counts.sum())
    weights[0] = 0.0
    directions = torch.randn(vocabulary, DIM, generator=torch.Generator().manual_seed(SEED)) / DIM**0.5
    return directions * torch.from_numpy(weights).float()[:, None]


def batches(repositories: NDArray[np.int32], random: np.random.Generator) -> list[NDArray[np.int64]]:
    """One pass over all pairs: each batch holds runs of single repositories."""
    shuffled = random.permutation(len(repositories))
    ordered = shuffled[np.argsort(repositories[shuffled], kind="stable")]
    runs = np.array_split(ordered, max(len(ordered) // RUN, 1))
    picked = [runs[number] for number in random.permutation(len(runs))]
    n_runs = BATCH // RUN
    return [np.concatenate(picked[at : at + n_runs]) for at in range(0, len(picked) - n_runs + 1, n_runs)]


def thinned(
    bags: tuple[NDArray[np.int64], NDArray[np.int64]], share: float, random: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(ids, offsets) with only a share of the tokens, and at least the first of each text."""
    ids, offsets = bags
    kept = random.random(len(ids)) < share
    kept[offsets] = True
    return ids[kept], np.concatenate(([0], np.cumsum(kept)))[offsets]


def vectors(bag: nn.EmbeddingBag, bags: tuple[NDArray[np.int64], NDArray[np.int64]]) -> Tensor:
    """(n, dim) of length 1."""
    return normalize(bag(*map(torch.from_numpy, bags)), dim=-1)


def contrast(questions: Tensor, answers: Tensor) -> Tensor:
    """Mean loss of finding each other's partner, both ways."""
    scores = questions @ answers.T / TEMPERATURE
    partner = torch.arange(len(scores))
    return (cross_entropy(scores, partner) + cross_entropy(scores.T, partner)) / 2


def train(pairs: Pairs, table: Tensor, done: Callable[[int], float]) -> tuple[Tensor, list[dict[str, float]]]:
    """The trained table and a log. done: step -> share of the work that is behind us; the rate falls to zero at 1."""
    bag = nn.EmbeddingBag.from_pretrained(table, freeze=False, mode="mean", padding_idx=0)
    optimiser = torch.optim.Adam(bag.parameters(), lr=RATE, betas=(0.9, 0.99))
    random = np.random.default_rng(SEED)
    log: list[dict[str, float]] = []
    step, recent, waiting = 0, [0.0], batches(pairs.repositories, random)
    n_batches = len(waiting)
    while (progress := done(step)) < 1.0:
        places = waiting.pop() if waiting else (waiting := batches(pairs.repositories, random)).pop()
        for group in optimiser.param_groups:
            group["lr"] = RATE * min((step + 1) / 50, 1.0) * min(1.0, (1.0 - progress) / 0.6)
        questions = thinned(pairs.queries.take(places), KEPT_QUERY, random)
        answers = thinned(pairs.codes.take(places), KEPT_CODE, random)
        loss = contrast(vectors(bag, questions), vectors(bag, answers))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        recent.append(loss.item())
        step += 1
        if step % 50 == 0:
            log.append({"step": step, "epoch": step / n_batches, "loss": float(np.mean(recent[-50:]))})
            print(log[-1], round(progress, 3), flush=True)
    return bag.weight.detach(), log


def export(table: Tensor, tokenizer: Path, out: Path) -> None:
    """A sentence-transformers directory; float16, rows scaled so that the longest has length 8."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    scaled = (table * (8.0 / table.norm(dim=-1).max())).half()
    module = StaticEmbedding(Tokenizer.from_file(str(tokenizer)), embedding_weights=scaled)
    SentenceTransformer(modules=[module], device="cpu").save(str(out), create_model_card=False)
    # The public name of the class, which versions 5 and 6 both know; saving names the file it lives in.
    (out / "modules.json").write_text(json.dumps([MODULE], indent=2) + "\n", encoding="utf-8")
    (out / "model.safetensors").chmod(0o644)
    write_checksums(out)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("pairs", type=Path, nargs="+")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--log", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    pairs = load(options.pairs)
    vocabulary = Tokenizer.from_file(str(options.tokenizer)).get_vocab_size()
    started = time.time()
    table, log = train(pairs, first_table(pairs, vocabulary), lambda _: (time.time() - started) / options.seconds)
    export(table, options.tokenizer, options.out)
    if options.log:
        told = {"pairs": len(pairs.queries), "batch": BATCH, "seconds": options.seconds, "log": log}
        options.log.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
