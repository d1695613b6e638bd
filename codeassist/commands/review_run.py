"""What `codeassist review` does, from its options to its exit code."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from codeassist.commands.answers import told
from codeassist.commands.bars import bars
from codeassist.commands.front import Front
from codeassist.commands.opening import prepare, run_in_time
from codeassist.commands.places import given_workspace
from codeassist.commands.review_change import Source, source_of
from codeassist.commands.review_opening import opened_repository
from codeassist.commands.review_options import FailOn, Format
from codeassist.commands.review_telling import tell, tell_patch
from codeassist.errors import ConfigError, DocumentError, ReviewImpossible, UnknownRevision
from codeassist.findings.baseline import BASELINE, accept
from codeassist.findings.types import Finding
from codeassist.review.asked import failing
from codeassist.review.changes import Changes
from codeassist.review.passes.types import PASS_NAMES, Deadline
from codeassist.review.report import Report, unfinished
from codeassist.review.reviewer import Limits
from codeassist.review.reviewing import Reviewed, Wanted, gathered, review_change
from codeassist.review.tree import ReviewedTree
from codeassist.settings import ReviewSettings, Settings

# A report of everything is not read at one sitting.
MAX_FINDINGS, MAX_OF_ALL_FILES = 50, 2_000
# Each line of old code is one that a model would be asked about.
PASSES_OF_ALL_FILES = ("static", "vulnerabilities")
# What a change may take is too little for a whole repository.
TIMES_OF_ALL_FILES = 10
_EVERYTHING = Limits(max_per_file=1_000_000, max_findings=1_000_000)


@dataclass(frozen=True, slots=True)
class Options:
    """What was typed. given: the options that say what is reviewed, by their names."""

    path: Path | None
    given: Mapping[str, object]
    passes: str | None
    no_pass: Sequence[str] | None
    max_seconds: float | None
    start_engine: bool | None
    format: Format
    output: Path | None
    patch: bool
    fail_on: FailOn | None
    baseline: Path | None
    write_baseline: bool
    dismiss: Sequence[str] | None
    overrides: Sequence[str] | None

    @property
    def remembers(self) -> bool:
        """Whether findings are to be added to the baseline, rather than told."""
        return self.write_baseline or bool(self.dismiss)


@dataclass(frozen=True, slots=True)
class _Job:
    front: Front
    workspace: Path
    settings: Settings
    source: Source
    wanted: Wanted
    max_seconds: float
    may_load: bool


def run(front: Front, options: Options) -> int:
    """The exit code. Raises typer.BadParameter and ConfigError for what was asked wrongly."""
    if options.patch and (options.format is not Format.TEXT or options.remembers):
        raise typer.BadParameter("--patch prints a patch and nothing else; leave out --format and what is remembered")
    workspace = given_workspace(options.path, front.cwd).resolve()
    source = source_of(front, workspace, options.given)
    settings = prepare(front, workspace, options.overrides).settings
    names = passes_of(options, settings.review, is_whole=source.is_whole)
    file = front.cwd / options.baseline if options.baseline else workspace / BASELINE
    wanted = Wanted(names, _limits(options, settings.review, source), None if options.write_baseline else file)
    may_load = settings.review.start_engine if options.start_engine is None else options.start_engine
    seconds = options.max_seconds or settings.review.max_seconds * (TIMES_OF_ALL_FILES if source.is_whole else 1)
    reviewed = _reviewed(_Job(front, workspace, settings, source, wanted, seconds, may_load))
    if options.remembers:
        return _remember(front, options, reviewed.report, file)
    if options.patch:
        tell_patch(front, reviewed, options.output)
    else:
        tell(front, workspace, reviewed, options.format, options.output)
    return int(bool(failing(reviewed.report.findings, options.fail_on or settings.review.fail_on)))


def passes_of(options: Options, settings: ReviewSettings, *, is_whole: bool) -> tuple[str, ...]:
    """The passes that are wanted, in their order. Raises typer.BadParameter."""
    named = [name.strip() for name in options.passes.split(",")] if options.passes is not None else None
    left_out = [name.strip() for name in options.no_pass or ()]
    for name in (*(named or ()), *left_out):
        if name not in PASS_NAMES:
            raise typer.BadParameter(f"there is no pass {name!r}; there are {', '.join(PASS_NAMES)}")
    usual = [name for name in settings.passes if not is_whole or name in PASSES_OF_ALL_FILES]
    wanted = usual if named is None else named
    chosen = tuple(name for name in PASS_NAMES if name in wanted and name not in left_out)
    if wanted and not chosen:
        raise typer.BadParameter("no pass is left to look at the change; leave out --no-pass, or name others")
    return chosen


def _limits(options: Options, settings: ReviewSettings, source: Source) -> Limits:
    if options.remembers:
        return _EVERYTHING
    most = MAX_OF_ALL_FILES if source.is_whole else MAX_FINDINGS
    return Limits(settings.max_per_file, most, settings.min_confidence)


def _reviewed(job: _Job) -> Reviewed:
    """The review; where there can be none, a report that says so. Raises what only the user can cure."""
    try:
        return run_in_time(_review(job))
    except (typer.TyperException, ConfigError):
        raise
    except UnknownRevision as error:
        raise typer.BadParameter(str(error)) from error
    except Exception as error:  # noqa: BLE001  no fault of ours may stop a commit; `told` logs it
        return _none(job, f"not reviewed: {told(error)}", is_complete=False)


async def _review(job: _Job) -> Reviewed:
    begun = time.monotonic()
    deadline = Deadline(begun + job.max_seconds)
    try:
        changes = await asyncio.to_thread(gathered, job.source.gather, deadline)
    except ReviewImpossible as error:
        if isinstance(error, UnknownRevision):
            raise
        return _none(job, f"not reviewed: {error}", is_complete=False)
    if not changes.files:
        return _none(job, "; ".join(changes.notes) or job.source.nothing, changes.source)
    reviewed = await _look(job, changes, deadline)
    ms = round((time.monotonic() - begun) * 1e3, 1)
    return Reviewed(replace(reviewed.report, ms=ms), reviewed.tree)


async def _look(job: _Job, changes: Changes, deadline: Deadline) -> Reviewed:
    with bars(job.front) as shown:
        opened = opened_repository(
            job.front, job.workspace, job.settings, job.wanted.passes, shown, deadline, may_load=job.may_load
        )
        async with opened as (repository, missing):
            names = tuple(name for name in job.wanted.passes if name not in missing)
            wanted = Wanted(names, job.wanted.limits, job.wanted.baseline)
            reviewed = await review_change(
                repository, lambda: changes, deadline, wanted, lambda name: shown.on_step(f"looking: {name}")
            )
    return Reviewed(missing.added_to(reviewed.report, job.wanted.passes), reviewed.tree)


def _none(job: _Job, note: str, source: str = "", *, is_complete: bool = True) -> Reviewed:
    """A report of nothing, and why."""
    empty = Changes(source or job.source.words, ())
    report = Report(empty.source, (), notes=(note,) if note else (), is_complete=is_complete)
    return Reviewed(report, ReviewedTree(job.workspace, empty))


def _remember(front: Front, options: Options, report: Report, file: Path) -> int:
    """Add all findings to the baseline, or those that were named. Raises typer.BadParameter."""
    findings = report.findings
    if not report.is_complete:
        front.warn("; ".join(("not everything was looked at", *report.notes, *unfinished(report))))
    chosen = list(findings) if options.write_baseline else [_named(start, findings) for start in options.dismiss or ()]
    if chosen:
        try:
            file.parent.mkdir(exist_ok=True)
            accept(file, chosen)
        except (DocumentError, OSError) as error:
            raise typer.BadParameter(f"--baseline: {error}") from error
    front.console.print(f"{len(chosen)} finding{'s' * (len(chosen) != 1)} added to {file}", markup=False)
    return 0


def _named(start: str, findings: Sequence[Finding]) -> Finding:
    """The finding whose id begins so. Raises typer.BadParameter."""
    found = [finding for finding in findings if start and finding.id.startswith(start)]
    if len(found) == 1:
        return found[0]
    if found:
        raise typer.BadParameter(f"--dismiss {start}: {len(found)} findings begin so; write more of the id")
    raise typer.BadParameter(
        f"--dismiss {start}: no finding of this change has such an id; the report shows it behind each finding"
    )
