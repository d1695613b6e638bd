"""What drafts follows from the settings, the model, the machine and what was measured."""

from pathlib import Path

import pytest

from codeassist.engine.speculation import (
    NO_DRAFTER,
    Drafter,
    choose_drafter,
    may_use_head,
    require_drafting,
    speculative_config,
)
from codeassist.errors import ConfigError

MTP_2, NGRAM_4 = Drafter("mtp", 2), Drafter("ngram", 4)


@pytest.mark.parametrize(
    ("asked", "n_tokens", "layers", "on_cpu", "measured", "expected"),
    [
        # Nothing was measured: the head on a GPU.
        ("auto", -1, 1, False, None, Drafter("mtp", 1)),
        ("auto", -1, 1, True, None, NO_DRAFTER),
        ("auto", -1, 0, False, None, NO_DRAFTER),
        ("auto", 2, 1, True, None, MTP_2),
        ("auto", 2, 0, False, None, NO_DRAFTER),
        # What was measured decides what the settings leave open.
        ("auto", -1, 1, False, NGRAM_4, NGRAM_4),
        ("auto", -1, 1, False, NO_DRAFTER, NO_DRAFTER),
        ("auto", -1, 1, True, MTP_2, MTP_2),
        ("auto", -1, 0, False, MTP_2, NO_DRAFTER),
        ("auto", 3, 1, False, NGRAM_4, Drafter("ngram", 3)),
        ("auto", 3, 1, False, NO_DRAFTER, Drafter("mtp", 3)),
        ("mtp", -1, 1, True, MTP_2, MTP_2),
        ("mtp", -1, 1, True, NGRAM_4, Drafter("mtp", 1)),
        ("ngram", -1, 0, True, NGRAM_4, NGRAM_4),
        # The settings decide whatever they say.
        ("none", 2, 1, False, MTP_2, NO_DRAFTER),
        ("ngram", 0, 1, False, NGRAM_4, NO_DRAFTER),
        ("auto", 0, 1, False, MTP_2, NO_DRAFTER),
        ("ngram", 2, 1, False, MTP_2, Drafter("ngram", 2)),
        ("suffix", 8, 0, True, None, Drafter("suffix", 8)),
    ],
)
def test_what_drafts(
    asked: str, n_tokens: int, layers: int, on_cpu: bool, measured: Drafter | None, expected: Drafter
) -> None:
    assert choose_drafter(asked, n_tokens, layers, on_cpu=on_cpu, measured=measured) == expected


@pytest.mark.parametrize("method", ["ngram", "suffix"])
def test_a_method_that_is_asked_for_drafts_something(method: str) -> None:
    assert choose_drafter(method, -1, 0, on_cpu=True).n_tokens > 0


def test_vllm_is_told_how_long_a_run_of_tokens_must_be() -> None:
    told = speculative_config(NGRAM_4)
    assert told is not None
    assert 1 <= told.pop("prompt_lookup_min") <= told.pop("prompt_lookup_max")
    assert told == {"method": "ngram", "num_speculative_tokens": 4}
    assert speculative_config(MTP_2) == {"method": "mtp", "num_speculative_tokens": 2}
    assert speculative_config(NO_DRAFTER) is None


@pytest.mark.parametrize(
    ("asked", "n_tokens", "layers", "has_suffix", "complaint"),
    [
        ("mtp", -1, 0, True, r"/models/coder has no head.*codeassist mtp train.*codeassist mtp attach"),
        ("mtp", 3, 2, True, "drafts 2 tokens at a time"),
        ("suffix", -1, 1, False, "pip install arctic-inference"),
    ],
)
def test_what_cannot_be_had_is_told_with_a_remedy(
    asked: str, n_tokens: int, layers: int, has_suffix: bool, complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint):
        require_drafting(asked, n_tokens, layers, Path("/models/coder"), has_suffix=has_suffix)


@pytest.mark.parametrize(
    ("asked", "n_tokens", "layers", "has_suffix"),
    [
        ("auto", -1, 0, False),
        ("mtp", 2, 1, False),
        ("mtp", 4, 2, False),
        ("mtp", 0, 0, False),
        ("suffix", -1, 0, True),
        ("ngram", -1, 0, False),
    ],
)
def test_what_can_be_had_is_not_refused(asked: str, n_tokens: int, layers: int, has_suffix: bool) -> None:
    require_drafting(asked, n_tokens, layers, Path("/models/coder"), has_suffix=has_suffix)


def test_a_head_that_nobody_asks_is_not_needed() -> None:
    assert may_use_head("auto", -1)
    assert may_use_head("mtp", 2)
    assert not may_use_head("mtp", 0)
    assert not may_use_head("ngram", 2)
    assert not may_use_head("none", -1)
