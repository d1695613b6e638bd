"""How likely a model finds a text that is already there."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence

from codeassist.engine.streams import closing
from codeassist.errors import EngineCrashed
from codeassist.protocols import Engine
from codeassist.types import GenerationRequest, Priority, Token

_numbers = itertools.count(1)


async def score(
    engine: Engine,
    prompt: Sequence[int],
    n_last: int,
    n_top: int = 0,
    *,
    priority: Priority = Priority.REVIEW,
    client: str = "",
    adapter: str = "",
) -> tuple[Token, ...]:
    """The prompt's last `n_last` tokens: each with its natural log-probability after all that stands before it, and the
    `n_top` likeliest tokens in its place. To cancel it aborts it.

    prompt: token ids of the engine's model, more than `n_last`; n_last: 1 to `limits.MOST_SCORED`.
    Raises EngineError: RequestRejected where the engine cannot score (`ModelInfo.supports_scoring`) or refuses to.
    """
    request = GenerationRequest(
        id=f"score-{os.getpid()}-{next(_numbers)}",
        prompt=tuple(prompt),
        max_tokens=1,
        priority=priority,
        top_logprobs=n_top,
        client=client,
        adapter=adapter,
        score_last=n_last,
    )
    async with closing(engine.stream(request)) as deltas:
        async for delta in deltas:
            if len(delta.scored) == n_last:
                return delta.scored
            break
    raise EngineCrashed(f"{engine.info.name} did not score the prompt's last {n_last} tokens; ask again")
