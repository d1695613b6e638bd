"""Speculation with the MTP head: whether the greedy text stays the same, and what it saves.

    python -m bench.quality drafting REPOSITORY... --prompts 200 --out bench/results/drafting.json

Suggestions at random cursors, context included, as they are served and ended, by two engines one after the other:
without drafts and with them. Told are every difference (the first token that differs, and how probable each engine
took its own choice to be), the share of drafts accepted at each position, and tokens per step of the engine.

Steps count from the second one behind a forced prefix: the first checks no draft. The last step of an answer that the
model ended is left out, because tokens behind the end are not told.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from bench.measuring import RESULTS
from bench.quality import report
from bench.quality.cases import Case, sample_cases
from bench.quality.intervals import interval
from bench.quality.journal import Journal
from bench.quality.serving import Answered, Ending, add_options, asked, in_order, running, settings_of
from bench.quality.workspace import Workspace
from codeassist.settings import Settings
from codeassist.types import Suggestion


@dataclass(frozen=True, slots=True)
class Answer:
    """What one engine said at one cursor. steps: how many tokens each step of the engine brought."""

    text: str
    tokens: Sequence[str]
    logprobs: Sequence[float]
    steps: Sequence[int]
    forced: str
    ending: Ending
    ms: float

    def drafted_steps(self) -> list[int]:
        """Tokens of the steps that checked a draft, as far as they are told."""
        lengths = itertools.accumulate(map(len, self.tokens), initial=0)
        n_forced = next((n for n, length in enumerate(lengths) if length >= len(self.forced)), len(self.tokens))
        ends = itertools.accumulate(self.steps)
        free = [n_tokens for n_tokens, end in zip(self.steps, ends, strict=True) if end > n_forced]
        return free[1:] if self.ending == "rule" else free[1:-1]


@dataclass(frozen=True, slots=True)
class Difference:
    """Two answers that are not the same. position: of the first token that differs; None when only their ends do."""

    case: str
    position: int | None
    logprob_without: float | None
    logprob_with: float | None
    same_suggestion: bool


def difference(case: str, without: Answer, with_drafts: Answer) -> Difference | None:
    """How two answers differ: in the text that both have, or in the suggestion."""
    is_same = without.text == with_drafts.text
    texts = ["".join(answer.tokens) for answer in (without, with_drafts)]
    n_common = min(map(len, texts))  # Either may have gone on a little behind what is shown.
    if texts[0][:n_common] == texts[1][:n_common]:
        return None if is_same else Difference(case, None, None, None, is_same)
    tokens = zip(without.tokens, with_drafts.tokens, strict=False)
    position = next(at for at, (one, other) in enumerate(tokens) if one != other)
    return Difference(case, position, without.logprobs[position], with_drafts.logprobs[position], is_same)


def acceptance(answers: Sequence[Answer], n_drafted: int) -> dict[str, object]:
    """Share of steps in which the first, second ... draft was right, and tokens per step."""
    steps = [(answer, n_tokens) for answer in answers for n_tokens in answer.drafted_steps()]
    of = [id(answer) for answer, _ in steps]
    return {
        "steps": len(steps),
        "accepted": {
            str(place): interval([float(n_tokens > place) for _, n_tokens in steps], of)
            for place in range(1, n_drafted + 1)
        },
        "tokens_per_step": interval([float(n_tokens) for _, n_tokens in steps], of),
    }


async def answers(settings: Settings, journal: Journal, arguments: argparse.Namespace, name: str) -> dict[str, Answer]:
    """What one engine says at all cursors, by case."""
    found: dict[str, Answer] = {}
    n_each = math.ceil(arguments.prompts / len(arguments.repositories))
    async with running(settings) as engine:
        for root in arguments.repositories:
            workspace = Workspace(root, engine, settings)
            try:
                await workspace.open()
                cases = sample_cases(root, min(n_each, arguments.prompts - len(found)), arguments.seed)
                found |= await _answers_in(workspace, cases, journal, arguments.at_once, name)
            finally:
                workspace.close()
    return found


async def _answers_in(
    workspace: Workspace, cases: Sequence[Case], journal: Journal, at_once: int, name: str
) -> dict[str, Answer]:
    async def answer(case: Case) -> Answer:
        row = journal.get(f"{name} {case.key}")
        if row is None:
            async with workspace.asking("context") as (engine, completer):
                ask = partial(completer.complete, case.document, case.cursor, invoked=True)
                suggestion, noted = await asked(engine, ask)
            row = asdict(_answer(suggestion, noted or Answered()))
            journal.add(f"{name} {case.key}", row)
        return Answer(**row)

    made = await in_order(cases, answer, at_once, f"{workspace.name}, {name}")
    return {case.key: answer for case, answer in zip(cases, made, strict=True)}


def _answer(suggestion: Suggestion, noted: Answered) -> Answer:
    return Answer(
        text=suggestion.text,
        tokens=[token.text for token in noted.tokens],
        logprobs=[round(token.logprob, 4) for token in noted.tokens],
        steps=noted.steps,
        forced=noted.forced,
        ending=noted.ending,
        ms=round(suggestion.ms["total"], 1),
    )


def summarise(without: dict[str, Answer], drafted: dict[str, Answer], n_drafted: int) -> dict[str, object]:
    """The figures, and every difference."""
    found = [difference(case, without[case], drafted[case]) for case in without]
    differences = [one for one in found if one is not None]
    return {
        "prompts": len(without),
        "same_text": interval([float(one is None) for one in found]),
        "same_suggestion": interval([float(one is None or one.same_suggestion) for one in found]),
        "differences": [asdict(one) for one in differences],
        "drafts": acceptance(list(drafted.values()), n_drafted),
        "endings": Counter(answer.ending for answer in drafted.values()),
        "median_ms": {
            "without": statistics.median(answer.ms for answer in without.values()),
            "with": statistics.median(answer.ms for answer in drafted.values()),
        },
    }


async def _measure(arguments: argparse.Namespace) -> None:
    settings = settings_of(arguments)
    model = report.model_card(settings)
    journal = Journal(arguments.work / f"drafting-{report.state_name(model, settings)}.jsonl")
    said = []
    for n_drafted in (0, arguments.drafts):
        drafting = replace(settings, engine=replace(settings.engine, speculative_tokens=n_drafted))
        said.append(await answers(drafting, journal, arguments, f"{n_drafted} drafts"))
    figures = {
        "repositories": [report.described_repository(root) for root in arguments.repositories],
        "summary": summarise(said[0], said[1], arguments.drafts),
    }
    report.write(arguments, model, figures, [])


def run(arguments: argparse.Namespace) -> None:
    """Measure and write the result."""
    asyncio.run(_measure(arguments))


def register(commands: Any) -> None:
    """Add `drafting` to the subcommands of `python -m bench.quality`."""
    parser = commands.add_parser(
        "drafting",
        help="speculation with the MTP head: same text, fewer steps",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--drafts", type=int, default=1, help="tokens drafted per step")
    add_options(parser, RESULTS / "drafting.json")
    parser.set_defaults(at_once=1)  # Other requests in the same step change the last bits of a number.
    parser.set_defaults(run=run)
