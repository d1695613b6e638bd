"""Several answers to one request, made at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from codeassist.server.deltas import Answer, collect
from codeassist.server.service import Answering
from codeassist.types import Delta, Usage


@dataclass(frozen=True, slots=True)
class Choice:
    """One generation, and the places it has among the choices: greedy ones that are asked for several times are made
    once. prompt_number: which of the request's prompts it answers."""

    answering: Answering
    prompt_number: int
    indexes: tuple[int, ...]


async def streamed(choices: Sequence[Choice]) -> AsyncGenerator[tuple[Choice, Delta]]:
    """What comes, in the order in which it comes. Leaving the loop aborts all."""
    if len(choices) == 1:
        async with aclosing(choices[0].answering) as answering:
            async for delta in answering:
                yield choices[0], delta
        return
    async with aclosing(_merged(choices)) as pairs:
        async for pair in pairs:
            yield pair


async def collected(choices: Sequence[Choice]) -> list[Answer]:
    """The whole answers. Where one fails the others are aborted."""
    tasks = [asyncio.ensure_future(collect(choice.answering)) for choice in choices]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await _end(tasks, choices)


async def close(choices: Sequence[Choice]) -> None:
    """Abort what runs."""
    for choice in choices:
        await choice.answering.aclose()


def total(choices: Sequence[Choice], usages: Sequence[Usage]) -> Usage:
    """What the answers took, as the standard counts it: each prompt once, each choice's answer for itself."""
    prompts: dict[int, Usage] = {}
    n_answered = 0
    for choice, usage in zip(choices, usages, strict=True):
        prompts.setdefault(choice.prompt_number, usage)
        n_answered += usage.completion_tokens * len(choice.indexes)
    n_prompt = sum(usage.prompt_tokens for usage in prompts.values())
    return Usage(n_prompt, sum(usage.cached_tokens for usage in prompts.values()), n_answered)


def headers_of(choices: Sequence[Choice]) -> dict[str, str]:
    """Headers of the response: each as the first answer that knows it has it. In a stream, the one that comes first
    need not be the first one."""
    told: dict[str, str] = {}
    for choice in choices:
        told = choice.answering.headers | told
    return told


def n_context(choices: Sequence[Choice]) -> int:
    """Tokens that were added to the prompts, each prompt once."""
    return sum({choice.prompt_number: choice.answering.n_context for choice in reversed(choices)}.values())


async def _merged(choices: Sequence[Choice]) -> AsyncGenerator[tuple[Choice, Delta]]:
    queue: asyncio.Queue[tuple[Choice, Delta] | asyncio.Task[None]] = asyncio.Queue()

    async def pump(choice: Choice) -> None:
        async with aclosing(choice.answering) as answering:
            async for delta in answering:
                queue.put_nowait((choice, delta))

    tasks = [asyncio.create_task(pump(choice)) for choice in choices]
    for task in tasks:
        task.add_done_callback(queue.put_nowait)
    try:
        n_running = len(tasks)
        while n_running:
            item = await queue.get()
            if isinstance(item, asyncio.Task):
                item.result()  # raises what it ended with
                n_running -= 1
            else:
                yield item
    finally:
        await _end(tasks, choices)


async def _end(tasks: Sequence[asyncio.Future[Any]], choices: Sequence[Choice]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await close(choices)  # a task that never began has closed nothing
