"""What codeassist adds to vLLM's newer runner for GPUs, as far as a machine without one can have it."""

import math
from types import SimpleNamespace
from typing import Any

import numpy
import pytest

from codeassist.engine.vllm_arguments import REST, WORKER_EXTENSION
from codeassist.engine.vocabulary import read_vocabulary
from codeassist.models.directory import shipped_model

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore")]

N_SLOTS = 4
TOKENIZER = shipped_model() / "tokenizer.json"
VOCABULARY = read_vocabulary(TOKENIZER)
# Matrices of a model may have more rows than there are tokens.
N_ROWS = 16400


@pytest.fixture
def state() -> Any:
    """The runner's own state of biased logits, with arrays in place of memory that a GPU shares."""
    from vllm.utils.import_utils import resolve_obj_by_qualname
    from vllm.v1.worker.gpu.sample.logit_bias import LogitBiasState

    resolve_obj_by_qualname(WORKER_EXTENSION)().read_spellings(str(TOKENIZER))
    made = object.__new__(LogitBiasState)
    counts = "num_allowed_token_ids", "num_logit_bias", "min_lens", "num_stop_token_ids", "restore_when_all_masked"
    for name in counts:
        setattr(made, name, SimpleNamespace(np=numpy.zeros(N_SLOTS, dtype=numpy.int32)))
    made.prompt_len_np = numpy.zeros(N_SLOTS, dtype=numpy.int32)
    made.use_logit_bias = numpy.zeros(N_SLOTS, dtype=bool)
    return made


def asked(rest: bytes = b"") -> Any:
    from vllm import SamplingParams

    return SamplingParams(max_tokens=1, extra_args={REST: rest.decode("latin-1")} if rest else None)


def allowed(state: Any, slots: list[int]) -> list[list[int]]:
    """The tokens that may be chosen by each row; slots: whose row each is."""
    import torch

    logits = torch.zeros(len(slots), N_ROWS)
    state.apply(logits, SimpleNamespace(expanded_idx_mapping=torch.tensor(slots), idx_mapping_np=numpy.unique(slots)))
    return [[token for token, value in enumerate(row) if math.isfinite(value)] for row in logits.tolist()]


@pytest.mark.parametrize("rest", [b" ", b"s", b"return", b"\xc3", "größe".encode()[:3], b"\n\n\t"])
def test_only_what_spells_the_rest_may_be_chosen(state: Any, rest: bytes) -> None:
    assert not state.add_request(0, asked())
    assert state.add_request(2, asked(rest))
    free, first, second = allowed(state, [0, 2, 2])
    assert len(free) == N_ROWS
    assert first == second == sorted(VOCABULARY.allowed(rest))
    assert 0 < len(first) < N_ROWS


def test_a_blank_begins_more_tokens_than_vllms_lists_may_hold() -> None:
    from vllm.v1.worker.gpu.sample.logit_bias import MAX_NUM_ALLOWED_TOKEN_IDS

    assert len(VOCABULARY.allowed(b" ")) > MAX_NUM_ALLOWED_TOKEN_IDS


def test_a_slot_forgets_its_last_request(state: Any) -> None:
    state.add_request(1, asked(b"se"))
    state.add_request(1, asked())
    assert len(allowed(state, [1])[0]) == N_ROWS


def test_requests_keep_their_rests_apart(state: Any) -> None:
    state.add_request(1, asked(b"se"))
    state.add_request(3, asked(b"_"))
    rows = allowed(state, [3, 1])
    assert [len(row) for row in rows] == [len(VOCABULARY.allowed(rest)) for rest in (b"_", b"se")]
