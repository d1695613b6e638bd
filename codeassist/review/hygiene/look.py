"""All that is looked for on the lines of a change, whatever the code means. For a thread: it may load a scanner."""

from __future__ import annotations

from concurrent.futures import Future
from functools import cache

from codeassist.directories import cache_directory
from codeassist.findings.types import Finding
from codeassist.review.hygiene.files import find_files
from codeassist.review.hygiene.kingfisher import Scan, load
from codeassist.review.hygiene.leftovers import find_leftovers
from codeassist.review.hygiene.markers import find_markers
from codeassist.review.hygiene.secrets import find_secrets
from codeassist.review.passes.types import Deadline, Found, Review

# What is left of the time is shared with the passes that follow.
_SHARE = 0.4
_CACHE = "kingfisher"
_NOT_LOADED = "kingfisher's rules were not compiled in time, so secrets were looked for by codeassist's own alone"
_TOO_LATE = "time was up before every file was looked at"


def warm_up() -> None:
    """Have the scanner's rules loaded in the background, so that the first review need not wait for them."""
    load(cache_directory() / _CACHE)


def look(review: Review) -> Found:
    """Secrets, leftovers, parts of conflicts, and files that do not belong there."""
    loading = load(cache_directory() / _CACHE) if review.with_text else None

    @cache
    def count_files(name: str) -> int:
        return len(review.index.mentioning(name))

    findings = find_files(review.changes.files, review.settings.max_file_kb)
    for file in review.local:
        if review.deadline.is_over:
            return Found(tuple(findings), _TOO_LATE, is_complete=False)
        findings += find_leftovers(file, count_files)
        findings += find_markers(file)
    scan, note = _scan(loading, review.deadline) if loading is not None else (None, "")
    return _with_secrets(review, findings, scan, note)


def _with_secrets(review: Review, findings: list[Finding], scan: Scan | None, note: str) -> Found:
    for file in review.with_text:
        if review.deadline.is_over:
            return Found(tuple(findings), _TOO_LATE, is_complete=False)
        findings += find_secrets(file, scan)
    return Found(tuple(findings), note)


def _scan(loading: Future[Scan | None], deadline: Deadline) -> tuple[Scan | None, str]:
    """The scanner, and why there is none although it is installed."""
    try:
        return loading.result(timeout=deadline.seconds_left * _SHARE), ""
    except TimeoutError:
        return None, _NOT_LOADED
