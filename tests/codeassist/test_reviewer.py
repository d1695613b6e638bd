"""Passes become one report: in their order, within their time, whatever happens in them, and each thing said once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from codeassist.errors import EngineCrashed
from codeassist.findings.types import Finding, Replacement
from codeassist.review.changes import ChangedFile, Changes
from codeassist.review.passes.types import Deadline, Found, Pass, Review
from codeassist.review.registry import PASSES
from codeassist.review.reviewer import Limits, chosen, only, run_review
from codeassist.review.tree import ReviewedTree
from indexer.errors import IndexDamaged


def finding(path: str = "a.py", line: int = 1, **others: Any) -> Finding:
    fields = {"id": f"{path}:{line}", "end_line": line, "severity": "warning", "category": "bug", "message": "wrong"}
    return Finding(path=path, start_line=line, evidence=f"{path}:{line}", **(fields | others))


def finds(*findings: Finding, **others: Any) -> Pass:
    async def run(_: Review) -> Found:
        return Found(findings, **others)

    return run


def fails(error: Exception) -> Pass:
    async def run(_: Review) -> Found:
        raise error

    return run


async def sleeps(_: Review) -> Found:
    await asyncio.sleep(60)
    return Found()


def review(seconds: float = 60.0, root: Path = Path("/nowhere")) -> Review:
    changes = Changes("a change", (ChangedFile("a.py", "added", new_text="a = 1\nb = 2\n"),), ("a note",))
    return Review(changes, ReviewedTree(root, changes), index=None, deadline=Deadline(time.monotonic() + seconds))


async def test_a_report_has_all_that_was_found_and_how_it_went() -> None:
    begun: list[str] = []
    passes = {"static": finds(finding(line=2)), "model": finds(finding(), note="half", is_complete=False)}
    report = await run_review(review(), passes, Limits(), on_pass=begun.append)
    assert begun == ["static", "model"]
    assert [(one.path, one.start_line, one.found_by) for one in report.findings] == [
        ("a.py", 1, "model"), ("a.py", 2, "static"),
    ]  # fmt: skip
    assert [(one.name, one.n_found, one.note, one.is_complete) for one in report.passes] == [
        ("static", 1, "", True), ("model", 1, "half", False),
    ]  # fmt: skip
    assert (report.n_files, report.n_lines, report.notes, report.is_complete) == (1, 2, ("a note",), False)


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (EngineCrashed("the engine died"), "the engine died"),
        (IndexDamaged("the index is damaged"), "the index is damaged"),
        (RuntimeError("ours"), "failed; the log says why"),
        (RecursionError(), "failed; the log says why"),
    ],
)
async def test_a_pass_that_fails_costs_its_own_findings_alone(error: Exception, note: str) -> None:
    report = await run_review(review(), {"static": fails(error), "model": finds(finding())}, Limits())
    assert [one.note for one in report.passes] == [note, ""]
    assert len(report.findings) == 1
    assert not report.is_complete


async def test_time_that_is_up_ends_a_pass_and_leaves_out_the_next() -> None:
    started = time.monotonic()
    report = await run_review(review(seconds=0.05), {"static": sleeps, "model": finds(finding())}, Limits())
    assert time.monotonic() - started < 5
    assert [one.note for one in report.passes] == ["ended: time was up", "not run: time was up"]
    assert not report.findings


async def test_a_cancelled_review_is_cancelled() -> None:
    task = asyncio.ensure_future(run_review(review(), {"static": sleeps}, Limits()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_was_dismissed_stays_unsaid() -> None:
    report = await run_review(review(), {"static": finds(finding(), finding(line=2))}, Limits(), frozenset({"a.py:1"}))
    assert [one.id for one in report.findings] == ["a.py:2"]
    assert report.n_dismissed == 1


async def test_a_remedy_that_breaks_the_file_is_left_out() -> None:
    broken = finding(replacement=Replacement(1, 1, "a = ("))
    sound = finding(line=2, replacement=Replacement(2, 2, "b = 3"))
    report = await run_review(review(), {"static": finds(broken, sound)}, Limits())
    assert [one.replacement for one in report.findings] == [None, sound.replacement]


def ids(findings: Sequence[Finding], **limits: Any) -> tuple[list[str], int]:
    shown, n_more = chosen(findings, Limits(**limits))
    return [one.id for one in shown], n_more


def test_the_gravest_and_surest_come_first() -> None:
    some = [
        finding("c.py", severity="note"), finding("b.py", confidence=0.6), finding("a.py", confidence=0.9),
        finding("d.py", severity="error"),
    ]  # fmt: skip
    assert ids(some) == (["d.py:1", "a.py:1", "b.py:1", "c.py:1"], 0)


def test_what_is_unsure_is_not_shown_and_not_counted() -> None:
    assert ids([finding(confidence=0.4), finding(line=2, confidence=0.5)], least_confidence=0.5) == (["a.py:2"], 0)


def test_a_file_has_so_many_findings_and_a_report_so_many() -> None:
    some = [finding(path, line) for path in ("a.py", "b.py") for line in range(1, 5)]
    assert ids(some, max_per_file=2) == (["a.py:1", "a.py:2", "b.py:1", "b.py:2"], 4)
    assert ids(some, max_findings=3)[1] == 5


def test_the_same_thing_is_said_once() -> None:
    wide = finding(line=1, id="wide", end_line=4, confidence=0.9)
    inside = finding(line=2, id="inside", confidence=0.8)
    other = finding(line=2, id="other", category="secret", confidence=0.8)
    model = finding(line=4, id="model", category="security", found_by="model", confidence=0.7)
    elsewhere = finding(line=9, id="elsewhere")
    assert ids([inside, other, model, elsewhere, wide, wide])[0] == ["elsewhere", "wide", "other"]


def test_two_parts_of_one_line_are_two_findings() -> None:
    first = finding(id="first", start_column=4, end_column=9)
    second = finding(id="second", start_column=11, end_column=15)
    wider = finding(id="wider", start_column=8, end_column=12, confidence=0.5)
    whole = finding(id="whole", confidence=0.4)
    assert ids([first, second, wider, whole])[0] == ["first", "second"]


def test_passes_run_in_their_order_whatever_the_order_of_the_settings() -> None:
    assert list(only(PASSES, ["static", "nothing"])) == ["static"]
    names = list(PASSES)
    assert list(only(PASSES, names[::-1])) == names
