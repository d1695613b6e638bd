"""What analysers of security and advisories say of the lines of a change. Works in threads."""

from __future__ import annotations

import asyncio
from pathlib import Path

from codeassist.findings.types import Finding
from codeassist.review.passes.types import Found, Review
from codeassist.review.vulnerabilities import bandit, semgrep
from codeassist.review.vulnerabilities.bandit_settings import read_settings


async def vulnerabilities_pass(review: Review) -> Found:
    """Vulnerable dependencies, then what bandit says of Python, then semgrep by the user's rules."""
    return await asyncio.to_thread(_look, review)


def _look(review: Review) -> Found:
    findings: list[Finding] = []
    notes: list[str] = []
    for look in (_dependencies, _bandit, _semgrep):
        found, note = look(review)
        findings += found
        notes += [note] if note else []
    return Found(tuple(findings), "; ".join(notes), is_complete=not review.deadline.is_over)


def _dependencies(review: Review) -> tuple[list[Finding], str]:
    if not review.settings.advisories:
        return [], ""
    from codeassist.review.vulnerabilities import dependencies
    from codeassist.review.vulnerabilities.advisories import AdvisoriesUnusable

    try:
        return dependencies.find(
            review.with_text, _place(review, review.settings.advisories), lambda: review.deadline.is_over
        )
    except AdvisoriesUnusable as error:
        return [], str(error)


def _bandit(review: Review) -> tuple[list[Finding], str]:
    settings = read_settings(review.tree.text)
    try:
        found, note = bandit.find(review.local, settings, lambda: review.deadline.is_over)
    except bandit.BanditMissing:
        return [], bandit.REMEDY
    return found, "; ".join(one for one in (settings.problem, note) if one)


def _semgrep(review: Review) -> tuple[list[Finding], str]:
    if not review.settings.semgrep_rules:
        return [], ""
    rules = _place(review, review.settings.semgrep_rules)
    return semgrep.find(review.local, rules, review.deadline.seconds_left)


def _place(review: Review, path: str) -> Path:
    """Absolute; a relative path is one of the workspace."""
    return review.tree.root / path
