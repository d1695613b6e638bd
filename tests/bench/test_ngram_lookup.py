"""The simulation drafts as vLLM's proposer does."""

from __future__ import annotations

import pytest

from bench.ngram_lookup import proposed, simulate

TEXT = (1, 2, 3, 4, 9, 2, 3, 5, 1, 2, 3)


@pytest.mark.parametrize(
    ("shortest", "longest", "n_tokens", "expected"),
    [
        (1, 3, 2, (4, 9)),
        (2, 2, 2, (4, 9)),
        (4, 6, 2, ()),
        (1, 1, 9, (4, 9, 2, 3, 5, 1, 2, 3)),
    ],
)
def test_the_longest_run_counts_and_what_followed_it_first(
    shortest: int, longest: int, n_tokens: int, expected: tuple[int, ...]
) -> None:
    assert proposed(TEXT, shortest, longest, n_tokens) == expected


def test_a_draft_that_fits_saves_steps() -> None:
    found = simulate([(TEXT, (4, 9, 2, 3, 7))], 2, 3, 3)
    # Behind 4: "3 4" was followed by 9 2 3, all kept, and 7 comes with that step.
    assert (found.drafted_steps, found.kept, found.tokens_per_step) == (1.0, 1.0, 4.0)
    assert simulate([((1, 2), (3, 4, 5))], 2, 3, 3).tokens_per_step == 1.0
