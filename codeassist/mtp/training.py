"""The training of an MTP layer against what its base says: batches, held-out acceptance, resuming, early stop.

The layer learns the base's own distribution of the token after the next, not the text's: it is right when the base
agrees with it. Nothing but the layer is kept on disk: states are computed, learned from and dropped.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (its usual name)

from codeassist.errors import ModelError
from codeassist.mtp.attach import LAYER
from codeassist.mtp.base import Base
from codeassist.mtp.checkpoint import write_json
from codeassist.mtp.layer import MtpLayer, save_layer
from codeassist.mtp.loader import Batch, Loader, Plan, batches
from codeassist.mtp.samples import Sampler, Text

STATE = "training.pt"
LOG = "log.jsonl"
RESULT = "result.json"

# AdamW. A layer that starts as a copy takes smaller steps than one that starts from noise.
_RATE, _BETAS, _DECAY, _CLIP = 1e-3, (0.9, 0.95), 0.01, 1.0
# Rates rise over so many steps, and fall to this share at the end, along a cosine.
_WARM_UP, _LAST_RATE = 50, 0.02
# What a completion has to say counts so many times as much as its context.
_MIDDLE_WEIGHT = 8.0
# The best acceptance so far has to be beaten by this, in so many looks, or the training ends.
_LEAST_GAIN, _PATIENCE = 0.0005, 20


@dataclass(frozen=True, slots=True)
class Look:
    """Where the training stands. acceptance: share of the tokens of completions that the base would take; loss: nats
    per token, against the base's distribution."""

    step: int
    loss: float
    held_out_loss: float
    acceptance: float
    seconds: float
    tokens: int


Progress = Callable[[Look], None]


class Trainer:
    """One training, in one folder, which it may go on from."""

    def __init__(
        self, model: Path, train: list[Text], held_out: list[Text], out: Path, plan: Plan, device: str
    ) -> None:
        """Loads the base. Raises ModelError."""
        self._plan, self._out, self._model = plan, out, model
        self._base = Base(model, device)
        if plan.length > int(self._base.config.max_position_embeddings):
            raise ModelError(f"rows of {plan.length} tokens exceed the model's context; give a smaller --length")
        torch.manual_seed(plan.seed)
        torch.set_float32_matmul_precision("high")
        self._layer = MtpLayer(self._base)
        fused = device.startswith("cuda")
        self._optimiser = torch.optim.AdamW(
            self._layer.parameters(), lr=_RATE, betas=_BETAS, weight_decay=_DECAY, fused=fused
        )
        self._step, self._best, self._since_best, self._tokens = 0, -1.0, 0, 0
        self._seconds_before = 0.0
        sampler = Sampler(model, held_out, plan.length, seed=0)
        self._held_out = [self._tensors(rows) for rows in batches(sampler, plan.rows, plan.held_out_rows)]
        self._train = train
        out.mkdir(parents=True, exist_ok=True)
        self._resume()

    def run(self, progress: Progress) -> Look:
        """Train to the end of the plan, or until nothing is gained; the best look, whose layer is mtp.safetensors."""
        begun, plan = time.monotonic(), self._plan
        look = self._look(math.nan, begun)
        progress(look)
        with Loader(self._model, self._train, plan, self._step) as drawn:
            losses: list[float] = []
            while not self._is_over(begun):
                losses.append(self._learn(*self._tensors(next(drawn)), self._rate(begun)))
                self._step += 1
                if self._step % plan.look_every == 0 or self._is_over(begun):
                    look = self._look(sum(losses) / len(losses), begun)
                    losses.clear()
                    progress(look)
                    self._keep(look, begun)
        return self._finish(look)

    def _tensors(self, rows: Batch) -> tuple[Tensor, Tensor]:
        """Ids and weights of a batch. Weight 0: nothing is known of the token after the next."""
        ids = torch.tensor([row[0] for row in rows], device=self._base.device)
        is_middle = torch.tensor([row[1] for row in rows], device=self._base.device)
        return ids, is_middle

    def _learn(self, ids: Tensor, is_middle: Tensor, rate: float) -> float:
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        loss, _ = self._losses(ids, is_middle)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._layer.parameters(), _CLIP)
        self._optimiser.step()
        self._tokens += ids.numel()
        return float(loss.detach())

    def _losses(self, ids: Tensor, is_middle: Tensor) -> tuple[Tensor, Tensor]:
        """The weighted loss, and for each token whether the base would take what the layer says.

        At t the layer sees state t and token t+1, and says token t+2, as the base does with state t+1.
        """
        states = self._base.states(ids)
        following = self._base.decoder.embed_tokens(ids[:, 1:])
        with torch.autocast(self._device_type, dtype=torch.bfloat16, enabled=self._device_type == "cuda"):
            drafted = self._layer(states[:, :-1], following)
            said = self._base.logits(drafted.to(states.dtype))
        wanted = self._base.logits(states[:, 1:])
        weights = 1.0 + (_MIDDLE_WEIGHT - 1.0) * _says_middle(is_middle)
        losses = F.cross_entropy(said.flatten(0, 1).float(), wanted.flatten(0, 1).float().softmax(-1), reduction="none")
        loss = (losses.view_as(weights) * weights).sum() / weights.sum()
        return loss, said.argmax(-1) == wanted.argmax(-1)

    @property
    def _device_type(self) -> str:
        return self._base.device.split(":")[0]

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _look(self, loss: float, begun: float) -> Look:
        hits, n_middle, losses = 0, 0, []
        for ids, is_middle in self._held_out:
            found, is_taken = self._losses(ids, is_middle)
            says = _says_middle(is_middle).bool()
            hits, n_middle = hits + int((is_taken & says).sum()), n_middle + int(says.sum())
            losses.append(float(found))
        mean = sum(losses) / len(losses)
        return Look(self._step, loss, mean, hits / max(n_middle, 1), self._seconds(begun), self._tokens)

    def _keep(self, look: Look, begun: float) -> None:
        if look.acceptance > self._best + _LEAST_GAIN:
            self._best, self._since_best = look.acceptance, 0
            save_layer(self._out / LAYER, self._layer, self._base.config, torch.bfloat16)
            write_json(self._out / RESULT, asdict(look))
        else:
            self._since_best += 1
        with (self._out / LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(asdict(look)) + "\n")
        state = {
            "layer": self._layer.state_dict(), "optimiser": self._optimiser.state_dict(), "step": self._step,
            "best": self._best, "since_best": self._since_best, "tokens": self._tokens, "seconds": self._seconds(begun),
        }  # fmt: skip
        torch.save(state, self._out / f".{STATE}")
        (self._out / f".{STATE}").replace(self._out / STATE)

    def _finish(self, look: Look) -> Look:
        if not (self._out / RESULT).exists():
            save_layer(self._out / LAYER, self._layer, self._base.config, torch.bfloat16)
            write_json(self._out / RESULT, asdict(look))
        return Look(**json.loads((self._out / RESULT).read_text(encoding="utf-8")))

    def _resume(self) -> None:
        file = self._out / STATE
        if not file.exists():
            return
        try:
            state = torch.load(file, map_location=self._base.device, weights_only=True)
            self._layer.load_state_dict(state["layer"])
            self._optimiser.load_state_dict(state["optimiser"])
        except (OSError, RuntimeError, ValueError, KeyError, EOFError, UnpicklingError) as error:
            raise ModelError(f"{file} cannot be gone on from ({error}); give another --out, or remove it") from None
        self._step, self._best, self._since_best = state["step"], state["best"], state["since_best"]
        self._tokens, self._seconds_before = state["tokens"], state["seconds"]

    def _seconds(self, begun: float) -> float:
        return self._seconds_before + time.monotonic() - begun

    def _is_over(self, begun: float) -> bool:
        is_late = bool(self._plan.seconds) and time.monotonic() - begun >= self._plan.seconds
        return is_late or self._step >= self._plan.steps or self._since_best >= _PATIENCE

    def _rate(self, begun: float) -> float:
        done = self._step / self._plan.steps
        if self._plan.seconds:
            done = max(done, min((time.monotonic() - begun) / self._plan.seconds, 1.0))
        fallen = _LAST_RATE + (1 - _LAST_RATE) * 0.5 * (1 + math.cos(math.pi * done))
        return _RATE * min((self._step + 1) / _WARM_UP, 1.0) * fallen


def _says_middle(is_middle: Tensor) -> Tensor:
    """1.0 at t where the token after the next belongs to a completion, as said at (t+1) by the base: (rows, length-1).

    The last one is said of a token that the row does not hold; it counts as the one before it.
    """
    return torch.cat((is_middle[:, 2:], is_middle[:, -1:]), dim=1).float()
