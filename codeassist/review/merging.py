"""Of a merge, what is our own: lines that one of the merged sides has too were reviewed there. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from codeassist.review.changes import ChangedFile, Hunk


def only_ours(files: Sequence[ChangedFile], merged: Sequence[Sequence[ChangedFile]]) -> list[ChangedFile]:
    """The files that differ from every side of a merge, with the hunks that do.

    files: against the own side. merged: against each other side; none where no merge is under way.
    """
    others = [{file.path: file for file in side} for side in merged]
    ours = [file for file in files if all(file.path in side for side in others)]
    if not merged:
        return ours
    return [part for file in ours if (part := _part(file, [side[file.path] for side in others])) is not None]


def _part(file: ChangedFile, others: Sequence[ChangedFile]) -> ChangedFile | None:
    """The file with those of its lines that no other side has; None where there are none."""
    if file.new_text is None:
        return file
    hunks = tuple(part for hunk in file.hunks for part in _new(hunk, others))
    return replace(file, given_hunks=hunks) if hunks else None


def _new(hunk: Hunk, others: Sequence[ChangedFile]) -> Iterator[Hunk]:
    """A hunk's runs of lines that every other side lacks; what was taken out goes with the first of them."""
    if not hunk.new_lines:
        if all(any(hunk.new_start == one.new_start for one in other.hunks) for other in others):
            yield hunk
        return
    gone, old_start = hunk.old_lines, hunk.old_start
    for is_new, run in groupby(enumerate(hunk.new_lines, hunk.new_start), lambda item: _is_new(item[0], others)):
        if is_new:
            (start, _), *_ = lines = list(run)
            yield Hunk(old_start, gone, start, tuple(line for _, line in lines))
            old_start, gone = old_start + len(gone), ()


def _is_new(line: int, others: Sequence[ChangedFile]) -> bool:
    return all(line in other.changed_lines for other in others)
