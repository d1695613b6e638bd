"""Runs the passes over a change, and makes one report of what they found."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from codeassist.errors import CodeassistError
from codeassist.fault_log import log_place
from codeassist.findings.baseline import read_baseline
from codeassist.findings.types import Finding, Severity
from codeassist.review.passes.types import Found, Pass, PassName, Review
from codeassist.review.remedies import checked
from codeassist.review.report import PassReport, Report
from indexer.errors import IndexerError

_log = logging.getLogger(__name__)

_WEIGHT: Mapping[Severity, int] = {"error": 0, "warning": 1, "note": 2}
# A pass that goes on behind its time gets this long to say what it has.
GRACE_S = 0.25


@dataclass(frozen=True, slots=True)
class Limits:
    """max_per_file: findings shown of one file; max_findings: of all. least_confidence: what is shown at all."""

    max_per_file: int = 5
    max_findings: int = 50
    least_confidence: float = 0.0


async def run_review(
    review: Review,
    passes: Mapping[PassName, Pass],
    limits: Limits,
    baseline: frozenset[str] = frozenset(),
    on_pass: Callable[[str], None] = lambda _: None,
) -> Report:
    """The report of all passes, in their order; none of them can make it fail. baseline: ids that stay unsaid.

    on_pass: told the name of each pass when it begins.
    """
    begun = time.monotonic()
    reports: list[PassReport] = []
    found: list[Finding] = []
    for name, run in passes.items():
        on_pass(name)
        started = time.monotonic()
        result = await _run(name, run, review)
        found += [finding if finding.found_by else replace(finding, found_by=name) for finding in result.findings]
        reports.append(PassReport(name, _ms(started), len(result.findings), result.note, result.is_complete))
    said = [finding for finding in found if finding.id not in baseline]
    shown, n_more = chosen(said, limits)
    shown = [checked(finding, review.tree.text(finding.path)) for finding in shown]
    return Report(
        source=review.changes.source,
        findings=tuple(shown),
        passes=tuple(reports),
        notes=review.changes.notes,
        n_files=len(review.changes.files),
        n_lines=sum(len(file.changed_lines) for file in review.local),
        n_dismissed=len(found) - len(said),
        n_more=n_more,
        ms=_ms(begun),
        is_complete=all(one.is_complete for one in reports),
    )


def dismissed(review: Review) -> tuple[frozenset[str], str]:
    """The ids of the workspace's baseline, and what is wrong with its file, "" for nothing. Reads a file."""
    baseline = read_baseline(review.tree.root)
    return baseline.ids, baseline.problem


def chosen(findings: Iterable[Finding], limits: Limits) -> tuple[list[Finding], int]:
    """What is shown, the gravest first, and how many more there are. What two passes say of the same lines is said
    once: by the graver, else the surer one."""
    sure = [one for one in findings if one.confidence >= limits.least_confidence]
    ordered = sorted(sure, key=_rank)
    kept: list[Finding] = []
    for finding in ordered:
        if not any(_is_same(finding, other) for other in kept):
            kept.append(finding)
    shown: list[Finding] = []
    per_file: Counter[str] = Counter()
    for finding in kept:
        if per_file[finding.path] < limits.max_per_file and len(shown) < limits.max_findings:
            per_file[finding.path] += 1
            shown.append(finding)
    return shown, len(kept) - len(shown)


def _rank(finding: Finding) -> tuple[int, float, str, int]:
    return _WEIGHT[finding.severity], -finding.confidence, finding.path, finding.start_line


def _is_same(one: Finding, other: Finding) -> bool:
    """Whether both speak of the same thing: of the same kind at the same lines, or a model of what is known already."""
    if one.id == other.id:
        return True
    if one.path != other.path or one.start_line > other.end_line or other.start_line > one.end_line:
        return False
    if one.category == other.category:
        return not _are_apart(one, other)
    return "model" in (one.found_by, other.found_by)


def _are_apart(one: Finding, other: Finding) -> bool:
    """Whether two findings are of different parts of one line."""
    if one.start_line != other.end_line or one.end_column is None or other.end_column is None:
        return False
    return one.end_column <= other.start_column or other.end_column <= one.start_column


async def _run(name: PassName, run: Pass, review: Review) -> Found:
    """One pass within its time. Whatever goes wrong in it is a note."""
    if review.deadline.is_over:
        return Found(note="not run: time was up", is_complete=False)
    try:
        async with asyncio.timeout(review.deadline.seconds_left + GRACE_S):
            return await run(review)
    except TimeoutError:
        return Found(note="ended: time was up", is_complete=False)
    except (CodeassistError, IndexerError) as error:
        return Found(note=str(error), is_complete=False)
    except Exception:  # noqa: BLE001  a pass that fails must not cost the findings of the others, nor a commit
        _log.exception("the pass %s failed", name)
        return Found(note=f"failed; {log_place()} says why", is_complete=False)


def _ms(since: float) -> float:
    return round((time.monotonic() - since) * 1e3, 1)


def only(passes: Mapping[PassName, Pass], wanted: Sequence[str]) -> dict[PassName, Pass]:
    """Those of the passes that are wanted, in their order."""
    return {name: run for name, run in passes.items() if name in wanted}
