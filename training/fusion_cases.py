"""Cursors in real repositories, and all that retrieval could show there: for the weights of `indexer/fusion.py`.

    python -m training.fusion_cases OUT REPOSITORY... --cursors 300

Half of the cursors stand in a line whose rest is missing, half in front of a missing block (the rest of the line and up
to twelve lines that follow, no less indented). OUT gets a folder for each repository: `cases.jsonl` (features of each
candidate, and which pieces make up which prompt) and `pieces.npz` (the pieces' token ids).
Arms are whole sets of slots:

- served: as `indexer/fusion.py` orders them now;  by hand: the order that was used before weights were fitted;
- full text, vectors: whole chunks, as `bench/quality/context.py` takes them.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.quality.cases import Case, sample_cases
from bench.quality.context import Chunks
from bench.quality.syntax import words
from codeassist.assistant import open_index
from codeassist.context import arrange
from codeassist.documents import make_document
from codeassist.fim import TEMPLATES, Prompt, prompt_ids
from codeassist.models.directory import read_model, shipped_model
from codeassist.pipeline import Budgets, Pipeline
from codeassist.query import cursor_query
from codeassist.settings import CompletionSettings, IndexSettings
from codeassist.tokenizer import FileTokenizer
from codeassist.types import Cursor
from indexer.fusion import features
from indexer.index import CodeIndex
from indexer.ranking import in_order, without_overlaps
from indexer.searching import Gathered
from indexer.types import Hit, Query

SEED = 20261127
N_HITS = 20
MAX_BLOCK_LINES = 12

_NAME = re.compile(r"[^\W\d]\w{2,}")
MAX_ANSWER_TOKENS = 96


@dataclass(slots=True)
class Pieces:
    """Token ids of the parts of prompts, each kept once."""

    ids: list[tuple[int, ...]] = field(default_factory=list)
    places: dict[tuple[int, ...], int] = field(default_factory=dict)

    def add(self, ids: tuple[int, ...]) -> int:
        """The number of a piece."""
        if ids not in self.places:
            self.places[ids] = len(self.ids)
            self.ids.append(ids)
        return self.places[ids]

    def save(self, path: Path) -> None:
        """As one array of ids and the ends of the pieces in it."""
        flat = np.array([token for piece in self.ids for token in piece], np.uint16)
        np.savez_compressed(path, ids=flat, ends=np.cumsum([len(piece) for piece in self.ids]))


@dataclass(frozen=True, slots=True)
class Shows:
    """What slots may show. unseen: names of the true text that the window does not spell; room: tokens."""

    unseen: frozenset[str]
    room: int


class Asker:
    """Makes the prompts of one repository as completions get them."""

    def __init__(self, index: CodeIndex) -> None:
        model = read_model(shipped_model())
        self._index = index
        self._tokenizer = FileTokenizer(shipped_model() / "tokenizer.json")
        self._template = TEMPLATES[model.info.template]
        settings = CompletionSettings()
        self._budgets = Budgets.split(model.info.prompt_tokens, settings.context_share, settings.suffix_share)
        self._chunks = {name: Chunks(index, name) for name in ("full text", "vectors")}
        self.pieces = Pieces()

    def describe(self, case: Case) -> dict[str, Any] | None:
        """A case as a line of `cases.jsonl`; None when nothing could be shown at it."""
        pipeline = Pipeline(self._tokenizer, self._template, None, 0, heals=True)
        prepared = pipeline.prepare(case.document, case.cursor, self._budgets)
        pipeline.close()
        query = cursor_query(case.document, case.cursor, prepared.window)
        gathered = self._index.gather(query, N_HITS)
        if gathered is None or not gathered.candidates:
            return None
        ids = prompt_ids(prepared.prompt, self._tokenizer)
        n_opening = _opening(prepared.prompt)
        answer = self._tokenizer.encode(prepared.prompt.forced_prefix + case.truth)[:MAX_ANSWER_TOKENS]
        shows = Shows(frozenset(_NAME.findall(case.truth)) - words(prepared.text), prepared.slot_room)
        return {
            "repository": case.repository,
            "path": case.document.path,
            "line": case.cursor.line,
            "is_block": "\n" in case.truth,
            "opening": self.pieces.add(ids[:n_opening]),
            "window": self.pieces.add(ids[n_opening:]),
            "answer": self.pieces.add(tuple(answer)),
            "n_answer": len(answer),
            "unseen": len(shows.unseen),
            "candidates": list(self._candidates(gathered, shows)),
            "arms": {name: self._shown(hits, shows) for name, hits in self._arms(query, gathered)},
        }

    def _candidates(self, gathered: Gathered, shows: Shows) -> Iterator[dict[str, Any]]:
        for candidate in gathered.candidates:
            shown = self._shown([candidate.hit], shows)
            if shown["slots"]:
                known = features(candidate, gathered.situation)
                yield {"kind": candidate.kind, **shown, "features": {name: round(known[name], 5) for name in known}}

    def _arms(self, query: Query, gathered: Gathered) -> Iterator[tuple[str, Sequence[Hit]]]:
        yield "served", self._index.search(query, N_HITS)
        yield "by hand", by_hand(gathered, N_HITS)
        for name, chunks in self._chunks.items():
            yield name, chunks.search(query, N_HITS)

    def _shown(self, hits: Sequence[Hit], shows: Shows) -> dict[str, Any]:
        """The slots that show hits, as pieces, and how many of the unseen names they spell."""
        slots = arrange((), hits, shows.room, self._count).slots
        spelled = shows.unseen & frozenset().union(*(words(slot.text) for slot in slots))
        return {
            "slots": [self.pieces.add(self._tokenizer.encode(slot.text)) for slot in slots],
            "spelled": len(spelled),
        }

    def _count(self, text: str) -> int:
        return len(self._tokenizer.encode(text))


def by_hand(gathered: Gathered, limit: int) -> list[Hit]:
    """The order that was used before weights were fitted."""
    of_kind: dict[str, list[Hit]] = {}
    for candidate in gathered.candidates:
        of_kind.setdefault(candidate.kind, []).append(candidate.hit)
    similar = of_kind.get("similar", [])
    named = in_order(hit for kind in ("imports", "definition", "module") for hit in of_kind.get(kind, ()))
    hits = [*gathered.to_import, *similar[:4], *of_kind.get("called", ()), *similar[4:8], *named]
    hits += [*of_kind.get("library", ()), *of_kind.get("imported", ()), *similar[8:]]
    return without_overlaps(hits, limit)


def _opening(prompt: Prompt) -> int:
    """How many tokens stand before the place of the slots: the special ones at the head."""
    return next(at for at, part in enumerate(prompt.parts) if part.kind != "special")


def with_block_missing(case: Case) -> Case:
    """The same cursor, but the lines that follow are missing too, as far as they are indented no less."""
    lines = case.document.text.split("\n")
    at = case.cursor.line
    first = lines[at] + case.truth
    indent = len(first) - len(first.lstrip())
    end = at + 1
    while end < len(lines) and end <= at + MAX_BLOCK_LINES:
        line = lines[end]
        if line.strip() and len(line) - len(line.lstrip()) < indent:
            break
        end += 1
    while end > at + 1 and not lines[end - 1].strip():
        end -= 1
    missing = "\n".join([case.truth, *lines[at + 1 : end]])
    document = make_document(case.document.path, "\n".join([*lines[: at + 1], *lines[end:]]))
    return Case(case.repository, document, Cursor(at, case.cursor.column), case.kind, missing)


def cases_of(root: Path, n_cursors: int) -> Iterator[Case]:
    """Cursors of a repository, every second one with its block missing; several in a file where files are few."""
    rng = random.Random(f"{SEED}:{root.name}")
    drawn: dict[str, Case] = {}
    for turn in range(4):
        for case in sample_cases(root, n_cursors - len(drawn), f"{SEED}:{turn}"):
            drawn.setdefault(case.key, case)
    for case in drawn.values():
        yield with_block_missing(case) if rng.random() < 0.5 else case


def collect(root: Path, out: Path, n_cursors: int) -> None:
    """Describe the cursors of one repository."""
    index = open_index(IndexSettings(), root)
    try:
        index.refresh()
        asker = Asker(index)
        lines = [json.dumps(found) for case in cases_of(root, n_cursors) if (found := asker.describe(case))]
    finally:
        index.close()
    folder = out / root.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cases.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    asker.pieces.save(folder / "pieces.npz")
    print(f"{root.name}: {len(lines)} cursors, {len(asker.pieces.ids)} pieces", flush=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("repositories", type=Path, nargs="+")
    parser.add_argument("--cursors", type=int, default=300, help="in each repository")
    arguments = parser.parse_args()
    for root in arguments.repositories:
        collect(root, arguments.out, arguments.cursors)


if __name__ == "__main__":
    main()
