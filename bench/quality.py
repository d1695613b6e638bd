"""How good are suggestions at random cursors of real repositories, with and without code from other files?

    python -m bench.quality measure REPOSITORY... --cursors 100 --out bench/results/quality.json
    python -m bench.quality gate bench/results/quality.json [--write MODEL_DIRECTORY]

`measure` asks the served product (window, retrieval, prompt, engine, trim) for the rest of a line that was cut out of
a file, at cursors behind the indentation, between tokens and inside of identifiers. Exact match and edit similarity
(difflib's ratio) of what is left of the line, white space at its ends aside, with 95 % bootstrap intervals.
`gate` reads off the least confidence at which half of what is shown is exactly right, on the even cursors, and tests
it on the odd ones. Repositories that a model was trained on, or that are reserved, must not be given.
"""

from __future__ import annotations

import argparse
import asyncio
import difflib
import json
import random
import re
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.measuring import provenance
from codeassist.assistant import Assistant, open_assistant
from codeassist.documents import make_document, read_document
from codeassist.engine.choose import open_engine
from codeassist.errors import DocumentError
from codeassist.settings import CompletionSettings, EngineSettings, Settings
from codeassist.types import Cursor, Document
from indexer.languages import language_of

_COMMENT = re.compile(r"^\s*(#|//|/\*|\*|--|\"\"\"|''')")
_KINDS = ("indentation", "boundary", "identifier")
_PRECISION = 0.5
_LEAST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Case:
    """A cursor: the document without the rest of the line, and that rest."""

    repository: str
    document: Document
    cursor: Cursor
    kind: str
    truth: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one case in one mode."""

    repository: str
    path: str
    line: int
    kind: str
    language: str
    mode: str
    truth: str
    text: str
    exact: bool
    similarity: float
    confidence: float | None
    n_sources: int
    ms: float


def sample_cases(root: Path, n_cursors: int, seed: int) -> list[Case]:
    """Random cursors of a repository, the same for the same seed."""
    rng = random.Random(f"{seed}:{root.name}")
    files = sorted(file for file in root.rglob("*") if _is_source(file, root))
    rng.shuffle(files)
    cases: list[Case] = []
    for file in files:
        if len(cases) >= n_cursors:
            break
        cases.extend(_cases_of(file, root, rng))
    return cases[:n_cursors]


def _is_source(file: Path, root: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(root).parts)
    return not hidden and file.is_file() and language_of(file.name) is not None


def _cases_of(file: Path, root: Path, rng: random.Random) -> Iterator[Case]:
    """One cursor of a file, on a line that holds code."""
    try:
        document = read_document(file, file.relative_to(root).as_posix())
    except DocumentError:
        return
    lines = document.text.split("\n")
    candidates = [number for number, line in enumerate(lines) if len(line.strip()) >= 8 and not _COMMENT.match(line)]
    if not candidates or len(lines) < 20:
        return
    number = rng.choice(candidates)
    kind = rng.choice(_KINDS)
    column = _column(lines[number], kind, rng)
    if column is None:
        return
    truth = lines[number][column:]
    lines[number] = lines[number][:column]
    cut = make_document(document.path, "\n".join(lines))
    yield Case(root.name, cut, Cursor(number, column), kind, truth)


def _column(line: str, kind: str, rng: random.Random) -> int | None:
    start = len(line) - len(line.lstrip())
    if kind == "indentation":
        return start
    inside = [at for at in range(start + 1, len(line)) if line[at - 1].isalnum() and (line[at].isalnum())]
    between = [at for at in range(start + 1, len(line)) if not (line[at - 1].isalnum() and line[at].isalnum())]
    choices = inside if kind == "identifier" else between
    return rng.choice(choices) if choices else None


async def measure(roots: Sequence[Path], n_cursors: int, seed: int) -> list[Result]:
    """Results of all cases without and with code from other files, on one engine."""
    engine = open_engine(EngineSettings(), attach=True)
    await engine.start()
    results: list[Result] = []
    try:
        for root in roots:
            cases = sample_cases(root, n_cursors, seed)
            for mode, share in (("no context", 0.0), ("context", CompletionSettings().context_share)):
                settings = Settings(completion=CompletionSettings(context_share=share, retrieve_deadline_ms=2000))
                assistant = open_assistant(settings, root, engine=engine)
                if share:
                    await assistant.refresh()
                results += [await _run(assistant, case, mode) for case in cases]
                print(f"{root.name}: {len(cases)} cursors, {mode}: {_summary(results, mode)}", file=sys.stderr)
    finally:
        await engine.close()
    return results


async def _run(assistant: Assistant, case: Case, mode: str) -> Result:
    suggestion = await assistant.complete(case.document, case.cursor, invoked=True)
    text = suggestion.text.partition("\n")[0].strip()
    truth = case.truth.strip()
    return Result(
        repository=case.repository,
        path=case.document.path,
        line=case.cursor.line + 1,
        kind=case.kind,
        language=case.document.language,
        mode=mode,
        truth=truth,
        text=text,
        exact=text == truth,
        similarity=difflib.SequenceMatcher(None, text, truth, autojunk=False).ratio(),
        confidence=suggestion.confidence,
        n_sources=len(suggestion.sources),
        ms=suggestion.ms["total"],
    )


def interval(values: Sequence[float], seed: int = 0, n_samples: int = 2000) -> dict[str, float]:
    """Mean with its 95 % percentile bootstrap interval."""
    if not values:
        return {"n": 0, "mean": 0.0, "low": 0.0, "high": 0.0}
    rng = random.Random(seed)
    means = sorted(statistics.fmean(rng.choices(values, k=len(values))) for _ in range(n_samples))
    low, high = means[int(0.025 * n_samples)], means[int(0.975 * n_samples) - 1]
    return {"n": len(values), "mean": statistics.fmean(values), "low": low, "high": high}


def summarise(results: Sequence[Result]) -> dict[str, dict[str, dict[str, float]]]:
    """Exact match and similarity by mode, by mode and kind, and by mode and language."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        for name in (result.mode, f"{result.mode}, {result.kind}", f"{result.mode}, {result.language}"):
            groups.setdefault(name, []).append(result)
    return {
        name: {
            "exact": interval([float(result.exact) for result in group]),
            "similarity": interval([result.similarity for result in group]),
        }
        for name, group in sorted(groups.items())
    }


def find_gate(results: Sequence[Result]) -> dict[str, float]:
    """The least confidence at which `_PRECISION` of what is shown is right, and how it does on other cursors."""
    scored = [result for result in results if result.mode == "context" and result.confidence is not None]
    fit, test = scored[::2], scored[1::2]
    ranked = sorted(fit, key=lambda result: -(result.confidence or 0.0))
    gate, n_right = 1.0, 0
    for n_shown, result in enumerate(ranked, start=1):
        n_right += result.exact
        if n_shown >= _LEAST_SHOWN and n_right / n_shown >= _PRECISION:
            gate = result.confidence or 0.0
    shown = [result for result in test if (result.confidence or 0.0) >= gate]
    return {
        "gate": round(gate, 3),
        "n_fit": len(fit),
        "n_test": len(test),
        "shown_share": len(shown) / max(len(test), 1),
        "precision": sum(result.exact for result in shown) / max(len(shown), 1),
    }


def _summary(results: Sequence[Result], mode: str) -> str:
    group = [result for result in results if result.mode == mode]
    exact = statistics.fmean(float(result.exact) for result in group)
    return f"exact match so far {exact:.3f}" if group else "none"


def _measure_command(arguments: argparse.Namespace) -> None:
    results = asyncio.run(measure(arguments.repositories, arguments.cursors, arguments.seed))
    document = {
        **provenance("quality"),
        "command": "python -m bench.quality measure "
        + " ".join(root.name for root in arguments.repositories)
        + f" --cursors {arguments.cursors} --seed {arguments.seed}",
        "summary": summarise(results),
        "results": [_without_texts(result) for result in results],
    }
    arguments.out.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(document["summary"], indent=1))


def _without_texts(result: Result) -> dict[str, object]:
    """A result as it may be kept: other people's code stays where it is."""
    return {**asdict(result), "truth": "", "text": ""}


def _gate_command(arguments: argparse.Namespace) -> None:
    stored = json.loads(arguments.results.read_text(encoding="utf-8"))
    found = find_gate([Result(**result) for result in stored["results"]])
    print(json.dumps(found, indent=1))
    if arguments.write:
        file = arguments.write / "codeassist.json"
        card = json.loads(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps({**card, "gate": found["gate"]}, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Command line of this program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    measuring = commands.add_parser("measure")
    measuring.add_argument("repositories", nargs="+", type=Path)
    measuring.add_argument("--cursors", type=int, default=100, help="per repository")
    measuring.add_argument("--seed", type=int, default=1)
    measuring.add_argument("--out", type=Path, required=True)
    measuring.set_defaults(run=_measure_command)
    gating = commands.add_parser("gate")
    gating.add_argument("results", type=Path)
    gating.add_argument("--write", type=Path, metavar="MODEL_DIRECTORY")
    gating.set_defaults(run=_gate_command)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
