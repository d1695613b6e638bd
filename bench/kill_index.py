"""Kill indexing at random moments, and look at what is left.

    python -m bench.kill_index --kills 200 --out bench/results/kill_index.json

A process that indexes some hundred real files is killed with SIGKILL at a moment drawn from the whole time that it
takes undisturbed: while it builds an index, while it follows edits, while it follows a switch to a tree in which every
file is another one, and while it sets an index of another format aside and builds it anew. Half of the kills take the
worker processes along; else these have to end by themselves. Half of the processes write all files in one transaction,
the others every forty. What is left must open, SQLite must find it whole, and after one refresh it must hold what a
fresh index of the same files holds, row for row.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.measuring import RESULTS, provenance
from codeassist.models.directory import shipped_embedder
from indexer.embedding import SentenceTransformerEmbedder
from indexer.index import CodeIndex
from indexer.schema import FORMAT
from indexer.store import FILE_NAME
from indexer.types import Progress

MAX_FILE_BYTES = 60_000
# What a table holds, without row numbers: an index that was built in another order has others.
_CONTENTS = {
    "files": "SELECT path, blob, language, size, n_lines, unparsed FROM files",
    "skipped": "SELECT path, blob, reason FROM skipped",
    "symbols": "SELECT f.path, s.name, s.kind, s.start_line, s.end_line, s.signature, s.container, s.doc"
    " FROM symbols s JOIN files f ON f.id = s.file_id",
    "refs": "SELECT f.path, r.name, r.kind, r.line FROM refs r JOIN files f ON f.id = r.file_id",
    "imports": "SELECT f.path, i.module, i.name, i.alias, i.line FROM imports i JOIN files f ON f.id = i.file_id",
    "bases": "SELECT f.path, b.heir, b.name, b.scope, b.line FROM bases b JOIN files f ON f.id = b.file_id",
    "namespaces": "SELECT f.path, n.name FROM namespaces n JOIN files f ON f.id = n.file_id",
    "types": "SELECT f.path, t.name, t.type FROM types t JOIN files f ON f.id = t.file_id",
    "chunks": "SELECT f.path, c.start_line, c.end_line, c.hash, c.text, x.terms FROM chunks c"
    " JOIN files f ON f.id = c.file_id JOIN chunks_text x ON x.rowid = c.id",
    "terms": "SELECT count(*) FROM chunks_text",
    # Vectors of texts that are gone may stay for a while.
    "vectors": "SELECT DISTINCT v.embedder, v.hash, v.vector FROM vectors v JOIN chunks c ON c.hash = v.hash",
}
_CHILD = """
import sys
sys.path[:0] = {paths!r}
import indexer.refresh
from bench.kill_index import Told, refresh
indexer.refresh.FILES_PER_TRANSACTION = {files_per_transaction}
refresh({root!r}, {directory!r}, Told())
"""
FILES_PER_TRANSACTION = (1000, 40)
# Workers that were left alone get so long to end.
WORKERS_WITHIN_S = 30.0

Contents = dict[str, list[tuple[object, ...]]]


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill. alive: whether the process was still at work; phase: at what, as it told last.

    files: how many were indexed when it died. workers: worker processes that it had; left: how many of these did not
    end by themselves.
    """

    scene: str
    after_s: float
    alive: bool
    phase: str
    files: int
    workers: int
    left: int
    whole: bool
    differs: list[str]


@dataclass(frozen=True, slots=True)
class Scene:
    """What is killed: the tree that is indexed, and how the index stands before."""

    name: str
    root: Path
    prepare: Callable[[Path], None]


class Told:
    """Tells on stdout what an index is at: a line for each phase."""

    def __init__(self) -> None:
        self._phase = ""
        self.phase("open")

    def __call__(self, progress: Progress) -> None:
        # What is found is parsed, and what was parsed last is stored.
        is_parsed = progress.phase == "parse" and progress.done == progress.total
        self.phase("store" if is_parsed else "parse" if progress.phase == "scan" else progress.phase)

    def phase(self, phase: str) -> None:
        if phase != self._phase:
            self._phase = phase
            print(phase, flush=True)


def refresh(root: str, directory: str, told: Told | None = None) -> None:
    """Bring an index up to date; what is killed."""
    embedder = SentenceTransformerEmbedder(shipped_embedder())
    index = CodeIndex.open(Path(root), directory=Path(directory), embedder=embedder)
    if told:
        told.phase("scan")
    index.refresh(told)
    index.close()


def contents(directory: Path) -> Contents:
    """Everything that an index holds, sorted."""
    connection = sqlite3.connect(directory / FILE_NAME)
    try:
        return {name: sorted(connection.execute(query).fetchall()) for name, query in _CONTENTS.items()}
    finally:
        connection.close()


def make_tree(root: Path, n_files: int, marks: Callable[[int], str]) -> Path:
    """Real Python files in a repository; `marks` gives a line that is added to the file of a number."""
    library = Path(sysconfig.get_paths()["stdlib"])
    found = sorted(
        file for file in library.rglob("*.py") if "test" not in file.parts and "site-packages" not in file.parts
    )
    small = [file for file in found if 500 < file.stat().st_size < MAX_FILE_BYTES]
    step = max(len(small) // n_files, 1)
    for number, file in enumerate(small[::step][:n_files]):
        target = root / file.relative_to(library)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.read_text(encoding="utf-8", errors="replace") + marks(number), encoding="utf-8")
    subprocess.run(["git", "-C", str(root), "init", "-q"], check=True)
    return root


def start(scene: Scene, directory: Path, files_per_transaction: int) -> subprocess.Popen[str]:
    """The process that is to be killed, in a session of its own."""
    program = _CHILD.format(
        paths=[str(Path.cwd()), *sys.path],
        root=str(scene.root),
        directory=str(directory),
        files_per_transaction=files_per_transaction,
    )
    quiet = subprocess.DEVNULL
    command = [sys.executable, "-c", program]
    return subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE, stderr=quiet, text=True)


def duration(scene: Scene, directory: Path) -> float:
    """Seconds from the opening of the index to the end, undisturbed."""
    scene.prepare(directory)
    with start(scene, directory, FILES_PER_TRANSACTION[0]) as process:
        wait_until_open(process)
        started = time.perf_counter()
        process.wait()
    if process.returncode:
        raise SystemExit(f"{scene.name}: indexing fails undisturbed")
    return time.perf_counter() - started


def wait_until_open(process: subprocess.Popen[str]) -> None:
    """Python has started and loaded what it needs; the index is about to be opened."""
    assert process.stdout is not None
    if process.stdout.readline() != "open\n":
        raise SystemExit("the process that is to be killed does not start")


def kill_once(scene: Scene, directory: Path, after_s: float, wanted: Contents, number: int) -> Kill:
    """Kill, look, refresh, compare."""
    scene.prepare(directory)
    with start(scene, directory, FILES_PER_TRANSACTION[number // 2 % 2]) as process:
        wait_until_open(process)
        time.sleep(after_s)
        workers = children(process.pid)
        alive = process.poll() is None
        if alive:
            os.killpg(process.pid, signal.SIGKILL)
        for worker in workers if number % 2 else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        told = process.communicate()[0]
    left = still_running(workers)
    whole, n_files = look(directory)
    refresh(str(scene.root), str(directory))
    found = contents(directory)
    differs = [name for name, rows in wanted.items() if found[name] != rows]
    phase = (told.split() or ["open"])[-1]
    return Kill(scene.name, round(after_s, 3), alive, phase, n_files, len(workers), len(left), whole, differs)


def children(pid: int) -> list[int]:
    """Processes that a process has started and that run."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def still_running(pids: list[int]) -> list[int]:
    """Those that have not ended after `WORKERS_WITHIN_S`."""
    deadline = time.monotonic() + WORKERS_WITHIN_S
    while (running := [pid for pid in pids if is_running(pid)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return running


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def look(directory: Path) -> tuple[bool, int]:
    """Whether SQLite finds the index whole, and how many files it holds; one that was not begun is whole."""
    file = directory / FILE_NAME
    if not file.exists():
        return True, 0
    connection = sqlite3.connect(file)
    try:
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
        has_tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'files'").fetchone()[0]
        return verdict == "ok", connection.execute("SELECT count(*) FROM files").fetchone()[0] if has_tables else 0
    except sqlite3.DatabaseError:
        return False, 0
    finally:
        connection.close()


def scenes(work: Path, n_files: int) -> list[Scene]:
    """A first build, edits of every tenth file, a switch to another tree, and a rebuild."""
    first = make_tree(work / "first", n_files, lambda number: "")
    edited = make_tree(work / "edited", n_files, lambda number: "" if number % 10 else f"\nEDITED_{number} = True\n")
    other = make_tree(work / "other", n_files, lambda number: f"\nOTHER_{number} = True\n")
    base = work / "base"
    refresh(str(first), str(base))

    def emptied(directory: Path) -> None:
        shutil.rmtree(directory, ignore_errors=True)

    def copied(directory: Path) -> None:
        emptied(directory)
        shutil.copytree(base, directory)

    def of_another_format(directory: Path) -> None:
        copied(directory)
        connection = sqlite3.connect(directory / FILE_NAME)
        connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
        connection.close()

    return [
        Scene("first build", first, emptied),
        Scene("edits", edited, copied),
        Scene("switch", other, copied),
        Scene("rebuild", first, of_another_format),
    ]


def summarise(kills: list[Kill]) -> dict[str, object]:
    """Counts by scene."""
    return {
        name: {
            "kills": len(group),
            "while it was at work": sum(kill.alive for kill in group),
            "at what": dict(Counter(kill.phase for kill in group if kill.alive)),
            "while workers ran": sum(kill.workers > 0 for kill in group),
            "workers left running": sum(kill.left for kill in group),
            "damaged": sum(not kill.whole for kill in group),
            "different after a refresh": sum(bool(kill.differs) for kill in group),
        }
        for name in dict.fromkeys(kill.scene for kill in kills)
        if (group := [kill for kill in kills if kill.scene == name])
    }


def run(n_kills: int, n_files: int, seed: int) -> list[Kill]:
    """All kills, the scenes in turn."""
    rng = random.Random(seed)
    kills: list[Kill] = []
    with tempfile.TemporaryDirectory(prefix="codeassist-kill-") as folder:
        work = Path(folder)
        found = scenes(work, n_files)
        directory = work / "index"
        wanted, times = {}, {}
        for scene in found:
            shutil.rmtree(work / "fresh", ignore_errors=True)
            refresh(str(scene.root), str(work / "fresh"))
            wanted[scene.name] = contents(work / "fresh")
            times[scene.name] = duration(scene, directory)
        for number in range(n_kills):
            scene = found[number % len(found)]
            after_s = rng.uniform(0.0, times[scene.name])
            kills.append(kill_once(scene, directory, after_s, wanted[scene.name], number // len(found)))
            print(f"{number + 1} of {n_kills} {dict(Counter(kill.whole for kill in kills))}", end="\r", flush=True)
    return kills


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS / "kill_index.json")
    arguments = parser.parse_args()
    kills = run(arguments.kills, arguments.files, arguments.seed)
    head = {**provenance("kill_index"), "kills": arguments.kills, "files": arguments.files, "seed": arguments.seed}
    head["summary"] = summarise(kills)
    lines = ",\n".join(f"  {json.dumps(asdict(kill))}" for kill in kills)
    arguments.out.write_text(f'{json.dumps(head, indent=1)[:-2]},\n "results": [\n{lines}\n ]\n}}\n', encoding="utf-8")
    print(json.dumps(head["summary"], indent=1))
    if any(kill.differs or kill.left or not kill.whole for kill in kills):
        sys.exit("an index was damaged or differs from a fresh one, or a worker was left running")


if __name__ == "__main__":
    main()
