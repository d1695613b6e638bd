"""The one file that knows vLLM's Python interface, but for its chat (`vllm_chat.py`). Lives in the host process;
importing it imports torch.

Answers are decoded here from token bytes, not by vLLM: no half code points, exact texts per token, and the tokenizer
need not be loaded a second time.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import vllm
import vllm.exceptions
from vllm import SamplingParams
from vllm.inputs import TokensPrompt
from vllm.v1.engine.exceptions import EngineDeadError, EngineGenerateError

from codeassist.engine import wire
from codeassist.engine.answer import AnswerText
from codeassist.engine.drafts import Drafts
from codeassist.engine.forced_prefix import ARGUMENT
from codeassist.engine.hardware import Hardware
from codeassist.engine.limits import too_long
from codeassist.engine.loaded_adapters import LoadedAdapters
from codeassist.engine.text_prompts import TextPrompts
from codeassist.engine.vllm_arguments import CPU_CHATS, GPU_CHATS, REST, WORKER_EXTENSION, HostOptions, engine_arguments
from codeassist.engine.vllm_loading import load
from codeassist.engine.vllm_sampling import finish_reason, sampling_params
from codeassist.engine.vllm_scores import SCORE_LAST, likeliest, scored_tokens
from codeassist.engine.vocabulary import read_vocabulary
from codeassist.errors import EngineCrashed, EngineUnavailable, RequestRejected
from codeassist.models.tokens import end_tokens
from codeassist.speculation import Speculation
from codeassist.types import Delta, GenerationRequest, Token, Usage

if TYPE_CHECKING:
    from codeassist.engine.vllm_chat import VllmChat

# Until some version they were ValueErrors, and tokenizers and SamplingParams still raise these.
_REFUSALS = (ValueError, getattr(vllm.exceptions, "VLLMClientError", ValueError))
_WARM_UP_TOKENS = 256
_PROCESSOR = "codeassist.engine.forced_prefix:ForcedPrefix"


@dataclass(frozen=True, slots=True)
class _Step:
    """What one step of vLLM added. logprobs: one per token when asked for, else empty; each with the likeliest tokens
    in its place. scored: the end of the prompt, where that was asked for and computed."""

    tokens: Sequence[int]
    logprobs: Sequence[tuple[float, tuple[tuple[str, float], ...]]]
    n_cached: int
    finish_reason: str | None
    scored: tuple[Token, ...] = ()


class VllmModel:
    """One loaded model. Loading blocks for many seconds."""

    def __init__(
        self, options: HostOptions, hardware: Hardware, *, on_cpu: bool, overrides: Mapping[str, Any] | None = None
    ) -> None:
        """overrides: engine arguments that replace ours, for measurements."""
        directory = Path(options.model)
        config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
        self._text_prompts = TextPrompts(directory / "tokenizer.json")
        self._vocabulary = read_vocabulary(directory / "tokenizer.json")
        self._end_tokens = end_tokens(directory, config, self._vocabulary.specials)
        arguments = engine_arguments(options, config, hardware, on_cpu=on_cpu) | dict(overrides or {})
        drafting = arguments.get("speculative_config")
        self._drafts = Drafts(str(drafting.get("method", ""))) if drafting else None
        # vLLM takes no hooks of ours together with speculation, and not with every GPU runner.
        self._has_hook = on_cpu and self._drafts is None
        self._scores_ends = on_cpu
        self._n_tokens = int(config["vocab_size"])
        self._context_tokens = options.context_tokens
        self._n_requests = 0
        self._options = options
        self._n_chats = CPU_CHATS if on_cpu else GPU_CHATS
        self._chat: asyncio.Future[VllmChat] | None = None
        if self._has_hook:
            arguments["logits_processors"] = [_PROCESSOR]
        self._llm = load(options, arguments, on_cpu=on_cpu, counts=self._drafts is not None)
        is_newer = bool(getattr(self._llm.vllm_config, "use_v2_model_runner", False)) and not on_cpu
        self._spells_in_workers = is_newer and arguments.get("worker_extension_cls") == WORKER_EXTENSION
        # Beside drafts, the older runner for GPUs takes the logits of prompts from memory that the head has used since.
        self._scores_wrongly = not on_cpu and not is_newer and bool(drafting and drafting.get("method") == "mtp")
        self.adapters = LoadedAdapters(self._llm.add_lora, directory, options.lora_rank)
        if self._drafts and self._llm.logger_manager:
            self._llm.logger_manager.stat_loggers = [self._drafts]

    @property
    def is_alive(self) -> bool:
        """Whether the engine's own processes still run."""
        return not self._llm.errored

    @property
    def speculation(self) -> Speculation | None:
        """What was drafted and kept so far; None where nothing is drafted."""
        return self._drafts.counted if self._drafts else None

    async def warm_up(self) -> None:
        """Answer once, so that the first user does not wait for what is set up on first use."""
        if self._spells_in_workers:
            tokenizer = str(Path(self._options.model) / "tokenizer.json")
            await self._llm.collective_rpc("read_spellings", args=(tokenizer,))
        prompt = tuple(range(_WARM_UP_TOKENS))
        async for _ in self.stream(GenerationRequest("warm-up", prompt, max_tokens=2, logprobs=True)):
            pass

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Delta]:
        """Deltas of the answer. Leaving the loop aborts. Raises RequestRejected, EngineCrashed."""
        try:
            async with aclosing(self._deltas(request)) as deltas:
                async for delta in deltas:
                    yield delta
        except EngineDeadError:  # its text is always the same, and names a stack trace that nobody sees
            raise EngineCrashed(wire.DEAD) from None
        except EngineGenerateError as error:
            raise EngineCrashed(f"vLLM died while it was answering ({error}); it is being restarted") from None
        except _REFUSALS as error:
            raise RequestRejected(f"vLLM refuses: {error}") from None

    async def chat(self, body: wire.Json, priority: int) -> AsyncGenerator[wire.Json]:
        """The response of vLLM's own serving, as events of `chat_events.py`. Leaving the loop aborts. Raises
        EngineError."""
        if self._chat is None:
            self._chat = asyncio.ensure_future(asyncio.to_thread(self._open_chat))
        chat = await asyncio.shield(self._chat)
        async with aclosing(chat.answer(body, priority)) as events:
            async for event in events:
                yield event

    def _open_chat(self) -> VllmChat:
        options = self._options
        if not options.chats:
            raise RequestRejected(f"{options.name} has no chat template; set chat.template to the path of one")
        try:
            from codeassist.engine.vllm_chat import VllmChat

            return VllmChat(self._llm, options.name, options.chat_template, options.tool_parser, self._n_chats)
        except (ImportError, AttributeError, TypeError) as error:
            raise EngineUnavailable(
                f"vLLM {vllm.__version__} does not chat in the way that codeassist knows ({error}); install another "
                "version, or set chat.url to a server with a chat model"
            ) from error

    def close(self) -> None:
        """End the engine's processes."""
        self._llm.shutdown(timeout=2.0)

    async def _deltas(self, request: GenerationRequest) -> AsyncGenerator[Delta]:
        prompt = await self._prompt(request)
        stop_tokens, stop_texts = self._stops(request)
        answer = AnswerText(self._vocabulary, stop_texts, request.forced_prefix)
        usage = Usage(prompt_tokens=len(prompt))
        async with aclosing(self._steps(request, prompt, stop_tokens)) as steps:
            async for step in steps:
                texts = [answer.add(token) for token in step.tokens]
                text = answer.release()
                reason = finish_reason(step.finish_reason, stopped=answer.stopped)
                n_cached = usage.cached_tokens or step.n_cached
                usage = Usage(len(prompt), n_cached, usage.completion_tokens + len(step.tokens))
                tokens = tuple(Token(piece, *found) for piece, found in zip(texts, step.logprobs, strict=False))
                if reason is not None:
                    yield Delta(text + answer.finish(), usage, tokens, reason, scored=step.scored)
                    return
                yield Delta(text, usage, tokens)

    async def _prompt(self, request: GenerationRequest) -> tuple[int, ...]:
        """The prompt's tokens. Raises RequestRejected for whatever vLLM would die of, or wait for without end."""
        prompt = request.prompt
        if isinstance(prompt, str):
            prompt = await asyncio.to_thread(self._text_prompts.encode, prompt)
        if max(prompt, default=self._n_tokens) >= self._n_tokens:
            raise RequestRejected(f"the prompt is empty or has a token id beyond this model's {self._n_tokens}")
        if len(prompt) + request.max_tokens > self._context_tokens:
            raise RequestRejected(too_long(len(prompt), request.max_tokens, self._context_tokens))
        if not self._vocabulary.can_spell(request.forced_prefix.encode()):
            raise RequestRejected(f"this model's tokens cannot spell the forced prefix {request.forced_prefix!r}")
        return prompt

    def _stops(self, request: GenerationRequest) -> tuple[list[int], list[str]]:
        """Stop tokens and stop texts: special tokens have no text that could be looked for."""
        specials = self._vocabulary.specials
        tokens = [specials[stop] for stop in request.stop if stop in specials]
        return self._end_tokens + tokens, [stop for stop in request.stop if stop and stop not in specials]

    async def _steps(
        self, request: GenerationRequest, prompt: tuple[int, ...], stop_tokens: list[int]
    ) -> AsyncGenerator[_Step]:
        """The steps of the whole answer. Without the hook, each token of the forced prefix is a request of its own
        that may only choose among the allowed tokens; the prompt's KV cache makes the next one cheap."""
        if request.score_last:
            yield await self._scored(request, prompt, stop_tokens)
            return
        made: list[int] = []
        rest = b"" if self._has_hook else request.forced_prefix.encode()
        while rest and len(made) < request.max_tokens:
            params = sampling_params(request, stop_tokens, max_tokens=1, **self._restricted(rest))
            async for step in self._generate(request, (*prompt, *made), params):
                made += step.tokens
                is_last = len(made) == request.max_tokens
                yield _Step(step.tokens, step.logprobs, step.n_cached, "length" if is_last else None)
            rest = self._vocabulary.after(rest, made[-1])
        if len(made) == request.max_tokens:
            return
        hook = {ARGUMENT: request.forced_prefix} if self._has_hook and request.forced_prefix else None
        params = sampling_params(request, stop_tokens, max_tokens=request.max_tokens - len(made), extra_args=hook)
        async with aclosing(self._generate(request, (*prompt, *made), params)) as steps:
            async for step in steps:
                yield step

    def _restricted(self, rest: bytes) -> dict[str, Any]:
        """What tells vLLM to choose a token that spells `rest`."""
        if self._spells_in_workers:
            return {"extra_args": {REST: rest.decode("latin-1")}}
        return {"allowed_token_ids": self._vocabulary.allowed(rest)}

    async def _scored(self, request: GenerationRequest, prompt: tuple[int, ...], stop_tokens: list[int]) -> _Step:
        """The one step of an answer of one token. Raises EngineUnavailable.

        vLLM computes the logits of whatever is not in its KV cache: so what stands before the scored end gets there
        first, unless the engine knows better (`vllm_scored_end.py`). Where the end is there already, both are computed
        anew, under another salt.
        """
        if self._scores_wrongly:
            raise RequestRejected(
                "vLLM's older runner for GPUs scores no prompts while a head drafts; set engine.speculation to `none` "
                "or `ngram`, or have the newer runner: leave VLLM_USE_V2_MODEL_RUNNER unset"
            )
        scoring = sampling_params(
            request,
            stop_tokens,
            max_tokens=1,
            prompt_logprobs=request.top_logprobs,
            skip_reading_prefix_cache=False,
            flat_logprobs=True,
            extra_args={SCORE_LAST: request.score_last},
        )
        if self._scores_ends and (step := await self._only_step(request, prompt, scoring)).scored:
            return step
        unscored, alone = (
            prompt[: -request.score_last - 1],
            sampling_params(replace(request, logprobs=False), [], max_tokens=1),
        )
        for salt in ("", f"scored-{self._n_requests}"):
            n_cached = (await self._only_step(request, unscored, alone, salt)).n_cached if unscored else 0
            if (step := await self._only_step(request, prompt, scoring, salt)).scored:
                return replace(step, n_cached=n_cached)
        raise EngineUnavailable("vLLM has no room for all of the prompt at once; ask again when it has less to do")

    async def _only_step(
        self, request: GenerationRequest, prompt: Sequence[int], params: SamplingParams, salt: str = ""
    ) -> _Step:
        async with aclosing(self._generate(request, prompt, params, salt)) as steps:
            return [step async for step in steps][-1]

    async def _generate(
        self, request: GenerationRequest, prompt: Sequence[int], params: SamplingParams, salt: str = ""
    ) -> AsyncGenerator[_Step]:
        """salt: KV caches of requests with different ones are kept apart."""
        adapter = await self.adapters.find(request.adapter) if request.adapter else None
        self._n_requests += 1
        tokens = TokensPrompt(prompt_token_ids=list(prompt))
        outputs = self._llm.generate(
            TokensPrompt(**tokens, cache_salt=salt) if salt else tokens,
            params,
            str(self._n_requests),
            lora_request=adapter,
            priority=int(request.priority),
        )
        async with aclosing(outputs):
            async for output in outputs:
                added = output.outputs[0]
                logprobs = self._logprobs(added, request.top_logprobs) if request.logprobs else []
                n_cached, rows = output.num_cached_tokens or 0, output.prompt_logprobs
                scored: tuple[Token, ...] = ()
                if rows is not None:
                    asked = request.score_last, n_cached, request.top_logprobs
                    scored = scored_tokens(self._vocabulary, prompt, rows, *asked)
                yield _Step(added.token_ids, logprobs, n_cached, added.finish_reason, scored)

    def _logprobs(self, added: Any, n_top: int) -> list[tuple[float, tuple[tuple[str, float], ...]]]:
        return [
            (float(candidates[token].logprob), likeliest(self._vocabulary, candidates, n_top))
            for token, candidates in zip(added.token_ids, added.logprobs, strict=False)
        ]
