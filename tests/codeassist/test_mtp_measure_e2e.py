"""Drafting is measured with a real engine and the shipped model."""

from __future__ import annotations

from pathlib import Path

import pytest

import codeassist.server
from codeassist.directories import speculation_file
from codeassist.engine.choose import open_embedded
from codeassist.engine.embedded import EmbeddedEngine
from codeassist.engine.measured import read_choice, write_choices
from codeassist.engine.speculation import NO_DRAFTER, Drafter
from codeassist.models.directory import shipped_model
from codeassist.mtp.cases import draw_cases
from codeassist.mtp.measure import measure
from codeassist.mtp.samples import split_texts
from codeassist.settings import EngineSettings

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SERVER = Path(codeassist.server.__file__).parent
MTP_2, NGRAM_3 = Drafter("mtp", 2), Drafter("ngram", 3)


async def test_the_shipped_models_drafts_are_counted_and_its_text_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    if not (shipped_model() / "config.json").exists():
        pytest.skip("the shipped model is not in this source tree")
    cases = draw_cases(shipped_model(), [text for side in split_texts([SERVER]) for text in side], 3)

    def open_engine(drafter: Drafter) -> EmbeddedEngine:
        settings = EngineSettings(
            kv_cache_gib=0.5, dtype="float32", speculation=drafter.method, speculative_tokens=drafter.n_tokens
        )
        return open_embedded(settings)

    found = await measure(open_engine, [MTP_2, NGRAM_3], cases, 16, print)
    assert found.failed == {}
    assert found.circumstances is not None
    for result in found.results.values():
        plain, mtp, ngram = result.figures
        assert (plain.drafter, plain.accepted, plain.tokens_per_step.value) == (NO_DRAFTER, (), 1.0)
        assert mtp.drafted == 1.0, "a head drafts in every step"
        assert 0.4 < mtp.accepted[0].value <= 1.0, "the head was trained along with the model"
        assert mtp.accepted[1].value <= mtp.accepted[0].value
        assert 1.0 < mtp.tokens_per_step.value <= 3.0
        assert 0.0 <= ngram.drafted <= 1.0
        for drafted in (mtp, ngram):
            assert drafted.agreement.same == drafted.agreement.of, "the text of a float32 model stays"
    assert found.results["completion"].figures[2].drafted < 1.0, "only where the last tokens stood before"
    write_choices(speculation_file(), found.circumstances, {"completion": (NGRAM_3, {})})
    assert read_choice(speculation_file(), found.circumstances, "completion") == NGRAM_3
