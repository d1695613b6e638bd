"""Where in a file a part of it stands, though some of its lines were edited since. Pure.

Anchors are lines that stand once in either text. Those of them that follow one another in both (the longest such run,
as in a patience diff) say where the part begins and ends in the file.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from indexer.line_index import line_key

Singles = Mapping[int, int]

# So far from where the anchors expect it the first or last line of a part is looked for: so much may have been inserted
# or deleted between it and the next anchor.
MAX_SHIFT = 200


@dataclass(frozen=True, slots=True)
class Aligned:
    """Lines start..end (0-based, end excluded) of the file are what the part is of.

    n_anchors: anchors in order, of `n_common` lines that stand once in either. n_telling: lines of the part that could
    be anchors as far as they themselves go. first_anchor, last_anchor: 0-based lines of the part.
    """

    start: int
    end: int
    n_anchors: int
    n_common: int
    n_telling: int
    first_anchor: int
    last_anchor: int

    @property
    def share(self) -> float:
        """Of the telling lines those that are anchors."""
        return self.n_anchors / self.n_telling if self.n_telling else 0.0


def align(part: Sequence[str], file: Sequence[str], singles: Singles | None = None) -> Aligned | None:
    """Where in the file the part stands; None where no line tells. singles: of the file, where they are known."""
    of_part, of_file = single_lines(part), single_lines(file) if singles is None else singles
    pairs = sorted((row, of_file[key]) for key, row in of_part.items() if key in of_file)
    run = _longest_run(pairs)
    if not run:
        return None
    (first, file_first), (last, file_last) = run[0], run[-1]
    start = _first_line(part, file, first, file_first)
    end = len(file) - _first_line(part[::-1], file[::-1], len(part) - 1 - last, len(file) - 1 - file_last)
    return Aligned(start, max(start, end), len(run), len(pairs), len(of_part), first, last)


def single_lines(lines: Sequence[str]) -> Singles:
    """The row of every line that tells something and stands there once."""
    rows: dict[int, int] = {}
    repeated: set[int] = set()
    for row, line in enumerate(lines):
        key = line_key(line)
        if key is None:
            continue
        if key in rows:
            repeated.add(key)
        rows[key] = row
    return {key: row for key, row in rows.items() if key not in repeated}


def _longest_run(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The most pairs, given by their first numbers, whose second numbers grow, too."""
    ends: list[int] = []
    places: list[int] = []
    before: list[int] = []
    for place, (_, row) in enumerate(pairs):
        at = bisect_left(ends, row)
        before.append(places[at - 1] if at else -1)
        if at == len(ends):
            ends.append(row)
            places.append(place)
        else:
            ends[at], places[at] = row, place
    run: list[tuple[int, int]] = []
    place = places[-1] if places else -1
    while place >= 0:
        run.append(pairs[place])
        place = before[place]
    return run[::-1]


def _first_line(part: Sequence[str], file: Sequence[str], anchor: int, file_anchor: int) -> int:
    """The line of the file at which the part begins: where its first whole line stands nearest to where the anchor
    expects it, else just there. The very first line may have been cut in its middle.
    """
    expected = file_anchor - anchor
    for row in range(min(anchor, 2)):
        if not part[row].strip():
            continue
        wanted, hoped = part[row].rstrip(), expected + row
        for shift in range(MAX_SHIFT):
            for at in (hoped - shift, hoped + shift):
                if 0 <= at < file_anchor and file[at].rstrip() == wanted:
                    return max(at - row, 0)
    return min(max(expected, 0), file_anchor)
