"""A report as GitHub's workflow commands, which become notes beside a diff, and as GitLab's Code Quality report.

Sources: GitHub Docs, "Workflow commands for GitHub Actions"; GitHub, `actions/toolkit`, `core/src/command.ts` for what
is escaped; GitLab Docs, "Code Quality", "Code Quality report format".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from codeassist.findings.types import Finding, Severity
from codeassist.printable import printable
from codeassist.review.formats.kinds import kind_of
from codeassist.review.report import Report, unfinished

_COMMANDS: dict[Severity, str] = {"error": "error", "warning": "warning", "note": "notice"}
_SEVERITIES: dict[Severity, str] = {"error": "critical", "warning": "major", "note": "minor"}

MAX_PLACES = 5


def github(report: Report, prefix: str = "") -> str:
    """One command for each finding, then one for what was not looked at; each on a line of its own."""
    lines = [_command(finding, prefix) for finding in report.findings]
    lines += [f"::notice title=codeassist review::{_data(note)}" for note in (*report.notes, *unfinished(report))]
    return "".join(f"{line}\n" for line in lines)


def _command(finding: Finding, prefix: str) -> str:
    properties = ",".join(f"{name}={_property(value)}" for name, value in _properties(finding, prefix))
    return f"::{_COMMANDS[finding.severity]} {properties}::{_data(_message(finding, prefix))}"


def _message(finding: Finding, prefix: str) -> str:
    """The message with the other places that it is about, which these formats have no field for."""
    own = f"{finding.path}:{finding.start_line}"
    named = (place for place in (finding.evidence, *finding.places) if place.rpartition(":")[2].isdecimal())
    places = [place for place in dict.fromkeys(named) if place != own]
    more = f" and {len(places) - MAX_PLACES} more" if len(places) > MAX_PLACES else ""
    listed = ", ".join(prefix + place for place in places[:MAX_PLACES])
    return f"{finding.message} (see {listed}{more})" if places else finding.message


def _properties(finding: Finding, prefix: str) -> Iterator[tuple[str, str]]:
    yield "file", prefix + finding.path
    yield "line", str(finding.start_line)
    yield "endLine", str(finding.end_line)
    if finding.end_column is not None and finding.start_line == finding.end_line:  # else it takes no columns
        yield "col", str(finding.start_column + 1)
        yield "endColumn", str(max(finding.end_column, finding.start_column + 1))
    yield "title", kind_of(finding.category).title


def _data(text: str) -> str:
    return printable(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def gitlab(report: Report, prefix: str = "") -> list[dict[str, Any]]:
    """One issue for each finding."""
    return [
        {
            "description": _message(finding, prefix),
            "check_name": finding.category,
            "fingerprint": finding.id,
            "severity": _SEVERITIES[finding.severity],
            "location": {
                "path": prefix + finding.path,
                "lines": {"begin": finding.start_line, "end": finding.end_line},
            },
        }
        for finding in report.findings
    ]
