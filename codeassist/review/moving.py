"""Findings go along with their lines while a file is edited. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from codeassist.findings.types import Finding, Replacement


@dataclass(frozen=True, slots=True)
class ReviewedFile:
    """What a review says of one file, and the lines that it was said of; no lines where the file cannot be read."""

    lines: tuple[str, ...]
    findings: tuple[Finding, ...]

    def moved(self, lines: Sequence[str]) -> tuple[Finding, ...]:
        """The findings where their lines stand by now; those whose lines were edited are mended, or nobody knows. What
        is said of a file that cannot be read is said of it as a whole."""
        if not self.lines or tuple(lines) == self.lines:
            return self.findings
        return tuple(found for one in self.findings if (found := self._moved(one, lines)) is not None)

    def following(self, lines: Sequence[str]) -> ReviewedFile:
        """The same of the text that the file has by now."""
        return self if tuple(lines) == self.lines else ReviewedFile(tuple(lines), self.moved(lines))

    def and_found(self, found: ReviewedFile | None, passes: Collection[str]) -> ReviewedFile:
        """With what a later review has found; of what was found before, that of these passes goes: they have looked at
        everything anew."""
        kept = replace(self, findings=tuple(one for one in self.findings if one.found_by not in passes))
        if found is None:
            return kept
        anew = {one.id for one in found.findings}
        before = (one for one in kept.moved(found.lines) if one.id not in anew)
        return ReviewedFile(found.lines, (*before, *found.findings))

    def without(self, dropped: Iterable[str]) -> ReviewedFile:
        """The same without the findings of these ids."""
        ids = frozenset(dropped)
        return replace(self, findings=tuple(one for one in self.findings if one.id not in ids))

    def _moved(self, finding: Finding, lines: Sequence[str]) -> Finding | None:
        by = _distance(self.lines, lines, finding.start_line, finding.end_line)
        if by is None:
            return None
        remedy = finding.replacement
        if remedy is not None:
            is_there = _distance(self.lines, lines, remedy.start_line, remedy.end_line) == by
            remedy = Replacement(remedy.start_line + by, remedy.end_line + by, remedy.text) if is_there else None
        return replace(finding, start_line=finding.start_line + by, end_line=finding.end_line + by, replacement=remedy)


def _distance(before: Sequence[str], after: Sequence[str], start_line: int, end_line: int) -> int | None:
    """How far lines have moved: as all lines above or below the edits, else to the nearest place where the same ones
    stand; None where they stand nowhere."""
    first, end = start_line - 1, max(end_line, start_line)
    wanted, shift = list(before[first:end]), len(after) - len(before)
    if list(after[:end]) == list(before[:end]):
        return 0
    if first + shift >= 0 and list(after[first + shift :]) == list(before[first:]):
        return shift
    places = (at for at in range(len(after) - len(wanted) + 1) if list(after[at : at + len(wanted)]) == wanted)
    return min((at - first for at in places), key=abs, default=None)
