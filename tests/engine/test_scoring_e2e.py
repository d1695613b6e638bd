"""The end of a prompt is scored by a real vLLM, as the model itself would."""

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asking import ask, read
from scored_prompts import NEAR, as_generated, encode, logprobs

from codeassist.engine.embedded import EmbeddedEngine
from codeassist.engine.limits import MOST_SCORED
from codeassist.engine.scoring import score
from codeassist.engine.vllm_arguments import CPU_BLOCK_TOKENS, CPU_REQUESTS, CPU_STEP_TOKENS
from codeassist.errors import RequestRejected
from codeassist.types import Priority

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

HERE = Path(__file__).parent
CODE = (HERE.parents[1] / "codeassist" / "engine" / "wire.py").read_text(encoding="utf-8")


@pytest.fixture
def adapter(first_adapter: Path) -> Path:
    return first_adapter


@pytest.fixture
def engine(adaptable_engine: EmbeddedEngine) -> EmbeddedEngine:
    return adaptable_engine


def run(script: Path, *arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, str(script), *arguments], capture_output=True, text=True, timeout=280, check=False
    )
    results = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    assert results, done.stderr[-3000:]
    return json.loads(results[0].removeprefix("RESULT "))


async def test_scores_are_those_of_generated_tokens(engine: EmbeddedEngine, real_model: Path, adapter: Path) -> None:
    for n_tokens in (40, CPU_STEP_TOKENS + 200):
        await as_generated(engine, encode(real_model, CODE)[:n_tokens])
        await as_generated(engine, encode(real_model, CODE)[:n_tokens], adapter=str(adapter))


async def test_an_adapter_has_scores_of_its_own(engine: EmbeddedEngine, real_model: Path, adapter: Path) -> None:
    prompt = encode(real_model, CODE)[:300]
    alone = [await score(engine, prompt, 40, adapter=folder) for folder in ("", str(adapter))]
    together = await asyncio.gather(*(score(engine, prompt, 40, adapter=folder) for folder in ("", str(adapter))))
    for one, other in zip(alone, together, strict=True):
        assert logprobs(one) == pytest.approx(logprobs(other), abs=NEAR)
    assert logprobs(alone[0]) != pytest.approx(logprobs(alone[1]), abs=NEAR)


async def test_scores_are_those_of_the_published_model(engine: EmbeddedEngine, real_model: Path) -> None:
    prompt = encode(real_model, CODE)[:900]
    scripts = HERE.parent / "training" / "transformers_logprobs.py"
    (expected,) = await asyncio.to_thread(run, scripts, str(real_model), json.dumps([prompt]))
    for n_last in (1, 50, len(prompt) - 1):
        assert logprobs(await score(engine, prompt, n_last)) == pytest.approx(expected[-n_last:], abs=2 * NEAR)


async def test_what_stands_before_the_scored_end_comes_from_the_cache(engine: EmbeddedEngine, real_model: Path) -> None:
    prompt = encode(real_model, "# seen for the first time\n" + CODE)[:700]
    request = ask(prompt=prompt, max_tokens=1, score_last=30, priority=Priority.REVIEW)
    (first,), (again,) = await read(engine, request), await read(engine, request)
    (other,) = await read(engine, replace(request, prompt=(*prompt[:-30], *prompt[:30])))
    assert first.usage.prompt_tokens == again.usage.prompt_tokens == 700
    assert first.usage.cached_tokens < CPU_BLOCK_TOKENS
    assert again.usage.cached_tokens == other.usage.cached_tokens == 669 // CPU_BLOCK_TOKENS * CPU_BLOCK_TOKENS
    assert logprobs(first.scored) == pytest.approx(logprobs(again.scored), abs=NEAR)
    whole = await score(engine, prompt, 699)
    assert logprobs(whole[-30:]) == pytest.approx(logprobs(first.scored), abs=NEAR)


async def test_texts_are_those_of_the_prompt_to_the_byte(engine: EmbeddedEngine, real_model: Path) -> None:
    text = "größe = '😀漢' # \u2028 é\n\n\n\tx\r\n"
    prompt = encode(real_model, "x = 1\n" + text)
    n_tokens = len(encode(real_model, text)) - 1
    assert "".join(token.text for token in await score(engine, prompt, n_tokens)) == text
    for n_last in range(1, n_tokens):
        tokens = await score(engine, prompt, n_last)
        end = "".join(token.text for token in tokens)
        assert text.endswith(end)
        assert "\ufffd" not in end


async def test_many_are_scored_beside_completions(engine: EmbeddedEngine, real_model: Path) -> None:
    ids = encode(real_model, CODE)
    prompts = [ids[n : n + 300] for n in range(2 * CPU_REQUESTS)]
    alone = [await score(engine, prompt, 20, n % 4) for n, prompt in enumerate(prompts)]
    asked = (score(engine, prompt, 20, n % 4) for n, prompt in enumerate(prompts))
    answers = (read(engine, ask(str(n), prompt=ids[: 50 * n + 50], logprobs=True)) for n in range(4))
    *together, _, _, _, _ = await asyncio.gather(*asked, *answers)
    for n, (one, other) in enumerate(zip(alone, together, strict=True)):
        assert logprobs(one) == pytest.approx(logprobs(other), abs=NEAR)  # type: ignore[arg-type]
        assert {len(token.top) for token in one} == {n % 4}


async def test_scores_that_nobody_waits_for_are_aborted(engine: EmbeddedEngine, real_model: Path) -> None:
    """Each would take a second or more; as many as would take a minute are left at once."""
    ids = encode(real_model, CODE * 3)
    for n in range(8 * CPU_REQUESTS):
        scoring = asyncio.create_task(score(engine, (n + 300, *ids[:3000]), MOST_SCORED, 20))
        await asyncio.sleep(0.02)
        scoring.cancel()
        await asyncio.gather(scoring, return_exceptions=True)
    async with asyncio.timeout(20):
        assert len(await score(engine, ids[:100], 10, priority=Priority.INDEX)) == 10
    assert engine.status.restarts == 0


async def test_what_vllm_refuses_harms_nobody(engine: EmbeddedEngine, real_model: Path) -> None:
    prompt = encode(real_model, CODE)
    for refused, told in (
        ({"prompt": (*prompt[:9], 10**7)}, "token id beyond"),
        ({"top_logprobs": 1000}, "vLLM refuses"),
        ({"prompt": prompt * 9}, "shorten the prompt"),
    ):
        with pytest.raises(RequestRejected, match=told):
            await read(engine, replace(ask(prompt=prompt[:10], max_tokens=1, score_last=5), **refused))
    assert len(await score(engine, prompt[:10], 5)) == 5


async def test_a_vllm_that_nothing_was_put_right_in_scores_the_same(engine: EmbeddedEngine, real_model: Path) -> None:
    """Anew, with the end in the cache, with another end, with hardly anything before it, and with nothing but it."""
    prompt = encode(real_model, CODE)[:700]
    other = (*prompt[:-30], *prompt[:30])
    asked = [(prompt, 30, 3), (prompt, 30, 0), (other, 30, 3), (prompt[:31], 30, 3), (prompt[:400], 399, 2)]
    told = await asyncio.to_thread(run, HERE / "scored_anew.py", str(real_model), json.dumps(asked))
    for (ids, n_last, n_top), (found, _) in zip(asked, told, strict=True):
        expected = await score(engine, ids, n_last, n_top)
        assert [text for text, _, _ in found] == [token.text for token in expected]
        assert [value for _, value, _ in found] == pytest.approx(logprobs(expected), abs=NEAR)
        assert {len(top) for _, _, top in found} == {n_top}
    assert [n_cached >= 600 for _, n_cached in told[:3]] == [False, False, True]
