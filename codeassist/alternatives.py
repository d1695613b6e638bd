"""Several suggestions for one cursor: which differ, and which comes first. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from codeassist.types import Suggestion


def distinct(suggestions: Iterable[Suggestion]) -> list[Suggestion]:
    """Those with different texts, the surest first; of those without text the first one, where none has any."""
    made = list(suggestions)
    first_by_text = {one.text.rstrip(): one for one in reversed(made) if one.text}
    return sorted(first_by_text.values(), key=lambda one: -(one.confidence or 0.0)) or made[:1]
