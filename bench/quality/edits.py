"""What it helps to know what the user has just edited: commits typed again, as far as git tells.

    python -m bench.quality edits REPOSITORY... --commits 60 --out bench/results/edits.json

Of a commit that changes several source files, one added line of one file is what is typed: the file is the commit's up
to the cursor, and what the hunk adds below is not there yet. All other files of the commit are changed already, and
open in the editor. The index knows the files as the commit's parent has them: nothing is saved. Each cursor is asked
twice, without and with the places that were edited; figures as those of `context`, and the exact rest of the line with
the served model. REPOSITORY is a clone with history; the work is done in a copy.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bench.measuring import RESULTS
from bench.quality import report
from bench.quality.cases import Case
from bench.quality.context import COPIED, PATIENCE_MS, likest
from bench.quality.intervals import interval
from bench.quality.serving import WatchedEngine, add_options, asked, running, settings_of
from codeassist.activity import Activity
from codeassist.assistant import open_index
from codeassist.completion import Completer
from codeassist.documents import make_document
from codeassist.protocols import Engine
from codeassist.settings import Settings
from codeassist.sources import WithActivity
from codeassist.tokenizer import FileTokenizer
from codeassist.types import Cursor
from indexer.index import CodeIndex
from indexer.languages import language_of
from indexer.types import Retriever

WAYS = ("without", "with edits")
MAX_FILES, MAX_ADDED = 8, 200
MAX_LOOKED_AT = 3_000

_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")
_CODE = re.compile(r"\w.*\w")


@dataclass(frozen=True, slots=True)
class Change:
    """A commit: its parent, and for each source file its text and the lines (0-based, end excluded) that were added."""

    parent: str
    texts: dict[str, str]
    added: dict[str, tuple[tuple[int, int], ...]]


@dataclass(frozen=True, slots=True)
class Typed:
    """What came of one cursor in one way."""

    repository: str
    commit: str
    way: str
    likeness: float
    exact: bool
    n_edited: int
    search_ms: float


def git(root: Path, *arguments: str) -> str:
    """What git prints; bytes that are not UTF-8 are replaced."""
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, check=True, capture_output=True, timeout=300).stdout.decode("utf-8", "replace")


def working_copy(root: Path, folder: Path) -> Path:
    """A clone in a folder, in which other commits may be checked out; nothing is checked out at first."""
    copy = folder / root.name
    if not copy.exists():
        folder.mkdir(parents=True, exist_ok=True)
        git(root, "clone", "-q", "--no-checkout", str(root), str(copy))
    return copy


def changes(root: Path, n_commits: int, seed: int) -> Iterator[Change]:
    """Random commits that change a few source files and add to two of them or more."""
    commits = git(root, "rev-list", "--no-merges", f"--max-count={MAX_LOOKED_AT}", "HEAD").split()
    random.Random(f"{seed}:{root.name}").shuffle(commits)
    n_found = 0
    for commit in commits:
        if n_found == n_commits:
            return
        change = _read_change(root, commit)
        if change is not None:
            n_found += 1
            yield change


def _read_change(root: Path, commit: str) -> Change | None:
    names = git(root, "diff-tree", "--no-commit-id", "--name-status", "-r", commit).splitlines()
    files = [line.split("\t") for line in names]
    if not 2 <= len(files) <= MAX_FILES or any(status != "M" for status, *_ in files):
        return None
    paths = [path for _, path in files if language_of(path) is not None]
    added = {
        path: hunks for path in paths if (hunks := _added(git(root, "show", "-U0", "--format=", commit, "--", path)))
    }
    n_added = sum(end - start for hunks in added.values() for start, end in hunks)
    if len(added) < 2 or n_added > MAX_ADDED:
        return None
    return Change(f"{commit}~", {path: git(root, "show", f"{commit}:{path}") for path in added}, added)


def _added(diff: str) -> tuple[tuple[int, int], ...]:
    found = []
    for line in diff.splitlines():
        if match := _HUNK.match(line):
            start, length = int(match[1]) - 1, int(match[2] or 1)
            if length:
                found.append((start, start + length))
    return tuple(found)


def cursor_of(change: Change, name: str, rng: random.Random) -> Case | None:
    """A cursor on one of the added lines of one file."""
    places = [
        (path, line, end)
        for path, hunks in change.added.items()
        for start, end in hunks
        for line in range(start, end)
        if _CODE.search(change.texts[path].split("\n")[line])
    ]
    if not places:
        return None
    path, number, end = rng.choice(places)
    lines = change.texts[path].split("\n")
    line = lines[number]
    start = len(line) - len(line.lstrip())
    column = rng.randrange(start, len(line))
    document = make_document(path, "\n".join([*lines[:number], line[:column], *lines[end:]]))
    return Case(name, document, Cursor(number, column), "added", line[column:])


def activity_of(change: Change, path: str) -> Activity:
    """The other files as an editor has them: open, and edited where the commit adds."""
    activity = Activity()
    for other, text in change.texts.items():
        if other != path:
            activity.opened(other, lambda text=text: text)  # type: ignore[misc]
            for start, end in change.added[other]:
                activity.edited(other, start, start, end - start)
    return activity


async def measure(root: Path, engine: Engine, settings: Settings, arguments: argparse.Namespace) -> list[Typed]:
    """What came of the cursors of one repository."""
    copy = working_copy(root, arguments.work / "edits")
    rng = random.Random(f"{arguments.seed}:{root.name}:cursors")
    found: list[Typed] = []
    index = open_index(settings.index, copy)
    try:
        for change in changes(root, arguments.commits, arguments.seed):
            case = cursor_of(change, root.name, rng)
            if case is None:
                continue
            git(copy, "checkout", "-qf", change.parent)
            await asyncio.to_thread(index.refresh)
            found += [await _typed(case, change, way, index, engine, settings) for way in WAYS]
            print(f"{root.name}: {len(found) // 2} of {arguments.commits}", end="\r", flush=True)
    finally:
        index.close()
    return found


async def _typed(case: Case, change: Change, way: str, index: CodeIndex, engine: Engine, settings: Settings) -> Typed:
    assert engine.info.tokenizer, "an engine of our own names its tokenizer"
    activity = activity_of(change, case.document.path)
    retriever: Retriever = index if way == "without" else WithActivity(index, activity, index.withheld)
    watched = WatchedEngine(engine)
    completion = replace(settings.completion, retrieve_deadline_ms=PATIENCE_MS)
    completer = Completer(watched, FileTokenizer(engine.info.tokenizer), retriever, completion)
    try:
        explained = await completer.explain(case.document, case.cursor, invoked=True)
        suggestion, _ = await asked(watched, lambda: completer.complete(case.document, case.cursor, invoked=True))
    finally:
        completer.close()
    slots = explained.prompt.partition(case.document.path)[0]
    return Typed(
        case.repository,
        change.parent,
        way,
        likest(case.left + case.truth, slots.split("\n")),
        suggestion.text.partition("\n")[0].strip() == case.truth.strip(),
        sum(source.why == "edited a moment ago" for source in explained.sources),
        round(explained.ms["retrieve"], 1),
    )


def summarise(found: Sequence[Typed]) -> dict[str, object]:
    """Figures of each way, and the paired difference in exact lines."""
    pairs = list(zip(found[::2], found[1::2], strict=True))
    return {
        **{way: _figures([one for one in found if one.way == way]) for way in WAYS},
        "more_exact": interval([float(after.exact) - float(before.exact) for before, after in pairs]),
        "likelier": interval([after.likeness - before.likeness for before, after in pairs]),
    }


def _figures(found: Sequence[Typed]) -> dict[str, object]:
    return {
        "exact": interval([float(one.exact) for one in found]),
        "likest_line": interval([one.likeness for one in found]),
        "could_be_copied": interval([float(one.likeness >= COPIED) for one in found]),
        "edited_slots": round(sum(one.n_edited for one in found) / max(len(found), 1), 2),
    }


async def _measure(arguments: argparse.Namespace) -> None:
    settings = settings_of(arguments)
    async with running(settings) as engine:
        found = [one for root in arguments.repositories for one in await measure(root, engine, settings, arguments)]
    figures = {
        "repositories": [report.described_repository(root) for root in arguments.repositories],
        "summary": {name: summarise(group) for name, group in report.grouped(found, "repository").items()},
    }
    report.write(arguments, report.model_card(settings), figures, [asdict(one) for one in found])


def run(arguments: argparse.Namespace) -> None:
    """Measure and write the result."""
    asyncio.run(_measure(arguments))


def register(commands: Any) -> None:
    """Add `edits` to the subcommands of `python -m bench.quality`."""
    parser = commands.add_parser(
        "edits",
        help="what it helps to know what was just edited",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--commits", type=int, default=60, help="per repository")
    add_options(parser, RESULTS / "edits.json")
    parser.set_defaults(run=run)
