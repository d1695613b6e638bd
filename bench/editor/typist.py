"""A person who knows what to write: the next key, from what stands there and what shall stand there."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from bench.editor.buffer import Buffer, Key, n_shared
from bench.editor.rhythm import neighbour, slip_rate


@dataclass(frozen=True, slots=True)
class Goal:
    """What shall stand left of where the cursor ends, and right of it."""

    left: str
    right: str

    def todo(self, buffer: Buffer) -> str | None:
        """What is still to be typed; None when something wrong stands left of the cursor."""
        return self.left[buffer.cursor :] if self.left.startswith(buffer.left) else None

    def line(self, offset: int) -> str:
        """The finished line that holds an offset."""
        text = self.left + self.right
        end = text.find("\n", offset)
        return text[text.rfind("\n", 0, offset) + 1 : len(text) if end < 0 else end]


def n_wrong(buffer: Buffer, goal: Goal) -> int:
    """How many characters left of the cursor have to go."""
    return buffer.cursor - n_shared(buffer.left, goal.left)


@dataclass
class Typist:
    """corrections: share of keys that are backspaces over slips. Slips depend on the place alone, and each happens
    once: who accepts suggestions and who does not slip alike."""

    seed: str
    corrections: float
    passed: set[int] = field(default_factory=set)

    def next_key(self, buffer: Buffer, goal: Goal) -> Key | None:
        """The next key without any suggestion; None when all is written."""
        todo = goal.todo(buffer)
        if todo is None:
            return _mend(buffer, goal)
        if not todo:
            return Key("delete") if buffer.closers else None
        n_over = _passed_over(buffer.closers, todo)
        if n_over:
            return Key("move", n=n_over)
        if todo[0] == "\n":
            return Key("enter")
        if todo.startswith(buffer.unit) and not buffer.line_left.strip() and _at_stop(buffer):
            return Key("tab")
        return Key("type", self._slipped(buffer.cursor, todo[0]))

    def _slipped(self, offset: int, letter: str) -> str:
        if offset in self.passed:
            return letter
        self.passed.add(offset)
        chooser = random.Random(f"{self.seed}:{offset}")
        return neighbour(letter, chooser) if chooser.random() < slip_rate(self.corrections) else letter


def _mend(buffer: Buffer, goal: Goal) -> Key:
    """Something wrong stands left of the cursor: a slip, or indentation that the editor put there."""
    n_right = n_shared(buffer.left, goal.left)
    wrong = buffer.left[n_right:]
    is_padding = buffer.padding > 0 and not buffer.line_left.strip() and len(wrong) <= buffer.padding
    return Key("enter") if is_padding and goal.left[n_right : n_right + 1] == "\n" else Key("backspace")


def _passed_over(closers: str, todo: str) -> int:
    """Characters up to a closing bracket that the editor put on a line of its own, when it is wanted just there."""
    if not closers.startswith("\n"):
        return 0
    n_over = len(closers) - len(closers.lstrip()) + 1
    return n_over if todo.startswith(closers[:n_over]) else 0


def _at_stop(buffer: Buffer) -> bool:
    return len(buffer.line_left) % len(buffer.unit) == 0
