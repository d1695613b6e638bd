"""A long day: keys by the thousand through one server, and whether anything grows.

    python -m bench.editor endurance REPOSITORY --keys 10000 -o engine.kind=scripted --median-ms 20

Traces are typed one after the other, over and over, each in a file that is opened and closed, after five other files
were. Every fifth is undone again, step by step; the user of every second one accepts, and at the end of each place
takes whatever is shown and undoes that. The editor asks at every key, at once. Every few seconds: resident memory, open
descriptors and threads of the server and of all below it, bytes of index and statistics on disk, and the round trip of
a question that needs nothing but the event loop; `heartbeat` (bench.index_scale) notes how late that loop woke, and a
bare one beside it. Slopes are least squares over all samples after the first fifth, which is warming up; their
intervals are drawn from stretches of neighbouring samples (moving blocks), for neighbours are alike.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from bench.editor.buffer import Buffer, Change, Key
from bench.editor.growth import Sample, growth, keep_sampling
from bench.editor.replay import buffer_at, places, typist_of
from bench.editor.rhythm import Rhythm
from bench.editor.server import Server, running
from bench.editor.session import Editor, write
from bench.editor.traces import Trace, base_of, traces
from bench.index_scale.loop import read_notes
from bench.measuring import bench_settings, percentile
from bench.quality.edits import git, working_copy
from bench.quality.report import described_repository

WATCHED = "bench.index_scale.heartbeat"
UNDONE_EVERY = 5
# Other files that are opened before each trace and closed again.
LOOKED_AT = 5
# An editor that undoes sends its edits at the rate at which a held key repeats.
UNDO_S = 0.03


@dataclass
class Day:
    """What was done so far."""

    n_keys: int = 0
    n_answers: int = 0
    n_ghosts: int = 0
    n_accepted: int = 0
    n_cancelled: int = 0
    n_taken_back: int = 0
    n_undone: int = 0
    n_documents: int = 0
    samples: list[Sample] = field(default_factory=list)

    def add(self, editor: Editor) -> None:
        """A document was closed."""
        keys = editor.pressed
        self.n_documents += 1
        self.n_answers += sum(key.answer_ms is not None for key in keys)
        self.n_cancelled += sum(key.asked_ms is not None and key.answer_ms is None for key in keys)
        self.n_ghosts += sum(key.showing == "appeared" for key in keys)
        self.n_accepted += sum(key.kind == "accept" for key in keys)


def measure(arguments: Namespace) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Figures, and the samples; with a bare loop beside the server."""
    arguments.work.mkdir(parents=True, exist_ok=True)
    bare = Path(tempfile.mkdtemp(prefix="bare-", dir=arguments.work)) / "notes.jsonl"
    bare.touch()
    baseline = subprocess.Popen([sys.executable, "-m", WATCHED, str(bare)])
    try:
        return asyncio.run(endurance(arguments, bare))
    finally:
        baseline.terminate()
        baseline.wait()


async def endurance(arguments: Namespace, bare: Path) -> tuple[dict[str, object], list[dict[str, object]]]:
    """The day in one server. bare: what the loop beside it noted."""
    root = arguments.repository
    found = traces(root, arguments.traces, arguments.seed)
    copy = working_copy(root, arguments.work / "editor")
    git(copy, "checkout", "-qf", base_of(root, found))
    indexes = Path(tempfile.mkdtemp(prefix="indexes-", dir=arguments.work))
    settings = bench_settings(arguments.option, indexes)
    day = Day()
    async with running(copy, settings, arguments.option, arguments.work, WATCHED) as server:
        sampling = asyncio.create_task(keep_sampling(server, indexes, lambda: day.n_keys, day.samples))
        started = time.monotonic()
        try:
            await type_on(server, found, day, arguments)
        finally:
            sampling.cancel()
        seconds = time.monotonic() - started
        alive = server.probe.process.returncode is None
        late, idle = (waits(notes, started) for notes in (server.notes, bare))
    figures = {
        "repositories": [described_repository(root)],
        "seconds": round(seconds, 1),
        "alive": alive,
        **{name: value for name, value in asdict(day).items() if name != "samples"},
        "longest_wait_of_the_loop_ms": max(late, default=0.0),
        "waits_over_20_ms": sum(ms > 20 for ms in late),
        "bare_loop": {"longest_wait_ms": max(idle, default=0.0), "waits_over_20_ms": sum(ms > 20 for ms in idle)},
        "status_ms_p95": round(percentile((sample.status_ms for sample in day.samples), 0.95), 2),
        "growth": growth(day.samples),
    }
    return figures, [asdict(sample) for sample in day.samples]


def waits(notes: Path, since: float) -> list[float]:
    """By how many milliseconds a loop woke late, each time that it did."""
    return [ms for what, at, ms in read_notes(notes) if what == "late" and at >= since]


async def type_on(server: Server, found: Sequence[Trace], day: Day, arguments: Namespace) -> None:
    """Documents one after the other until there are keys enough."""
    number = 0
    while day.n_keys < arguments.keys:
        number += 1
        trace = found[number % len(found)]
        buffer, uri = Buffer(trace.before, 0, trace.unit, trace.language), (server.workspace / trace.path).as_uri()
        editor = Editor(server.probe, uri, buffer, wait_ms=arguments.editor_ms)
        rhythm = Rhythm(random.Random(f"{arguments.seed}:{number}"), arguments.median_ms)
        before = day.n_keys
        day.n_documents += await looked_at(server, trace, number)
        await editor.open(trace.language)
        for edit, goal in places(trace):
            editor.put_cursor(buffer_at(trace, edit, editor.buffer.text))
            typist = typist_of(trace, edit, arguments.corrections)
            await write(editor, goal, typist, rhythm, accepts=number % 2 == 0)
            if number % 2 == 0 and await taken_back(editor):
                day.n_taken_back += 1
            day.n_keys = before + len(editor.pressed)
        if number % UNDONE_EVERY == 0:
            day.n_undone += await undo(editor, trace)
        await editor.close()
        day.add(editor)
        if number % 10 == 0:
            print(f"{day.n_keys} keys, {day.n_documents} documents", file=sys.stderr)


async def looked_at(server: Server, trace: Trace, number: int) -> int:
    """Open a few other files of the trace's kind and close them again; how many."""
    files = sorted(server.workspace.rglob(f"*{PurePosixPath(trace.path).suffix}"))
    chosen = random.Random(number).sample(files, min(LOOKED_AT, len(files)))
    for file in chosen:
        editor = Editor(server.probe, file.as_uri(), Buffer(file.read_text(encoding="utf-8", errors="replace"), 0))
        await editor.open(trace.language)
    for file in chosen:
        await server.probe.notify("textDocument/didClose", {"textDocument": {"uri": file.as_uri()}})
    return len(chosen)


async def taken_back(editor: Editor) -> bool:
    """Accept what is shown, right or not, and undo that at once; whether there was anything."""
    if editor.ghost is None:
        return False
    before, ghost = editor.buffer, editor.ghost
    replaced = before.text[before.cursor : before.cursor + ghost.n_right]
    await editor.press(Key("accept"))
    await editor.settled()
    await change(editor, Change(before.cursor, before.cursor + len(ghost.text), replaced))
    editor.put_cursor(before)
    return True


async def undo(editor: Editor, trace: Trace) -> int:
    """Take the edits back from bottom to top, each in steps of a few characters; how many steps."""
    n_steps = 0
    for edit in reversed(trace.edits):
        end = edit.offset + len(edit.typed)
        while end > edit.offset:
            start = max(end - 4, edit.offset)
            await change(editor, Change(start, end, ""))
            end, n_steps = start, n_steps + 1
            await asyncio.sleep(UNDO_S)
        await change(editor, Change(edit.offset, edit.offset, edit.deleted))
    if editor.buffer.text != trace.before:
        raise SystemExit(f"{trace.path}: undoing did not bring the text back")
    return n_steps


async def change(editor: Editor, step: Change) -> None:
    """One edit that is no key."""
    before = editor.buffer.text
    editor.buffer = editor.buffer.applied(step)
    await editor.change(before, step)


def register(commands: Any) -> None:
    """Add `endurance` to the subcommands."""
    parser = commands.add_parser(
        "endurance", help="10,000 keys", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("repository", type=Path, help="a clone with history")
    parser.add_argument("--keys", type=int, default=10_000)
    parser.add_argument("--traces", type=int, default=60, help="different traces")
    parser.add_argument("--median-ms", type=float, default=30.0, help="between two keys on a line")
    parser.add_argument("--editor-ms", type=float, default=0.0, help="what the editor waits before it asks")
    parser.add_argument("--corrections", type=float, default=0.05, help="share of keys that correct a slip")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("-o", "--option", action="append", default=[], metavar="SETTING=VALUE", help="a setting")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "codeassist-editor")
    parser.add_argument("--out", type=Path, help="result file (default: bench/results/editor_endurance.json)")
    parser.set_defaults(measure=measure)
