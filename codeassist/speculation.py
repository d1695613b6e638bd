"""How drafting does: what an engine tells, and whoever shows it reads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Speculation:
    """Tokens that were drafted since the engine was started, and those that the model kept.

    method: what drafts. drafts: checked ones, of a token or more. accepted_at: those of which at least one token was
    kept, at least two, ... steps: of answers, behind their first tokens; each brought one token and what was kept.
    """

    drafted_tokens: int = 0
    accepted_tokens: int = 0
    method: str = ""
    drafts: int = 0
    accepted_at: tuple[int, ...] = ()
    steps: int = 0
