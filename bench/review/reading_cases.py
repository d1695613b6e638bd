"""What the model says of each case: of the function with the fault, and of the same function as it is.

A case is shown as a diff would be that rewrites the whole function: all its lines count as changed, the file is the one
with the fault in it, and the index is that of the repository as it is, without vectors, as `codeassist review` opens
it. Where the index has lines of the same file that the reviewed text does not have any more, it shows none of them
(`indexer.searching`), so that no prompt has the answer.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.review.faults import Case
from codeassist.assistant import open_index
from codeassist.documents import make_document
from codeassist.engine.choose import open_embedded
from codeassist.engine.scoring import score
from codeassist.fim import find_template
from codeassist.protocols import Engine
from codeassist.review.surprise.laying import Room
from codeassist.review.surprise.preparing import pieces, prompt_of
from codeassist.review.surprise.reading import Read, Reading, read
from codeassist.settings import EngineSettings, IndexSettings
from codeassist.tokenizer import FileTokenizer
from codeassist.types import Token
from indexer.index import CodeIndex

Row = dict[str, Any]
# Enough for any case.
_BUDGET = 100_000


@dataclass(frozen=True, slots=True)
class Arm:
    """With how much room for code from elsewhere the cases are read."""

    name: str
    room: Room


ARMS = (Arm("with context", Room()), Arm("without context", Room(slots=0)))


async def read_cases(cases: Sequence[Case], repositories: Path, arms: Sequence[Arm] = ARMS) -> list[Row]:
    """A row for each case, arm and text. Loads the shipped model; indexes the repositories where that was not done."""
    engine = open_embedded(replace(EngineSettings(), kv_cache_gib=0.5))
    await engine.start()
    try:
        rows: list[Row] = []
        for name in dict.fromkeys(case.repository for case in cases):
            index = open_index(IndexSettings(vectors=False, dependencies=False), repositories / name)
            try:
                await asyncio.to_thread(index.refresh)
                for number, case in enumerate(case for case in cases if case.repository == name):
                    rows += await _read_case(engine, index, case, number, arms)
            finally:
                index.close()
        return rows
    finally:
        await engine.close()


async def _read_case(engine: Engine, index: CodeIndex, case: Case, number: int, arms: Sequence[Arm]) -> list[Row]:
    rows = []
    for arm in arms:
        for is_faulty, text in ((True, case.faulty), (False, case.clean)):
            started = time.monotonic()
            found = await _read_text(engine, index, case, text, arm.room)
            row = {"arm": arm.name, "repository": case.repository, "number": number, "path": case.path}
            row |= {"kind": case.kind, "is_faulty": is_faulty, "row": case.row, "was": case.was, "became": case.became}
            rows.append(row | _told(found, text, case.clean) | {"seconds": round(time.monotonic() - started, 3)})
    return rows


async def _read_text(engine: Engine, index: CodeIndex, case: Case, text: str, room: Room) -> Read:
    assert engine.info.tokenizer is not None
    tokenizer = FileTokenizer(engine.info.tokenizer)
    document = make_document(case.path, text)
    changed = frozenset(range(case.first, case.last + 1))
    template = find_template(engine.info.template)
    retriever = index if room.slots else None
    found = pieces(document, changed, tokenizer)
    prompts = [prompt_of(piece, room, template, tokenizer, retriever) for piece in found]

    async def scorer(prompt: Sequence[int], n_last: int, n_top: int) -> tuple[Token, ...]:
        return await score(engine, prompt, n_last, n_top)

    return [step async for step in read(prompts, scorer, tokenizer, _BUDGET, lambda: False)][-1]


def _told(found: Read, text: str, clean: str) -> Row:
    """Nats of each line by its row, and every edit that was scored to its end."""
    lines: dict[int, list[float]] = {}
    for laid, tokens in found.scored:
        row = laid.stretch.first
        for token in tokens:
            lines.setdefault(row, []).append(round(-token.logprob, 3))
            row += token.text.count("\n")
    readings = [
        {
            "kind": one.suspect.variant.kind,
            "row": one.laid.row(one.suspect.variant),
            "was": one.laid.gap.middle[one.suspect.variant.start : one.suspect.variant.end],
            "text": one.suspect.variant.text,
            "restores": _edited(one, text).split() == clean.split(),
            "first": round(one.suspect.first, 3),
            "ratio": round(one.ratio, 3),
        }
        for one in found.readings
    ]
    return {"lines": lines, "readings": readings, "n_tokens": found.n_tokens}


def _edited(reading: Reading, text: str) -> str:
    variant, start = reading.suspect.variant, reading.laid.start
    return text[: start + variant.start] + variant.text + text[start + variant.end :]


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """One JSON object a line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def read_rows(path: Path) -> list[Row]:
    """What `write_rows` wrote."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
