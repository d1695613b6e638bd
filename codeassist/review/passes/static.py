"""What is known of a change without any model. Reads the index and files: works in threads."""

from __future__ import annotations

import asyncio

from codeassist.findings.passes import find_all
from codeassist.findings.types import Finding
from codeassist.review.changes import ChangedFile
from codeassist.review.passes.types import Found, Review


async def static_pass(review: Review) -> Found:
    """Everything that the changed files and the index tell."""
    return await asyncio.to_thread(_look, review)


def _look(review: Review) -> Found:
    findings: list[Finding] = []
    for file in review.readable:
        if review.deadline.is_over:
            return Found(tuple(findings), "time was up", is_complete=False)
        findings += _in_file(review, file)
    return Found(tuple(findings))


def _in_file(review: Review, file: ChangedFile) -> list[Finding]:
    """What is looked for in any file, where it is about changed lines."""
    found = find_all(review.tree.root, file.path, file.new_text or "", review.tree.texts_unlike_disk)
    return [one for one in found if file.changed_lines & set(range(one.start_line, one.end_line + 1))]
