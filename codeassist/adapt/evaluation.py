"""Both comparisons with the model as it is: losses by the training's code, answers by the engine where there is one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from codeassist.adapt.adaptation import Adaptation
from codeassist.adapt.adapted import Adapted
from codeassist.adapt.completing import answers
from codeassist.adapt.judging import Told, compare
from codeassist.adapt.verdict import Answered, Judged, Verdict, judge
from codeassist.engine.hardware import has_gpu, vllm_is_installed, vllm_runs_on_cpu
from codeassist.protocols import StatusListener
from codeassist.settings import EngineSettings


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the verdict rests on. answered_by: "vLLM", or "transformers" where no engine is installed."""

    verdict: Verdict
    gaps: tuple[Judged, ...]
    answers: tuple[Answered, ...]
    answered_by: str


async def evaluate(
    adaptation: Adaptation, adapted: Adapted, engine: EngineSettings, told: Told, on_status: StatusListener
) -> Evaluation:
    """The verdict on an adapter. engine: names the model; told: how many gaps are done. Nothing can be asked of
    `adapted` afterwards. Raises EngineError."""
    gaps = await asyncio.to_thread(adaptation.judge, adapted, told)
    has_engine = vllm_is_installed() and (vllm_runs_on_cpu() or has_gpu())
    if has_engine:
        adapted.release()  # the engine has the model, too
        before, after = await _by_engine(adaptation, engine, on_status)
    else:
        before, after = await asyncio.to_thread(adaptation.answer, adapted)
    answered = compare(adaptation.cursors, before, after, adaptation.split.recent)
    by = "vLLM" if has_engine else "transformers"
    return Evaluation(judge(gaps, answered), tuple(gaps), tuple(answered), by)


async def _by_engine(
    adaptation: Adaptation, settings: EngineSettings, on_status: StatusListener
) -> tuple[list[str], list[str]]:
    from codeassist.engine.choose import open_embedded

    engine = open_embedded(replace(settings, lora=str(adaptation.folder)))
    engine.on_status(on_status)
    try:
        await engine.start()
        before = await answers(engine, adaptation.cursors, None)
        return before, await answers(engine, adaptation.cursors, adaptation.folder)
    finally:
        await engine.close()
