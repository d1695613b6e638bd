"""What an engine answers at held-out cursors: the rest of the line, greedily, without and with an adapter."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, cast

from codeassist.adapt.rows import Row
from codeassist.pipeline import HEALED_TOKENS
from codeassist.protocols import Engine
from codeassist.types import Delta, GenerationRequest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

# A line is seldom longer.
LINE_TOKENS = 48
# As many as an engine on a CPU takes at the same time.
_AT_ONCE = 8


async def answers(engine: Engine, rows: Sequence[Row], adapter: Path | None) -> list[str]:
    """One for each row, in order. adapter: its folder; None for the model as it is. Raises EngineError."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int, row: Row) -> str:
        async with room:
            return await _answer(engine, f"adapt-{number}", row, adapter)

    async with asyncio.TaskGroup() as tasks:
        made = [tasks.create_task(one(number, row)) for number, row in enumerate(rows)]
    return [task.result() for task in made]


async def _answer(engine: Engine, request_id: str, row: Row, adapter: Path | None) -> str:
    request = GenerationRequest(
        id=request_id,
        prompt=row.ids[: row.n_prompt],
        max_tokens=LINE_TOKENS + HEALED_TOKENS,
        forced_prefix=row.forced,
        stop=("\n",),
        adapter=str(adapter) if adapter else "",
    )
    async with aclosing(cast("AsyncGenerator[Delta]", engine.stream(request))) as deltas:
        text = "".join([delta.text async for delta in deltas])
    return text[len(row.forced) :]
