"""What was added to a gap: the slots, and of its own file what the client's window lacks. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from codeassist.gap_document import Spliced
from codeassist.pipeline import Prepared
from codeassist.types import ContextReport, Source

NOTHING_FOUND = "nothing was found that the text does not say"


def report_of(
    prepared: Prepared, spliced: Spliced, count_tokens: Callable[[str], int], path: str, reason: str = ""
) -> ContextReport:
    """The report. reason: why the repository added nothing, "" where it might."""
    sources = (*prepared.sources, *_own_lines(prepared, spliced, count_tokens))
    n_tokens = sum(source.n_tokens for source in sources)
    return ContextReport(path, sources, n_tokens, reason or ("" if sources else NOTHING_FOUND))


def _own_lines(prepared: Prepared, spliced: Spliced, count_tokens: Callable[[str], int]) -> Sequence[Source]:
    """Lines that the prompt's window shows and the client's does not."""
    window = prepared.window
    spans = (
        (window.head_line, min(spliced.first, window.end_line), "above what the client sent"),
        (max(spliced.end, window.head_line), window.end_line, "below what the client sent"),
    )
    return [
        Source(window.path, start + 1, end, why, count_tokens("\n".join(spliced.lines[start:end]) + "\n"))
        for start, end, why in spans
        if start < end
    ]
