"""What vLLM's newer runner for GPUs cannot do and we need. vLLM imports this in each of its workers, in whatever way
they were started (`worker_extension_cls`); to import it is to repair.

Without our hook in the choice of tokens, each token of a forced prefix is chosen among `allowed_token_ids`
(`vllm_adapter.py`): all that begin with a blank, say, a third of a vocabulary. vLLM 0.26 to 0.32 keeps room for 1,024,
and its engine dies of a request with more (`v1/worker/gpu/sample/logit_bias.py`). Proof:
`test_more_tokens_may_be_allowed_than_the_runner_has_room_for`, and on a GPU `python -m bench.gpu measure`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from vllm.v1.worker.gpu.sample import logit_bias
from vllm.v1.worker.gpu.sample.logit_bias import LogitBiasState


class Repaired:
    """Added to vLLM's worker; has nothing of its own."""


# As vLLM finds it.
EXTENSION = f"{Repaired.__module__}.{Repaired.__name__}"


def rule_out(logits: torch.Tensor, slots: torch.Tensor, barred: Mapping[int, torch.Tensor]) -> None:
    """Rule tokens out of some requests' rows, in place.

    logits: (rows, vocabulary); slots: (rows,), whose row each is; barred: by slot (vocabulary,), true for what may not
    be chosen.
    """
    for slot, tokens in barred.items():
        logits.masked_fill_((slots == slot)[:, None] & tokens, float("-inf"))


def allow_many_tokens() -> None:
    """Let requests allow more tokens than the runner has room for. Raises AttributeError where vLLM is laid out in
    another way."""
    room = logit_bias.MAX_NUM_ALLOWED_TOKEN_IDS
    add = LogitBiasState.add_request
    name = "apply" if hasattr(LogitBiasState, "apply") else "apply_logit_bias"
    bias = getattr(LogitBiasState, name)

    def add_request(self: LogitBiasState, slot: int, *more: Any) -> Any:
        """more: (its prompt's length,) its SamplingParams. Returns whether its rows are to be changed."""
        params = more[-1]
        many = _many(self)
        many.pop(slot, None)
        if len(params.allowed_token_ids or ()) <= room:
            return add(self, slot, *more)
        many[slot] = torch.tensor(params.allowed_token_ids)
        others = copy.copy(params)
        others.allowed_token_ids = None
        add(self, slot, *more[:-1], others)
        return True

    def apply(self: LogitBiasState, logits: torch.Tensor, *more: Any) -> Any:
        """more: a LogitsContext, or its fields: slots of the rows, slots of the requests on the host, positions."""
        slots, of_requests = more[:2] if len(more) > 1 else (more[0].expanded_idx_mapping, more[0].idx_mapping_np)
        many = _many(self)
        for slot in {int(slot) for slot in of_requests} & many.keys():
            if many[slot].dtype != torch.bool:
                many[slot] = _all_but(many[slot].to(logits.device), logits.shape[-1])
            rule_out(logits, slots, {slot: many[slot]})
        return bias(self, logits, *more)

    LogitBiasState.add_request = add_request
    setattr(LogitBiasState, name, apply)


def _many(state: LogitBiasState) -> dict[int, torch.Tensor]:
    """By slot: the allowed tokens as they came, or, once they were needed, which tokens may not be chosen."""
    found: dict[int, torch.Tensor] = state.__dict__.setdefault("codeassist_many_allowed", {})
    return found


def _all_but(tokens: torch.Tensor, n_vocabulary: int) -> torch.Tensor:
    return torch.ones(n_vocabulary, dtype=torch.bool, device=tokens.device).index_fill_(0, tokens, False)


allow_many_tokens()
