"""Findings in the editor's form."""

from __future__ import annotations

import re
from pathlib import Path

from lsprotocol import types

from codeassist.findings.types import Finding, Severity
from codeassist.review.changes import lines_of
from codeassist.types import Cursor
from lsp.documents import Document
from lsp.place import BOM
from lsp.workspace import uri_in

SOURCE = "codeassist"
# Of a change that many calls have not followed, an editor shows some.
MAX_PLACES = 20
_PLACE = re.compile(r"(?P<path>.+?):(?P<line>\d+)(?:: ?(?P<code>.*))?", re.DOTALL)

_SEVERITIES: dict[Severity, types.DiagnosticSeverity] = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}


def diagnostic_of(folder: Path, document: Document, finding: Finding, *, has_places: bool) -> types.Diagnostic:
    """A finding of a text. folder: as the editor spells it. has_places: whether the client shows other places, too."""
    return types.Diagnostic(
        range=_area(document, finding),
        message=finding.message,
        severity=_SEVERITIES[finding.severity],
        code=finding.category,
        source=SOURCE,
        data={"id": finding.id},
        related_information=_evidence(folder, finding) if has_places else None,
    )


def plain_lines(document: Document) -> tuple[str, ...]:
    """A document's lines as a review counts them: without line ends, byte order mark, and an empty last one."""
    return lines_of(document.text.removeprefix(BOM).replace("\r\n", "\n").replace("\r", "\n"))


def _area(document: Document, finding: Finding) -> types.Range:
    """Where it is; of whole lines, from where the first of them has text."""
    last = min(finding.end_line, len(document.lines)) - 1
    first = min(finding.start_line - 1, last)
    start = finding.start_column + _n_before(document, first)
    end = len(document.lines[last])
    if finding.end_column is not None:
        end = finding.end_column + _n_before(document, last)
    elif not finding.start_column:
        line = document.lines[first]
        start += len(line[start:]) - len(line[start:].lstrip(" \t"))
    return types.Range(start=document.position(Cursor(first, start)), end=document.position(Cursor(last, end)))


def _n_before(document: Document, line: int) -> int:
    """Code points at the start of a line that findings do not count: a byte order mark."""
    return int(line == 0 and document.lines[0].startswith(BOM))


def _evidence(folder: Path, finding: Finding) -> list[types.DiagnosticRelatedInformation] | None:
    """Where the editor may look; None where the evidence is the place itself."""
    told = [found for place in finding.places[:MAX_PLACES] if (found := _related(folder, place)) is not None]
    path = finding.evidence.rpartition(":")[0]
    if told or path == finding.path:
        return told or None
    says = f"{path} does not define it" if finding.category == "missing-name" else path
    shown = _related(folder, f"{finding.evidence}: {says}")
    return [shown] if shown is not None else None


def _related(folder: Path, place: str) -> types.DiagnosticRelatedInformation | None:
    """A place as findings write it, `path:line` with `: code` behind it."""
    found = _PLACE.fullmatch(place)
    if found is None:
        return None
    start = types.Position(line=max(int(found["line"]) - 1, 0), character=0)
    location = types.Location(uri=uri_in(folder, found["path"]), range=types.Range(start=start, end=start))
    return types.DiagnosticRelatedInformation(location=location, message=found["code"] or found["path"])
