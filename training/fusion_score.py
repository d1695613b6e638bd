"""How likely the true text is behind each prompt of the cases, by the model that ships: on a GPU, in minutes.

    python -m training.fusion_score prompts CASES PROMPTS.npz    (anywhere: what has to be scored, in one small file)
    python -m training.fusion_score score PROMPTS.npz MODEL SCORES.npz

Of each cursor: the prompt without anything from elsewhere, with each candidate alone, and with each arm. A score is the
negative log-probability of the answer's tokens in nats, of the first line and of all.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (its usual name)

from training.export import read_exported
from training.model import Model, Stream

# Tokens that go through the model at once.
BATCH_TOKENS = 131_072


@dataclass(frozen=True, slots=True)
class Prompts:
    """What has to be scored. parts: numbers of pieces, the answer's last; ends: where each prompt's parts end."""

    ids: NDArray[np.uint16]
    piece_ends: NDArray[np.int64]
    parts: NDArray[np.int32]
    ends: NDArray[np.int64]

    def pieces(self, number: int) -> list[NDArray[np.uint16]]:
        """The token ids of a prompt's parts, the answer last."""
        start = self.ends[number - 1] if number else 0
        return [self.piece(part) for part in self.parts[start : self.ends[number]]]

    def piece(self, number: int) -> NDArray[np.uint16]:
        """The token ids of one piece."""
        return self.ids[self.piece_ends[number - 1] if number else 0 : self.piece_ends[number]]


def slots_of(case: dict[str, Any]) -> Iterator[Sequence[int]]:
    """The slots of each prompt of a case, in the order in which they are scored."""
    yield ()
    yield from (candidate["slots"] for candidate in case["candidates"])
    yield from (arm["slots"] for arm in case["arms"].values())


def read_cases(folder: Path) -> list[dict[str, Any]]:
    """The cases of all repositories of a folder, by name; each knows its repository."""
    return [case for file in sorted(folder.glob("*/cases.jsonl")) for case in _cases_in(file)]


def _cases_in(file: Path) -> Iterator[dict[str, Any]]:
    yield from map(json.loads, file.read_text(encoding="utf-8").split("\n")[:-1])


def make_prompts(folder: Path, out: Path) -> None:
    """All prompts of a folder of cases in one file."""
    ids: list[NDArray[np.uint16]] = []
    ends: list[NDArray[np.int64]] = []
    parts: list[list[int]] = []
    n_pieces = n_ids = 0
    for file in sorted(folder.glob("*/cases.jsonl")):
        stored = np.load(file.with_name("pieces.npz"))
        for case in _cases_in(file):
            for slots in slots_of(case):
                numbers = (case["opening"], *slots, case["window"], case["answer"])
                parts.append([n_pieces + number for number in numbers])
        ids.append(stored["ids"])
        ends.append(stored["ends"] + n_ids)
        n_pieces += len(stored["ends"])
        n_ids += len(stored["ids"])
    flat = np.array([number for prompt in parts for number in prompt], np.int32)
    lengths = np.cumsum([len(prompt) for prompt in parts])
    np.savez(out, ids=np.concatenate(ids), piece_ends=np.concatenate(ends), parts=flat, ends=lengths)
    print(f"{len(parts)} prompts, {n_ids} tokens in {n_pieces} pieces")


@torch.inference_mode()
def score(prompts: Prompts, model: Model, newline_ids: frozenset[int], device: str) -> NDArray[np.float32]:
    """(prompts, 2): nats of the answer's first line and of all of it."""
    scores = np.zeros((len(prompts.ends), 2), np.float32)
    batch: list[tuple[int, list[NDArray[np.uint16]]]] = []
    size, started = 0, time.monotonic()
    for number in range(len(prompts.ends)):
        pieces = prompts.pieces(number)
        length = sum(map(len, pieces))
        if size + length > BATCH_TOKENS:
            _score_batch(batch, model, newline_ids, device, scores)
            batch, size = [], 0
        batch.append((number, pieces))
        size += length
        if number % 20_000 == 0:
            print(f"{number} of {len(scores)}, {time.monotonic() - started:.0f} s", flush=True)
    _score_batch(batch, model, newline_ids, device, scores)
    return scores


def _score_batch(
    batch: Sequence[tuple[int, list[NDArray[np.uint16]]]],
    model: Model,
    newline_ids: frozenset[int],
    device: str,
    scores: NDArray[np.float32],
) -> None:
    if not batch:
        return
    texts = [np.concatenate(pieces) for _, pieces in batch]
    lengths = [len(text) for text in texts]
    tokens = torch.from_numpy(np.concatenate(texts).astype(np.int64)).to(device)
    positions = torch.from_numpy(np.concatenate([np.arange(length) for length in lengths])).to(device)
    bounds = torch.tensor([0, *np.cumsum(lengths)], dtype=torch.int32, device=device)
    answers = [(end - len(pieces[-1]), end) for end, (_, pieces) in zip(np.cumsum(lengths), batch, strict=True)]
    places = torch.from_numpy(np.concatenate([np.arange(*answer) for answer in answers])).to(device)
    nats = _nats(model, tokens, Stream(model.cos[positions], model.sin[positions], bounds, max(lengths)), places)
    at = 0
    for number, pieces in batch:
        answer = pieces[-1]
        of_answer = nats[at : at + len(answer)]
        breaks = [place for place, token in enumerate(answer) if int(token) in newline_ids]
        scores[number] = of_answer[: breaks[0] + 1 if breaks else None].sum(), of_answer.sum()
        at += len(answer)


def _nats(model: Model, tokens: Tensor, stream: Stream, places: Tensor) -> NDArray[np.float32]:
    """Of the tokens at these places, each behind all that stands before it."""
    dtype = torch.bfloat16 if tokens.is_cuda else torch.float32
    hidden = F.embedding(tokens, model.embedding).to(dtype)
    for block in model.blocks:
        hidden = block(hidden, stream)
    before = model.norm(hidden[places - 1])
    logits = F.linear(before.float(), model.head.float())
    found: NDArray[np.float32] = F.cross_entropy(logits, tokens[places], reduction="none").cpu().numpy()
    return found


def _newlines(tokenizer: Path) -> frozenset[int]:
    """Tokens that end a line."""
    vocabulary = json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"]
    return frozenset(number for spelling, number in vocabulary.items() if "Ċ" in spelling)


def main() -> None:
    """The command line."""
    if sys.argv[1] == "prompts":
        make_prompts(Path(sys.argv[2]), Path(sys.argv[3]))
        return
    stored = np.load(sys.argv[2])
    folder, out = Path(sys.argv[3]), Path(sys.argv[4])
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = read_exported(folder).to(device).eval()
    prompts = Prompts(*(stored[name] for name in ("ids", "piece_ends", "parts", "ends")))
    np.savez(out, nats=score(prompts, model, _newlines(folder / "tokenizer.json"), device))


if __name__ == "__main__":
    main()
