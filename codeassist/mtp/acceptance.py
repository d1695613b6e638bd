"""How often a base would take what a layer drafts, on completions in given texts: a number to compare layers by.

Counted with the text's own tokens before each draft; `codeassist mtp measure` counts what really happens in the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch

from codeassist.mtp.base import Base
from codeassist.mtp.layer import MtpLayer
from codeassist.mtp.samples import Sampler, Text


@dataclass(frozen=True, slots=True)
class Acceptance:
    """taken of drafted tokens; rows: the same for each row, for intervals."""

    taken: int
    drafted: int
    rows: tuple[tuple[int, int], ...]

    @property
    def rate(self) -> float:
        """The share that the base takes."""
        return self.taken / max(self.drafted, 1)


@torch.no_grad()  # type: ignore[untyped-decorator]
def measure_acceptance(
    base: Base, layer: MtpLayer, model: Path, texts: Sequence[Text], *, n_rows: int, length: int, seed: int = 0
) -> Acceptance:
    """Greedy acceptance of the first draft, on the tokens of completions alone."""
    rows: list[tuple[int, int]] = []
    for row in islice(Sampler(model, texts, length, seed).rows(), n_rows):
        ids = torch.tensor([row.ids], device=base.device)
        states = base.states(ids)
        drafted = layer(states[:, :-1].float(), base.decoder.embed_tokens(ids[:, 1:]).float()).to(states.dtype)
        is_taken = (base.logits(drafted).argmax(-1) == base.logits(states[:, 1:]).argmax(-1))[0, :-1]
        says = torch.tensor(row.is_middle[2:], device=base.device)
        rows.append((int((is_taken & says).sum()), int(says.sum())))
    return Acceptance(sum(taken for taken, _ in rows), sum(drafted for _, drafted in rows), tuple(rows))
