"""One suggestion that was shown, as it is counted."""

from __future__ import annotations

from dataclasses import dataclass

# A suggestion counts as kept when the edits since have changed less than this share of it: "mostly unchanged" in
# Ziegler et al., "Productivity Assessment of Neural Code Completion" (MAPS 2022), a Levenshtein distance below 33 %.
MOSTLY_UNCHANGED = 0.33
# When it is looked at, in seconds after it was accepted; the study's first and third of 30 s, 2, 5 and 10 minutes.
KEPT_AFTER_S = (30, 300)


@dataclass(frozen=True, slots=True)
class Record:
    """One suggestion.

    key: of no meaning, unlike any other. shown_at, accepted_at: seconds since 1970. characters: of the suggestion as it
    was first shown. typed: those of them that were typed by hand along it. taken: those that were accepted, by words or
    as a whole. is_whole: whether nothing of it was left over then. latency_ms: from the request to the answer.
    changed_30, changed_300: the Levenshtein distance between what was taken and what stands there 30 and 300 seconds
    later, by the length of the longer one (0 to 1); None when that is not known (the editor or the document was closed
    before, or the place was overwritten as a whole).
    """

    key: str
    shown_at: float
    language: str
    characters: int
    latency_ms: float
    invoked: bool = False
    typed: int = 0
    taken: int = 0
    is_whole: bool = False
    accepted_at: float | None = None
    changed_30: float | None = None
    changed_300: float | None = None
