"""What is asked of an engine, and how long it takes: first tokens, suggestions while typing, decoding, many at once.

Each measurement through our engine has one of bare vLLM right beside it (`host.py`), on a prompt of its own.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from codeassist.engine.embedded import EmbeddedEngine
from codeassist.engine.streams import closing
from codeassist.types import GenerationRequest, Priority

TYPED_TOKENS, SUGGESTION_TOKENS, DECODED_TOKENS = 8, 20, 64
# Begins few tokens, and begins a great part of all.
FORCED_WORD, FORCED_BLANK = " sel", " "
_COLD_RUNS, _TYPED_RUNS, _DECODE_RUNS = 5, 15, 7


@dataclass(frozen=True, slots=True)
class Timed:
    """Milliseconds to the first token and to the last, and how many there were."""

    first_ms: float
    total_ms: float
    n_tokens: int


Ask = Callable[[Sequence[int], int], Awaitable[Timed]]


class Bench:
    """One running engine."""

    def __init__(self, engine: EmbeddedEngine, vocab_size: int, seed: int = 0) -> None:
        """vocab_size: prompts are drawn from so many tokens."""
        self._engine = engine
        self._vocab_size = vocab_size
        self._random = Random(seed)

    def prompt(self, length: int) -> list[int]:
        """Tokens that no earlier prompt begins with."""
        return [self._random.randrange(10, self._vocab_size) for _ in range(length)]

    async def ours(self, prompt: Sequence[int], max_tokens: int, forced_prefix: str = "") -> Timed:
        """A request as a completion makes it, from this process."""
        request = GenerationRequest(
            f"bench-{self._random.random()}", tuple(prompt), max_tokens, forced_prefix=forced_prefix, logprobs=True
        )
        begun, first, n_tokens = time.perf_counter(), 0.0, 0
        async with closing(self._engine.stream(request)) as deltas:
            async for delta in deltas:
                first = first or time.perf_counter()
                n_tokens = delta.usage.completion_tokens
        return Timed(1e3 * (first - begun), 1e3 * (time.perf_counter() - begun), n_tokens)

    async def bare(self, prompt: Sequence[int], max_tokens: int, *, logprobs: bool = False) -> Timed:
        """The same on vLLM itself, timed where it runs. logprobs: whether it tells how sure it was, as for ours."""
        asked = {"bare": {"prompt": list(prompt), "max_tokens": max_tokens, "logprobs": logprobs}}
        async with aclosing(self._engine.chat(asked, Priority.COMPLETION)) as events:
            found = [event["measured"] async for event in events if "measured" in event]
        return Timed(**found[0])

    async def at_length(self, length: int) -> dict[str, Any]:
        """One length of prompts: cold, then typing along, then decoding."""
        await self.ours(self.prompt(length), 2)  # kernels for this length are compiled now
        cold = [await self.ours(self.prompt(length), 1) for _ in range(_COLD_RUNS)]
        asking: dict[str, Ask] = {
            "ours": self.ours,
            "bare": self.bare,
            "bare with logprobs": partial(self.bare, logprobs=True),
        }
        typed = {who: await self._typing(length, ask) for who, ask in asking.items()}
        decoded = {who: await self._decoding(length, ask) for who, ask in asking.items()}
        return {
            "prompt_tokens": length,
            "first_cold_ms": _median([run.first_ms for run in cold]),
            "first_typed_ms": {who: _median([run.first_ms for run in runs]) for who, runs in typed.items()},
            "suggestion_ms": {who: _median([run.total_ms for run in runs]) for who, runs in typed.items()},
            "suggestion_ms_p90": {who: _high([run.total_ms for run in runs]) for who, runs in typed.items()},
            "decode_tokens_per_s": {who: _median(rates) for who, rates in decoded.items()},
        }

    async def with_forced_prefix(self, length: int, prefix: str) -> dict[str, Any]:
        """Typing along in the middle of a word: the answer has to begin with what stands there already."""
        prompt = self.prompt(length)
        await self.ours(prompt, 1)
        runs = []
        for _ in range(_TYPED_RUNS):
            prompt = prompt + self.prompt(TYPED_TOKENS)
            runs.append(await self.ours(prompt, SUGGESTION_TOKENS, forced_prefix=prefix))
        full = [run for run in runs if run.n_tokens >= SUGGESTION_TOKENS]
        return {
            "prompt_tokens": length,
            "first_typed_ms": _median([run.first_ms for run in full]),
            "suggestion_ms": _median([run.total_ms for run in full]),
        }

    async def at_once(self, n_requests: int, length: int) -> dict[str, Any]:
        """Many requests together, their prompts of `length` tokens in the cache: tokens a second of all."""
        prompts = [self.prompt(length) for _ in range(n_requests)]
        rates = []
        for _ in range(3):
            await asyncio.gather(*(self.ours(prompt, 1) for prompt in prompts))
            begun = time.perf_counter()
            runs = await asyncio.gather(*(self.ours(prompt, DECODED_TOKENS) for prompt in prompts))
            rates.append(sum(run.n_tokens for run in runs) / (time.perf_counter() - begun))
        return {"requests": n_requests, "prompt_tokens": length, "tokens_per_s": _median(rates[1:])}

    async def _typing(self, length: int, ask: Ask) -> list[Timed]:
        prompt = self.prompt(length)
        await ask(prompt, 1)
        runs = []
        for _ in range(_TYPED_RUNS):
            prompt = prompt + self.prompt(TYPED_TOKENS)
            runs.append(await ask(prompt, SUGGESTION_TOKENS))
        return [run for run in runs if run.n_tokens >= SUGGESTION_TOKENS]

    async def _decoding(self, length: int, ask: Ask) -> list[float]:
        rates = []
        for _ in range(_DECODE_RUNS):
            prompt = self.prompt(length)
            await ask(prompt, 1)
            run = await ask(prompt, DECODED_TOKENS + 1)
            rates.append((run.n_tokens - 1) / (run.total_ms - run.first_ms) * 1e3)
        return rates


def _median(values: Sequence[float]) -> float:
    return round(statistics.median(values), 2) if values else float("nan")


def _high(values: Sequence[float]) -> float:
    """The 90th percentile."""
    return round(sorted(values)[int(0.9 * (len(values) - 1))], 2) if values else float("nan")
