"""From hits to the prompt's slots: ordered, within budget, and staying put between keystrokes. Pure.

A slot that was in the last prompt of this document keeps its place and its bytes, because everything after a changed
byte has to be computed again by the engine. New slots are appended; old ones leave only to make room.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from codeassist.fim import Slot
from codeassist.types import LeftOut
from indexer.types import Hit, shown_path

CountTokens = Callable[[str], int]

# One slot may take this share of the budget, so that one long class does not crowd out everything else.
_MAX_SLOT_SHARE = 0.5
# Fewer lines than this tell the model nothing.
_MIN_LINES = 2


@dataclass(frozen=True, slots=True)
class Arranged:
    """The slots of a prompt in order, their tokens, and the hits that did not get in."""

    slots: tuple[Slot, ...]
    n_tokens: int
    left_out: tuple[LeftOut, ...]


def arrange(
    previous: Sequence[Slot],
    hits: Sequence[Hit],
    budget: int,
    count_tokens: CountTokens,
    changed: Collection[str] = (),
) -> Arranged:
    """Slots for these hits (best first), the previous ones first and unchanged as far as they may stay.

    A previous slot stays when a hit still asks for it, or as long as nobody needs its room. changed: paths that are not
    what they were when the previous slots were made, or gone: of their slots only those stay that a hit asks for.
    """
    wanted, left_out = _fit(previous, hits, budget, count_tokens)
    wanted_texts = {slot.text for slot in wanted}
    kept = [
        slot for slot in previous if slot.text in wanted_texts or not (slot.path in changed or _hidden_by(slot, wanted))
    ]
    fresh = [slot for slot in wanted if all(slot.text != old.text for old in kept)]
    kept = _make_room(kept, fresh, wanted_texts, budget, count_tokens)
    slots = (*kept, *fresh)
    return Arranged(slots, sum(count_tokens(slot.text) for slot in slots), left_out)


def join(
    previous: Sequence[Slot],
    hits: Sequence[Hit],
    budget: int,
    count_tokens: CountTokens,
) -> Arranged:
    """The previous slots as they are, and behind them those hits that find room beside them.

    Where the budget has shrunk, the last of the previous ones leave.
    """
    kept = _make_room(previous, (), set(), budget, count_tokens)
    spent = sum(count_tokens(slot.text) for slot in kept)
    others = [hit for hit in hits if _overlap_reason(hit, kept) is None]
    fresh, left_out = _fit((), others, budget - spent, count_tokens)
    slots = (*kept, *fresh)
    return Arranged(slots, sum(count_tokens(slot.text) for slot in slots), left_out)


def _fit(
    previous: Sequence[Slot], hits: Sequence[Hit], budget: int, count_tokens: CountTokens
) -> tuple[list[Slot], tuple[LeftOut, ...]]:
    """The best hits that fit together, least important first so that the best stand nearest to the cursor's file."""
    slots: list[Slot] = []
    left_out: list[LeftOut] = []
    spent = 0
    for hit in hits:
        reason = _overlap_reason(hit, slots)
        room = min(int(budget * _MAX_SLOT_SHARE), budget - spent)
        slot = None if reason else _as_before(hit, previous) or _shorten(hit, room, count_tokens)
        if slot and count_tokens(slot.text) > room:
            slot = _shorten(hit, room, count_tokens)
        if slot is None:
            path, reason = shown_path(hit.path), reason or "no room in the budget"
            left_out.append(LeftOut(path, hit.start_line, hit.end_line, reason))
            continue
        slots.append(slot)
        spent += count_tokens(slot.text)
    return slots[::-1], tuple(left_out)


def _overlap_reason(hit: Hit, slots: Sequence[Slot]) -> str | None:
    for slot in slots:
        if hit.path == slot.path and hit.start_line <= slot.end_line and slot.start_line <= hit.end_line:
            return f"overlaps lines {slot.start_line}-{slot.end_line} that are shown"
    return None


def _as_before(hit: Hit, previous: Sequence[Slot]) -> Slot | None:
    """The slot that showed this hit last time, however much of it that was."""
    return next((slot for slot in previous if _same_place(slot, hit) and hit.text.startswith(slot.code)), None)


def _same_place(slot: Slot, hit: Hit) -> bool:
    """Whether both begin at the same line; skeletons, which may gain lines at their end, also end at the same."""
    ends_alike = not hit.is_skeleton or slot.end_line == hit.end_line
    return slot.path == hit.path and slot.start_line == hit.start_line and ends_alike


def _shorten(hit: Hit, budget: int, count_tokens: CountTokens) -> Slot | None:
    """The hit as a slot of at most `budget` tokens, cut at its end; None when too little of it would be left."""
    lines = hit.text.rstrip("\n").split("\n")
    least = min(_MIN_LINES, len(lines))
    n_lines = len(lines)
    while n_lines >= least:
        slot = _slot(hit, lines[:n_lines])
        n_tokens = count_tokens(slot.text)
        if n_tokens <= budget:
            return slot
        n_lines = min(n_lines - 1, n_lines * budget // n_tokens)
    return None


def _slot(hit: Hit, lines: Sequence[str]) -> Slot:
    end_line = hit.end_line if hit.is_skeleton else min(hit.end_line, hit.start_line + len(lines) - 1)
    return Slot(hit.path, hit.start_line, end_line, "\n".join(lines), hit.why)


def _hidden_by(slot: Slot, wanted: Sequence[Slot]) -> bool:
    """Whether a wanted slot shows other text of the same lines: the old one is out of date."""
    return any(
        slot.path == other.path and slot.start_line <= other.end_line and other.start_line <= slot.end_line
        for other in wanted
    )


def _make_room(
    kept: Sequence[Slot], fresh: Sequence[Slot], wanted_texts: set[str], budget: int, count_tokens: CountTokens
) -> list[Slot]:
    """The kept slots less those, last ones first, that must go for the fresh ones to fit."""
    remaining = list(kept)
    spent = sum(count_tokens(slot.text) for slot in (*kept, *fresh))
    for slot in reversed(kept):
        if spent <= budget:
            break
        if slot.text not in wanted_texts:
            remaining.remove(slot)
            spent -= count_tokens(slot.text)
    return remaining
