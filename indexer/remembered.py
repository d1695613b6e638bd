"""Answers about words, which texts repeat: each is found once, and forgotten when it was not asked for lately."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")

# A longer run of letters is no word and is not remembered.
MAX_CHARS = 64


class Remembered(dict[str, Answer], Generic[Answer]):
    """A dictionary that asks for what it does not have: a look-up of what it has costs no call. For any thread.

    When it is full it starts over, and takes with it what is asked for again: between one and two times `limit` words.
    """

    def __init__(self, ask: Callable[[str], Answer], limit: int) -> None:
        super().__init__()
        self._ask = ask
        self._limit = limit
        self._before: dict[str, Answer] = {}

    def __missing__(self, word: str) -> Answer:
        before = self._before
        answer = before[word] if word in before else self._ask(word)
        if len(word) <= MAX_CHARS:
            if len(self) >= self._limit:
                self._before = dict(self)
                self.clear()
            self[word] = answer
        return answer
