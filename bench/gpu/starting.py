"""Start an engine on a configuration, with the host that also measures bare vLLM."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from codeassist.engine.child import launch_host
from codeassist.engine.embedded import EmbeddedEngine
from codeassist.engine.vllm_arguments import HostOptions
from codeassist.types import ModelInfo

HOST = "bench.gpu.host"


class LogLines(logging.Handler):
    """Keeps what the host and vLLM log, for what only the log tells."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        self.lines.append(record.getMessage())


@dataclass(frozen=True, slots=True)
class Started:
    """A running engine. seconds: that its start took; log: its lines, and those of engines beside it."""

    engine: EmbeddedEngine
    seconds: float
    log: list[str]


@asynccontextmanager
async def started(options: HostOptions) -> AsyncIterator[Started]:
    """An engine for the length of the block. Raises EngineUnavailable."""
    logger = logging.getLogger("codeassist.engine.child")
    log = LogLines()
    logger.addHandler(log)
    logger.setLevel(logging.DEBUG)
    info = ModelInfo(
        options.name,
        "deepseek",
        options.context_tokens,
        options.context_tokens // 2,
        supports_forced_prefix=True,
        supports_logprobs=True,
    )
    engine = EmbeddedEngine(info, partial(launch_host, options, HOST))
    begun = time.perf_counter()
    try:
        await engine.start()
        yield Started(engine, round(time.perf_counter() - begun, 1), log.lines)
    finally:
        await engine.close()
        logger.removeHandler(log)
