"""How long the Language Server's event loop is kept waiting while it indexes, follows files and answers typing.

A real `codeassist lsp` with the scripted engine, driven on its pipes as an editor does: a key every 100 ms, each with a
request for ghost text and one for `codeassist/status`, which needs nothing but the loop. Beside it, as the baseline, a
Python process with a bare event loop: what it waits, the machine is to blame for.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bench.index_scale.corpus import SEED, Corpus, make_corpus, remove
from bench.measuring import percentile, summary
from bench.probes import LspProbe
from bench.startup import Scene, end

HEARTBEAT = [sys.executable, "-m", "bench.index_scale.heartbeat"]
KEY_S = 0.1
READY_WITHIN_S = 900.0
PHASE_S = 20.0
MANY_FILES = 300
GOAL_MS = 20.0

Action = Callable[["Session"], Awaitable[None]]


@dataclass
class Session:
    """One Language Server with one open document, and what was seen of it."""

    probe: LspProbe
    corpus: Corpus
    uri: str
    n_lines: int
    version: int = 1
    status_ms: list[float] = field(default_factory=list)
    completion_ms: list[float] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)


@dataclass(frozen=True)
class Phase:
    """What the server was at, from and until when (monotonic seconds), and the round trips meanwhile."""

    name: str
    start: float
    end: float
    status_ms: list[float]
    completion_ms: list[float]


def loop(size: int, work: Path) -> dict[str, object]:
    """Everything, on a repository of so many files."""
    corpus = make_corpus(work / f"of-{size}", size)
    ours, bare = work / "ours.jsonl", work / "bare.jsonl"
    baseline = subprocess.Popen([*HEARTBEAT, str(bare)])
    try:
        phases = asyncio.run(drive(corpus, work, ours))
    finally:
        baseline.terminate()
        baseline.wait()
        remove(corpus)
    late, idle = read_notes(ours), read_notes(bare)
    return {**corpus.described(), "phases": {phase.name: described(phase, late, idle) for phase in phases}}


async def drive(corpus: Corpus, work: Path, notes: Path) -> list[Phase]:
    """A session from the first index to the end."""
    scene_folder = Path(tempfile.mkdtemp(dir=work))
    environment = Scene(None, [], scene_folder).environment  # type: ignore[arg-type]
    command = [*HEARTBEAT, str(notes), "lsp", "-o", "engine.kind=scripted", "-o", f"index.directory={work / 'index'}"]
    probe = await LspProbe.start(command, environment, scene_folder / "server.log")
    reading = asyncio.create_task(probe.read())
    try:
        session = await opened(probe, corpus)
        await in_phase(session, "first index", until_ready)
        for name, action in (("typing alone", quiet), ("files saved one by one", saves), ("many files", many)):
            await in_phase(session, name, action)
        await probe.request("shutdown", None)
        await probe.notify("exit", None)
        await asyncio.wait_for(probe.process.wait(), 30)
        return session.phases
    finally:
        reading.cancel()
        end(probe.process.pid)


async def opened(probe: LspProbe, corpus: Corpus) -> Session:
    """The handshake, and the middling Python file of the corpus open."""
    root = corpus.root.as_uri()
    folders = [{"uri": root, "name": "corpus"}]
    await probe.request("initialize", {"rootUri": root, "workspaceFolders": folders, "capabilities": {}})
    await probe.notify("initialized", {})
    python = [path for path in corpus.paths if path.endswith(".py")]
    path = sorted(python, key=lambda each: (corpus.root / each).stat().st_size)[len(python) // 2]
    text = (corpus.root / path).read_text(encoding="utf-8")
    uri = (corpus.root / path).as_uri()
    item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    await probe.notify("textDocument/didOpen", {"textDocument": item})
    return Session(probe, corpus, uri, text.count("\n"))


async def in_phase(session: Session, name: str, action: Action) -> None:
    """Type while the server is at something; the phase ends with it."""
    session.status_ms, session.completion_ms = [], []
    start = time.monotonic()
    typing = asyncio.create_task(keep_typing(session))
    try:
        await action(session)
    finally:
        typing.cancel()
        await asyncio.gather(typing, return_exceptions=True)
    session.phases.append(Phase(name, start, time.monotonic(), session.status_ms, session.completion_ms))
    print(f"{name}: {time.monotonic() - start:.1f} s", file=sys.stderr)


async def keep_typing(session: Session) -> None:
    """A key every 100 ms at the ends of random lines, twelve keys at each."""
    chooser = random.Random(SEED)
    while True:
        line = chooser.randrange(session.n_lines)
        for column, letter in enumerate("result = comp"):
            await press(session, line, column, letter)
            await asyncio.sleep(KEY_S)


async def press(session: Session, line: int, column: int, letter: str) -> None:
    """One key: the edit, then both requests at once, as editors send them."""
    session.version += 1
    document = {"uri": session.uri, "version": session.version}
    place = {"line": line, "character": column}
    change = {"range": {"start": place, "end": place}, "text": letter}
    await session.probe.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
    after = {"line": line, "character": column + 1}
    asked = {"textDocument": {"uri": session.uri}, "position": after, "context": {"triggerKind": 2}}
    await asyncio.gather(
        timed(session, "codeassist/status", None, session.status_ms),
        timed(session, "textDocument/inlineCompletion", asked, session.completion_ms),
    )


async def timed(session: Session, method: str, params: object, times_ms: list[float]) -> object:
    """One request; the milliseconds until its answer are kept."""
    started = time.perf_counter()
    answer: object = await session.probe.request(method, params)
    times_ms.append((time.perf_counter() - started) * 1000)
    return answer


async def until_ready(session: Session) -> None:
    """Wait for the first index. Raises TimeoutError."""
    async with asyncio.timeout(READY_WITHIN_S):
        while (await index_status(session))["state"] != "ready":  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.2)


async def index_status(session: Session) -> dict[str, object]:
    status = await session.probe.request("codeassist/status", None)
    return dict(status["index"])


async def quiet(session: Session) -> None:
    """Nothing but typing."""
    await asyncio.sleep(PHASE_S)


async def saves(session: Session) -> None:
    """Another program writes a file every half second."""
    paths = random.Random(SEED).sample(session.corpus.paths, int(2 * PHASE_S))
    for path in paths:
        await write(session, [path])
        await asyncio.sleep(0.5)


async def many(session: Session) -> None:
    """Another program writes many files at once, twice: a branch switch there and back."""
    for _ in range(2):
        await write(session, random.Random(SEED).sample(session.corpus.paths, MANY_FILES))
        await asyncio.sleep(PHASE_S / 2)
        await until_ready(session)


async def write(session: Session, paths: Iterable[str]) -> None:
    """Change files and tell the server, as an editor that watches them does."""
    files = [session.corpus.root / path for path in paths]
    for file in files:
        file.write_bytes(file.read_bytes() + b"\n")
    changes = [{"uri": file.as_uri(), "type": 2} for file in files]
    await session.probe.notify("workspace/didChangeWatchedFiles", {"changes": changes})


def read_notes(file: Path) -> list[tuple[str, float, float]]:
    """(what, when, milliseconds) of everything that the watch found."""
    return [(str(what), float(at), float(ms)) for what, at, ms in map(json.loads, file.read_text().splitlines())]


def described(
    phase: Phase, ours: list[tuple[str, float, float]], bare: list[tuple[str, float, float]]
) -> dict[str, object]:
    """How late the loop woke, and what held it up, beside a bare loop at the same time."""
    within = [(what, ms) for what, at, ms in ours if phase.start <= at <= phase.end]
    late = [ms for what, ms in within if what == "late"]
    held = Counter[str]()
    for what, ms in within:
        if what != "late" and ms > held[what]:
            held[what] = ms  # type: ignore[assignment]
    return {
        "seconds": round(phase.end - phase.start, 1),
        "longest_wait_ms": max(late, default=0.0),
        "waits_over_20_ms": sum(ms > GOAL_MS for ms in late),
        "waits_over_5_ms": sum(ms > 5 for ms in late),
        "bare_loop_longest_wait_ms": max((ms for _, at, ms in bare if phase.start <= at <= phase.end), default=0.0),
        "longest_callbacks_ms": dict(held.most_common(5)),
        "status_round_trip_ms": {**summary(phase.status_ms), "longest": round(percentile(phase.status_ms, 1.0), 2)},
        "completion_round_trip_ms": summary(phase.completion_ms),
    }
