"""A review's report for a person."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from codeassist.findings.types import Finding
from codeassist.printable import printable
from codeassist.review.report import Report

_STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan"}
MAX_PLACES = 8


def show_review(console: Console, report: Report) -> None:
    """One block for each finding, then what was looked at."""
    for finding in report.findings:
        _show_finding(console, finding)
    for note in report.notes:
        console.print(Text(printable(note), "dim"))
    for one in report.passes:
        if one.note:
            console.print(Text(f"{one.name}: {printable(one.note)}", "dim"))
    console.print(Text(_summary(report), "dim" if report.findings else "green"))


def _show_finding(console: Console, finding: Finding) -> None:
    head = Text.assemble(
        (f"{printable(finding.path)}:{finding.start_line}", "bold"), " ",
        (finding.severity, _STYLES[finding.severity]), (f" {finding.category}", "dim"),
    )  # fmt: skip
    console.print(head)
    console.print(Text(f"  {printable(finding.message)}"))
    for place in finding.places[:MAX_PLACES]:
        console.print(Text(f"    {printable(place)}", "dim"))
    if len(finding.places) > MAX_PLACES:
        console.print(Text(f"    … {len(finding.places) - MAX_PLACES} more", "dim"))


def _summary(report: Report) -> str:
    what = f"{len(report.findings)} finding{'s' * (len(report.findings) != 1)}" if report.findings else "nothing found"
    parts = [f"{what} in {report.n_files} files ({report.n_lines} changed lines), {report.ms / 1e3:.1f} s"]
    if report.n_dismissed:
        parts.append(f"{report.n_dismissed} dismissed before")
    if report.n_more:
        parts.append(f"{report.n_more} more not shown")
    return "; ".join(parts)
