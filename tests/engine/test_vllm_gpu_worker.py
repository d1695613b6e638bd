"""vLLM's newer runner for GPUs, as far as a machine without one can have it."""

import math
from types import SimpleNamespace
from typing import Any

import numpy
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore")]

N_SLOTS, N_VOCABULARY = 4, 3000


@pytest.fixture
def state() -> Any:
    """The runner's own state of biased logits, with arrays in place of memory that a GPU shares."""
    from vllm.v1.worker.gpu.sample.logit_bias import LogitBiasState

    import codeassist.engine.vllm_gpu_worker  # noqa: F401

    made = object.__new__(LogitBiasState)
    counts = "num_allowed_token_ids", "num_logit_bias", "min_lens", "num_stop_token_ids", "restore_when_all_masked"
    for name in counts:
        setattr(made, name, SimpleNamespace(np=numpy.zeros(N_SLOTS, dtype=numpy.int32)))
    made.allowed_token_ids = SimpleNamespace(stage_write=lambda slot, at, ids: None)
    made.prompt_len_np = numpy.zeros(N_SLOTS, dtype=numpy.int32)
    made.use_logit_bias = numpy.zeros(N_SLOTS, dtype=bool)
    return made


def asked(allowed: list[int] | None) -> Any:
    from vllm import SamplingParams

    return SamplingParams(max_tokens=1, allowed_token_ids=allowed)


def chosen(state: Any, slots: list[int], of_requests: list[int]) -> list[int]:
    """The likeliest token of each row, where each token is likelier than the one before it."""
    import torch

    logits = torch.arange(N_VOCABULARY, dtype=torch.float32).repeat(len(slots), 1)
    context = SimpleNamespace(expanded_idx_mapping=torch.tensor(slots), idx_mapping_np=numpy.array(of_requests))
    state.apply(logits, context)
    assert all(math.isfinite(value) for value in logits.amax(dim=-1).tolist())
    return [int(token) for token in logits.argmax(dim=-1)]


def test_more_tokens_may_be_allowed_than_the_runner_has_room_for(state: Any) -> None:
    state.add_request(0, asked(None))
    state.add_request(2, asked(list(range(5, 2000))))
    last = N_VOCABULARY - 1
    assert chosen(state, [0, 0, 2], [0, 2]) == [last, last, 1999]
    assert chosen(state, [2, 0], [2, 0]) == [1999, last]
    assert chosen(state, [0], [0]) == [last]


def test_a_slot_forgets_what_its_last_request_allowed(state: Any) -> None:
    state.add_request(1, asked(list(range(1500))))
    assert chosen(state, [1], [1]) == [1499]
    state.add_request(1, asked(None))
    assert chosen(state, [1], [1]) == [N_VOCABULARY - 1]


def test_few_allowed_tokens_are_left_to_the_runner(state: Any) -> None:
    state.add_request(3, asked([7, 8]))
    assert state.num_allowed_token_ids.np[3] == 2
    assert state.use_logit_bias[3]
    params = asked(list(range(1500)))
    state.add_request(3, params)
    assert state.num_allowed_token_ids.np[3] == 0
    assert len(params.allowed_token_ids) == 1500
