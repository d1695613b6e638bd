"""Train until a deadline; checkpoints on the way, the last one when time is over.

    python -m training.train CORPUS TOKENIZER.json OUT --held-out CORPUS --deadline SECONDS
    torchrun --nproc-per-node N -m training.train ...      (N GPUs, each with rows of its own)

It may start before the corpus and the weights are there: kernels are compiled meanwhile.

A long training may be done in several runs: `--no-decay` leaves the rates up to the end, and the next run goes on from
the weights with `--weights OUT/final.pt` (or a checkpoint, or an exported model) and another `--seed`. Optimisers begin
anew, behind a warm-up of 60 steps: their state is twice as large as the weights, which may have to travel.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (its usual name)

from training.batches import CONTEXT, MIDDLE, ROW, Rows, stream_rows
from training.export import read_checkpoint, read_exported
from training.model import TINY, Model, Shape
from training.optimiser import DECAY_START, Optimiser, batch_scale, learning_rate
from training.parallel import Processes

MAX_SAMPLES = 512
# Losses of tokens to be completed, which are few, count this much more than context: at first, and while rates decay.
MIDDLE_WEIGHT, LAST_MIDDLE_WEIGHT = 10.0, 24.0
DRAFT_SHARE, LAST_DRAFT_SHARE = 0.3, 0.2
BALANCE_RATE = 2e-3
SEED = 20261122


@dataclass(frozen=True, slots=True)
class Batch:
    """One micro-batch on the device. weights: of the prediction of the next token; draft_weights: of the one after."""

    tokens: Tensor
    positions: Tensor
    bounds: Tensor
    weights: Tensor
    draft_weights: Tensor

    @classmethod
    def of(cls, rows: Rows, device: torch.device, middle_weight: float = MIDDLE_WEIGHT) -> Batch:
        """Rows with a weight for every prediction that stays inside of its sample."""
        importance = np.zeros(3, np.float32)
        importance[[CONTEXT, MIDDLE]] = 1.0, middle_weight
        positions = rows.positions.astype(np.int64)
        value = importance[rows.kinds] * (positions != 0)
        weights, draft = (np.concatenate((value[n:], np.zeros(n, np.float32))) for n in (1, 2))
        draft[:-1] *= positions[1:] != 0
        arrays = (rows.tokens.astype(np.int64), positions, rows.bounds(MAX_SAMPLES), weights, draft)
        return cls(*(torch.from_numpy(array).to(device, non_blocking=True) for array in arrays))


def cross_entropy(hidden: Tensor, head: Tensor, targets: Tensor, weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Weighted sum of the losses, the losses of tokens to be completed alone (summed), the likeliest tokens."""
    logits = F.linear(hidden, head.to(hidden.dtype)).float()
    losses = F.cross_entropy(logits, targets, reduction="none")
    return (losses * weights).sum(), (losses.detach() * (weights > 1.0)).sum(), logits.detach().argmax(-1)


class Trainer:
    """A model and its optimiser. rate: what the optimiser's learning rates are multiplied with."""

    def __init__(
        self,
        shape: Shape,
        device: torch.device,
        *,
        compiled: bool,
        processes: Processes | None = None,
        rate: float = 1.0,
    ) -> None:
        torch.manual_seed(SEED)
        self.rate = rate
        self.device = device
        self.processes = processes or Processes(0, 1, None)
        self.dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
        self.model = Model(shape).to(device)
        self.optimiser = Optimiser(self.model)
        self.loss = cross_entropy
        if compiled:
            for block in [*self.model.blocks, self.model.draft.block]:
                block.compile(fullgraph=True, dynamic=False)
            self.loss = torch.compile(cross_entropy, fullgraph=True, dynamic=False)

    def losses(self, batch: Batch, *, imitate: bool = False) -> tuple[Tensor, Tensor, Tensor]:
        """Weighted sums for the model and the draft layer, and the model's over tokens to be completed.

        imitate: the draft layer learns what the model would say, as acceptance asks for, and not what the text says.
        """
        hidden, draft = self.model(batch.tokens, batch.positions, batch.bounds, self.dtype)
        main, middle, likeliest = self.loss(hidden, self.model.head, batch.tokens.roll(-1, 0), batch.weights)
        targets = likeliest.roll(-1, 0) if imitate else batch.tokens.roll(-2, 0)
        ahead, _, _ = self.loss(draft, self.model.head, targets, batch.draft_weights)
        return main, ahead, middle

    def compile(self, n_rows: int) -> None:
        """Compile the kernels by a step on noise that changes nothing."""
        n_tokens = n_rows * ROW
        noise = np.random.default_rng(SEED).integers(6, self.model.shape.vocabulary, n_tokens).astype(np.uint16)
        positions = (np.arange(n_tokens) % ROW).astype(np.uint16)
        main, ahead, _ = self.losses(Batch.of(Rows(noise, positions, np.ones(n_tokens, np.uint8)), self.device))
        (main + ahead).backward()
        self.model.zero_grad(set_to_none=True)
        for experts in self.model.experts():
            experts.load.zero_()

    def step(self, batches: list[Batch], number: int, progress: float) -> dict[str, float]:
        """One optimiser step over micro-batches; figures for the log, those of this process."""
        is_late = progress >= DECAY_START
        draft_share = LAST_DRAFT_SHARE if is_late else DRAFT_SHARE
        total = sum(batch.weights.sum() for batch in batches)
        draft_total = sum(batch.draft_weights.sum() for batch in batches)
        sums = torch.zeros(3, device=self.device)
        for batch in batches:
            main, ahead, middle = self.losses(batch, imitate=is_late)
            (main / total + draft_share * ahead / draft_total).backward()
            sums += torch.stack((main.detach() / total, ahead.detach() / draft_total, middle))
        n_middle = sum((batch.weights > 1.0).sum() for batch in batches)
        self.processes.average([parameter.grad for parameter in self.model.parameters() if parameter.grad is not None])
        self.processes.add([experts.load for experts in self.model.experts()])
        self.optimiser.step(learning_rate(progress, number) * self.rate, number)
        self.model.zero_grad(set_to_none=True)
        load = self.model.balance(BALANCE_RATE)
        if number % 20:
            return {}
        loss, ahead_loss, middle_sum = sums.tolist()
        middle_loss = middle_sum / max(float(n_middle), 1.0)
        return {"load": float(load), "loss": loss, "draft": ahead_loss, "middle": middle_loss}

    @torch.no_grad()  # type: ignore[untyped-decorator]
    @torch.compiler.set_stance("force_eager")  # type: ignore[untyped-decorator]
    def validate(self, batches: list[Batch]) -> dict[str, float]:
        """Mean losses on held-out repositories: of the context, of tokens to be completed, of the draft layer."""
        self.model.eval()
        sums = torch.zeros(6, dtype=torch.float64)
        for batch in batches:
            main, ahead, middle = (float(value) for value in self.losses(batch))
            n_middle = float((batch.weights > 1.0).sum())
            n_context = float((batch.weights == 1.0).sum())
            n_ahead = float(batch.draft_weights.sum())
            figures = (main - MIDDLE_WEIGHT * middle, n_context, middle, n_middle, ahead, n_ahead)
            sums += torch.tensor(figures, dtype=torch.float64)
        self.model.train()
        context, n_context, middle, n_middle, ahead, n_ahead = sums.tolist()
        return {"val_context": context / n_context, "val_middle": middle / n_middle, "val_draft": ahead / n_ahead}


def save(trainer: Trainer, path: Path) -> None:
    """Write the weights, so that a reader never sees half of them."""
    unfinished = path.with_suffix(".unfinished")
    torch.save({"shape": asdict(trainer.model.shape), "model": trainer.model.state_dict()}, unfinished)
    unfinished.rename(path)


def wait_for(path: Path, options: argparse.Namespace) -> None:
    """Return once a path is there; SystemExit when the deadline comes first."""
    if not path.exists():
        print(f"waiting for {path}", flush=True)
    while not path.exists():
        if time.time() > read_deadline(options):
            raise SystemExit(f"{path} did not come before the deadline")
        time.sleep(0.5)


def start_from(trainer: Trainer, path: Path) -> None:
    """Take over the weights of a checkpoint or an exported directory."""
    start = read_exported(path) if path.is_dir() else read_checkpoint(path)
    trainer.model.load_state_dict(start.state_dict())


def read_deadline(options: argparse.Namespace) -> float:
    """The deadline, which a file `deadline` in the output folder may move while training runs."""
    moved = options.out / "deadline"
    try:
        return float(moved.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return float(options.deadline)


def write_entry(log: Path, entry: dict[str, float]) -> None:
    """Add a line to the log."""
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def run(trainer: Trainer, rows: Iterator[Rows], held_out: list[Batch], options: argparse.Namespace) -> None:
    """The loop: steps until the deadline, which the first process watches for all."""
    processes, leads = trainer.processes, trainer.processes.rank == 0
    rows = chain([next(rows)], rows)  # the clock starts once there is something to learn from
    started, number, n_tokens, saved = time.time(), 0, 0, time.time()
    log = options.out / "log.jsonl"
    if leads and options.weights:
        write_entry(log, {"step": 0, "seconds": 0.0, "tokens": 0, **trainer.validate(held_out)})
    while number < options.steps:
        now = time.time()
        progress = processes.first_says(max(now - started, 0.0) / max(read_deadline(options) - started, 1.0))
        if progress >= 1.0:
            break
        progress = progress if options.decay else 0.0
        weight = LAST_MIDDLE_WEIGHT if progress >= DECAY_START else options.middle_weight
        batches = [Batch.of(next(rows), trainer.device, weight) for _ in range(options.accumulate)]
        figures = trainer.step(batches, number, progress)
        n_tokens += sum(len(batch.tokens) for batch in batches) * processes.count
        is_due = leads and now - saved > options.every
        if is_due or (leads and figures):
            figures |= trainer.validate(held_out) if is_due else {}
            entry = {"step": number, "seconds": round(now - started, 1), "tokens": n_tokens, **figures}
            write_entry(log, entry)
        if is_due:
            save(trainer, options.out / "checkpoint.pt")
            saved = time.time()
        number += 1
    processes.meet()
    if leads:
        entry = {"step": number, "seconds": time.time() - started, "tokens": n_tokens, **trainer.validate(held_out)}
        write_entry(log, entry)
        save(trainer, options.out / "final.pt")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--held-out", type=Path, required=True)
    parser.add_argument("--deadline", type=float, required=True, help="seconds since 1970")
    parser.add_argument("--steps", type=int, default=10**9)
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--accumulate", type=int, default=4)
    parser.add_argument("--workers", type=int, default=13)
    parser.add_argument("--every", type=float, default=150.0, help="seconds between checkpoints")
    parser.add_argument("--weights", type=Path, help="checkpoint or exported model to go on from")
    parser.add_argument("--decay", action=argparse.BooleanOptionalAction, default=True, help="rates fall to zero")
    parser.add_argument("--seed", type=int, default=SEED, help="of the samples")
    parser.add_argument("--rate", type=float, default=1.0, help="multiplies all rates")
    parser.add_argument("--middle-weight", type=float, default=MIDDLE_WEIGHT, help="until rates fall")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--eager", action="store_true")
    options = parser.parse_args()
    if options.middle_weight <= 1.0:
        parser.error("--middle-weight must be above 1: that is how a completion is told from context")
    options.out.mkdir(parents=True, exist_ok=True)
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    processes = Processes.join(device)
    n_workers = max(options.workers // processes.count, 1)
    rows = stream_rows(options.corpus, options.tokenizer, options.rows, n_workers, options.seed + 100 * processes.rank)
    checked = stream_rows(options.held_out, options.tokenizer, options.rows, 1, SEED - 1)
    shape = TINY if options.tiny else Shape()
    rate = options.rate * batch_scale(options.rows * ROW * options.accumulate * processes.count)
    trainer = Trainer(shape, device, compiled=not options.eager, processes=processes, rate=rate)
    trainer.compile(options.rows)
    if options.weights:
        wait_for(options.weights, options)
        start_from(trainer, options.weights)
    held_out = [Batch.of(next(checked), device) for _ in range(2)] if processes.rank == 0 else []
    run(trainer, rows, held_out, options)
    processes.meet()
    os._exit(0)  # producers never end by themselves


if __name__ == "__main__":
    main()
