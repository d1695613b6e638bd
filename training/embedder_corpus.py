"""Pairs as token ids in one file, made from JSON lines of source files.

    python -m training.embedder_corpus TOKENIZER.json OUT.npz EVERY PART.jsonl...      (every n-th file)

PART: lines of {"repo", "path", "text"}, as `training.data` and `training.embedder_data` write them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.embedder_pairs import Pair, pairs_of

MAX_QUERY_TOKENS = 96
MAX_CODE_TOKENS = 192
PAIRS_PER_FILE = 24
SEED = 20261122
_BATCH = 4096


@dataclass(frozen=True, slots=True)
class Bags:
    """Texts as bags of tokens: text n is ids[starts[n]:starts[n + 1]]."""

    ids: NDArray[np.uint16]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def take(self, places: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(ids, offsets) of some texts, as an embedding bag takes them."""
        parts = [self.ids[self.starts[place] : self.starts[place + 1]] for place in places]
        offsets = np.cumsum([0, *(len(part) for part in parts[:-1])])
        return np.concatenate(parts).astype(np.int64), offsets


@dataclass(frozen=True, slots=True)
class Pairs:
    """Questions, their answers, and the number of the repository that both are from."""

    queries: Bags
    codes: Bags
    repositories: NDArray[np.int32]


def bags(tokenizer: Tokenizer, texts: list[str], limit: int) -> list[NDArray[np.uint16]]:
    """Token ids of each text, cut."""
    encodings = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    return [np.array(encoding.ids[:limit], np.uint16) for encoding in encodings]


def joined(parts: list[NDArray[np.uint16]]) -> Bags:
    """One value for many bags."""
    return Bags(np.concatenate([*parts, np.zeros(0, np.uint16)]), np.cumsum([0, *map(len, parts)]))


def read_pairs(files: list[Path], every: int, random: Random) -> Iterator[tuple[str, Pair]]:
    """(repository, pair) of every n-th source file."""
    for file in files:
        with file.open(encoding="utf-8") as lines:
            for line in islice(lines, None, None, every):
                record = json.loads(line)
                for pair in pairs_of(record["path"], record["text"], random, PAIRS_PER_FILE):
                    yield record["repo"], pair


def prepare(tokenizer: Tokenizer, pairs: Iterator[tuple[str, Pair]]) -> Pairs:
    """All pairs as tokens; those with nothing to compare are left out."""
    queries: list[NDArray[np.uint16]] = []
    codes: list[NDArray[np.uint16]] = []
    numbers: dict[str, int] = {}
    repositories: list[int] = []
    while batch := list(islice(pairs, _BATCH)):
        asked = bags(tokenizer, [pair.query for _, pair in batch], MAX_QUERY_TOKENS)
        answers = bags(tokenizer, [pair.code for _, pair in batch], MAX_CODE_TOKENS)
        for (name, _), query, code in zip(batch, asked, answers, strict=True):
            if len(query) and len(code) > 4:
                queries.append(query)
                codes.append(code)
                repositories.append(numbers.setdefault(name, len(numbers)))
    return Pairs(joined(queries), joined(codes), np.array(repositories, np.int32))


def save(pairs: Pairs, out: Path) -> None:
    np.savez(
        out,
        queries=pairs.queries.ids,
        query_starts=pairs.queries.starts,
        codes=pairs.codes.ids,
        code_starts=pairs.codes.starts,
        repositories=pairs.repositories,
    )


def load(files: list[Path]) -> Pairs:
    """The pairs of several files together."""
    queries, codes, repositories = [], [], []
    first = 0
    for file in files:
        with np.load(file) as stored:
            queries.append(Bags(stored["queries"], stored["query_starts"]))
            codes.append(Bags(stored["codes"], stored["code_starts"]))
            repositories.append(stored["repositories"] + first)
        first = int(repositories[-1].max()) + 1
    return Pairs(_chained(queries), _chained(codes), np.concatenate(repositories))


def _chained(parts: list[Bags]) -> Bags:
    shifts = np.cumsum([0, *(len(part.ids) for part in parts[:-1])])
    starts = [part.starts[:-1] + shift for part, shift in zip(parts, shifts, strict=True)]
    ids = np.concatenate([part.ids for part in parts])
    return Bags(ids, np.concatenate([*starts, [len(ids)]]))


def main(tokenizer: Path, out: Path, every: int, files: list[Path]) -> None:
    pairs = prepare(Tokenizer.from_file(str(tokenizer)), read_pairs(files, every, Random(SEED)))
    save(pairs, out)
    print(f"{len(pairs.queries)} pairs, {len(pairs.queries.ids) / 1e6:.1f} + {len(pairs.codes.ids) / 1e6:.1f} M tokens")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), [Path(argument) for argument in sys.argv[4:]])
