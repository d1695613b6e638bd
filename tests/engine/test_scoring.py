"""The end of a prompt is scored through every engine that stands between who asks and the model."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from asking import ask, read, until
from test_attached import attached, server

from codeassist.adapters.using import AdaptedEngine, ChosenAdapter
from codeassist.engine.fallback import FallbackEngine
from codeassist.engine.limits import MOST_SCORED
from codeassist.engine.scoring import score
from codeassist.engine.scripted import SCRIPTED_INFO, Answer, ScriptedEngine, made_up_scores
from codeassist.engine.shared import SharedEngine
from codeassist.errors import EngineCrashed, EngineUnavailable, RequestRejected
from codeassist.types import GenerationRequest, Priority, Token

PROMPT = (5, 6, 7, 8)
MUTE = replace(SCRIPTED_INFO, supports_scoring=False)


async def started(**options: Any) -> ScriptedEngine:
    engine = ScriptedEngine(["x"], **options)
    await engine.start()
    return engine


def table(request: GenerationRequest) -> list[Token]:
    assert not isinstance(request.prompt, str)
    known = {7: Token("self", -0.5, (("self", -0.5), ("other", -1.0))), 8: Token(".", -0.125, ((".", -0.125),))}
    return [known[token] for token in request.prompt[-request.score_last :]]


async def test_a_scripted_prompt_is_scored_the_same_each_time() -> None:
    engine = await started()
    first, again, longer = [await score(engine, PROMPT, n, 2) for n in (2, 2, 3)]
    assert first == again == longer[1:]
    assert [token.text for token in first] == ["7 ", "8 "]
    assert all(token.top[0] == (token.text, token.logprob) and token.logprob < 0 for token in first)
    assert [len(token.top) for token in first] == [2, 2]


async def test_scores_can_be_scripted() -> None:
    engine = await started(scores=table)
    assert await score(engine, PROMPT, 2, 1) == (
        Token("self", -0.5, (("self", -0.5),)),
        Token(".", -0.125, ((".", -0.125),)),
    )
    assert await score(engine, PROMPT, 1) == (Token(".", -0.125),)


async def test_what_asks_for_scores_says_who_asks_and_for_what() -> None:
    engine = await started()
    await score(engine, PROMPT, 2, 3, priority=Priority.INDEX, client="bob", adapter="")
    (request,) = engine.requests
    expected = ask(request.id, prompt=PROMPT, max_tokens=1, priority=Priority.INDEX, client="bob")
    assert request == replace(expected, top_logprobs=3, score_last=2)
    await score(engine, PROMPT, 2)
    assert len({request.id for request in engine.requests}) == 2


async def test_only_the_first_delta_has_the_scores_and_none_where_none_were_asked_for() -> None:
    engine = await started()
    deltas = await read(engine, ask(prompt=PROMPT, max_tokens=1, score_last=2))
    assert [len(delta.scored) for delta in deltas] == [2]
    assert [delta.scored for delta in await read(engine, ask(prompt=PROMPT))] == [()]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"prompt": "text"}, "token ids"),
        ({"score_last": 4}, "longer than what is scored"),
        ({"score_last": -1}, "longer than what is scored"),
        ({"max_tokens": 2}, "max_tokens 1"),
        ({"forced_prefix": "x"}, "without a forced prefix"),
        ({"prompt": (1,) * (MOST_SCORED + 2), "score_last": MOST_SCORED + 1}, f"at most {MOST_SCORED} tokens"),
    ],
)
async def test_what_cannot_be_scored_is_refused(changes: dict[str, Any], told: str) -> None:
    engine = await started()
    request = ask(**{"prompt": PROMPT, "max_tokens": 1, "score_last": 2} | changes)
    with pytest.raises(RequestRejected, match=told):
        await read(engine, request)


async def test_an_engine_that_cannot_score_says_so() -> None:
    with pytest.raises(RequestRejected, match="cannot score"):
        await score(await started(info=MUTE), PROMPT, 1)


async def test_equal_requests_are_scored_once_and_others_on_their_own() -> None:
    behind = ScriptedEngine(["x"])
    shared = SharedEngine(behind, 4)
    await shared.start()
    one, same, other = await asyncio.gather(*(score(shared, PROMPT, n) for n in (2, 2, 1)))
    assert one == same == tuple(made_up_scores(behind.requests[0]))
    assert other == one[1:]
    assert [request.score_last for request in behind.requests] == [2, 1]
    await shared.close()


async def test_a_score_that_is_cancelled_is_aborted() -> None:
    behind = ScriptedEngine([Answer("x", delay_s=60)])
    shared = SharedEngine(behind, 4)
    await shared.start()
    scoring = asyncio.create_task(score(shared, PROMPT, 2))
    await until(lambda: behind.requests)
    scoring.cancel()
    await asyncio.gather(scoring, return_exceptions=True)
    assert [request.id for request in behind.requests] == behind.aborted
    await shared.close()


async def test_a_running_server_scores() -> None:
    behind = await started()
    async with attached(server(behind)) as engine:
        await engine.start()
        assert await score(engine, PROMPT, 3, 2) == await score(behind, PROMPT, 3, 2)


async def test_a_server_that_cannot_score_is_not_asked() -> None:
    behind = await started(info=MUTE)
    async with attached(server(behind)) as engine:
        await engine.start()
        assert not engine.info.supports_scoring
        with pytest.raises(RequestRejected, match="cannot score"):
            await score(engine, PROMPT, 1)
    assert behind.requests == []


async def test_a_workspaces_adapter_scores(tmp_path: Any) -> None:
    behind = await started(info=replace(SCRIPTED_INFO, base="b"))
    adapted = AdaptedEngine(lambda: behind, ChosenAdapter(str(tmp_path), tmp_path))
    assert await score(adapted, PROMPT, 2) == await score(behind, PROMPT, 2)
    assert [request.adapter for request in behind.requests] == [str(tmp_path), ""]


async def test_a_model_that_stands_in_scores_no_tokens_of_another() -> None:
    first, second = ScriptedEngine(["x"], info=replace(SCRIPTED_INFO, name="first")), ScriptedEngine(["y"])
    fallback = FallbackEngine(first, lambda: second)
    await fallback.start()
    assert await score(fallback, PROMPT, 1) == await score(first, PROMPT, 1)
    first.crash()
    for _ in range(2):
        with pytest.raises(EngineUnavailable, match="stand"):
            await score(fallback, PROMPT, 1)
        await asyncio.sleep(0.01)
    with pytest.raises(EngineUnavailable, match="cannot stand in: it scores other tokens than first; ask again"):
        await score(fallback, PROMPT, 1)
    await fallback.close()
    assert second.requests == []


async def test_an_answer_without_scores_is_a_crash() -> None:
    shared, seated = SharedEngine(ScriptedEngine([Answer("x", delay_s=60)]), 1), list[str]()
    shared.on_turn(lambda request_id, _: seated.append(request_id))
    await shared.start()
    scoring = asyncio.create_task(score(shared, PROMPT, 2))
    await until(lambda: seated)
    shared.finish(seated[0])
    with pytest.raises(EngineCrashed, match="did not score"):
        await scoring
    await shared.close()
