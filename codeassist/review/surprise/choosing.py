"""Which readings are worth a person's time. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from codeassist.findings.types import Finding
from codeassist.review.surprise.calibration import Calibration, shipped_calibration
from codeassist.review.surprise.reading import Reading
from codeassist.review.surprise.wording import finding_of


def chosen(
    readings: Sequence[Reading], texts: Mapping[str, str], calibration: Calibration | None = None
) -> tuple[Finding, ...]:
    """One finding for each stretch at most, of its surest reading. texts: of the files, by path."""
    known = calibration or shipped_calibration()
    best: dict[tuple[str, int], tuple[float, Reading]] = {}
    for reading in readings:
        confidence = known.confidence(reading.suspect.variant.kind, reading.ratio)
        place = (reading.laid.path, reading.laid.start)
        if confidence >= known.least and confidence > best.get(place, (0.0, reading))[0]:
            best[place] = confidence, reading
    findings = []
    seen: Counter[tuple[str, str]] = Counter()
    for (path, _), (confidence, reading) in sorted(best.items(), key=lambda item: item[0]):
        variant = reading.suspect.variant
        line = texts[path].split("\n")[reading.laid.row(variant)]
        same = (path, f"{line.strip()}\0{variant.text}")
        findings.append(finding_of(reading, texts[path], confidence, seen[same]))
        seen[same] += 1
    return tuple(findings)
