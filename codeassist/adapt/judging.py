"""The loss of each held-out gap without and with the adapter, and what is answered there."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Sequence

from codeassist.adapt.adapted import Adapted
from codeassist.adapt.rows import Row
from codeassist.adapt.verdict import Answered, Judged

Told = Callable[[int, int], None]


def judge_gaps(adapted: Adapted, rows: Sequence[Row], recent: Collection[str], told: Told) -> list[Judged]:
    """One for each row. recent: paths; told: how many are done, of how many."""
    judged: list[Judged] = []
    for row in rows:
        with adapted.without():
            before = adapted.nats(row)
        after = adapted.nats(row)
        judged.append(Judged(row.path, row.path in recent, len(row.ids) - row.n_prompt, before, after))
        told(len(judged), len(rows))
    return judged


def cursors(rows: Sequence[Row]) -> list[Row]:
    """Those whose line has something left to say."""
    return [row for row in rows if truth(row)]


def truth(row: Row) -> str:
    """The rest of the line, without white space at its ends."""
    return row.middle.partition("\n")[0].strip()


def compare(
    rows: Sequence[Row], before: Sequence[str], after: Sequence[str], recent: Collection[str]
) -> list[Answered]:
    """Answers to the same rows, without and with the adapter."""
    return [
        Answered(
            path=row.path,
            is_recent=row.path in recent,
            exact=(_said(old) == truth(row), _said(new) == truth(row)),
            similarity=(_similarity(old, row), _similarity(new, row)),
        )
        for row, old, new in zip(rows, before, after, strict=True)
    ]


def _said(answer: str) -> str:
    return answer.partition("\n")[0].strip()


def _similarity(answer: str, row: Row) -> float:
    """1 for the same text, 0 for nothing in common: difflib's ratio."""
    return round(difflib.SequenceMatcher(None, _said(answer), truth(row), autojunk=False).ratio(), 4)
