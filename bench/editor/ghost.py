"""Ghost text on the screen: what keys and answers make of it, as in VS Code. Pure.

VS Code keeps a suggestion while what is typed agrees with it, and shows what is left of it, whatever the answers to
newer requests say (`InlineCompletionsSource.fetch` puts what can be reused before them). Any other key hides it, and
the answer to the newest request is what is shown next. Answers to older requests are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from bench.editor.buffer import PAIRS, Buffer, Change, Key, n_shared
from bench.editor.typist import Goal

# Which change an answer makes to the screen. The user had typed along what an answer "extended", "replaced" or made
# "vanish": VS Code keeps that as it is, other editors (Neovim) flicker.
Showing = Literal["none", "appeared", "kept", "extended", "replaced", "vanished"]

# A suggestion that stood for less was not read: Continue counts no rejection before (`DO_NOT_COUNT_REJECTED_BEFORE`).
READ_AFTER_MS = 250.0
# Fewer characters are as quickly typed as looked at.
LEAST_ACCEPTED = 4


@dataclass(frozen=True, slots=True)
class Ghost:
    """text: what would come at the cursor in place of n_right characters right of it. since_ms: on the screen from."""

    text: str
    n_right: int
    since_ms: float
    item: Any = None

    @property
    def first_line(self) -> str:
        return self.text.partition("\n")[0]


def ghost_of(result: Any, buffer: Buffer, now_ms: float) -> Ghost | None:
    """What an answer shows at the cursor; None where it has no item, or one that does not agree with the text."""
    items = result.get("items", []) if isinstance(result, dict) else result or []
    if not items:
        return None
    item, line = items[0], buffer.position[0]
    span = item.get("range") or {"start": _here(buffer), "end": _here(buffer)}
    if span["start"]["line"] != line or span["end"]["line"] != line:
        return None
    left = _units(buffer.line_left, span["start"]["character"], None)
    column = buffer.position[1]
    right_text = buffer.text[buffer.cursor :].partition("\n")[0]
    n_right = len(_units(right_text, 0, span["end"]["character"] - column))
    text = str(item["insertText"])
    return Ghost(text[len(left) :], n_right, now_ms, item) if text.startswith(left) and text != left else None


def _here(buffer: Buffer) -> dict[str, int]:
    line, character = buffer.position
    return {"line": line, "character": character}


def _units(text: str, start: int, end: int | None) -> str:
    """A stretch of a text by UTF-16 units."""
    units = text.encode("utf-16-le")
    return units[2 * start : None if end is None else 2 * max(end, 0)].decode("utf-16-le", "replace")


def is_along(ghost: Ghost | None, key: Key) -> bool:
    """Whether a key types what comes next in the ghost."""
    return ghost is not None and key.kind == "type" and ghost.text.startswith(key.text)


def along(ghost: Ghost | None, before: Buffer, key: Key, after: Buffer) -> Ghost | None:
    """What is left of a ghost after a key; None when it is hidden or used up."""
    typed = {"type": key.text, "tab": before.unit}.get(key.kind, "")
    if ghost is None or not typed or not ghost.text.startswith(typed):
        return None
    rest = ghost.text[len(typed) :]
    n_closed = len(after.closers) - len(before.closers)
    if not rest or (n_closed > 0 and PAIRS[typed] not in rest):
        return None
    return replace(ghost, text=rest, n_right=max(ghost.n_right + n_closed, 0))


def showing(old: Ghost | None, new: Ghost | None, buffer: Buffer) -> Showing:
    """What an answer does to the screen. Two ghosts that would leave the same text are the same."""
    if old is None or new is None:
        return ("none" if old is None else "vanished") if new is None else "appeared"
    right = buffer.text[buffer.cursor :].partition("\n")[0]
    before, after = (ghost.text + right[ghost.n_right :] for ghost in (old, new))
    if before == after:
        return "kept"
    return "extended" if new.text.startswith(old.text) else "replaced"


def first_line_is_right(ghost: Ghost, buffer: Buffer, goal: Goal) -> bool:
    """Whether the cursor's line, with the first line of a ghost, would be as it is in the end."""
    right = buffer.text[buffer.cursor :].partition("\n")[0]
    rest = "" if "\n" in ghost.text else right[ghost.n_right :]
    is_on_the_way = goal.left.startswith(buffer.left)
    return is_on_the_way and (buffer.line_left + ghost.first_line + rest).rstrip() == goal.line(buffer.cursor).rstrip()


def n_right_so_far(ghost: Ghost, buffer: Buffer, goal: Goal) -> int:
    """How many characters of a ghost come next in what is typed."""
    return n_shared(ghost.text, goal.todo(buffer) or "")


def is_accepted(ghost: Ghost | None, buffer: Buffer, goal: Goal, now_ms: float) -> bool:
    """The user's policy: Tab for a ghost that could be read, is worth a look, and is wholly what comes next."""
    if ghost is None or now_ms - ghost.since_ms < READ_AFTER_MS or len(ghost.text.strip()) < LEAST_ACCEPTED:
        return False
    return goal.left.startswith(buffer.left + ghost.text) and ghost.n_right <= len(buffer.closers)


def accept(ghost: Ghost, buffer: Buffer) -> tuple[Buffer, Change]:
    """The text with a ghost taken over."""
    change = Change(buffer.cursor, buffer.cursor + ghost.n_right, ghost.text)
    return replace(buffer.applied(change), closers=buffer.closers[ghost.n_right :]), change
