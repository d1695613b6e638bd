"""The engine's host, which also runs requests on bare vLLM in the very same process, engine and minute.

A chat whose body is {"bare": {"prompt", "max_tokens"}} is answered with {"measured": {...}}; {"trace": true or false}
starts and ends vLLM's profiler.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from codeassist.engine import host, wire
from codeassist.engine.chat_events import END


class MeasuringHost(host.Host):
    """A host that can leave our code out."""

    async def _chatted(self, asked: wire.Json) -> AsyncGenerator[wire.Json]:
        body = asked["body"]
        if "bare" in body:
            yield {"measured": await self._bare(**body["bare"])}
        elif body["trace"]:
            await self.model._llm.start_profile()
        else:
            await self.model._llm.stop_profile()
        yield END

    async def _bare(self, prompt: list[int], max_tokens: int, *, logprobs: bool) -> wire.Json:
        from vllm import SamplingParams
        from vllm.inputs import TokensPrompt
        from vllm.sampling_params import RequestOutputKind

        params = SamplingParams(
            temperature=0.0,
            max_tokens=max_tokens,
            ignore_eos=True,
            detokenize=False,
            output_kind=RequestOutputKind.DELTA,
        )
        begun, first, n_tokens = time.perf_counter(), 0.0, 0
        name = f"bare-{begun}"
        outputs = self.model._llm.generate(TokensPrompt(prompt_token_ids=prompt), params, name)
        async with aclosing(outputs):
            async for output in outputs:
                first = first or time.perf_counter()
                n_tokens += len(output.outputs[0].token_ids)
        ended = time.perf_counter()
        return {"first_ms": 1e3 * (first - begun), "total_ms": 1e3 * (ended - begun), "n_tokens": n_tokens}


if __name__ == "__main__":
    status = host.main(sys.argv[1:], MeasuringHost)
    sys.stderr.flush()
    os._exit(status)
