"""What a prompt brings from other places, told without a model: at random cursors of repositories.

    python -m bench.quality context REPOSITORY... --cursors 100 --seed 1 --out bench/results/context.json

The slots of four kinds, each with the same budget and arranged alike:

- full text: whole chunks that BM25 finds for the lines around the cursor;
- vectors: whole chunks nearest by meaning;
- definitions: what the names near the cursor mean, and nothing else;
- served: what a suggestion gets.

For each: how like the cursor's true line the likest line of the slots is (difflib's ratio over tokens); the share of
cursors where that is .85 or more, so that a model only has to copy; and the share of the names in the rest of the line
that the window does not spell and the slots do. What a model makes of it is measured by `cursors`; this is quick, and
what the constants of `indexer/similar.py` were fitted with.
"""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.measuring import RESULTS
from bench.quality import report
from bench.quality.cases import Case, sample_cases
from bench.quality.intervals import interval
from bench.quality.journal import DEFAULT
from bench.quality.serving import settings_of
from bench.quality.syntax import words
from codeassist.assistant import open_index
from codeassist.engine.choose import open_engine
from codeassist.fim import find_template
from codeassist.pipeline import Budgets, Pipeline
from codeassist.tokenizer import FileTokenizer
from indexer.index import CodeIndex
from indexer.types import Hit, Query, Retriever

KINDS = ("full text", "vectors", "definitions", "served")
PATIENCE_MS = 600_000
COPIED = 0.85

_TOKEN = re.compile(r"\w+|[^\w\s]")
_NAME = re.compile(r"[^\W\d]\w{2,}")


@dataclass(frozen=True, slots=True)
class Brought:
    """What the slots of one cursor bring. unseen: names of the line that the window lacks. spelled: those in a slot."""

    repository: str
    kind: str
    likeness: float
    unseen: int
    spelled: int
    slot_tokens: int
    search_ms: float


class Chunks:
    """A Retriever of whole chunks, for comparison."""

    def __init__(self, index: CodeIndex, kind: str) -> None:
        self._index = index
        self._search = index.search_by_text if kind == "full text" else index.search_by_meaning

    def search(self, query: Query, limit: int) -> list[Hit]:
        """Chunks for the lines around the cursor, those within the window left out."""
        first, last = query.exclude_lines or (1, 0)
        found = self._search(query.text, 2 * limit)
        elsewhere = [hit for hit in found if hit.path != query.path or hit.end_line < first or hit.start_line > last]
        return elsewhere[:limit]

    def versions(self, paths: Iterable[str]) -> dict[str, str]:
        """As the index has them."""
        return self._index.versions(paths)


class DefinitionsAlone(Chunks):
    """A Retriever of what names mean."""

    def __init__(self, index: CodeIndex) -> None:
        super().__init__(index, "full text")

    def search(self, query: Query, limit: int) -> list[Hit]:
        """Skeletons and outlines among what is served."""
        return [hit for hit in self._index.search(query, 4 * limit) if hit.is_skeleton][:limit]


def measure(root: Path, arguments: argparse.Namespace) -> list[Brought]:
    """What all kinds bring at the cursors of one repository."""
    settings = settings_of(arguments)
    info = open_engine(settings.engine, attach=False).info
    assert info.tokenizer, "an engine of our own names its tokenizer"
    tokenizer = FileTokenizer(info.tokenizer)
    shares = (settings.completion.context_share, settings.completion.suffix_share)
    budgets = Budgets.split(info.prompt_tokens, *shares)
    index = open_index(settings.index, root)
    try:
        index.refresh()
        retrievers: dict[str, Retriever] = {
            "full text": Chunks(index, "full text"),
            "vectors": Chunks(index, "vectors"),
            "definitions": DefinitionsAlone(index),
            "served": index,
        }
        found: list[Brought] = []
        for case in sample_cases(root, arguments.cursors, arguments.seed):
            for kind in KINDS:
                template = find_template(info.template)
                pipeline = Pipeline(tokenizer, template, retrievers[kind], PATIENCE_MS, heals=True)
                found.append(brought(case, kind, pipeline, budgets))
                pipeline.close()
    finally:
        index.close()
    return found


def brought(case: Case, kind: str, pipeline: Pipeline, budgets: Budgets) -> Brought:
    prepared = pipeline.prepare(case.document, case.cursor, budgets)
    parts = {True: "", False: ""}
    for part in prepared.prompt.parts:
        parts[part.kind == "slot"] += part.text
    unseen = frozenset(_NAME.findall(case.truth)) - words(parts[False])
    return Brought(
        case.repository,
        kind,
        likest(case.left + case.truth, parts[True].split("\n")),
        len(unseen),
        len(unseen & words(parts[True])),
        prepared.used["slot"],
        round(prepared.ms["retrieve"], 1),
    )


def likest(line: str, others: Iterable[str]) -> float:
    """How like a line the likest of other lines is, 0 to 1."""
    tokens = _TOKEN.findall(line)
    matcher = difflib.SequenceMatcher(None, autojunk=False)
    matcher.set_seq2(tokens)
    best = 0.0
    for other in dict.fromkeys(others):
        matcher.set_seq1(_TOKEN.findall(other))
        if matcher.real_quick_ratio() > best and matcher.quick_ratio() > best:
            best = max(best, matcher.ratio())
    return best


def summarise(found: Sequence[Brought]) -> dict[str, object]:
    """Figures of each kind, over all repositories and by repository."""
    return {
        name: {kind: _figures([one for one in group if one.kind == kind]) for kind in KINDS}
        for name, group in report.grouped(found, "repository").items()
    }


def _figures(found: Sequence[Brought]) -> dict[str, object]:
    names = [one.spelled / one.unseen for one in found if one.unseen]
    milliseconds = sorted(one.search_ms for one in found)
    return {
        "likest_line": interval([one.likeness for one in found]),
        "could_be_copied": interval([float(one.likeness >= COPIED) for one in found]),
        "unseen_names_spelled": interval(names),
        "slot_tokens": round(sum(one.slot_tokens for one in found) / max(len(found), 1)),
        "search_ms_p50": round(milliseconds[len(milliseconds) // 2], 1) if found else None,
        "search_ms_p95": round(milliseconds[int(len(milliseconds) * 0.95)], 1) if found else None,
    }


def run(arguments: argparse.Namespace) -> None:
    """Measure and write the result."""
    found = [one for root in arguments.repositories for one in measure(root, arguments)]
    figures = {
        "repositories": [report.described_repository(root) for root in arguments.repositories],
        "summary": summarise(found),
    }
    report.write(arguments, report.model_card(settings_of(arguments)), figures, [asdict(one) for one in found])


def register(commands: Any) -> None:
    """Add `context` to the subcommands of `python -m bench.quality`."""
    parser = commands.add_parser(
        "context",
        help="what prompts bring from other places, without a model",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--cursors", type=int, default=100, help="per repository")
    parser.add_argument("--out", type=Path, default=RESULTS / "context.json", help="result file")
    parser.add_argument("--work", type=Path, default=DEFAULT, help="folder for indexes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--option", action="append", default=[], metavar="SECTION.KEY=VALUE", help="a setting")
    parser.set_defaults(run=run)
