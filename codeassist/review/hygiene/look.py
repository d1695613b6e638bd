"""All that is looked for on the lines of a change, whatever the code means. For a thread: it may load a scanner."""

from __future__ import annotations

from codeassist.directories import cache_directory
from codeassist.review.hygiene.files import find_files
from codeassist.review.hygiene.kingfisher import scanner
from codeassist.review.hygiene.leftovers import find_leftovers
from codeassist.review.hygiene.markers import find_markers
from codeassist.review.hygiene.secrets import find_secrets
from codeassist.review.passes.types import Found, Review


def look(review: Review) -> Found:
    """Secrets, leftovers, parts of conflicts, and files that do not belong there; in the order of the change."""
    findings = find_files(review.changes.files, review.settings.max_file_kb)
    scan = scanner(cache_directory() / "kingfisher")

    def count_files(name: str) -> int:
        return len(review.index.mentioning(name))

    for file in review.readable:
        if review.deadline.is_over:
            return Found(tuple(findings), "time was up before every file was looked at", is_complete=False)
        findings += find_secrets(file, scan)
        findings += find_leftovers(file, count_files)
        findings += find_markers(file)
    return Found(tuple(findings))
