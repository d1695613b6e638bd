"""Gaps to measure on, and the asking of one engine after the other, by engines that a test plays."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from tiny_model import write_model

from codeassist.engine.scripted import SCRIPTED_INFO, ScriptedEngine
from codeassist.engine.speculation import NO_DRAFTER, Drafter
from codeassist.errors import EngineUnavailable, ModelError
from codeassist.mtp.cases import LEAST_REPEATED, RUN, Case, draw_cases, repeated_share
from codeassist.mtp.measure import measure
from codeassist.mtp.samples import Text
from codeassist.speculation import Speculation
from codeassist.types import Delta, GenerationRequest, Token, Usage

MTP_2 = Drafter("mtp", 2)
CASE = Case("a.py", 3, (7, 8, 9), "  ", "a = b", 0.25)
REPEATING = "".join(
    f"def read_{name}(self):\n    value = self.settings.get('{name}')\n    if value is None:\n"
    f"        raise KeyError('{name}')\n    return value\n\n\n"
    for name in ("host", "port", "user", "path", "mode", "size")
)
PLAIN = "".join(f"{chr(97 + n % 26)}{n} = {n * n}{'+' * (n % 3)}{n}\n" for n in range(60))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("cases") / "model", [REPEATING, PLAIN])


def test_a_run_is_long_enough_to_be_no_accident() -> None:
    context = list(range(100))
    assert repeated_share(context[10:30], context) == 1.0
    assert repeated_share([*context[10:30], *[500] * 20], context) == 0.5
    assert repeated_share([*context[10 : 10 + RUN - 1], *[500] * 20], context) == 0.0
    assert repeated_share(context[: RUN - 1], context) == 0.0


def test_edits_repeat_their_prompt_and_completions_may(model: Path) -> None:
    texts = [Text("repeating.py", REPEATING), Text("plain.py", PLAIN)]
    found = draw_cases(model, texts, 8)
    assert [len(found["completion"]), len(found["edit"])] == [8, 8]
    assert {case.path for case in found["edit"]} == {"repeating.py"}
    assert all(case.repeated >= LEAST_REPEATED for case in found["edit"])
    assert {case.path for case in found["completion"]} == {"repeating.py", "plain.py"}
    assert draw_cases(model, texts, 8) == found
    assert draw_cases(model, texts, 8, seed=1) != found


def test_code_that_repeats_nothing_has_no_edits(model: Path) -> None:
    found = draw_cases(model, [Text("plain.py", PLAIN)], 4)
    assert [len(found["completion"]), len(found["edit"])] == [4, 0]


def test_without_files_there_is_nothing_to_ask(model: Path) -> None:
    with pytest.raises(ModelError, match="--data"):
        draw_cases(model, [], 4)


class Drafting(ScriptedEngine):
    """Answers "  abcdefg" in steps as it is told, and counts drafts as vLLM does."""

    def __init__(self, steps: Sequence[str], speculation: Speculation | None, error: Exception | None = None) -> None:
        super().__init__(info=SCRIPTED_INFO)
        self.speculation = speculation
        self.asked: list[GenerationRequest] = []
        self.n_closed = 0
        self._steps = steps
        self._error = error

    async def start(self) -> None:
        if self._error is not None:
            raise self._error
        await super().start()

    async def close(self) -> None:
        self.n_closed += 1
        await super().close()

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Delta]:
        self.asked.append(request)
        for place, step in enumerate(self._steps):
            tokens = tuple(Token(letter, -0.1) for letter in step)
            is_last = place == len(self._steps) - 1
            if is_last and self.speculation is not None:
                before = self.speculation
                added = (before.accepted_at or (0, 0))[0] + 2, (before.accepted_at or (0, 0))[1] + 1
                self.speculation = Speculation(
                    before.drafted_tokens + 6,
                    before.accepted_tokens + 3,
                    "mtp",
                    before.drafts + 3,
                    added,
                    before.steps + 3,
                )
            yield Delta(step, Usage(3, 0, place + 1), tokens, "length" if is_last else None)


ONE_BY_ONE = ("  ", *"abcdefg")


async def test_each_drafter_is_measured_and_none_before_and_after() -> None:
    engines: list[tuple[Drafter, Drafting]] = []

    def open_engine(drafter: Drafter) -> Drafting:
        steps = ("  ", "a", "bcd", "ef", "g") if drafter.n_tokens else ONE_BY_ONE
        engines.append((drafter, Drafting(steps, Speculation(method="mtp") if drafter.n_tokens else None)))
        return engines[-1][1]

    told: list[str] = []
    cases = {"completion": [CASE, CASE], "edit": []}
    found = await measure(open_engine, [NO_DRAFTER, MTP_2], cases, 12, told.append)  # type: ignore[arg-type]
    assert [drafter for drafter, _ in engines] == [NO_DRAFTER, MTP_2, NO_DRAFTER]
    assert all(engine.n_closed == 1 for _, engine in engines)
    assert any("2 of 3, mtp 2" in line for line in told)

    requests = [request for request in engines[1][1].asked if request.prompt == CASE.prompt]
    assert {(one.forced_prefix, one.max_tokens, one.logprobs, one.temperature) for one in requests} == {
        ("  ", 12, True, 0.0)
    }
    result = found.results["completion"]
    assert list(found.results) == ["completion"], "there were no edits to ask for"
    plain, drafted = result.figures
    assert (plain.drafter, drafted.drafter, result.n_cases, result.repeated) == (NO_DRAFTER, MTP_2, 2, 0.25)
    assert [round(one.value, 3) for one in drafted.accepted] == [0.667, 0.333]
    assert drafted.drafted == pytest.approx(3 / 3), "steps behind the first one behind the forced prefix"
    assert drafted.tokens_per_step.value == pytest.approx(2.0)
    assert (drafted.agreement.same, drafted.agreement.shortest) == (2, 9)


async def test_a_drafter_that_does_not_start_is_left_out() -> None:
    def open_engine(drafter: Drafter) -> Drafting:
        return Drafting(ONE_BY_ONE, None, EngineUnavailable("no numba") if drafter.n_tokens else None)

    told: list[str] = []
    found = await measure(open_engine, [MTP_2], {"completion": [CASE]}, 12, told.append)
    assert found.failed == {MTP_2: "no numba"}
    assert [one.drafter for one in found.results["completion"].figures] == [NO_DRAFTER]
    assert found.results["completion"].choice == NO_DRAFTER
    assert "2 of 3, mtp 2: left out: no numba" in told


async def test_an_engine_that_never_starts_is_an_error() -> None:
    with pytest.raises(EngineUnavailable, match="no memory"):
        await measure(
            lambda _: Drafting(ONE_BY_ONE, None, EngineUnavailable("no memory")), [MTP_2], {"edit": [CASE]}, 12, print
        )
