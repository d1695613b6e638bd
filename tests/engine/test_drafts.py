"""Drafts are counted as vLLM's scheduler tells them, and travel to the parent process."""

import json
from dataclasses import dataclass, field

from codeassist.engine.drafts import Drafts, drafts_from_json, drafts_to_json
from codeassist.types import Speculation


@dataclass
class Step:
    """As `vllm.v1.spec_decode.metrics.SpecDecodingStats` has it."""

    num_drafts: int
    num_draft_tokens: int
    num_accepted_tokens: int
    num_accepted_tokens_per_pos: list[int]


@dataclass
class Scheduled:
    spec_decoding_stats: Step | None = None
    kv_cache_usage: float = 0.0
    others: list[int] = field(default_factory=list)


def test_steps_add_up_by_position() -> None:
    drafts = Drafts("ngram")
    drafts.record(Scheduled(Step(1, 2, 2, [1, 1])), None, engine_idx=0)
    drafts.record(Scheduled(Step(2, 3, 1, [1, 0, 0])))
    drafts.record(Scheduled())
    drafts.record(None)
    assert drafts.counted == Speculation(5, 3, "ngram", 3, (2, 1, 0))


def test_counts_survive_the_way_to_the_parent() -> None:
    counted = Speculation(5, 3, "ngram", 3, (2, 1, 0))
    assert drafts_from_json(json.loads(json.dumps(drafts_to_json(counted)))) == counted
    assert drafts_from_json(json.loads(json.dumps(drafts_to_json(Speculation(method="mtp"))))) == Speculation(
        method="mtp"
    )
