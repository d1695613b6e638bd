"""The training of an adapter: steps, looks at files that tell when to stop, resuming.

What is kept on disk is the adapter of the best look, the state to go on from, and a line for each look.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import Tensor

from codeassist.adapt.adapted import Adapted
from codeassist.adapt.rows import Row
from codeassist.errors import ModelError

STATE = "training.pt"
LOG = "log.jsonl"

_BETAS, _DECAY, _CLIP = (0.9, 0.95), 0.01, 1.0
# Rates rise in this share of the training, and fall to that one at the end, along a cosine.
_WARM_UP, _LAST_RATE = 0.05, 0.05
# So many looks are taken in a whole training; after so many that are not better it ends.
_LOOKS, _PATIENCE = 6, 3


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast. steps, seconds: whichever is over first (0 seconds: no limit); rate: the highest.

    rows: of a step. rows_at_once: that fit into memory together. file_weight: of a token around a gap, where one in it
    counts 1.
    """

    steps: int
    seconds: float
    rate: float
    rows: int = 4
    rows_at_once: int = 1
    file_weight: float = 0.2
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Look:
    """Where the training stands. held_out: nats a token of gaps in the files that tell when to stop; loss: weighted, of
    what was learned from since the last look."""

    step: int
    done: float
    loss: float
    held_out: float
    seconds: float
    tokens: int


class Trainer:
    """One training, in one folder, which it may go on from."""

    def __init__(self, adapted: Adapted, tune: Sequence[Row], out: Path, plan: Plan) -> None:
        """tune: rows that tell when to stop. Raises ModelError where the folder's state is of another training."""
        self._adapted, self._tune, self._out, self._plan = adapted, tune, out, plan
        fused = adapted.parameters[0].is_cuda
        self._optimiser = torch.optim.AdamW(
            adapted.parameters, lr=plan.rate, betas=_BETAS, weight_decay=_DECAY, fused=fused
        )
        self.step, self._tokens, self._looks, self._since_best = 0, 0, 0, 0
        self._best, self._before, self._rows_at_once = math.inf, 0.0, plan.rows_at_once
        self._resume()

    def run(self, batches: Iterator[list[Row]], progress: Callable[[Look], None]) -> None:
        """Learn to the end of the plan, or until nothing is gained; the best look's adapter lies in the folder then."""
        begun = time.monotonic()
        if self.step == 0:
            progress(self._look(math.nan, begun))
        losses: list[float] = []
        while not self._is_over():
            losses.append(self._learn(next(batches), begun))
            self.step += 1
            if int(self._done(begun) * _LOOKS) > self._looks:
                look = self._look(sum(losses) / len(losses), begun)
                losses.clear()
                self._looks = int(look.done * _LOOKS)
                self._keep(look)
                progress(look)
        self._adapted.read(self._out)

    def _learn(self, rows: Sequence[Row], begun: float) -> float:
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate(begun)
        # Rows of like length stand together, so that few places are filled up.
        loss = self._gradient(sorted(rows, key=lambda row: len(row.ids)))
        if not math.isfinite(loss):
            raise ModelError("the loss is no longer a number; adapt again with a lower --rate")
        torch.nn.utils.clip_grad_norm_(self._adapted.parameters, _CLIP)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        self._tokens += sum(len(row.ids) for row in rows)
        return loss

    def _gradient(self, rows: Sequence[Row]) -> float:
        """Where so many rows do not fit into the memory together, fewer at a time from then on."""
        try:
            return self._adapted.learn(rows, self._rows_at_once)
        except torch.OutOfMemoryError:
            if self._rows_at_once == 1:
                raise
        self._rows_at_once //= 2
        self._optimiser.zero_grad(set_to_none=True)
        torch.cuda.empty_cache()
        return self._gradient(rows)

    def _look(self, loss: float, begun: float) -> Look:
        held_out = mean_nats(self._adapted.nats, self._tune)
        return Look(self.step, self._done(begun), loss, held_out, self._seconds(begun), self._tokens)

    def _keep(self, look: Look) -> None:
        self._since_best += 1
        if look.held_out < self._best:
            self._best, self._since_best = look.held_out, 0
            self._adapted.save(self._out)
        with (self._out / LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(asdict(look)) + "\n")
        state = {
            "matrices": self._adapted.matrices(), "optimiser": self._optimiser.state_dict(), "step": self.step,
            "best": self._best, "since_best": self._since_best, "looks": self._looks, "tokens": self._tokens,
            "seconds": look.seconds,
        }  # fmt: skip
        torch.save(state, self._out / f".{STATE}")
        (self._out / f".{STATE}").replace(self._out / STATE)

    def _resume(self) -> None:
        file = self._out / STATE
        if not file.exists():
            return
        try:
            state = torch.load(file, map_location="cpu", weights_only=True)
            matrices: dict[str, Tensor] = state["matrices"]
            self._adapted.take(matrices)
            self._optimiser.load_state_dict(state["optimiser"])
            self.step, self._tokens, self._looks = state["step"], state["tokens"], state["looks"]
            self._best, self._since_best, self._before = state["best"], state["since_best"], state["seconds"]
        except (OSError, RuntimeError, ValueError, KeyError, EOFError, UnpicklingError, ModelError) as error:
            raise ModelError(f"{file} cannot be gone on from ({error}); give another --out, or remove it") from None

    def _seconds(self, begun: float) -> float:
        return self._before + time.monotonic() - begun

    def _done(self, begun: float) -> float:
        """From 0 to 1."""
        by_time = self._seconds(begun) / self._plan.seconds if self._plan.seconds else 0.0
        return min(max(self.step / self._plan.steps, by_time), 1.0)

    def _is_over(self) -> bool:
        return self._looks >= _LOOKS or self._since_best >= _PATIENCE

    def _rate(self, begun: float) -> float:
        done = self._done(begun)
        risen = min((done + 1 / self._plan.steps) / _WARM_UP, 1.0)
        fallen = _LAST_RATE + (1 - _LAST_RATE) * 0.5 * (1 + math.cos(math.pi * done))
        return self._plan.rate * risen * fallen


def mean_nats(nats: Callable[[Row], float], rows: Iterable[Row]) -> float:
    """Of a token of these gaps."""
    found = [(nats(row), len(row.ids) - row.n_prompt) for row in rows]
    return sum(lost for lost, _ in found) / sum(n_tokens for _, n_tokens in found)
