"""What it helps to know which changes are not committed: commits typed again, without a model.

    python -m bench.quality changes REPOSITORY... --commits 60 --out bench/results/changes.json

As in `edits`, one added line of a commit is what is typed, and all other files of the commit are changed already. Here
they are saved, nothing is open, and the editor has just started: the index knows the files as they are, and git alone
knows which lines are new. Each cursor is asked twice, without and with the uncommitted changes; figures as those of
`context`. REPOSITORY is a clone with history; the work is done in a copy.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.measuring import RESULTS
from bench.quality import report
from bench.quality.cases import Case
from bench.quality.context import COPIED, PATIENCE_MS, Brought, brought
from bench.quality.edits import Change, changes, cursor_of, git, working_copy
from bench.quality.intervals import interval
from bench.quality.journal import DEFAULT
from bench.quality.serving import settings_of
from codeassist.activity import Activity
from codeassist.assistant import open_index
from codeassist.engine.choose import open_engine
from codeassist.fim import find_template
from codeassist.pipeline import Budgets, Pipeline
from codeassist.settings import Settings
from codeassist.sources import WithActivity
from codeassist.tokenizer import FileTokenizer
from codeassist.types import ModelInfo
from indexer.changes import read_changes
from indexer.index import CodeIndex
from indexer.types import Retriever

WAYS = ("without", "with uncommitted changes")


@dataclass(frozen=True, slots=True)
class Asked:
    """One cursor in one way. n_changed: files of the commit that git was found to have changes of."""

    repository: str
    commit: str
    n_changed: int
    brought: Brought


def measure(root: Path, arguments: argparse.Namespace) -> list[Asked]:
    """What came of the cursors of one repository."""
    copy = working_copy(root, arguments.work / "changes")
    settings = settings_of(arguments)
    info = open_engine(settings.engine, attach=False).info
    rng = random.Random(f"{arguments.seed}:{root.name}:cursors")
    found: list[Asked] = []
    index = open_index(settings.index, copy)
    try:
        for change in changes(root, arguments.commits, arguments.seed):
            case = cursor_of(change, root.name, rng)
            if case is None:
                continue
            save(copy, change, case)
            index.refresh()
            found += _asked(case, change, index, settings, info)
            print(f"{root.name}: {len(found) // 2} of {arguments.commits}", end="\r", flush=True)
    finally:
        index.close()
    return found


def save(copy: Path, change: Change, case: Case) -> None:
    """The working tree before the line is typed: the commit's other files as it has them."""
    git(copy, "checkout", "-qf", change.parent)
    for path, text in change.texts.items():
        if path != case.document.path:
            (copy / path).write_text(text, encoding="utf-8")


def _asked(case: Case, change: Change, index: CodeIndex, settings: Settings, info: ModelInfo) -> list[Asked]:
    assert info.tokenizer, "an engine of our own names its tokenizer"
    tokenizer = FileTokenizer(info.tokenizer)
    activity = Activity()
    changed = read_changes(index.root, index.versions, settings.index.max_file_kb)
    activity.changed_on_disk(changed)
    retrievers: tuple[Retriever, ...] = (index, WithActivity(index, activity, index.withheld))
    shares = (settings.completion.context_share, settings.completion.suffix_share)
    budgets = Budgets.split(info.prompt_tokens, *shares)
    found = []
    for way, retriever in zip(WAYS, retrievers, strict=True):
        pipeline = Pipeline(tokenizer, find_template(info.template), retriever, PATIENCE_MS, heals=True)
        found.append(Asked(case.repository, change.parent, len(changed), brought(case, way, pipeline, budgets)))
        pipeline.close()
    return found


def summarise(found: Sequence[Asked]) -> dict[str, object]:
    """Figures of each way, and the paired differences."""
    pairs = [(before.brought, after.brought) for before, after in zip(found[::2], found[1::2], strict=True)]
    return {
        **{way: _figures([one.brought for one in found if one.brought.kind == way]) for way in WAYS},
        "more_names": interval([_share(after) - _share(before) for before, after in pairs if before.unseen]),
        "likelier": interval([after.likeness - before.likeness for before, after in pairs]),
        "changed_files": round(sum(one.n_changed for one in found) / max(len(found), 1), 2),
    }


def _share(one: Brought) -> float:
    return one.spelled / one.unseen


def _figures(found: Sequence[Brought]) -> dict[str, object]:
    return {
        "unseen_names_spelled": interval([_share(one) for one in found if one.unseen]),
        "likest_line": interval([one.likeness for one in found]),
        "could_be_copied": interval([float(one.likeness >= COPIED) for one in found]),
    }


def run(arguments: argparse.Namespace) -> None:
    """Measure and write the result."""
    found = [one for root in arguments.repositories for one in measure(root, arguments)]
    figures = {
        "repositories": [report.described_repository(root) for root in arguments.repositories],
        "summary": {name: summarise(group) for name, group in report.grouped(found, "repository").items()},
    }
    report.write(arguments, report.model_card(settings_of(arguments)), figures, [asdict(one) for one in found])


def register(commands: Any) -> None:
    """Add `changes` to the subcommands of `python -m bench.quality`."""
    parser = commands.add_parser(
        "changes",
        help="what it helps to know which changes are not committed, without a model",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--commits", type=int, default=60, help="per repository")
    parser.add_argument("--out", type=Path, default=RESULTS / "changes.json", help="result file")
    parser.add_argument("--work", type=Path, default=DEFAULT, help="folder for indexes and copies")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("-o", "--option", action="append", default=[], metavar="SECTION.KEY=VALUE", help="a setting")
    parser.set_defaults(run=run)
