"""A claim -> a finding at the lines that it quotes. Pure, but for the parser that checks a replacement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from codeassist.chat.answers import fitted
from codeassist.findings.types import Finding, Replacement, Severity, finding_id
from codeassist.printable import printable
from codeassist.review.changes import Span, lines_of
from codeassist.review.model_review.answers import Claim
from codeassist.review.model_review.cleaning import is_marked
from codeassist.review.model_review.portions import Portion
from codeassist.review.remedies import is_sound

# How far from where a model says it stands a quote may be.
NEAR_LINES = 3
# A shorter quote stands in too many places to say anything.
MIN_QUOTE = 3
# A model alone fails no commit, however sure it is; so its errors are warnings.
_SEVERITY: dict[Severity, Severity] = {"error": "warning", "warning": "warning", "note": "note"}
MOST_CONFIDENT = 0.95

# A number and a mark that were copied along with the code.
_MARGIN = re.compile(r"^\s*\d*\s*[+-]\s|^\s*\d+\s+")
_BLANKS = re.compile(r"\s+")
_WORD = re.compile(r"\w")
# What a model calls maintainability when it means taste.
_TASTE = re.compile(
    r"\b(?:nam(?:ing|ed)|renam\w*|docstrings?|comments?|type hints?|annotations?|format(?:ting)?|white ?space|line"
    r" length|readab\w+|style|typos?|spelling|pep ?8|consisten\w+|best practices?|unit tests?|log level)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Anchored:
    """A claim whose quote was found: its lines are those of the quote."""

    claim: Claim
    portion: Portion


def anchored(claim: Claim, portion: Portion) -> Anchored | None:
    """The claim at the changed lines that it quotes; None where it quotes none of them, or is a matter of taste."""
    if claim.category == "maintainability" and (claim.severity == "note" or _TASTE.search(claim.reason)):
        return None
    span = quoted_span(claim.quote, claim.start_line, portion)
    return Anchored(replace(claim, start_line=span[0], end_line=span[1]), portion) if span else None


def quoted_span(quote: str, start_line: int, portion: Portion) -> Span | None:
    """The lines nearest to a number, and near enough, that have the quote and were changed."""
    shown = portion.file.by_number
    for wanted in _ways_to_read(quote):
        near = range(start_line - NEAR_LINES, start_line + NEAR_LINES + 1)
        spans = [
            span for first in near if (span := _span_at(wanted, first, shown)) and _may_be_spoken_of(span, portion)
        ]
        if spans:
            return min(spans, key=lambda span: abs(span[0] - start_line))
    return None


def is_shown(quote: str, shown: Iterable[str]) -> bool:
    """Whether a quote stands somewhere in texts that were shown, whatever blanks it has."""
    texts = [_flat(text) for text in shown]
    return any(
        any(" ".join(wanted) in text for text in texts) for wanted in _ways_to_read(quote) if not is_marked(quote)
    )


def finding_of(one: Anchored, text: str, n_before: int, *, with_replacement: bool) -> Finding:
    """The finding that a claim becomes. text: of the new file. n_before: findings above it that quote the same."""
    claim, path = one.claim, one.portion.file.path
    code = " ".join(line.strip() for line in lines_of(text)[claim.start_line - 1 : claim.end_line])
    return Finding(
        id=finding_id(claim.category, path, f"model\0{code}", n_before),
        path=path,
        start_line=claim.start_line,
        end_line=claim.end_line,
        severity=_SEVERITY[claim.severity],
        category=claim.category,
        message=claim.reason,
        evidence=f"{path}:{claim.start_line}",
        confidence=min(claim.confidence, MOST_CONFIDENT),
        found_by="model",
        replacement=_replacement(one, text) if with_replacement else None,
    )


def grouped(findings: Sequence[Finding]) -> list[Finding]:
    """Each thing once: of findings on the same lines the surest, and one that is said of many places names them all."""
    kept: list[Finding] = []
    for finding in sorted(findings, key=lambda one: (-one.confidence, one.start_line)):
        if not any(_overlap(finding, other) for other in kept):
            kept.append(finding)
    by_reason: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in sorted(kept, key=lambda one: (one.path, one.start_line)):
        by_reason.setdefault((finding.path, finding.category, _flat(finding.message).casefold()), []).append(finding)
    return [
        replace(first, places=tuple(one.evidence for one in others)) if others else first
        for first, *others in by_reason.values()
    ]


def _replacement(one: Anchored, text: str) -> Replacement | None:
    """The lines that the model proposes, where they replace changed lines alone and the file stands it."""
    claim, file = one.claim, one.portion.file
    span = range(claim.start_line, claim.end_line + 1)
    code = claim.replacement
    if not code.strip() or printable(code) != code or is_marked(code):
        return None
    if not file.anchors.issuperset(span) or any(is_marked(file.by_number.get(number, "")) for number in span):
        return None
    old = lines_of(text)[claim.start_line - 1 : claim.end_line]
    if _flat(code) == _flat("\n".join(old)):
        return None
    for way in fitted(code, old):
        proposed = Replacement(claim.start_line, claim.end_line, way)
        if is_sound(file.path, text, proposed):
            return proposed
    return None


def _may_be_spoken_of(span: Span, portion: Portion) -> bool:
    numbers = set(range(span[0], span[1] + 1))
    return numbers <= portion.numbers and bool(numbers & portion.file.anchors)


def _ways_to_read(quote: str) -> list[list[str]]:
    """The lines of a quote as they are compared: as they are, and without a margin that was copied."""
    lines = [line for line in quote.split("\n") if line.strip()]
    ways = [[_flat(line) for line in lines], [_flat(_MARGIN.sub("", line)) for line in lines]]
    return [way for way in ways if sum(map(len, way)) >= MIN_QUOTE and all(way) and _WORD.search("".join(way))]


def _span_at(wanted: Sequence[str], first: int, shown: dict[int, str]) -> Span | None:
    """The lines that have what is wanted, one after the other from there on, empty ones aside."""
    number = first
    for line in wanted:
        while number > first and number in shown and not shown[number].strip():
            number += 1
        if line not in _flat(shown.get(number, "")):
            return None
        number += 1
    return first, number - 1


def _flat(text: str) -> str:
    return _BLANKS.sub(" ", text).strip()


def _overlap(one: Finding, other: Finding) -> bool:
    return one.path == other.path and one.start_line <= other.end_line and other.start_line <= one.end_line
