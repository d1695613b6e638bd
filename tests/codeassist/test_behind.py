"""Answers end before what stands behind the gap, however they are cut into pieces."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from random import Random

import pytest

from codeassist.behind import Behind, without_what_stands_behind
from codeassist.types import Cursor, Delta, Document, FinishReason, Usage
from codeassist.window import Window, WindowBudget, cut_window


def window(marked: str) -> Window:
    before, after = marked.split("‸")
    cursor = Cursor(before.count("\n"), len(before) - (before.rfind("\n") + 1))
    return cut_window(Document("a.py", before + after), cursor, WindowBudget(1000, 1000), len)


CASES = [
    # gap, what the model writes, what is given
    ("return ‸ + b\n", "a + b", "a"),
    ("return ‸\n", "a + b", "a + b"),
    ("total(‸)\n", "a, b)", "a, b"),
    ("total(‸)\n", "max(a, b)", "max(a, b)"),
    ("x = [‸]\n\nprint(x)\n", "1, 2]\n\nprint(x)\n", "1, 2"),
    (
        "def add(a, b):\n    return ‸\n\ndef sub(a, b):\n    return a - b\n",
        "a + b\n\ndef sub(a, b):\n    return a - b\n",
        "a + b",
    ),
    ("if a:\n    ‸\nelse:\n    stop()\n", "go()\n    on()", "go()\n    on()"),
    ("if a:\n    ‸\nelse:\n    stop()\n", "go()\nelse:\n    stop()", "go()"),
    ("a = ‸\n", "", ""),
    ("a = ‸ # why\n", "1 # why", "1"),
    ("f(‸, last)\n", "first, last)", "first"),
    ("‸", "everything\nthere is\n", "everything\nthere is\n"),
    ("a = ‸\nb = 2\n", "1  \n", "1  \n"),
]


def pieces(text: str, random: Random) -> list[str]:
    cuts = sorted(random.randrange(len(text) + 1) for _ in range(random.randrange(12)))
    bounds = [0, *cuts, len(text)]
    return [text[start:end] for start, end in itertools.pairwise(bounds)]


@pytest.mark.parametrize(("gap", "said", "given"), CASES)
def test_what_stands_behind_is_not_given_whatever_the_pieces(gap: str, said: str, given: str) -> None:
    for seed in range(60):
        behind, out = Behind(window(gap)), ""
        for piece in pieces(said, Random(seed)):
            out += behind.add(piece)
            if behind.is_over:
                break
        assert out + behind.finish() == given, seed


def test_nothing_is_held_back_that_can_stand() -> None:
    behind = Behind(window("a = ‸\nb = 2\n"))
    assert behind.add("call(") == "call("
    assert behind.add("x)  ") == "x)"
    assert behind.add("+ y") == "  + y"


async def deltas(*texts: str, reason: FinishReason | None = "length") -> AsyncIterator[Delta]:
    for number, text in enumerate(texts):
        yield Delta(text, Usage(1, 0, number), finish_reason=reason if number == len(texts) - 1 else None)


async def test_the_end_of_an_answer_brings_what_was_held_back() -> None:
    found = [delta async for delta in without_what_stands_behind(deltas("1 ", "+ ", ""), window("a = ‸\n"))]
    assert "".join(delta.text for delta in found) == "1 + "
    assert [delta.finish_reason for delta in found] == [None, None, "length"]


async def test_an_answer_that_goes_on_with_the_lines_below_is_ended() -> None:
    rest = "b = 2\nc = 3\nd = 4\ne = 5\n"
    said = ["1\n", *(f"{line}\n" for line in rest.splitlines()), "f = 6\n"]
    found = [delta async for delta in without_what_stands_behind(deltas(*said), window(f"a = ‸\n{rest}"))]
    assert "".join(delta.text for delta in found) == "1"
    assert found[-1].finish_reason == "stop"
    assert len(found) < len(said)


def test_a_long_answer_costs_no_more_than_its_length() -> None:
    behind = Behind(window("a = ‸" + "x" * 5000 + "\n" + "line\n" * 500))
    for _ in range(20_000):
        behind.add("x ")
    assert len(behind.finish()) < 50_000
