"""Ask one configuration of the engine, and keep what it said."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.engine_agreement.configurations import RUNNER, Configuration
from codeassist.engine.choose import open_embedded
from codeassist.engine.embedded import EmbeddedEngine
from codeassist.engine.hardware import vllm_runs_on_cpu
from codeassist.engine.scoring import score
from codeassist.engine.streams import closing
from codeassist.fim_templates import find_template
from codeassist.models.directory import shipped_model
from codeassist.tokenizer import FileTokenizer
from codeassist.types import GenerationRequest
from tests.engine.small_adapter import merged, write_adapter

ANSWER_TOKENS, FORCED_TOKENS, SCORED_TOKENS = 64, 24, 48
# A third of a vocabulary begins with the first, a few tokens with the last.
FORCED = (" ", "s", "_", " ret")
N_FORCED, N_WITHOUT = 5, 4
# Of the adapter's random numbers: answers change, and remain code.
_ADAPTER_SIZE = 0.02
# Every fifth of the first sixty files that are longer than this; each prompt is a little longer than the one before.
_CHARACTERS, _FILES, _STRIDE = 6000, 60, 5
_PROMPT_TOKENS, _LONGER_BY = 700, 37
_RUNNER_WORDS = ("runner", "Runner", "Graph capturing")

_Prompt = tuple[int, ...]


def prompts_of(repositories: Sequence[Path], tokenizer: FileTokenizer, template: str) -> list[_Prompt]:
    """Beginnings of Python files, behind the token that begins a text. Raises SystemExit where there are none."""
    files = [file for root in repositories for file in sorted(root.rglob("*.py"), key=str) if _is_shown(file, root)]
    texts = [file.read_text(encoding="utf-8", errors="replace") for file in files]
    chosen = [text for text in texts if len(text) > _CHARACTERS][:_FILES:_STRIDE]
    if not chosen:
        raise SystemExit(f"no Python file of more than {_CHARACTERS} characters in {', '.join(map(str, repositories))}")
    begin = tokenizer.special(find_template(template).bos)
    return [(begin, *tokenizer.encode(text)[: _PROMPT_TOKENS + _LONGER_BY * n]) for n, text in enumerate(chosen)]


def _is_shown(file: Path, root: Path) -> bool:
    return not any(part.startswith(".") for part in file.relative_to(root).parts)


async def record(configuration: Configuration, repositories: Sequence[Path], work: Path) -> dict[str, Any]:
    """What one configuration says. work: an empty folder for adapter and merged weights. Raises EngineError."""
    settings, adapter = configuration.settings(on_cpu=vllm_runs_on_cpu()), ""
    if configuration.weights:
        made = write_adapter(work / "adapter", shipped_model(), size=_ADAPTER_SIZE)
        if configuration.weights == "lora":
            settings, adapter = replace(settings, lora=str(made)), str(made)
        else:
            settings = replace(settings, model=str(merged(shipped_model(), made, work / "merged")))
    asked = {RUNNER: configuration.runner} if configuration.runner else {}
    with patch.dict(os.environ, asked), _logged() as lines:
        engine = open_embedded(settings)
        begun = time.perf_counter()
        try:
            await engine.start()
            started = time.perf_counter() - begun
            told = {"spec": str(engine.circumstances), "scoring": engine.info.supports_scoring}
            found = {"name": configuration.name, "started_s": round(started, 1), "info": told}
            found |= await _asked(engine, repositories, adapter)
        finally:
            await engine.close()
    return {**found, "log": [line for line in lines if any(word in line for word in _RUNNER_WORDS)]}


async def _asked(engine: EmbeddedEngine, repositories: Sequence[Path], adapter: str) -> dict[str, Any]:
    assert engine.info.tokenizer is not None
    prompts = prompts_of(repositories, FileTokenizer(engine.info.tokenizer), engine.info.template)
    for prompt in prompts[:2]:  # kernels are compiled now
        await _answer(engine, prompt[::-1], adapter=adapter)
    before = _counted(engine)
    found: dict[str, Any] = {
        part: [await _answer(engine, prompt, adapter=adapter) for prompt in prompts] for part in ("answers", "again")
    }
    if engine.speculation is not None:
        found |= {part: n - before[part] for part, n in _counted(engine).items()}
    found["forced"] = {
        text: [await _answer(engine, prompt, FORCED_TOKENS, adapter, text) for prompt in prompts[:N_FORCED]]
        for text in FORCED
    }
    if adapter:
        found["without"] = [await _answer(engine, prompt) for prompt in prompts[:N_WITHOUT]]
    if engine.info.supports_scoring:
        found["scores"] = [{"prompt": await _scored(engine, prompt, adapter)} for prompt in prompts]
    return found


async def _answer(
    engine: EmbeddedEngine, prompt: _Prompt, n_tokens: int = ANSWER_TOKENS, adapter: str = "", forced: str = ""
) -> dict[str, Any]:
    """Texts of the tokens and their log-probabilities, milliseconds to the first and to the last."""
    request = GenerationRequest("agreement", prompt, n_tokens, logprobs=True, adapter=adapter, forced_prefix=forced)
    begun, first = time.perf_counter(), 0.0
    tokens, logprobs = [], []
    async with closing(engine.stream(request)) as deltas:
        async for delta in deltas:
            first = first or time.perf_counter()
            tokens += [token.text for token in delta.tokens]
            logprobs += [round(token.logprob, 4) for token in delta.tokens]
    ended = time.perf_counter()
    times = {"first_ms": (first - begun) * 1e3, "ms": (ended - begun) * 1e3}
    return {"tokens": tokens, "logprobs": logprobs, **times}


async def _scored(engine: EmbeddedEngine, prompt: _Prompt, adapter: str) -> list[float]:
    return [round(token.logprob, 4) for token in await score(engine, prompt, SCORED_TOKENS, 5, adapter=adapter)]


def _counted(engine: EmbeddedEngine) -> dict[str, int]:
    told = engine.speculation
    return {"drafted": told.drafted_tokens, "accepted": told.accepted_tokens} if told else {"drafted": 0, "accepted": 0}


class _Lines(logging.Handler):
    """The ends of all lines."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage()[-300:])


@contextmanager
def _logged() -> Iterator[list[str]]:
    """What the host and vLLM log meanwhile."""
    logger, lines = logging.getLogger("codeassist.engine.child"), _Lines()
    level = logger.level
    logger.addHandler(lines)
    logger.setLevel(logging.DEBUG)
    try:
        yield lines.lines
    finally:
        logger.removeHandler(lines)
        logger.setLevel(level)
