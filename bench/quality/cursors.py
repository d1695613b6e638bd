"""The rest of the line at random cursors of real repositories: without context, with what is served, with an oracle's.

    python -m bench.quality cursors REPOSITORY... --cursors 80 --seed 2 --out bench/results/quality.json

A line is cut off behind its indentation, between tokens or inside of an identifier, at most one in a file, and the
served product is asked for the rest. Exact match and edit similarity (difflib's ratio) of what is left of the line,
white space at its ends aside, in three modes:

- no context: nothing from other files, the whole budget for the file;
- context: what the index finds, as served;
- oracle: the definitions in other files that the true rest of the line needs (`oracle.py`), arranged as if they had
  been found. A line that needs none is answered without context.

One line in nine needs another file, so more of these are drawn (`--needing`); they count for these lines alone.

Besides: suggestions that leave the file without new syntax errors, that use a name which neither the file nor the
repository spells, and that end by themselves; how right the surest ones are. Retrieval may take as long as it likes.
Repositories that the model was trained on, or that are reserved, must not be given.
"""

from __future__ import annotations

import argparse
import asyncio
import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bench.measuring import RESULTS
from bench.quality import report
from bench.quality.gate import SHARES, Scored, find_gate, surest
from bench.quality.intervals import interval, relative_gain
from bench.quality.journal import Journal
from bench.quality.serving import add_options, asked, in_order, running, settings_of
from bench.quality.soundness import unknown_names
from bench.quality.syntax import parses
from bench.quality.workspace import Draw, Workspace
from codeassist.protocols import Engine
from codeassist.settings import Settings
from indexer.languages import language_name

MODES = ("no context", "context", "oracle")


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one case in one mode.

    drawn: see Draw. needs, unseen: whether the line needs a definition of another file; one whose name the window does
    not spell.
    parses: None when nothing is suggested or the language has no grammar. unknown: how many names nobody knows.
    """

    repository: str
    path: str
    line: int
    kind: str
    language: str
    mode: str
    drawn: str
    needs: bool
    unseen: bool
    truth: str
    text: str
    exact: bool
    similarity: float
    confidence: float | None
    n_sources: int
    parses: bool | None
    unknown: int
    ending: str
    ms: float


async def measure(
    roots: Sequence[Path], engine: Engine, settings: Settings, journal: Journal, arguments: argparse.Namespace
) -> list[Result]:
    """Results of all cases in all modes, on one engine; those that the journal knows are not asked again."""
    results: list[Result] = []
    for root in roots:
        workspace = Workspace(root, engine, settings)
        try:
            await workspace.open()
            drawn = await workspace.draw(root, arguments.cursors, arguments.needing, arguments.seed)
            for mode in MODES:
                results += await _measure_mode(workspace, drawn, mode, journal, arguments.at_once)
        finally:
            workspace.close()
    return results


async def _measure_mode(
    workspace: Workspace, drawn: Sequence[Draw], mode: str, journal: Journal, at_once: int
) -> list[Result]:
    async def result(draw: Draw) -> Result:
        if mode == "oracle" and not draw.hits:
            return replace(Result(**(journal.get(f"no context {draw.case.key}") or {})), mode=mode)
        row = journal.get(f"{mode} {draw.case.key}")
        if row is None:
            row = asdict(await _answered(workspace, draw, mode))
            journal.add(f"{mode} {draw.case.key}", row)
        return replace(Result(**row), drawn=draw.drawn)

    return await in_order(drawn, result, at_once, f"{workspace.name}, {mode}")


async def _answered(workspace: Workspace, draw: Draw, mode: str) -> Result:
    case = draw.case
    async with workspace.asking(mode, draw.hits) as (engine, completer):
        suggestion, noted = await asked(engine, lambda: completer.complete(case.document, case.cursor, invoked=True))
    whole, truth = suggestion.text, case.truth.strip()
    text = whole.partition("\n")[0].strip()
    return Result(
        repository=case.repository,
        path=case.document.path,
        line=case.cursor.line + 1,
        kind=case.kind,
        language=language_name(case.document.path),
        mode=mode,
        drawn=draw.drawn,
        needs=bool(draw.hits),
        unseen=draw.is_unseen,
        truth=truth,
        text=whole,
        exact=text == truth,
        similarity=round(difflib.SequenceMatcher(None, text, truth, autojunk=False).ratio(), 4),
        confidence=suggestion.confidence,
        n_sources=len(suggestion.sources),
        parses=await asyncio.to_thread(parses, case, whole) if whole else None,
        unknown=len(await asyncio.to_thread(unknown_names, case, whole, workspace.known)),
        ending=noted.ending if noted else "rule",
        ms=round(suggestion.ms["total"], 1),
    )


def summarise(results: Sequence[Result]) -> dict[str, object]:
    """Figures of every mode: over all cases, and over the lines that need another file."""
    drawn = [result for result in results if result.drawn == "random"]
    with_context = _by_mode(drawn)["context"]
    scored = [Scored(-1.0 if one.confidence is None else one.confidence, one.exact) for one in with_context]
    return {
        "all_lines": _figures(drawn),
        "lines_that_need_another_file": _figures([result for result in results if result.needs]),
        "lines_that_need_an_unseen_name": _figures([result for result in results if result.unseen]),
        "surest": {f"{share:.0%}": surest(scored, share) for share in SHARES},
        "gate": find_gate(scored),
        "soundness": {mode: _soundness(group) for mode, group in _by_mode(drawn).items()},
    }


def _by_mode(results: Sequence[Result]) -> dict[str, list[Result]]:
    return {mode: [result for result in results if result.mode == mode] for mode in MODES}


def _figures(results: Sequence[Result]) -> dict[str, object]:
    """Scores of every mode, overall, by kind and by language, and how much better than no context the others are."""
    return {
        name: {**{mode: _scores(rows) for mode, rows in _by_mode(group).items()}, "gains": _gains(_by_mode(group))}
        for name, group in report.grouped(results, "kind", "language").items()
    }


def _scores(results: Sequence[Result]) -> dict[str, object]:
    return {measure: interval(column) for measure, column in _columns(results).items()}


def _gains(by_mode: Mapping[str, Sequence[Result]]) -> dict[str, object]:
    """Relative to no context; the same cases stand in the same order in every mode."""
    before = _columns(by_mode["no context"])
    return {
        mode: {measure: relative_gain(before[measure], after) for measure, after in _columns(by_mode[mode]).items()}
        for mode in ("context", "oracle")
    }


def _columns(results: Sequence[Result]) -> dict[str, list[float]]:
    return {
        "exact": [float(result.exact) for result in results],
        "similarity": [result.similarity for result in results],
    }


def _soundness(results: Sequence[Result]) -> dict[str, object]:
    """Shares of whole suggestions, of those that suggest something."""
    shown = [result for result in results if result.text]
    return {
        "suggested": interval([float(bool(result.text)) for result in results]),
        "parse": interval([float(result.parses) for result in shown if result.parses is not None]),
        "use_an_unknown_name": interval([float(result.unknown > 0) for result in shown]),
        "end_by_themselves": interval([float(result.ending != "limit") for result in results]),
        "endings": Counter(result.ending for result in results),
        "several_lines": interval([float("\n" in result.text.strip("\n")) for result in shown]),
    }


def _without_texts(result: Result) -> dict[str, object]:
    """A result as it may be kept: other people's code stays where it is."""
    return {**asdict(result), "truth": "", "text": ""}


async def _measure(arguments: argparse.Namespace) -> None:
    settings = settings_of(arguments)
    model = report.model_card(settings)
    journal = Journal(arguments.work / f"cursors-{report.state_name(model, settings)}.jsonl")
    async with running(settings) as engine:
        results = await measure(arguments.repositories, engine, settings, journal, arguments)
    figures = {
        "repositories": [report.described_repository(root) for root in arguments.repositories],
        "summary": summarise(results),
    }
    report.write(arguments, model, figures, [_without_texts(result) for result in results])


def run(arguments: argparse.Namespace) -> None:
    """Measure and write the result."""
    asyncio.run(_measure(arguments))


def register(commands: Any) -> None:
    """Add `cursors` to the subcommands of `python -m bench.quality`."""
    parser = commands.add_parser(
        "cursors",
        help="the rest of the line at random cursors",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--cursors", type=int, default=80, help="per repository")
    parser.add_argument("--needing", type=int, default=120, help="further ones on lines that need another file")
    add_options(parser, RESULTS / "quality.json")
    parser.set_defaults(run=run)
