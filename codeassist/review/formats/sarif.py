"""A report as SARIF 2.1.0, which GitHub, GitLab, Azure DevOps and editors read.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0 Plus Errata 01". Columns are counted in
code points. Paths are relative to `SRCROOT`, the root of the repository; where that lies is not told.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote

from codeassist import __version__
from codeassist.findings.types import Finding, Replacement
from codeassist.review.formats.kinds import kind_of
from codeassist.review.report import Report

Json = dict[str, Any]
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "SRCROOT"
# The name under which a finding's id is kept; its number rises when ids are made in another way.
FINGERPRINT = "codeassistFinding/v1"


def sarif(report: Report, prefix: str = "") -> Json:
    """The report as one run."""
    categories = list(dict.fromkeys(finding.category for finding in report.findings))
    numbers = {category: number for number, category in enumerate(categories)}
    driver = {"name": "codeassist", "version": __version__, "rules": [_rule(category) for category in categories]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
        "invocations": [_invocation(report)],
        "results": [_result(finding, numbers[finding.category], prefix) for finding in report.findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(category: str) -> Json:
    kind = kind_of(category)
    return {
        "id": category,
        "name": "".join(word.capitalize() for word in category.split("-")),
        "shortDescription": {"text": f"{kind.title}."},
        "fullDescription": {"text": kind.help},
        "help": {"text": kind.help},
    }


def _invocation(report: Report) -> Json:
    notes = [*report.notes, *(f"{one.name}: {one.note}" for one in report.passes if one.note)]
    return {
        "executionSuccessful": report.is_complete or bool(report.passes),
        "toolExecutionNotifications": [{"level": "note", "message": {"text": _text(note)}} for note in notes],
    }


def _result(finding: Finding, number: int, prefix: str) -> Json:
    result: Json = {
        "ruleId": finding.category,
        "ruleIndex": number,
        "level": finding.severity,
        "message": {"text": _text(finding.message)},
        "locations": [_location(prefix + finding.path, _region(finding))],
        "partialFingerprints": {FINGERPRINT: finding.id},
        "rank": round(100 * finding.confidence, 1),
        "properties": {"foundBy": finding.found_by},
    }
    places = [place for place in (finding.evidence, *finding.places) if place]
    if related := [found for place in dict.fromkeys(places) if (found := _related(place, prefix))]:
        result["relatedLocations"] = related
    if finding.replacement is not None:
        result["fixes"] = [_fix(finding.path, finding.replacement, prefix)]
    return result


def _location(path: str, region: Json) -> Json:
    return {"physicalLocation": {"artifactLocation": _artifact(path), "region": region}}


def _artifact(path: str) -> Json:
    return {"uri": quote(os.fsencode(path)), "uriBaseId": ROOT}


def _region(finding: Finding) -> Json:
    region = {"startLine": finding.start_line, "endLine": finding.end_line}
    if finding.end_column is not None:
        region |= {"startColumn": finding.start_column + 1, "endColumn": finding.end_column + 1}
    return region


def _related(place: str, prefix: str) -> Json | None:
    path, _, line = place.rpartition(":")
    return _location(prefix + path, {"startLine": int(line)}) if path and line.isdecimal() and int(line) else None


def _fix(path: str, replacement: Replacement, prefix: str) -> Json:
    """Without an end column a region goes to the end of its last line, the line end not included (3.30.8)."""
    start, end, text = replacement.start_line, replacement.end_line, replacement.text
    region: Json = {"startLine": start, "startColumn": 1, "endLine": end}
    if end < start:
        region, text = {"startLine": start, "startColumn": 1, "endLine": start, "endColumn": 1}, f"{text}\n"
    elif not text:
        region = {"startLine": start, "startColumn": 1, "endLine": end + 1, "endColumn": 1}
    change = {"deletedRegion": region, "insertedContent": {"text": _text(text)}}
    return {
        "description": {"text": "The suggested remedy; it applies and parses."},
        "artifactChanges": [{"artifactLocation": _artifact(prefix + path), "replacements": [change]}],
    }


def _text(text: str) -> str:
    """What JSON in UTF-8 can carry."""
    return text.encode("utf-8", "backslashreplace").decode()
