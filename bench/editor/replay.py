"""Traces typed into a real `codeassist lsp --stdio` in real time: see `python -m bench.editor replay --help`."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bench.editor.buffer import Buffer, press
from bench.editor.figures import Generation, Run, figures
from bench.editor.rhythm import Rhythm
from bench.editor.server import Server, running
from bench.editor.session import EDITOR_WAIT_MS, Editor, write
from bench.editor.traces import Edit, Trace, base_of, traces
from bench.editor.typist import Goal, Typist
from bench.measuring import bench_settings
from bench.quality import report
from bench.quality.edits import git, working_copy

USERS = ("never", "accepts")
FIRST_ANSWER_S = 5.0


@dataclass(frozen=True, slots=True)
class Round:
    """One way (settings) and one user, for all traces of a repository."""

    way: str
    options: tuple[str, ...]
    user: str


def places(trace: Trace) -> Iterator[tuple[Edit, Goal]]:
    """Where is typed, one after the other, and what shall stand there."""
    text = trace.before
    for edit in trace.edits:
        goal = Goal(text[: edit.offset] + edit.typed, text[edit.offset + len(edit.deleted) :])
        yield edit, goal
        text = goal.left + goal.right


def buffer_at(trace: Trace, edit: Edit, text: str) -> Buffer:
    """The text with the cursor put where typing begins: behind what goes."""
    return Buffer(text, edit.offset + len(edit.deleted), trace.unit, trace.language)


def typist_of(trace: Trace, edit: Edit, corrections: float) -> Typist:
    """The person at one place: the same in every round."""
    return Typist(f"{trace.commit}:{trace.path}:{edit.offset}", corrections)


def n_keys_without(trace: Trace, corrections: float) -> int:
    """How many keys the trace takes without any suggestion."""
    count, text = 0, trace.before
    for edit, goal in places(trace):
        buffer, typist = buffer_at(trace, edit, text), typist_of(trace, edit, corrections)
        while (key := typist.next_key(buffer, goal)) is not None:
            buffer, _ = press(buffer, key)
            count += 1
        text = buffer.text
    return count


async def typed(server: Server, trace: Trace, each: Round, arguments: argparse.Namespace) -> Run:
    """One trace from opening the file to closing it."""
    uri = (server.workspace / trace.path).as_uri()
    editor = Editor(server.probe, uri, Buffer(trace.before, 0, trace.unit, trace.language), wait_ms=arguments.editor_ms)
    rhythm = Rhythm(random.Random(f"{arguments.seed}:{trace.commit}"), arguments.median_ms)
    await editor.open(trace.language)
    for edit, goal in places(trace):
        editor.put_cursor(buffer_at(trace, edit, editor.buffer.text))
        typist = typist_of(trace, edit, arguments.corrections)
        await write(editor, goal, typist, rhythm, accepts=each.user == "accepts")
    await editor.close()
    if editor.buffer.text != trace.after:
        raise SystemExit(f"{trace.commit} {trace.path}: what was typed is not what the commit has")
    without = n_keys_without(trace, arguments.corrections)
    names = (trace.repository, trace.commit, trace.path, trace.language)
    return Run(each.way, each.user, *names, trace.n_typed, without, tuple(editor.pressed), ())


async def of_repository(root: Path, each: Round, arguments: argparse.Namespace) -> list[Run]:
    """All traces of a repository in one server, the oldest first, and the generations that each led to."""
    found = traces(root, arguments.traces, arguments.seed)
    copy = working_copy(root, arguments.work / "editor")
    git(copy, "checkout", "-qf", base_of(root, found))
    runs = []
    settings = bench_settings(list(each.options), arguments.work / "indexes")
    async with running(copy, settings, each.options, arguments.work) as server:
        for number, trace in enumerate(found, start=1):
            started = time.monotonic()
            runs.append(await typed(server, trace, each, arguments))
            took = time.monotonic() - started
            print(f"{each.way} {each.user} {root.name} {number}/{len(found)}: {took:.0f} s", file=sys.stderr)
    return [with_generations(run, server.generations()) for run in runs]


def with_generations(run: Run, generations: Sequence[Generation]) -> Run:
    """A run with what the engine did while it was typed."""
    start = run.pressed[0].sent_ms
    end = run.pressed[-1].sent_ms + FIRST_ANSWER_S * 1000
    return replace(run, generations=tuple(each for each in generations if start <= each.start_ms <= end))


def rounds(arguments: argparse.Namespace) -> list[Round]:
    """Every way with every user."""
    ways = arguments.way or ["as it is"]
    return [
        Round(way, (*arguments.option, *(() if way == "as it is" else way.split(","))), user)
        for way in ways
        for user in arguments.users
    ]


def summarise(runs: Sequence[Run]) -> dict[str, object]:
    """Figures by way, user, and language."""
    summary: dict[str, object] = {}
    for way in dict.fromkeys(run.way for run in runs):
        for user in dict.fromkeys(run.user for run in runs):
            group = [run for run in runs if (run.way, run.user) == (way, user)]
            languages = dict.fromkeys(run.language for run in group)
            by_language = {name: figures([run for run in group if run.language == name]) for name in languages}
            summary[f"{way}, {user}"] = {"all": figures(group), **(by_language if len(languages) > 1 else {})}
    return summary


def row_of(run: Run) -> dict[str, object]:
    """A run without anybody's text."""
    shown = figures([run])
    few = ("keys", "ghosts", "key_to_ghost_ms", "flicker")
    names = {name: value for name, value in asdict(run).items() if name not in ("pressed", "generations")}
    return {**names, "n_accepted": run.n_accepted, **{name: shown[name] for name in few}}


def keep_keys(runs: Sequence[Run], file: Path) -> None:
    """Every key with its texts, outside of the repository."""
    with file.open("w", encoding="utf-8") as lines:
        for run in runs:
            lines.write(json.dumps(asdict(run)) + "\n")


async def replay(arguments: argparse.Namespace) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Everything: figures, and a row for each trace in each round."""
    runs: list[Run] = []
    for each in rounds(arguments):
        for root in arguments.repositories:
            runs += await of_repository(root, each, arguments)
        keep_keys(runs, arguments.work / "keys.jsonl")
    described = [report.described_repository(root) for root in arguments.repositories]
    return {"repositories": described, "summary": summarise(runs)}, [row_of(run) for run in runs]


def register(commands: Any) -> None:
    """Add `replay` to the subcommands."""
    from bench.editor.rhythm import CORRECTIONS, MEDIAN_MS

    parser = commands.add_parser("replay", help="traces typed in real time")
    parser.add_argument("repositories", nargs="+", type=Path, help="clones with history")
    parser.add_argument("--traces", type=int, default=6, help="per repository")
    parser.add_argument("--users", nargs="+", choices=USERS, default=list(USERS))
    parser.add_argument(
        "--way", action="append", metavar="SETTING=VALUE,...", help="settings to compare; once for each way"
    )
    parser.add_argument("--median-ms", type=float, default=MEDIAN_MS, help="between two keys on a line")
    parser.add_argument("--editor-ms", type=float, default=EDITOR_WAIT_MS, help="what the editor waits before it asks")
    parser.add_argument("--corrections", type=float, default=CORRECTIONS, help="share of keys that correct a slip")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("-o", "--option", action="append", default=[], metavar="SETTING=VALUE", help="for all ways")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "codeassist-editor")
    parser.add_argument("--out", type=Path, help="result file (default: bench/results/editor_replay.json)")
    parser.set_defaults(measure=lambda arguments: asyncio.run(replay(arguments)))
