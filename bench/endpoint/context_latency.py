"""What finding files costs in a repository of any size, and what a key costs with context and without."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.endpoint.context_windows import CLIENTS, Count, cut, edited
from bench.index_scale.corpus import make_corpus
from bench.measuring import percentile
from bench.quality.cases import Case, sample_cases
from codeassist.assistant import Assistant, open_index
from codeassist.documents import make_document
from codeassist.engine.scripted import SCRIPTED_INFO, ScriptedEngine
from codeassist.gap_text import read_gap
from codeassist.protocols import Tokenizer
from codeassist.settings import Settings
from codeassist.types import FimRequest, ModelInfo
from indexer.index import CodeIndex
from indexer.line_votes import Hints
from indexer.locating import STILL_READING

N_EDITS = 3
N_SAVES = 20
MAX_KEYS = 20
Figures = dict[str, object]


def measure_locating(folder: Path, n_files: int, n_windows: int, seed: int, count: Count) -> Figures:
    """Milliseconds to find the file of a window in a corpus (`bench/index_scale/corpus.py`): by the clock, and of the
    thread's processor time."""
    corpus = make_corpus(folder / "corpus", n_files)
    index = CodeIndex.open(corpus.root, directory=folder / "corpus-index", embedder=None)
    try:
        index.refresh()
        started = time.perf_counter()
        while index.locate([], Hints()).reason == STILL_READING:
            pass
        first_s = time.perf_counter() - started
        rng = random.Random(seed)
        paths = rng.sample(list(corpus.paths), min(n_windows, len(corpus.paths)))
        times = [_times(index, corpus.root, path, rng, count) for path in paths]
        saves = [_after_a_save(index, corpus.root, path) for path in paths[:N_SAVES]]
        by_client = {
            client: {"wall": _shares([row[at][0] for row in times]), "cpu": _shares([row[at][1] for row in times])}
            for at, client in enumerate(CLIENTS)
        }
        return {
            "corpus": corpus.described(),
            "first_look_s": round(first_s, 2),
            "ms": by_client,
            "ms_after_a_save": _shares(saves),
        }
    finally:
        index.close()


def _times(index: CodeIndex, root: Path, path: str, rng: random.Random, count: Count) -> list[tuple[float, float]]:
    """For each client's window: milliseconds by the clock, and of processor time."""
    document = make_document(path, (root / path).read_text(encoding="utf-8", errors="replace"))
    lines = document.text.split("\n")
    row = rng.randrange(len(lines))
    before, behind = "\n".join(lines[: row + 1]), "\n".join(["", *lines[row + 1 :]])
    found = []
    for client in CLIENTS:
        gap = edited(cut(client, before, behind, document.language, count), N_EDITS, ["a line of no file"], rng)
        part = read_gap(FimRequest("", gap.prefix, gap.suffix)).lines
        wall, cpu = time.perf_counter(), time.thread_time()
        index.locate(part, Hints())
        found.append(((time.perf_counter() - wall) * 1000, (time.thread_time() - cpu) * 1000))
    return found


def _after_a_save(index: CodeIndex, root: Path, path: str) -> float:
    text = (root / path).read_text(encoding="utf-8", errors="replace")
    index.refresh_file(path, f"{text}\na_line_that_was_added = {len(text)}\n")
    started = time.perf_counter()
    index.locate(text.split("\n")[:60], Hints())
    return (time.perf_counter() - started) * 1000


async def measure_keys(
    root: Path, settings: Settings, info: ModelInfo, tokenizer: Tokenizer, n_places: int, seed: int
) -> Figures:
    """Milliseconds from a request to its prompt while lines are typed, without a model: Continue's window, key by key,
    with context and without; and how much of each prompt is that of the key before. root: resolved."""
    engine = ScriptedEngine([""], info=replace(info, name=SCRIPTED_INFO.name, supports_forced_prefix=True))
    await engine.start()
    assistant = Assistant(settings, root, engine, open_index(settings.index, root))
    try:
        await assistant.refresh()
        cases = sample_cases(root, n_places, seed)
        alone = await _typed(assistant, cases, tokenizer, wants_context=False)
        context = await _typed(assistant, cases, tokenizer, wants_context=True)
        return {"repository": root.name, "places": len(cases), "window alone": alone, "context": context}
    finally:
        await assistant.close()


async def _typed(assistant: Assistant, cases: Sequence[Case], tokenizer: Tokenizer, *, wants_context: bool) -> Figures:
    times: list[float] = []
    first_times: list[float] = []
    kept: list[float] = []
    for case in cases:
        behind = case.document.text[len(case.before) :]
        previous: tuple[int, ...] = ()
        for n_typed in range(min(len(case.truth), MAX_KEYS) + 1):
            before = case.before + case.truth[:n_typed]
            gap = cut("continue", before, behind, case.document.language, lambda text: len(tokenizer.encode(text)))
            asked = FimRequest("key", gap.prefix, gap.suffix, wants_context=wants_context, client=case.key)
            started = time.perf_counter()
            prompt = (await assistant.prepare_gap(asked)).request.prompt
            (times if n_typed else first_times).append((time.perf_counter() - started) * 1000)
            assert isinstance(prompt, tuple)
            if n_typed:
                kept.append(_shared(previous, prompt) / len(prompt))
            previous = prompt
    return {
        "ms_first_key": _shares(first_times),
        "ms_further_keys": _shares(times),
        "prompt_as_before": round(sum(kept) / len(kept), 4) if kept else None,
        "keys": len(times),
    }


def _shared(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two prompts begin with alike."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _shares(milliseconds: Sequence[float]) -> dict[str, float]:
    return {f"p{share}": round(percentile(milliseconds, share / 100), 2) for share in (50, 95, 99)}
