"""Drafts are counted as vLLM's scheduler tells them, and travel to the parent process."""

import json
from dataclasses import dataclass

from codeassist.engine.drafts import Drafts, drafts_from_json, drafts_to_json
from codeassist.speculation import Speculation


@dataclass
class Step:
    """As `vllm.v1.spec_decode.metrics.SpecDecodingStats` has it."""

    num_drafts: int
    num_draft_tokens: int
    num_accepted_tokens: int
    num_accepted_tokens_per_pos: list[int]


@dataclass
class Iteration:
    """As `vllm.v1.metrics.stats.IterationStats` has it."""

    inter_token_latencies_iter: list[float]


@dataclass
class Scheduled:
    spec_decoding_stats: Step | None = None


def test_steps_add_up_by_position() -> None:
    drafts = Drafts("ngram")
    drafts.record(Scheduled(Step(1, 2, 2, [1, 1])), Iteration([0.1]), engine_idx=0)
    drafts.record(Scheduled(Step(2, 3, 1, [1, 0, 0])), Iteration([0.1, 0.2]))
    drafts.record(Scheduled(), Iteration([0.1]))
    drafts.record(Scheduled(), None)
    drafts.record(None)
    assert drafts.counted == Speculation(5, 3, "ngram", 3, (2, 1, 0), steps=4)


def test_counts_survive_the_way_to_the_parent() -> None:
    counted = Speculation(5, 3, "ngram", 3, (2, 1, 0), steps=4)
    assert drafts_from_json(json.loads(json.dumps(drafts_to_json(counted)))) == counted
    assert drafts_from_json(json.loads(json.dumps(drafts_to_json(Speculation(method="mtp"))))) == Speculation(
        method="mtp"
    )
