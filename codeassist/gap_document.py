"""A client's window put back into its file: line numbers are those of the file, and what the window lacks is there.

The window may begin and end in the middle of the file, and of a line. Where nothing of it above (below) the gap is
found in the file, nothing is put above (below) it. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codeassist.gap_text import GapText
from codeassist.types import Cursor
from indexer.line_matching import Aligned, align

# A text is a file's when so much of it stands there.
MIN_SHARE = 0.3
# A text goes on in what its client sent before when so much of it, and so many lines, stood there.
MIN_SHARE_BEFORE, MIN_ANCHORS_BEFORE = 0.5, 3


@dataclass(frozen=True, slots=True)
class Spliced:
    """The file with the window in it. first, end: 0-based lines of the window, end excluded."""

    lines: tuple[str, ...]
    cursor: Cursor
    first: int
    end: int


def alone(gap: GapText) -> Spliced:
    """The window as all there is."""
    lines = gap.lines
    return Spliced(tuple(lines), Cursor(gap.row, len(gap.left)), 0, len(lines))


def splice(gap: GapText, file: Sequence[str]) -> Spliced:
    """The window in its file."""
    lines = gap.lines
    aligned = align(lines, file)
    if aligned is None or aligned.share < MIN_SHARE:
        return alone(gap)
    above, lines = _above(gap, lines, file, aligned)
    below, lines = _below(gap, lines, file, aligned)
    cursor = Cursor(len(above) + gap.row, len(gap.left))
    return Spliced((*above, *lines, *below), cursor, len(above), len(above) + len(lines))


def goes_on(gap: GapText, before: Sequence[str]) -> bool:
    """Whether a text is one that its client sent before, typed on."""
    aligned = align(gap.lines, before)
    if aligned is None:
        return False
    return aligned.share >= MIN_SHARE_BEFORE and aligned.n_anchors >= MIN_ANCHORS_BEFORE


def _above(gap: GapText, lines: list[str], file: Sequence[str], aligned: Aligned) -> tuple[Sequence[str], list[str]]:
    """What stands above the window, and its lines with the first one whole."""
    if aligned.first_anchor >= gap.row:
        return (), lines
    whole = file[aligned.start]
    is_cut = lines[0].strip() and whole.endswith(lines[0]) and whole.removesuffix(lines[0]).strip()
    if is_cut and _is_alike(lines, 1, file, aligned.start + 1):
        lines = [whole, *lines[1:]]
    return file[: aligned.start], lines


def _below(gap: GapText, lines: list[str], file: Sequence[str], aligned: Aligned) -> tuple[Sequence[str], list[str]]:
    """What stands below the window, and its lines with the last one whole."""
    if aligned.last_anchor <= gap.row:
        return (), lines
    last = aligned.end - 1
    whole = file[last] if last < len(file) else ""
    if len(lines) - 1 > gap.row and whole.startswith(lines[-1]) and _is_alike(lines, len(lines) - 2, file, last - 1):
        lines = [*lines[:-1], whole]
    return file[aligned.end :], lines


def _is_alike(lines: Sequence[str], row: int, file: Sequence[str], file_row: int) -> bool:
    is_inside = 0 <= row < len(lines) and 0 <= file_row < len(file)
    return is_inside and lines[row].rstrip() == file[file_row].rstrip()
