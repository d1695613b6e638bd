"""Measures what drafting saves: the same gaps by one engine after the other, each with another drafter.

The engine without drafting comes first and last: by how much its two runs differ is chance, and no smaller gain counts.
Requests go one at a time, greedily, with log-probabilities, as suggestions are asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from codeassist.engine.measured import Circumstances, Purpose
from codeassist.engine.speculation import NO_DRAFTER, Drafter
from codeassist.engine.streams import closing
from codeassist.errors import EngineError, ModelError
from codeassist.mtp.cases import Case
from codeassist.mtp.figures import Answer, Asked, Figures, averaged, choose, figures, noise
from codeassist.protocols import Engine, Speculates
from codeassist.speculation import Speculation
from codeassist.types import Delta, GenerationRequest

# So many answers follow the first one to each prompt.
_N_WARM = 2
# Answers that are not counted: whatever an engine sets up at first use (a GPU compiles kernels) is set up then.
_N_UNCOUNTED = 3

Cases = Mapping[Purpose, Sequence[Case]]
OpenEngine = Callable[[Drafter], Engine]
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Result:
    """Of one purpose. repeated: mean share of the cases' own text that stands in their prompts. noise: the largest
    gain that may be chance. figures: of every drafter that ran, no drafting first. choice: what pays most."""

    n_cases: int
    repeated: float
    noise: float
    figures: tuple[Figures, ...]
    choice: Drafter


@dataclass(frozen=True, slots=True)
class Measurement:
    """All results. failed: why a drafter could not run. circumstances: None where the engine does not tell them."""

    results: Mapping[Purpose, Result]
    failed: Mapping[Drafter, str]
    circumstances: Circumstances | None


@dataclass(frozen=True, slots=True)
class _Run:
    """What one engine answered."""

    answered: Mapping[Purpose, Sequence[Asked]]
    circumstances: Circumstances | None


async def measure(
    open_engine: OpenEngine, drafters: Sequence[Drafter], cases: Cases, max_tokens: int, tell: Tell
) -> Measurement:
    """Ask engines with each of the drafters, and with none. tell: hears of the progress.

    An engine that does not start with a drafter, or dies, is told of and left out. Raises EngineError or ModelError
    where that is the one without.
    """
    cases = {purpose: found for purpose, found in cases.items() if found}
    drafters = [drafter for drafter in drafters if drafter.n_tokens]
    runs: dict[Drafter, _Run] = {}
    failed: dict[Drafter, str] = {}
    n_runs = len(drafters) + 2
    first = await _run(open_engine(NO_DRAFTER), cases, max_tokens, _telling(tell, f"1 of {n_runs}, {NO_DRAFTER}"))
    for number, drafter in enumerate(drafters, start=2):
        telling = _telling(tell, f"{number} of {n_runs}, {drafter}")
        try:
            runs[drafter] = await _run(open_engine(drafter), cases, max_tokens, telling)
        except (EngineError, ModelError) as error:
            failed[drafter] = str(error)
            telling(f"left out: {error}")
    last = await _run(open_engine(NO_DRAFTER), cases, max_tokens, _telling(tell, f"{n_runs} of {n_runs}, {NO_DRAFTER}"))
    results = {purpose: _result(purpose, found, first, runs, last) for purpose, found in cases.items()}
    return Measurement(results, failed, first.circumstances)


def _result(purpose: Purpose, cases: Sequence[Case], first: _Run, runs: Mapping[Drafter, _Run], last: _Run) -> Result:
    plain = averaged(first.answered[purpose], last.answered[purpose])
    drafted = [figures(drafter, run.answered[purpose], plain) for drafter, run in runs.items()]
    least = noise(first.answered[purpose], last.answered[purpose])
    repeated = sum(case.repeated for case in cases) / len(cases)
    return Result(len(cases), repeated, least, (figures(NO_DRAFTER, plain, plain), *drafted), choose(drafted, least))


async def _run(engine: Engine, cases: Cases, max_tokens: int, tell: Tell) -> _Run:
    """What one engine answers, from its start to its end."""
    tell("starting")
    try:
        await engine.start()
        for found in list(cases.values()) * _N_UNCOUNTED:
            # Tokens of code in no order of code: nothing of a counted prompt is known afterwards.
            backwards = replace(found[0], prompt=found[0].prompt[::-1], forced_prefix="")
            await _answer(engine, backwards, max_tokens)
        answered: dict[Purpose, Sequence[Asked]] = {}
        for purpose, found in cases.items():
            started = time.perf_counter()
            answered[purpose] = [await _ask(engine, case, max_tokens) for case in found]
            tell(f"{len(found)} times {purpose} in {time.perf_counter() - started:.0f} s")
        return _Run(answered, cast("Any", getattr(engine, "circumstances", None)))
    finally:
        await engine.close()


async def _ask(engine: Engine, case: Case, max_tokens: int) -> Asked:
    cold = await _answer(engine, case, max_tokens)
    return Asked(cold, tuple([await _answer(engine, case, max_tokens) for _ in range(_N_WARM)]))


async def _answer(engine: Engine, case: Case, max_tokens: int) -> Answer:
    request = GenerationRequest(
        "measure", case.prompt, max_tokens, forced_prefix=case.forced_prefix, logprobs=engine.info.supports_logprobs
    )
    deltas: list[Delta] = []
    n_characters, n_first, first_ms = 0, 0, 0.0
    before, started = _drafted(engine), time.perf_counter()
    async with closing(engine.stream(request)) as stream:
        async for delta in stream:
            deltas.append(delta)
            n_characters += len(delta.text)
            if not n_first and n_characters > len(case.forced_prefix):
                first_ms, n_first = (time.perf_counter() - started) * 1000, sum(len(one.tokens) for one in deltas)
    ms, after = (time.perf_counter() - started) * 1000, _drafted(engine)
    tokens = tuple(token.text for delta in deltas for token in delta.tokens)
    kept_before = (*before.accepted_at, *[0] * len(after.accepted_at))
    kept = tuple(now - then for now, then in zip(after.accepted_at, kept_before, strict=False))
    n_stepped = _n_stepped(deltas, len(case.forced_prefix))
    return Answer(
        tokens=tokens,
        n_steps=after.steps - before.steps if after.method else n_stepped,
        n_stepped=n_stepped,
        drafts=after.drafts - before.drafts,
        accepted_at=kept,
        n_first=n_first or len(tokens),
        first_ms=first_ms or ms,
        ms=ms,
    )


def _n_stepped(deltas: Sequence[Delta], n_forced: int) -> int:
    """Tokens behind the first one behind the forced prefix. n_forced: its characters.

    Where something drafts, the prefix ends with a step. Several steps may come as one delta.
    """
    n_tokens = length = 0
    for delta in deltas:
        n_tokens += len(delta.tokens) if length >= n_forced else 0
        length += sum(len(token.text) for token in delta.tokens)
    return max(n_tokens - 1, 0)


def _drafted(engine: Engine) -> Speculation:
    found = engine.speculation if isinstance(engine, Speculates) else None
    return found or Speculation()


def _telling(tell: Tell, which: str) -> Tell:
    return lambda what: tell(f"{which}: {what}")
