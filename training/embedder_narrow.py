"""Fewer numbers per token, so that both shipped models fit into what a repository may carry.

    python -m training.embedder_narrow MODEL OUT PAIRS.npz...

Texts are turned into the directions in which their vectors differ most (an uncentred principal component analysis of
the vectors of sampled texts), and only the first SHIPPED_DIM of these are kept: dot products change the least.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from training.embedder import export, vectors
from training.embedder_corpus import Pairs, load

SHIPPED_DIM = 192
SAMPLED_PAIRS = 40_000


def principal_directions(table: Tensor, pairs: Pairs, dim: int) -> Tensor:
    """(old dim, dim) orthonormal columns, most telling first."""
    bag = nn.EmbeddingBag.from_pretrained(table, freeze=True, mode="mean", padding_idx=0)
    places = torch.randperm(len(pairs.queries), generator=torch.Generator().manual_seed(0))[:SAMPLED_PAIRS].numpy()
    texts = torch.cat([vectors(bag, bags.take(places)) for bags in (pairs.queries, pairs.codes)])
    eigenvalues, eigenvectors = torch.linalg.eigh(texts.T @ texts)
    kept = eigenvalues.flip(0)[:dim].sum() / eigenvalues.sum()
    print(f"{dim} of {table.shape[1]} directions hold {kept:.3f} of the squared length")
    return eigenvectors.flip(1)[:, :dim]


def main() -> None:
    """Command line of this program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("pairs", type=Path, nargs="+")
    options = parser.parse_args()
    (table,) = load_file(options.model / "model.safetensors").values()
    table = table.float()
    narrow = table @ principal_directions(table, load(options.pairs), SHIPPED_DIM)
    export(narrow, options.model / "tokenizer.json", options.out)


if __name__ == "__main__":
    main()
