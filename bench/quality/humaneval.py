"""HumanEval-Infilling through the served product: pass@1, greedy, by running each test.

    python -m bench.quality humaneval --data ../shared/data/humaneval_infilling --out bench/results/humaneval.json

- single_line: ghost text on the empty line that is to be filled, one line at most. The file is `solution.py` in a
  workspace without other files. The benchmark's suffix begins with the line below; the newline that an editor has
  between the two is put there.
- random_span: the answer of the HTTP endpoint, several lines allowed, nothing trimmed, at most 128 tokens (the longest
  solution has 114).
- random_span_ghost: the same spans as ghost text: one line unless a block begins at the cursor.

Intervals draw whole problems. What was answered stays in the work folder, so a second run goes on where one ended.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bench.measuring import RESULTS
from bench.quality import report
from bench.quality.intervals import interval
from bench.quality.journal import Journal
from bench.quality.sandbox import Verdict, judge
from bench.quality.serving import WatchedEngine, add_options, asked, in_order, running, settings_of
from codeassist.completion import Completer
from codeassist.documents import make_document
from codeassist.errors import EngineError
from codeassist.protocols import Engine, Tokenizer
from codeassist.settings import CompletionSettings
from codeassist.tokenizer import FileTokenizer
from codeassist.types import Cursor, FimRequest, Suggestion

FILES = {
    "single_line": "HumanEval-SingleLineInfilling.jsonl.gz",
    "random_span": "HumanEval-RandomSpanInfillingLight.jsonl.gz",
    "random_span_ghost": "HumanEval-RandomSpanInfillingLight.jsonl.gz",
}
DATA = Path("../shared/data/humaneval_infilling")
SPAN_TOKENS = 128


@dataclass(frozen=True, slots=True)
class Problem:
    """One gap. after: begins where the gap ends, with its newline where the gap is a line."""

    way: str
    task: str
    before: str
    after: str
    solution: str
    test: str

    @property
    def cluster(self) -> str:
        """Problem of HumanEval: several gaps are cut into each."""
        return "/".join(self.task.split("/")[1:3])

    def program(self, text: str) -> str:
        """The program that tests an answer."""
        return f"{self.before}{text}{self.after}\n{self.test}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one gap. exact: the solution itself, white space at its ends aside."""

    way: str
    task: str
    cluster: str
    verdict: Verdict
    exact: bool
    ending: str
    drop_reason: str | None
    ms: float
    text: str


def read_problems(data: Path, way: str) -> list[Problem]:
    """All gaps for one way to ask."""
    with gzip.open(data / FILES[way], "rt", encoding="utf-8") as lines:
        return [_problem(json.loads(line), way) for line in lines]


def _problem(row: dict[str, str], way: str) -> Problem:
    test = f"{row['test']}\ncheck({row['entry_point']})\n"
    before, after, solution = row["prompt"], row["suffix"], row["canonical_solution"]
    if way == "single_line":
        solution, after = solution.removesuffix("\n"), f"\n{after}"
    return Problem(way, row["task_id"], before, after, solution, test)


async def measure(
    problems: Sequence[Problem], engine: Engine, settings: CompletionSettings, journal: Journal, at_once: int
) -> list[Outcome]:
    """What came of all gaps; those that the journal knows are not asked again."""
    assert engine.info.tokenizer, "an engine of our own names its tokenizer"
    tokenizer = FileTokenizer(engine.info.tokenizer)

    async def outcome(problem: Problem) -> Outcome:
        key = f"{problem.way} {problem.task}"
        row = journal.get(key)
        if row is None:
            row = asdict(await answered(problem, engine, tokenizer, settings))
            journal.add(key, row)
        return Outcome(**row)

    return await in_order(problems, outcome, at_once, "humaneval")


async def answered(problem: Problem, engine: Engine, tokenizer: Tokenizer, settings: CompletionSettings) -> Outcome:
    """Ask as an editor or an HTTP client would, in a workspace that never saw another gap, and run the test."""
    watched = WatchedEngine(engine)
    one_line = replace(settings, max_lines=1) if problem.way == "single_line" else settings
    completer = Completer(watched, tokenizer, None, one_line)
    ask = fill_in if problem.way == "random_span" else ghost_text
    started = time.perf_counter()
    try:
        suggestion, noted = await asked(watched, lambda: ask(completer, problem))
    finally:
        completer.close()
    ms = (time.perf_counter() - started) * 1000
    verdict = await asyncio.to_thread(judge, problem.program(suggestion.text))
    return Outcome(
        way=problem.way,
        task=problem.task,
        cluster=problem.cluster,
        verdict=verdict,
        exact=suggestion.text.strip() == problem.solution.strip(),
        ending=noted.ending if noted else "rule",
        drop_reason=suggestion.drop_reason,
        ms=round(ms, 1),
        text=suggestion.text,
    )


async def ghost_text(completer: Completer, problem: Problem) -> Suggestion:
    """What an editor shows for this gap."""
    document = make_document("solution.py", problem.before + problem.after)
    left = problem.before.rpartition("\n")[2]
    return await completer.complete(document, Cursor(problem.before.count("\n"), len(left)), invoked=True)


async def fill_in(completer: Completer, problem: Problem) -> Suggestion:
    """What an HTTP client gets for this gap."""
    request = FimRequest("fill-in", problem.before, problem.after, SPAN_TOKENS)
    try:
        prepared = await completer.gaps.prepare(request)
        deltas = [delta.text async for delta in completer.gaps.fill(prepared)]
    except EngineError as error:
        return Suggestion(request.id, "", drop_reason=str(error))
    return Suggestion(request.id, "".join(deltas))


def summarise(outcomes: Sequence[Outcome]) -> dict[str, object]:
    """pass@1 and what else there is to say, for each way to ask."""
    return {way: _summary(group) for way, group in report.grouped(outcomes, "way").items() if way != "all"}


def _summary(outcomes: Sequence[Outcome]) -> dict[str, object]:
    clusters = [outcome.cluster for outcome in outcomes]
    return {
        "pass@1": interval([float(outcome.verdict == "passed") for outcome in outcomes], clusters),
        "exact": interval([float(outcome.exact) for outcome in outcomes], clusters),
        "problems": len(set(clusters)),
        "verdicts": Counter(outcome.verdict for outcome in outcomes),
        "nothing_suggested": sum(not outcome.text for outcome in outcomes),
        "endings": Counter(outcome.ending for outcome in outcomes),
        "median_ms": statistics.median(outcome.ms for outcome in outcomes),
    }


def _without_text(outcome: Outcome) -> dict[str, object]:
    """An outcome as it may be kept."""
    return {name: value for name, value in asdict(outcome).items() if name != "text"}


async def _measure(arguments: argparse.Namespace) -> None:
    settings = settings_of(arguments)
    model = report.model_card(settings)
    problems = [problem for way in FILES for problem in _drawn(read_problems(arguments.data, way), arguments)]
    journal = Journal(arguments.work / f"humaneval-{report.state_name(model, settings)}.jsonl")
    async with running(settings) as engine:
        outcomes = await measure(problems, engine, settings.completion, journal, arguments.at_once)
    rows = [_without_text(outcome) for outcome in outcomes]
    report.write(arguments, model, {"summary": summarise(outcomes)}, rows)


def _drawn(problems: list[Problem], arguments: argparse.Namespace) -> list[Problem]:
    if not arguments.limit or arguments.limit >= len(problems):
        return problems
    return random.Random(arguments.seed).sample(problems, arguments.limit)


def run(arguments: argparse.Namespace) -> None:
    """Measure and write the result."""
    asyncio.run(_measure(arguments))


def register(commands: Any) -> None:
    """Add `humaneval` to the subcommands of `python -m bench.quality`."""
    parser = commands.add_parser(
        "humaneval",
        help="HumanEval-Infilling: pass@1",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, default=DATA, help="folder with the two .jsonl.gz files")
    parser.add_argument("--limit", type=int, help="gaps for each way to ask, drawn by the seed (default: all)")
    add_options(parser, RESULTS / "humaneval.json")
    parser.set_defaults(run=run)
