"""The end of a prompt scored within one request, for a CPU.

vLLM 0.32 computes the logits of every token of a prompt whose log-probabilities are asked for, and then takes nothing
of that prompt from its KV cache. For a request that says how many of its last tokens are meant (`SCORE_LAST`), only
their logits are computed here, and all that stands before them may come from the cache. Proof:
`test_scores_are_those_of_generated_tokens`, `test_what_stands_before_the_scored_end_comes_from_the_cache`.
"""

from __future__ import annotations

from typing import Any

import torch
from vllm.v1.core.kv_cache_manager import KVCacheManager
from vllm.v1.outputs import LogprobsTensors
from vllm.v1.worker.cpu_model_runner import CPUModelRunner

from codeassist.engine.vllm_scores import SCORE_LAST

_own_blocks = KVCacheManager.get_computed_blocks
_own_logprobs = CPUModelRunner._get_prompt_logprobs_dict


def score_ends_alone() -> None:
    """Replace vLLM's methods, before its processes are forked."""
    KVCacheManager.get_computed_blocks = get_computed_blocks
    CPUModelRunner._get_prompt_logprobs_dict = get_prompt_logprobs


def n_scored(request: Any) -> int:
    """How many of a request's last tokens are to be scored; 0 where that is not said."""
    params = request.sampling_params
    return (params.extra_args or {}).get(SCORE_LAST, 0) if params is not None else 0


def get_computed_blocks(self: KVCacheManager, request: Any) -> tuple[Any, ...]:
    """KVCacheManager.get_computed_blocks: (blocks of the KV cache, tokens in them, ...), none of which are scored. The
    logits of the token before the scored ones are needed, too."""
    blocks, n_cached, *more = _own_blocks(self, request)
    n_last = n_scored(request)
    most = request.num_prompt_tokens - 1 - n_last
    if not n_last or n_cached <= most:
        return blocks, n_cached, *more
    if len(blocks.blocks) > 1:  # layers that keep different parts of a prompt
        return self.empty_kv_cache_blocks, 0, *more
    n_tokens = n_cached // len(blocks.blocks[0])
    kept = blocks.blocks[0][: most // n_tokens]
    return (self.create_kv_cache_blocks((kept,)) if kept else self.empty_kv_cache_blocks), len(kept) * n_tokens, *more


def get_prompt_logprobs(
    self: CPUModelRunner, hidden_states: torch.Tensor, num_scheduled_tokens: dict[str, int]
) -> dict[str, LogprobsTensors | None]:
    """CPUModelRunner._get_prompt_logprobs_dict: by request, once its prompt is computed. hidden_states: (tokens of the
    step, width)."""
    if not self.num_prompt_logprobs:
        return {}
    ours = {name: n_top for name, n_top in self.num_prompt_logprobs.items() if n_scored(self.requests[name])}
    for name in ours:
        del self.num_prompt_logprobs[name]
    found: dict[str, LogprobsTensors | None] = _own_logprobs(self, hidden_states, num_scheduled_tokens)
    for name, n_top in ours.items():
        n_tokens = num_scheduled_tokens.get(name, 0)
        scores = _score(self, name, n_top, hidden_states, n_tokens) if n_tokens else None
        if scores is None:
            self.num_prompt_logprobs[name] = n_top
        else:
            found[name] = scores
    return found


def _score(
    runner: CPUModelRunner, name: str, n_top: int, hidden_states: torch.Tensor, n_tokens: int
) -> LogprobsTensors | None:
    """The scores of a request of whose prompt so many tokens are computed in this step; None where more are to come."""
    request = runner.requests[name]
    prompt, n_computed, n_last = request.prompt_token_ids, request.num_computed_tokens, n_scored(request)
    if request.in_progress_prompt_logprobs_cpu is None:
        request.in_progress_prompt_logprobs_cpu = LogprobsTensors.empty_cpu(n_last, n_top + 1)
    scores = request.in_progress_prompt_logprobs_cpu
    before = len(prompt) - 1 - n_last  # the token whose logits are of the first that is scored
    first, end = max(n_computed, before), min(n_computed + n_tokens, len(prompt) - 1)
    if first < end:
        start = int(runner.query_start_loc.np[runner.input_batch.req_id_to_index[name]]) - n_computed
        logits = runner.model.compute_logits(hidden_states[start + first : start + end])
        targets = torch.tensor(prompt[first + 1 : end + 1])
        tokens, logprobs, ranks, *_ = runner.sampler.gather_logprobs(
            runner.sampler.compute_logprobs(logits), n_top, targets
        )
        rows = slice(first - before, end - before)
        scores.logprob_token_ids[rows], scores.logprobs[rows] = tokens, logprobs
        scores.selected_token_ranks[rows] = ranks
    if n_computed + n_tokens < len(prompt):
        return None
    request.in_progress_prompt_logprobs_cpu = None
    return scores
