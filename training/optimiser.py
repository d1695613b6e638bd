"""Muon for matrices, Adam for everything else, both on one learning-rate schedule.

Muon: momentum, made nearly orthogonal by five Newton-Schulz steps (K. Jordan, "Muon: an optimizer for hidden layers in
neural networks", 2024; coefficients from there). Matrices of one shape are stepped together; experts count one by one.
"""

from __future__ import annotations

from collections import defaultdict

import torch
from torch import Tensor, nn

from training.model import Model

# Rates for steps of so many tokens; they go with the square root of a step's tokens.
BATCH_TOKENS = 262_144
MATRIX_RATE = 0.02
EMBEDDING_RATE = 0.03
HEAD_RATE = 0.004
REST_RATE = 0.003
# What a matrix loses in a step, relative to its rate: long runs end lower with it (Liu et al., "Muon is scalable for
# LLM training", 2025).
MATRIX_DECAY = 0.02
# Share of a run after which rates fall.
DECAY_START = 0.55


def orthogonalise(matrices: Tensor) -> Tensor:
    """(n, rows, columns) with all singular values near 1."""
    x = matrices.bfloat16() if matrices.is_cuda else matrices.float()
    is_tall = x.shape[-2] > x.shape[-1]
    if is_tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(5):
        gram = x @ x.mT
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x.mT if is_tall else x


class Muon:
    """Steps matrices; those with three dimensions are stacks of matrices."""

    def __init__(self, parameters: list[nn.Parameter]) -> None:
        self._groups: dict[tuple[int, ...], list[nn.Parameter]] = defaultdict(list)
        for parameter in parameters:
            self._groups[tuple(parameter.shape)].append(parameter)
        self._momenta = {
            size: torch.zeros(len(group), *size, device=group[0].device) for size, group in self._groups.items()
        }

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self, scale: float, momentum: float) -> None:
        """One step at `scale` times the base rate."""
        for size, group in self._groups.items():
            gradients = torch.stack([parameter.grad for parameter in group if parameter.grad is not None])
            momenta = self._momenta[size]
            momenta.lerp_(gradients, 1 - momentum)
            direction = gradients.lerp(momenta, momentum).view(-1, *size[-2:])
            rate = scale * MATRIX_RATE * max(1.0, size[-2] / size[-1]) ** 0.5
            update = orthogonalise(direction).view(len(group), *size).float()
            torch._foreach_mul_(list(group), 1.0 - scale * MATRIX_RATE * MATRIX_DECAY)
            torch._foreach_add_(list(group), list(update.unbind(0)), alpha=-rate)


class Optimiser:
    """Both optimisers over a model's parameters."""

    def __init__(self, model: Model) -> None:
        single = {id(model.embedding): EMBEDDING_RATE, id(model.head): HEAD_RATE}
        matrices = [
            parameter
            for name, parameter in model.named_parameters()
            if parameter.ndim >= 2 and id(parameter) not in single and not name.endswith("router")
        ]
        known = set(map(id, matrices)) | set(single)
        rest = [parameter for parameter in model.parameters() if id(parameter) not in known]
        self._muon = Muon(matrices)
        groups = [
            {"params": [model.embedding], "rate": EMBEDDING_RATE},
            {"params": [model.head], "rate": HEAD_RATE},
            {"params": rest, "rate": REST_RATE},
        ]
        self._adam = torch.optim.Adam(groups, lr=0.0, betas=(0.9, 0.95), eps=1e-10, fused=model.head.is_cuda)

    def step(self, scale: float, number: int) -> None:
        """Step number `number` at `scale` times the base rates, then forget the gradients."""
        self._muon.step(scale, 0.85 + 0.10 * min(number / 300, 1.0))
        for group in self._adam.param_groups:
            group["lr"] = group["rate"] * scale
        self._adam.step()


def learning_rate(progress: float, number: int) -> float:
    """Warm-up over 60 steps, constant, then linear to zero from `DECAY_START` on."""
    warm = min((number + 1) / 60, 1.0)
    return warm * min(1.0, max(1.0 - progress, 0.0) / (1.0 - DECAY_START))


def batch_scale(n_tokens: int) -> float:
    """What the rates are multiplied with at so many tokens a step: noise in an update goes with their square root."""
    return float((n_tokens / BATCH_TOKENS) ** 0.5)
