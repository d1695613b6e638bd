"""Types 20 characters into a line at 10 real places of a real repository, and measures every key.

    python -m bench.typing_replay

Reported per run and as medians over all runs:

- the share of prompt tokens that came from the engine's KV cache, per key after the first that reached the engine, and
  what the same prompts would share if the text left of the cursor stood before the hole, as prompts usually have it;
- milliseconds from key to suggestion for keys that reached the engine, and of everything but the engine.

Keys that an earlier suggestion still answers never reach the engine; they are counted apart. Every run takes other
places, so that no run finds the cache of the one before.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from bench.measuring import Repository, bench_settings, parser, summary, workbench, write_result
from codeassist.assistant import Assistant, open_assistant
from codeassist.engine.choose import open_engine
from codeassist.engine.vllm_arguments import CPU_BLOCK_TOKENS
from codeassist.fim import find_template
from codeassist.protocols import Engine, StatusListener
from codeassist.tokenizer import FileTokenizer
from codeassist.types import Cursor, Delta, EngineStatus, GenerationRequest, ModelInfo, Suggestion

ENGINE_STAGES = ("first_token", "decode")


@dataclass(frozen=True)
class Place:
    """A line that will be typed: the file without it, and its text."""

    path: Path
    lines: tuple[str, ...]
    line: int
    indentation: str
    typed: str

    def after(self, n_keys: int) -> tuple[str, Cursor]:
        """Text and cursor once the first `n_keys` characters are typed."""
        current = self.indentation + self.typed[:n_keys]
        lines = [*self.lines[: self.line], current, *self.lines[self.line + 1 :]]
        return "\n".join(lines) + "\n", Cursor(self.line, len(current))


@dataclass(frozen=True)
class Key:
    """One key: the suggestion it led to, and the prompt that reached the engine (None: none did)."""

    ms: float
    suggestion: Suggestion
    prompt: tuple[int, ...] | None

    @property
    def overhead_ms(self) -> float:
        return self.ms - sum(self.suggestion.ms.get(stage, 0.0) for stage in ENGINE_STAGES)

    @property
    def cached_share(self) -> float:
        usage = self.suggestion.usage
        return usage.cached_tokens / usage.prompt_tokens if usage.prompt_tokens else 0.0


@dataclass
class Recorder:
    """An engine that remembers the last prompt it was given."""

    engine: Engine
    prompts: list[tuple[int, ...]] = field(default_factory=list)

    @property
    def info(self) -> ModelInfo:
        return self.engine.info

    @property
    def status(self) -> EngineStatus:
        return self.engine.status

    def on_status(self, listener: StatusListener) -> None:
        self.engine.on_status(listener)

    async def start(self) -> None:
        await self.engine.start()

    def stream(self, request: GenerationRequest) -> AsyncIterator[Delta]:
        self.prompts.append(tuple(request.prompt) if not isinstance(request.prompt, str) else ())
        return self.engine.stream(request)

    async def close(self) -> None:
        await self.engine.close()


def choose_places(repository: Repository, n_places: int, n_keys: int, seed: int) -> list[Place]:
    """Lines of code that are long enough, one per file, in an order that the seed decides."""
    chooser = random.Random(seed)
    files = repository.python_files()
    chooser.shuffle(files)
    places: list[Place] = []
    for path in files:
        place = choose_line(path, n_keys, chooser)
        if place:
            places.append(place)
        if len(places) == n_places:
            break
    return places


def choose_line(path: Path, n_keys: int, chooser: random.Random) -> Place | None:
    """A statement inside of a function, well below the head of the file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    candidates = [number for number, line in enumerate(lines) if number >= 40 and is_statement(line, n_keys)]
    if not candidates:
        return None
    number = chooser.choice(candidates)
    text = lines[number].lstrip()
    return Place(path, tuple(lines), number, lines[number][: -len(text)], text[:n_keys])


def is_statement(line: str, n_keys: int) -> bool:
    """Whether a line looks like code that somebody types, and is long enough."""
    text = line.strip()
    is_code = "=" in text or text.startswith(("return ", "for ", "if ", "yield ", "raise "))
    return line.startswith("    ") and len(text) >= n_keys + 4 and is_code and not text.startswith(("#", ">>>", "..."))


async def replay(assistant: Assistant, recorder: Recorder, place: Place, n_keys: int) -> list[Key]:
    """Type into one place; every key waits for its suggestion."""
    keys = []
    for n_typed in range(1, n_keys + 1):
        text, cursor = place.after(n_typed)
        recorder.prompts.clear()
        started = time.perf_counter()
        suggestion = await assistant.complete(assistant.document(place.path, text, n_typed), cursor)
        elapsed_ms = (time.perf_counter() - started) * 1000
        keys.append(Key(elapsed_ms, suggestion, recorder.prompts[-1] if recorder.prompts else None))
    return keys


@dataclass(frozen=True)
class Layout:
    """Where a prompt's parts end, and in what blocks the engine caches it."""

    hole: int
    end: int
    block_tokens: int

    def cursor_split(self, prompt: tuple[int, ...]) -> tuple[int, ...]:
        """The same prompt with the text left of the cursor before the hole."""
        hole, end = prompt.index(self.hole), prompt.index(self.end)
        return (*prompt[:hole], *prompt[end + 1 :], *prompt[hole:end], self.end)

    def shared(self, before: tuple[int, ...], after: tuple[int, ...]) -> float:
        """Share of `after` that a block-wise prefix cache holds once it has seen `before`."""
        same = next(
            (n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
        )
        return min(same, len(after) - 1) // self.block_tokens * self.block_tokens / len(after)


def figures_of(places: list[list[Key]], layout: Layout) -> dict[str, object]:
    """What one run came to."""
    keys = [key for place in places for key in place]
    asked = [[key for key in place if key.prompt] for place in places]
    first, later = [place[0] for place in asked if place], [key for place in asked for key in place[1:]]
    prompts = [[key.prompt for key in place if key.prompt] for place in asked]
    split = [[layout.cursor_split(prompt) for prompt in place] for place in prompts]
    return {
        "keys": len(keys),
        "answered_by_an_earlier_suggestion": sum(key.suggestion.from_cache for key in keys),
        "reached_the_engine": len(first) + len(later),
        "suggested": sum(bool(key.suggestion.text) for key in keys),
        "nothing_suggested_because": reasons(keys),
        "prompt_tokens": summary((len(key.prompt or ()) for key in first + later), 0),
        "cached_share_after_first_key": summary((key.cached_share for key in later), 3),
        "shareable_by_this_layout": summary(shares(prompts, layout), 3),
        "shareable_if_split_at_the_cursor": summary(shares(split, layout), 3),
        "first_key_ms": summary(key.ms for key in first),
        "key_to_suggestion_ms": summary(key.ms for key in later),
        "all_but_engine_ms": summary(key.overhead_ms for key in first + later),
        "stages_ms": stages(later),
    }


def reasons(keys: list[Key]) -> dict[str, int]:
    """Why keys led to no suggestion, without the figures that some reasons carry."""
    given = (key.suggestion.drop_reason for key in keys if not key.suggestion.text)
    return dict(Counter((reason or "nothing to say").split(" (")[0] for reason in given).most_common())


def shares(places: list[list[tuple[int, ...]]], layout: Layout) -> list[float]:
    """Of each prompt, what the one before it at the same place leaves in the cache."""
    return [layout.shared(before, after) for place in places for before, after in pairwise(place)]


def stages(keys: list[Key]) -> dict[str, dict[str, float]]:
    """Milliseconds per stage."""
    names = dict.fromkeys(stage for key in keys for stage in key.suggestion.ms)
    return {name: summary(key.suggestion.ms.get(name, 0.0) for key in keys) for name in names}


def over_runs(runs: list[dict[str, object]]) -> dict[str, float]:
    """Medians over the runs of the figures that are promised."""

    def median(figure: str, statistic: str) -> float:
        summaries = [run[figure] for run in runs]
        values = [float(summary[statistic]) for summary in summaries if isinstance(summary, dict)]
        return round(float(statistics.median(values)), 3)

    cold, warm = median("first_key_ms", "median"), median("key_to_suggestion_ms", "median")
    return {
        "cached_share_after_first_key_median": median("cached_share_after_first_key", "median"),
        "shareable_if_split_at_the_cursor_median": median("shareable_if_split_at_the_cursor", "median"),
        "key_to_suggestion_ms_median": warm,
        "key_to_suggestion_ms_p90": median("key_to_suggestion_ms", "p90"),
        "key_to_suggestion_ms_p95": median("key_to_suggestion_ms", "p95"),
        "first_key_over_later_keys": round(cold / warm, 2) if warm else 0.0,
        "all_but_engine_ms_median": median("all_but_engine_ms", "median"),
        "all_but_engine_ms_p95": median("all_but_engine_ms", "p95"),
    }


async def measure(options: argparse.Namespace, folder: Path, repository: Repository) -> dict[str, object]:
    """All runs with one engine."""
    settings = bench_settings(options.option, folder / "index")
    recorder = Recorder(open_engine(settings.engine, attach=False))
    assistant = open_assistant(settings, repository.root, engine=recorder)
    try:
        await assistant.start_engine()
        await assistant.refresh()
        template, tokenizer = find_template(recorder.info.template), tokenizer_of(recorder.info)
        layout = Layout(tokenizer.special(template.hole), tokenizer.special(template.end), options.block_tokens)
        await replay(assistant, recorder, choose_places(repository, 1, options.keys, -1)[0], options.keys)  # warms up
        runs = []
        for seed in range(options.runs):
            places = choose_places(repository, options.places, options.keys, seed)
            replayed = [await replay(assistant, recorder, place, options.keys) for place in places]
            runs.append(figures_of(replayed, layout))
        return {"model": recorder.info.name, "medians_over_runs": over_runs(runs), "runs": runs}
    finally:
        await assistant.close()


def tokenizer_of(info: ModelInfo) -> FileTokenizer:
    """The model's tokenizer. Raises SystemExit where it has none, since prompts are text then."""
    if info.tokenizer is None:
        raise SystemExit("this engine takes text: no tokens to measure")
    return FileTokenizer(info.tokenizer)


def main() -> None:
    """Measure and write bench/results/typing_replay.json."""
    options = parser(__doc__)
    options.add_argument("--places", type=int, default=10, help="places per run")
    options.add_argument("--keys", type=int, default=20, help="characters typed at each place")
    options.add_argument(
        "--block-tokens", type=int, default=CPU_BLOCK_TOKENS, help="block of the engine's prefix cache"
    )
    chosen = options.parse_args()
    with workbench(chosen.package) as (folder, repository):
        figures = asyncio.run(measure(chosen, folder, repository))
        write_result("typing_replay", chosen.result, repository, figures)


if __name__ == "__main__":
    main()
