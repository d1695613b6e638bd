"""A reading as a finding: what the model would rather have read, and how much rather. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping

from codeassist.findings.types import Finding, Replacement, finding_id
from codeassist.review.surprise.reading import Reading
from indexer.variants import VariantKind

_WHAT: Mapping[VariantKind, str] = {
    "variable": "`{was}` may be meant to be `{becomes}`",
    "arguments": "these arguments may be the wrong way round: `{becomes}`",
    "operator": "`{was}` may be meant to be `{becomes}`",
    "negation": "this condition may be the wrong way round",
    "constant": "`{was}` may be meant to be `{becomes}`",
    "await": "an `await` may be missing",
}
_LONGEST = 60
# Larger ratios are said to be larger than this.
_MOST_TIMES = 10_000


def finding_of(reading: Reading, text: str, confidence: float, n_before: int) -> Finding:
    """What a person is told, with the edit as its remedy. text: of the whole file; n_before: findings of the same edit
    in the same line further up."""
    variant, start = reading.suspect.variant, reading.laid.start
    begin, end = start + variant.start, start + variant.end
    first, last = text.count("\n", 0, begin), text.count("\n", 0, end)
    lines = text.split("\n")
    line_start = text.rfind("\n", 0, begin) + 1
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    becomes = f"{text[line_start:begin]}{variant.text}{text[end:line_end]}"
    path = reading.laid.path
    said = _WHAT[variant.kind].format(was=_short(text[begin:end]), becomes=_short(variant.text))
    message = f"{said}: the model finds the code around it {_times(reading.ratio)} likelier with `{_short(becomes)}`"
    what = f"{' '.join(lines[first].split())}\0{variant.start - variant.end}\0{variant.text}"
    return Finding(
        id=finding_id("surprise", path, what, n_before),
        path=path,
        start_line=first + 1,
        end_line=last + 1,
        severity="warning",
        category="surprise",
        message=message,
        evidence=f"{path}:{first + 1}",
        start_column=begin - line_start,
        end_column=end - (text.rfind("\n", 0, end) + 1) if end > begin else None,
        confidence=round(confidence, 3),
        replacement=Replacement(first + 1, last + 1, becomes),
    )


def _short(code: str) -> str:
    one_line = " ".join(code.split())
    return one_line if len(one_line) <= _LONGEST else f"{one_line[: _LONGEST - 1]}…"


def _times(ratio: float) -> str:
    if ratio > math.log(_MOST_TIMES):
        return f"more than {_MOST_TIMES:,} times"
    return f"{math.exp(ratio):,.0f} times" if ratio >= math.log(2) else "somewhat"
