"""How long a review before a commit takes, and how much longer a commit takes with one.

    python -m bench.review.timing --repository falcon --pre-commit pre-commit -o engine.threads=2

--repository: a clone, of which a copy is worked on. With `codeassist serve` of it running, its index warm and its
engine that of the settings, on --cores:

    review     changes of some 200 lines, real commits, are staged and reviewed by the passes 1 to 3, and by 1 and 2
    nothing    the hook where nothing is found: one more line of comment; and where nothing is staged
    commit     `git commit` of such a line: without a hook, with the plain hook, and under pre-commit with a hook that
               does nothing, with the installed codeassist, and with one that pre-commit has installed itself
    local      the hook where no server runs, on a warm index
    first      what pre-commit takes to make its environment (`bench.review.environment`: what that weighs), and the
               commit after that

All kinds of commits take turns, round by round. Medians, and 90th and 95th percentiles, in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bench.measuring import RESULTS, provenance, summary
from bench.review.commits import Kind, install
from bench.review.serving import MODEL_FREE, PASSES, Bench, cloned, reviewed, serving
from bench.review.staging import Clone, Window, program, windows
from codeassist.review.report import Report

N_LINES = 200


def main() -> None:
    options = _options().parse_args()
    if options.cores:
        os.sched_setaffinity(0, range(options.cores))
    with tempfile.TemporaryDirectory(prefix="codeassist-bench-") as folder:
        figures = _measure(options, Path(folder))
    result = {**provenance("review.timing"), "repository": _described(options.repository), **figures}
    target = options.result or RESULTS / "review_timing.json"
    target.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repository", type=Path, required=True, help="a clone of a development repository")
    parser.add_argument("--changes", type=int, default=10, help="changes of some 200 lines")
    parser.add_argument("--rounds", type=int, default=15, help="commits of each kind")
    parser.add_argument("--cores", type=int, default=2, help="for everything together; 0 for all")
    parser.add_argument("--pre-commit", type=program, help="the program; without it, that part is left out")
    parser.add_argument("--first-run", action="store_true", help="have pre-commit install this clone's last commit")
    parser.add_argument("-o", "--option", action="append", default=[], metavar="SECTION.KEY=VALUE", help="a setting")
    parser.add_argument("--result", type=Path)
    return parser


def _measure(options: argparse.Namespace, folder: Path) -> dict[str, object]:
    clone = cloned(options.repository.resolve(), folder)
    found = windows(clone, N_LINES, options.changes)
    bench = Bench(clone, folder / "run" / "codeassist", (sys.executable, "-P", "-m", "codeassist.commands.pre_commit"))
    local = _local(bench, options.rounds)
    figures: dict[str, object] = {
        "cores": options.cores,
        "changes": [asdict(window) for window in found],
        "local_without_server": local,
    }
    with serving(bench, options.option, folder / "serve.log"):
        figures["review"] = _reviews(bench, found)
        figures["nothing"] = _nothing(bench, options.rounds)
        kinds, first = install(clone, folder, options.pre_commit, first_run=options.first_run)
        figures["pre_commit_first_run"] = first
        figures["commits"] = _commits(bench, kinds, options.rounds)
    return figures


def _reviews(bench: Bench, found: Sequence[Window]) -> dict[str, object]:
    """Each change is reviewed as a hook does it, after one that brings the index up to its work tree."""
    hook: dict[str, list[float]] = {"all": [], "model_free": []}
    passes: dict[str, list[float]] = {name: [] for name in PASSES}
    reports: list[Report] = []
    for window in found:
        bench.clone.stage(window)
        reviewed(bench, ("static",))
        report = reviewed(bench, PASSES)  # the engine has seen nothing of the change yet
        reports.append(report)
        for one in report.passes:
            passes[one.name].append(one.ms)
        hook["model_free"].append(_timed(bench, "--passes", ",".join(MODEL_FREE)))
        hook["all"].append(_timed(bench, "--passes", ",".join(PASSES)))
    bench.clone.git("reset", "-q", "--hard")
    return {
        "report_ms": summary([report.ms for report in reports], 1),
        "passes_ms": {name: summary(values, 1) for name, values in passes.items()},
        "hook_again_ms": {name: summary(values, 1) for name, values in hook.items()},
        "changed_lines": summary([report.n_lines for report in reports], 0),
        "findings": [len(report.findings) for report in reports],
        "notes": sorted({f"{one.name}: {one.note}" for report in reports for one in report.passes if one.note}),
    }


def _nothing(bench: Bench, rounds: int) -> dict[str, object]:
    clone = bench.clone
    clone.git("checkout", "-q", "--detach", "origin/HEAD")
    unstaged = [_timed(bench) for _ in range(rounds)]
    figures: dict[str, list[float]] = {"model_free": [], "all": []}
    for number in range(rounds):
        clone.stage_nothing_to_find(number)
        reviewed(bench, ("static",))
        figures["all"].append(_timed(bench, "--passes", ",".join(PASSES)))
        figures["model_free"].append(_timed(bench, "--passes", ",".join(MODEL_FREE)))
        clone.git("reset", "-q", "--hard")
    return {name: summary(values, 1) for name, values in {"nothing_staged": unstaged, **figures}.items()}


def _local(bench: Bench, rounds: int) -> dict[str, object]:
    """Without a server: the first time builds the index."""
    bench.clone.stage_nothing_to_find(0)
    first = _timed(bench, "--max-seconds=300")
    later = [_timed(bench, "--max-seconds=300") for _ in range(max(3, rounds // 3))]
    bench.clone.git("reset", "-q", "--hard")
    return {"first_builds_the_index_ms": round(first, 1), "later_ms": summary(later, 1)}


def _timed(bench: Bench, *arguments: str) -> float:
    """Milliseconds that the hook takes as a process; a note of trouble is none."""
    begun = time.perf_counter()
    done = subprocess.run(
        [*bench.hook, "--max-seconds=120", *arguments],
        cwd=bench.clone.root,
        env=dict(bench.clone.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    ms = (time.perf_counter() - begun) * 1e3
    if "goes on" in done.stderr or done.returncode > 1:
        print(f"the hook: {done.stderr.strip()}", file=sys.stderr)
    return ms


def _commits(bench: Bench, kinds: Sequence[Kind], rounds: int) -> dict[str, object]:
    """All kinds in turns. What a hook adds is told beside the same commit without one, and under pre-commit beside a
    hook that does nothing."""
    clone = bench.clone
    clone.git("checkout", "-q", "-B", "bench", "origin/HEAD")
    taken: dict[str, list[float]] = {kind.name: [] for kind in kinds}
    for number in range(rounds + 1):
        for kind in kinds:
            kind.prepare()
            clone.stage_nothing_to_find(number)
            begun = time.perf_counter()
            clone.git("commit", "-qm", "one more comment")
            ms = (time.perf_counter() - begun) * 1e3
            clone.git("reset", "-q", "--hard", "HEAD~1")
            if number:  # the first round warms up
                taken[kind.name].append(ms)
    over = {
        f"{kind.name}_over_{kind.beside}": round(
            statistics.median(a - b for a, b in zip(taken[kind.name], taken[kind.beside], strict=True)), 1
        )
        for kind in kinds
        if kind.beside
    }
    return {"ms": {name: summary(values, 1) for name, values in taken.items()}, "more_ms": over}


def _described(repository: Path) -> dict[str, object]:
    clone = Clone(repository.resolve())
    files = [name for name in clone.git("ls-files", "-z").split("\0") if name]
    return {
        "name": repository.resolve().name,
        "commit": clone.git("rev-parse", "--short=10", "HEAD").strip(),
        "files": len(files),
    }


if __name__ == "__main__":
    main()
