"""How many tokens of prompts the embedded engine scores in a second, on this machine.

    python -m bench.scoring [--runs N] [--result FILE]

Per length of the prompt, number of scored tokens and number of the likeliest in their place: median and least
milliseconds and tokens of the prompt a second, of prompts that the engine has never seen (`new`) and of prompts whose
end alone it has not (`other_end`). `plain` is an answer of one token to such a prompt. Kinds take turns. `load` is the
machine's at the start: where it is not near 0, the least say more than the medians.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import codeassist
from bench.measuring import RESULTS, provenance
from codeassist.engine.choose import open_embedded
from codeassist.engine.embedded import EmbeddedEngine
from codeassist.engine.limits import MOST_SCORED
from codeassist.engine.scoring import score
from codeassist.settings import EngineSettings
from codeassist.tokenizer import FileTokenizer
from codeassist.types import GenerationRequest, Priority

LENGTHS = (512, 1024, 2048)
SCORED = (16, 256, MOST_SCORED)
TOPS = (0, 5, 20)
OTHER_END = 16

_Prompt = tuple[int, ...]
_Ask = Callable[[_Prompt], Awaitable[object]]


class Prompts:
    """Our own code behind a token that no other prompt has there."""

    def __init__(self, tokenizer: FileTokenizer) -> None:
        files = sorted((Path(codeassist.__file__).parent / "engine").glob("*.py"))
        self._ids = tokenizer.encode("\n".join(file.read_text(encoding="utf-8") for file in files))
        self._dice = random.Random(0)

    def new(self, n_tokens: int) -> _Prompt:
        """Never seen."""
        start = self._dice.randrange(len(self._ids) - n_tokens)
        return (0, self._dice.choice(self._ids), *self._ids[start : start + n_tokens - 2])

    def other_end(self, prompt: _Prompt) -> _Prompt:
        """The same with another end."""
        return (*prompt[:-OTHER_END], *(self._dice.choice(self._ids) for _ in range(OTHER_END)))


def main() -> None:
    """Measures, prints and writes the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--result", type=Path, default=RESULTS / "scoring.json")
    arguments = parser.parse_args()
    told: dict[str, Any] = {**provenance("scoring"), "runs": arguments.runs, "load": round(os.getloadavg()[0], 2)}
    told["rows"] = asyncio.run(_measure(arguments.runs))
    text = json.dumps(told, indent=1) + "\n"
    arguments.result.write_text(text, encoding="utf-8")
    print(text, end="")


async def _measure(n_runs: int) -> list[dict[str, Any]]:
    engine = open_embedded(replace(EngineSettings(), kv_cache_gib=0.5, lora="off"))
    await engine.start()
    try:
        assert engine.info.tokenizer is not None
        prompts = Prompts(FileTokenizer(engine.info.tokenizer))
        return [row for length in LENGTHS for row in await _rows(engine, prompts, length, n_runs)]
    finally:
        await engine.close()


async def _rows(engine: EmbeddedEngine, prompts: Prompts, length: int, n_runs: int) -> list[dict[str, Any]]:
    kinds: dict[tuple[int, int], _Ask] = {(0, 0): partial(_plain, engine)}
    for n_last, n_top in product(SCORED, TOPS):
        kinds[n_last, n_top] = partial(score, engine, n_last=min(n_last, length - 1), n_top=n_top)
    times: dict[tuple[int, int, str], list[float]] = {}
    for _ in range(n_runs):
        for (n_last, n_top), asked in kinds.items():
            prompt = prompts.new(length)
            times.setdefault((n_last, n_top, "new"), []).append(await _ms(asked, prompt))
            if n_last <= OTHER_END:
                other = prompts.other_end(prompt)
                times.setdefault((n_last, n_top, "other_end"), []).append(await _ms(asked, other))
    return [_row(length, *kind, found) for kind, found in times.items()]


def _row(length: int, n_last: int, n_top: int, kind: str, times: list[float]) -> dict[str, Any]:
    ms = statistics.median(times)
    asked = {"scored": min(n_last, length - 1), "top": n_top} if n_last else {"plain": True}
    figures = {"ms": round(ms), "least_ms": round(min(times)), "prompt_tokens_per_s": round(length / ms * 1000)}
    return {"prompt_tokens": length, **asked, "prompt": kind, **figures}


async def _ms(asked: _Ask, prompt: _Prompt) -> float:
    began = time.perf_counter()
    await asked(prompt)
    return (time.perf_counter() - began) * 1000


async def _plain(engine: EmbeddedEngine, prompt: _Prompt) -> None:
    request = GenerationRequest("plain", prompt, 1, priority=Priority.REVIEW)
    async for _ in engine.stream(request):
        pass


if __name__ == "__main__":
    main()
