"""What drafts changes no answer of a real vLLM, and its probabilities are those of the model."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from asking import read, text_of
from real_engine import CODE, ask, assert_counted, running
from scored_prompts import as_generated, encode

from codeassist.engine import wire
from codeassist.engine.embedded import EmbeddedEngine
from codeassist.engine.vllm_arguments import CPU_STEP_TOKENS
from codeassist.types import Delta, GenerationRequest

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

Answers = list[list[Delta]]
LONG = Path(wire.__file__).read_text(encoding="utf-8")


@pytest.fixture(scope="module", autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the user of this machine has measured does not count."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


def requests(engine: EmbeddedEngine) -> list[GenerationRequest]:
    """Where anything drafts, the forced prefix goes another way: a request per token."""
    forced = [ask(engine, forced_prefix=forced, logprobs=True) for forced in ("", "ret", "        self.it")]
    # So cold that the likeliest token is as good as certain: sampling goes another way, to the same answer.
    return forced + [ask(engine, temperature=0.01, seed=seed, top_p=0.9, logprobs=True) for seed in (1, 2)]


async def answers(engine: EmbeddedEngine) -> Answers:
    return await asyncio.gather(*(read(engine, request) for request in requests(engine)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plain(real_model: Path) -> tuple[Answers, GenerationRequest, list[Delta]]:
    """What is answered where nothing drafts; a longer request, and its answer."""
    async with running(real_model, speculation="none", dtype="float32") as engine:
        found = await answers(engine)
        assert engine.speculation is None
        longer = ask(engine, CODE * 3 + "        if self.items:\n", max_tokens=24, logprobs=True)
        return found, longer, await read(engine, longer)


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=[("mtp", 2), ("ngram", 3)], ids=lambda param: param[0]
)
async def drafting(request: pytest.FixtureRequest, real_model: Path) -> AsyncIterator[tuple[EmbeddedEngine, str, int]]:
    """An engine that drafts, how, and how many tokens at a time."""
    method, n_drafted = request.param
    async with running(real_model, speculation=method, speculative_tokens=n_drafted, dtype="float32") as engine:
        yield engine, method, n_drafted


async def test_log_probabilities_are_those_of_the_model(
    plain: tuple[Answers, GenerationRequest, list[Delta]], real_model: Path
) -> None:
    """vLLM's rotary embedding on a CPU was wrong once, and all that it wrote still looked like code."""
    _, request, deltas = plain
    tokens = [token for delta in deltas for token in delta.tokens]
    script = Path(__file__).with_name("greedy.py")
    told = await asyncio.create_subprocess_exec(
        sys.executable, str(script), str(real_model), json.dumps([request.prompt, len(tokens)]), stdout=subprocess.PIPE
    )
    expected = json.loads((await told.communicate())[0])
    assert [token.logprob for token in tokens] == pytest.approx(expected, abs=0.01)


async def test_drafts_do_not_change_answers(
    drafting: tuple[EmbeddedEngine, str, int], plain: tuple[Answers, GenerationRequest, list[Delta]]
) -> None:
    engine, method, n_drafted = drafting
    found = await answers(engine)
    assert_counted(engine.speculation, method, n_drafted)
    for expected, drafted in zip(plain[0], found, strict=True):
        assert text_of(expected) == text_of(drafted)
        assert expected[-1].usage.prompt_tokens == drafted[-1].usage.prompt_tokens
        assert expected[-1].usage.completion_tokens == drafted[-1].usage.completion_tokens
    assert text_of(found[3]) == text_of(found[0])


async def test_prompts_are_scored_where_something_drafts(
    drafting: tuple[EmbeddedEngine, str, int], real_model: Path
) -> None:
    for _ in range(2):
        await as_generated(drafting[0], encode(real_model, LONG)[: CPU_STEP_TOKENS + 200])
