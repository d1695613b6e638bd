"""What a response says of the code that was added to its prompt."""

from __future__ import annotations

from urllib.parse import quote

from codeassist.types import ContextReport

REPORT_HEADER = "codeassist-context-report"
# The model that answered in place of the one that was asked.
FALLBACK_HEADER = "codeassist-fallback"


def context_headers(report: ContextReport | None) -> dict[str, str]:
    """`codeassist-context-report: path=src/a.py; pieces=3; tokens=412; ms=8.1`, or with `reason` where nothing was
    added; none before anything is known. Paths and reasons are percent-encoded where they are no plain ASCII."""
    if report is None:
        return {}
    parts = [f"path={quote(report.path)}"] if report.path else []
    if report.reason:
        parts.append(f"reason={quote(report.reason, safe=' /,:()')}")
    parts += [f"pieces={len(report.sources)}", f"tokens={report.n_tokens}", f"ms={report.ms:.1f}"]
    return {REPORT_HEADER: "; ".join(parts)}
