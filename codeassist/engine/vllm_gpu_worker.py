"""Forced prefixes in vLLM's newer runner for GPUs, which vLLM 0.26 gives no hooks in the choice of tokens.

vLLM imports this in each of its workers, in whatever way they were started (`worker_extension_cls`); with it, the
runner's own state of biased logits also rules out what does not spell a given text. vLLM's own way, a list of the
allowed tokens, is slow where many may come next (a blank begins a great part of a vocabulary: 109 ms to the first token
in place of 29, bench/results/gpu_forced_list.json and gpu_forced.json), and the engine dies of more than 1,024
(`v1/worker/gpu/sample/logit_bias.py`). Proof: `test_only_what_spells_the_rest_may_be_chosen`, and on a
GPU the forced blank of `python -m bench.gpu measure`.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from vllm.v1.worker.gpu.sample.logit_bias import LogitBiasState

from codeassist.engine.vllm_arguments import REST
from codeassist.engine.vocabulary import Vocabulary, read_vocabulary

# Masks that are kept; each has a byte for each token of the vocabulary.
_MASKS = 256

_vocabularies: list[Vocabulary] = []


class SpellingWorker:
    """Added to vLLM's worker."""

    def read_spellings(self, tokenizer: str) -> None:
        """How the model's tokens are spelled, by the path of its tokenizer.json; before any forced prefix."""
        _vocabularies[:] = [read_vocabulary(Path(tokenizer))]
        _barred.cache_clear()


def spell_in_workers() -> None:
    """Let the runner follow `REST`. Raises AttributeError where vLLM is laid out in another way."""
    add = LogitBiasState.add_request
    name = "apply" if hasattr(LogitBiasState, "apply") else "apply_logit_bias"
    bias = getattr(LogitBiasState, name)

    def add_request(self: LogitBiasState, slot: int, *more: Any) -> Any:
        """more: (its prompt's length,) its SamplingParams. Returns whether its rows are to be changed."""
        rest = (more[-1].extra_args or {}).get(REST)
        _rests(self).pop(slot, None)
        if rest:
            _rests(self)[slot] = rest.encode("latin-1")
        return add(self, slot, *more) or bool(rest)

    def apply(self: LogitBiasState, logits: torch.Tensor, *more: Any) -> Any:
        """logits: (rows, vocabulary), changed in place. more: a LogitsContext, or its fields: whose row each is, the
        requests on the host, positions."""
        slots, requests = more[:2] if len(more) > 1 else (more[0].expanded_idx_mapping, more[0].idx_mapping_np)
        rests = _rests(self)
        for slot in {int(slot) for slot in requests} & rests.keys():
            barred = _barred(rests[slot], logits.shape[-1], logits.device)
            logits.masked_fill_((slots == slot)[:, None] & barred, float("-inf"))
        return bias(self, logits, *more)

    LogitBiasState.add_request = add_request
    setattr(LogitBiasState, name, apply)


def _rests(state: LogitBiasState) -> dict[int, bytes]:
    """By the slot of a request, of those that have any."""
    found: dict[int, bytes] = state.__dict__.setdefault("codeassist_rests", {})
    return found


@lru_cache(_MASKS)
def _barred(rest: bytes, n_vocabulary: int, device: torch.device) -> torch.Tensor:
    """(vocabulary,): true for each token that may not come next."""
    allowed = torch.tensor(_vocabularies[0].allowed(rest), device=device)
    return torch.ones(n_vocabulary, dtype=torch.bool, device=device).index_fill_(0, allowed, False)


spell_in_workers()
