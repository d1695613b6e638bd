"""The values that a change is made of: all frozen, all plain. Lines are 1-based, spans inclusive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from codeassist.review.line_difference import Hunk, hunks_of, lines_of

__all__ = ["ChangedFile", "Changes", "FileStatus", "Hunk", "Span", "hunks_of", "lines_of"]

FileStatus = Literal["added", "modified", "deleted", "renamed", "copied"]
Span = tuple[int, int]


@dataclass(frozen=True)
class ChangedFile:
    """One file of a change. former: its path before, where that was another.

    old_text, new_text: with LF line ends; None where there was or is none, and where the text cannot be read: `skipped`
    says why ("binary", "submodule", "symbolic link", "LFS pointer", "larger than 1024 KB").
    set_aside: why nobody reviews the text as source, though detectors of secrets and of vulnerable dependencies look at
    it ("generated", "minified", "third-party code", "data", "looks like a secret", "ignored by .codeassistignore"); no
    model ever sees it.
    is_partial: whether of the new text the lines of a diff alone are known, and stand among empty ones.
    given_hunks: where they are known from a diff alone, or not all of them are of this change; else they are computed
    from both texts. n_bytes: of the new content, also where that is not read; 0 where nobody knows.
    """

    path: str
    status: FileStatus
    former: str = ""
    old_text: str | None = None
    new_text: str | None = None
    skipped: str = ""
    set_aside: str = ""
    is_partial: bool = False
    given_hunks: tuple[Hunk, ...] = ()
    n_bytes: int = 0

    @cached_property
    def hunks(self) -> tuple[Hunk, ...]:
        """What differs, from the first line to the last."""
        return self.given_hunks or hunks_of(self.old_text or "", self.new_text or "")

    @cached_property
    def changed_lines(self) -> frozenset[int]:
        """Numbers of the lines of the new text that are new or different."""
        return frozenset(
            number for hunk in self.hunks for number in range(hunk.new_start, hunk.new_start + len(hunk.new_lines))
        )

    @cached_property
    def new_lines(self) -> tuple[str, ...]:
        """The lines of the new text."""
        return lines_of(self.new_text or "")


@dataclass(frozen=True, slots=True)
class Changes:
    """What is reviewed. source: in words for a person, as "staged changes". notes: what could not be looked at.

    message: of the commit, where there is one already.
    is_whole: whether all lines of the files count as changed (`--all-files`).
    git_index: the file of git's index where that is what is reviewed, "" for the repository's own; else None.
    beside: texts of files that are not changed, where the work tree has others than the state that is reviewed: None
    where that has no such file.
    """

    source: str
    files: tuple[ChangedFile, ...]
    notes: tuple[str, ...] = ()
    message: str = ""
    is_whole: bool = field(default=False)
    beside: Mapping[str, str | None] = field(default_factory=dict)
    git_index: str | None = None
