"""How many real bugs a review finds in the diffs that brought them, and how often it is wrong about the fixes.

    python -m bench.review.bugs --cases BUGS.jsonl --repository CLONE [--passes static vulnerabilities surprise]

BUGS.jsonl names commits as BugsInPy does ({"repo", "bug", "buggy_commit", "fixed_commit"}), CLONE is that repository
with its history; the program checks commits out in a copy of it. Of each bug the fix taken back is the diff that brings
it, and the fix itself a diff without a known bug. A hit is a finding within 3 lines of a patched line, among the first
three findings of the diff; every finding in a fix is a false alarm, which is hard on what is right about other faults.
Nothing was chosen on these diffs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bench.measuring import RESULTS, bench_settings, provenance
from bench.quality.intervals import interval, share
from bench.quality.journal import DEFAULT, Journal
from bench.review.diffs import DiffCase, changes_of, check_out, is_near, patched_lines, read_cases
from bench.review.linters import LINTERS, has_bandit
from bench.review.surprise_figures import auc
from codeassist.assistant import Assistant, open_assistant
from codeassist.findings.types import Finding
from codeassist.review.changes import Changes
from codeassist.review.passes.surprise import read_change
from codeassist.review.passes.types import PASS_NAMES, Deadline, Found, PassName, Review
from codeassist.review.registry import PASSES
from codeassist.review.reviewer import Limits, chosen
from codeassist.review.surprise.calibration import shipped_calibration
from codeassist.review.tree import ReviewedTree

MAX_SHOWN = 3
# Enough to read any of these diffs as a whole.
ALL_TOKENS = 100_000
SECONDS = 600.0

Row = dict[str, Any]


async def rows_of(options: argparse.Namespace, root: Path, journal: Journal) -> list[Row]:
    """One row for each case: what each pass and each linter found."""
    settings = bench_settings(options.option, options.index)
    assistant = await asyncio.to_thread(open_assistant, settings, root, attach=False)
    try:
        if "surprise" in options.passes or "model" in options.passes:
            await assistant.start_engine()
        rows = []
        for case in read_cases(options.cases):
            row = journal.get(case.key)
            if row is None:
                row = await _row(options.passes, assistant, root, case)
                journal.add(case.key, row)
            print(case.key, {name: len(one["findings"]) for name, one in row["passes"].items()}, file=sys.stderr)
            rows.append(row)
        return rows
    finally:
        await assistant.close()


async def _row(passes: Sequence[PassName], assistant: Assistant, root: Path, case: DiffCase) -> Row:
    await asyncio.to_thread(check_out, root, case.tip)
    await assistant.refresh()
    changes = await asyncio.to_thread(changes_of, root, case)
    found = {name: await _looked(name, assistant, root, changes) for name in passes}
    patched = list(patched_lines(changes.files))
    readable = [file for file in changes.files if file.new_text is not None]
    linters = {name: run(readable) for name, run in LINTERS.items() if name != "bandit" or has_bandit()}
    return {
        "key": case.key,
        "kind": case.kind,
        "surprise": await _surprise(assistant, root, changes) if "surprise" in passes else None,
        "n_lines": sum(len(file.changed_lines) for file in readable),
        "passes": {
            name: {"ms": ms, "note": one.note, **_told(one.findings, patched)} for name, (one, ms) in found.items()
        },
        "linters": {
            name: [{**asdict(one), "hit": is_near(one.path, one.line, one.line, patched)} for one in said]
            for name, said in linters.items()
        },
    }


async def _looked(name: PassName, assistant: Assistant, root: Path, changes: Changes) -> tuple[Found, float]:
    begun = time.monotonic()
    deadline, settings = Deadline(begun + SECONDS), assistant.settings.review
    review = Review(changes, ReviewedTree(root, changes), assistant.index, deadline, assistant, settings)
    return await PASSES[name](review), round((time.monotonic() - begun) * 1e3, 1)


async def _surprise(assistant: Assistant, root: Path, changes: Changes) -> float:
    """How sure the surest reading of the diff is, whether it is told or not; 0 where the model prefers none."""
    deadline = Deadline(time.monotonic() + SECONDS)
    settings = replace(assistant.settings.review, surprise_tokens=ALL_TOKENS)
    review = Review(changes, ReviewedTree(root, changes), assistant.index, deadline, assistant, settings)
    readings, known = (await read_change(review)).read.readings, shipped_calibration()
    return max((known.confidence(one.suspect.variant.kind, one.ratio) for one in readings), default=0.0)


def _told(findings: Sequence[Finding], patched: list[tuple[str, int]]) -> Row:
    return {
        "findings": [
            {**asdict(one), "hit": is_near(one.path, one.start_line, one.end_line, patched)} for one in findings
        ]
    }


def figures(rows: Sequence[Row], passes: Sequence[PassName], least_confidence: float) -> Row:
    """Of each pass, of all together, and of the linters: recall, and false alarms in a fix."""
    told: Row = {name: _figures(rows, (name,), least_confidence) for name in passes}
    told["together"] = _figures(rows, passes, least_confidence)
    for name in rows[0]["linters"]:
        hits = [any(one["hit"] for one in row["linters"][name][:MAX_SHOWN]) for row in rows if row["kind"] == "bug"]
        alarms = [min(len(row["linters"][name]), MAX_SHOWN) for row in rows if row["kind"] == "fix"]
        told[name] = _summed(hits, alarms)
    return told


def _figures(rows: Sequence[Row], passes: Sequence[PassName], least_confidence: float) -> Row:
    hits: list[bool] = []
    alarms: list[int] = []
    for row in rows:
        shown = _shown(row, passes, least_confidence)
        if row["kind"] == "bug":
            hits.append(any(is_hit for _, is_hit in shown))
        else:
            alarms.append(len(shown))
    return _summed(hits, alarms)


def _shown(row: Row, passes: Sequence[PassName], least_confidence: float) -> list[tuple[Finding, bool]]:
    """The first findings of a diff, as a user is shown them, and whether they are hits."""
    told = [one for name in passes for one in row["passes"][name]["findings"]]
    hit_by_id = {one["id"]: one["hit"] for one in told}
    findings = [
        Finding(**{key: value for key, value in one.items() if key not in ("hit", "replacement", "places")})
        for one in told
    ]
    first, _ = chosen(
        findings, Limits(max_per_file=MAX_SHOWN, max_findings=MAX_SHOWN, least_confidence=least_confidence)
    )
    return [(finding, hit_by_id[finding.id]) for finding in first]


def _summed(hits: Sequence[bool], alarms: Sequence[int]) -> Row:
    return {
        "recall": share(hits),
        "false_alarms_per_fix": interval([float(n) for n in alarms]),
        "fixes_with_a_false_alarm": share([n > 0 for n in alarms]),
    }


def ranked(rows: Sequence[Row]) -> Row:
    """How often the surprise of a diff with a bug is above that of a fix, ties by half; a bug and its fix are drawn
    together."""
    scores = {row["key"]: float(row["surprise"]) for row in rows}
    names = [row["key"].removesuffix("-bug") for row in rows if row["kind"] == "bug"]
    return auc([([scores[f"{name}-bug"]], [scores[f"{name}-fix"]]) for name in names])


def categories(rows: Sequence[Row], least_confidence: float) -> Row:
    """How often each category was shown, in diffs with a bug where it is, elsewhere in them, and in fixes."""
    counted: Row = {}
    for row in rows:
        names = list(row["passes"])
        for finding, is_hit in _shown(row, names, least_confidence):
            place = "fix" if row["kind"] == "fix" else "hit" if is_hit else "beside"
            one = counted.setdefault(finding.category, {"hit": 0, "beside": 0, "fix": 0})
            one[place] += 1
    return counted


def main() -> int:
    """Measure, and write the result."""
    options = _arguments()
    with tempfile.TemporaryDirectory(prefix="codeassist-review-") as folder:
        root = Path(folder) / options.repository.resolve().name
        shutil.copytree(options.repository, root, symlinks=True)
        options.index = Path(folder) / "index"
        rows = asyncio.run(rows_of(options, root, Journal(options.journal)))
    settings = bench_settings(options.option, options.index).review
    result = {
        **provenance("review.bugs"),
        "cases": options.cases.name,
        "n_bugs": sum(row["kind"] == "bug" for row in rows),
        "lines_per_diff": interval([float(row["n_lines"]) for row in rows]),
        "least_confidence": settings.min_confidence,
        "shown_per_diff": MAX_SHOWN,
        "figures": figures(rows, options.passes, settings.min_confidence),
        "surprise_auc": ranked(rows) if "surprise" in options.passes else None,
        "categories": categories(rows, settings.min_confidence),
        "ms": {name: interval([row["passes"][name]["ms"] for row in rows]) for name in options.passes},
    }
    options.result.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result["figures"], indent=1))
    return 0


def _arguments() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cases", type=Path, required=True)
    options.add_argument("--repository", type=Path, required=True)
    options.add_argument("--passes", nargs="+", choices=PASS_NAMES, default=["static", "vulnerabilities", "surprise"])
    options.add_argument("--journal", type=Path, default=DEFAULT / "review-bugs.jsonl", help="rows as they come")
    options.add_argument("--result", type=Path, default=RESULTS / "review_bugs.json")
    options.add_argument("-o", "--option", action="append", default=[], metavar="SECTION.KEY=VALUE", help="a setting")
    return options.parse_args()


if __name__ == "__main__":
    sys.exit(main())
