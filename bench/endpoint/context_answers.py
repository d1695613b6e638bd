"""The rest of the line at random cursors, asked as clients ask: a window and nothing else, with and without context.

The index knows each file with the rest of its line missing, as if it had been saved so: what is to be found is nowhere
in it. Retrieval may take as long as it likes.
"""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bench.endpoint.context_windows import Count, cut
from bench.quality.cases import Case, sample_cases
from bench.quality.intervals import interval, relative_gain
from bench.quality.journal import Journal
from bench.quality.serving import in_order
from bench.quality.workspace import PATIENCE_MS
from codeassist.assistant import open_index
from codeassist.completion import Completer
from codeassist.gap_whereabouts import Repository
from codeassist.protocols import Engine
from codeassist.settings import Settings
from codeassist.tokenizer import FileTokenizer
from codeassist.types import FimRequest
from indexer.index import CodeIndex

MODES = ("window alone", "context")
CLIENTS = ("continue", "llama.vim")
_MAX_TOKENS = 64


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one window in one mode. found: whether its file was. n_tokens: of what was added."""

    repository: str
    path: str
    client: str
    mode: str
    language: str
    exact: bool
    similarity: float
    found: bool
    n_sources: int
    n_tokens: int


async def measure(
    roots: Sequence[Path], engine: Engine, settings: Settings, journal: Journal, n_cursors: int, seed: int, at_once: int
) -> list[Answer]:
    """Answers of all windows in both modes; those that the journal has are not asked again."""
    answers: list[Answer] = []
    for root in roots:
        index = open_index(settings.index, root)
        try:
            cases = sample_cases(root, n_cursors, seed)
            await asyncio.to_thread(_prepare, index, cases)
            answers += await _measure_one(index, cases, engine, settings, journal, at_once)
        finally:
            index.close()
    return answers


def _prepare(index: CodeIndex, cases: Sequence[Case]) -> None:
    index.refresh()
    for case in cases:
        index.refresh_file(case.document.path, case.document.text)


async def _measure_one(
    index: CodeIndex, cases: Sequence[Case], engine: Engine, settings: Settings, journal: Journal, at_once: int
) -> list[Answer]:
    assert engine.info.tokenizer, "an engine of our own names its tokenizer"
    tokenizer = FileTokenizer(engine.info.tokenizer)
    repository = Repository(str(index.root), index.locate, index.withheld, lambda: True)
    completion = replace(settings.completion, retrieve_deadline_ms=PATIENCE_MS)
    completer = Completer(engine, tokenizer, index, completion, repository=repository)

    async def answer(item: tuple[Case, str, str]) -> Answer:
        case, client, mode = item
        key = f"{client} {mode} {case.key}"
        row = journal.get(key)
        if row is None:
            row = asdict(await _answered(completer, case, client, mode, lambda text: len(tokenizer.encode(text))))
            journal.add(key, row)
        return Answer(**row)

    items = [(case, client, mode) for client in CLIENTS for mode in MODES for case in cases]
    try:
        return await in_order(items, answer, at_once, index.root.name)
    finally:
        completer.close()


async def _answered(completer: Completer, case: Case, client: str, mode: str, count: Count) -> Answer:
    behind = case.document.text[len(case.before) :]
    window = cut(client, case.before, behind, case.document.language, count)
    asked = FimRequest(
        id=f"{client} {mode} {case.key}",
        prefix=window.prefix,
        suffix=window.suffix,
        max_tokens=_MAX_TOKENS,
        stop=("\n",),
        wants_context=mode == "context",
        client=case.key,
    )
    prepared = await completer.gaps.prepare(asked)
    text = "".join([delta.text async for delta in completer.gaps.fill(prepared)]).partition("\n")[0].strip()
    truth = case.truth.strip()
    return Answer(
        repository=case.repository,
        path=case.document.path,
        client=client,
        mode=mode,
        language=case.document.language,
        exact=text == truth,
        similarity=round(difflib.SequenceMatcher(None, text, truth, autojunk=False).ratio(), 4),
        found=prepared.context.path == case.document.path,
        n_sources=len(prepared.context.sources),
        n_tokens=prepared.context.n_tokens,
    )


def summarise(answers: Sequence[Answer]) -> dict[str, object]:
    """Figures by client: of each mode, and what context brings."""
    return {client: _figures([answer for answer in answers if answer.client == client]) for client in CLIENTS}


def _figures(answers: Sequence[Answer]) -> dict[str, object]:
    alone, context = ([answer for answer in answers if answer.mode == mode] for mode in MODES)
    figures: dict[str, object] = {
        "file_found": interval([float(answer.found) for answer in context]),
        "tokens_added": interval([float(answer.n_tokens) for answer in context]),
    }
    for measure in ("exact", "similarity"):
        before, after = ([float(getattr(one, measure)) for one in rows] for rows in (alone, context))
        differences = [b - a for a, b in zip(before, after, strict=True)]
        figures[measure] = {
            MODES[0]: interval(before),
            MODES[1]: interval(after),
            "difference": interval(differences),
            "gain": relative_gain(before, after),
        }
    return figures
