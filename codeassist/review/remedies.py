"""Whether a remedy may be offered: it must apply to the lines of its file, and leave a text that parses as before."""

from __future__ import annotations

from dataclasses import replace

from codeassist.findings.types import Finding, Replacement
from codeassist.review.changes import lines_of
from indexer.outline import read_syntax
from indexer.secret_rules import holds_secret


def checked(finding: Finding, text: str | None) -> Finding:
    """The finding, without its remedy where that does not apply, changes nothing, breaks the syntax of the file, or
    would show a secret."""
    remedy = finding.replacement
    if remedy is None:
        return finding
    if text is not None and not holds_secret(remedy.text) and is_sound(finding.path, text, remedy):
        return finding
    return replace(finding, replacement=None)


def is_sound(path: str, text: str, replacement: Replacement) -> bool:
    """Whether a remedy applies to a text and leaves no more faults in its syntax than there were."""
    if not applies(text, replacement):
        return False
    after = applied(text, replacement)
    if after == text:
        return False
    was, becomes = read_syntax(path, text), read_syntax(path, after)
    if was is None or becomes is None:
        return was is None
    return becomes.n_errors <= was.n_errors and becomes.n_empty_blocks <= was.n_empty_blocks


def applies(text: str, replacement: Replacement) -> bool:
    """Whether the lines are lines of the text."""
    n_lines = len(lines_of(text))
    return 1 <= replacement.start_line <= n_lines + 1 and replacement.start_line - 1 <= replacement.end_line <= n_lines


def applied(text: str, replacement: Replacement) -> str:
    """The text with the remedy in it."""
    lines = list(lines_of(text))
    new = list(lines_of(replacement.text)) if replacement.text else []
    lines[replacement.start_line - 1 : replacement.end_line] = new
    end = "\n" if text.endswith("\n") and lines else ""
    return "\n".join(lines) + end
