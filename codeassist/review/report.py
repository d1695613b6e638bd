"""What a review came to, and the same as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from codeassist.findings.types import Finding, Replacement

Json = dict[str, Any]
VERSION = 1


@dataclass(frozen=True, slots=True)
class PassReport:
    """What one pass did. note: why it did not run, or what it left out; "" for nothing. is_complete: see Report."""

    name: str
    ms: float
    n_found: int
    note: str = ""
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    """Findings, those that matter most first. n_dismissed: how many the baseline holds back; n_more: how many were left
    out because a file has enough. notes: what was not looked at. is_complete: nothing was cut short by time or broke; a
    pass for which there is no model here, and a budget that is spent, are no lack."""

    source: str
    findings: tuple[Finding, ...]
    passes: tuple[PassReport, ...] = ()
    notes: tuple[str, ...] = ()
    n_files: int = 0
    n_lines: int = 0
    n_dismissed: int = 0
    n_more: int = 0
    ms: float = 0.0
    is_complete: bool = True


def unfinished(report: Report) -> tuple[str, ...]:
    """What was cut short by time or broke, pass by pass, each with its name; () for a report that is complete."""
    return tuple(f"{one.name}: {one.note}" for one in report.passes if not one.is_complete)


def report_to_json(report: Report) -> Json:
    """Every field, findings with the lines of their remedies."""
    return {"version": VERSION, **asdict(report)}


def report_from_json(value: Json) -> Report:
    """The report. Raises ValueError for what `report_to_json` does not write."""
    try:
        fields = dict(value)
        if fields.pop("version") != VERSION:
            raise ValueError("the report is of another version of codeassist")
        findings = tuple(finding_from_json(item) for item in fields.pop("findings"))
        passes = tuple(PassReport(**item) for item in fields.pop("passes"))
        notes = tuple(str(note) for note in fields.pop("notes"))
        return Report(findings=findings, passes=passes, notes=notes, **fields)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not a report of a review: {error}") from error


def finding_from_json(value: Json) -> Finding:
    """The finding. Raises TypeError or KeyError for other fields."""
    fields = dict(value)
    replacement = fields.pop("replacement", None)
    places = tuple(fields.pop("places", ()))
    return Finding(**fields, places=places, replacement=Replacement(**replacement) if replacement else None)
