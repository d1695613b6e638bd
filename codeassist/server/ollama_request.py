"""The bodies of Ollama's `/api/generate` and `/api/embed`, as docs/api.md of Ollama describes them.

`temperature` is 0 where none is given, for code wants the likeliest answer. The model stays loaded, and what it is
loaded with is decided where the server is started: `keep_alive`, `num_ctx` and their kin are passed over (`IGNORED`,
`IGNORED_OPTIONS`), as are `system` and `template` where a model that fills gaps is asked. What would change what the
answer means is refused (`NEUTRAL`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from codeassist.engine.fields import flag, mapping, positive
from codeassist.server.body import Body, any_seed, tokens_to_predict
from codeassist.server.completion_fields import characters, stop, temperature, top_p
from codeassist.server.embedder import texts_to_embed
from codeassist.server.wanted import Wanted
from codeassist.unwrapping import Unwrapped

# Documented as without effect.
IGNORED = ("keep_alive", "model", "shift", "system", "template", "truncate")
IGNORED_OPTIONS = (
    "draft_num_predict",
    "embedding_only",
    "f16_kv",
    "frequency_penalty",
    "logits_all",
    "low_vram",
    "main_gpu",
    "min_p",
    "mirostat",
    "mirostat_eta",
    "mirostat_tau",
    "num_batch",
    "num_ctx",
    "num_gpu",
    "num_keep",
    "num_thread",
    "numa",
    "penalize_newline",
    "presence_penalty",
    "repeat_last_n",
    "repeat_penalty",
    "tfs_z",
    "top_k",
    "typical_p",
    "use_mlock",
    "use_mmap",
    "vocab_only",
)

# Refused unless they ask for nothing: by name, the values that do.
NEUTRAL: Mapping[str, tuple[object, ...]] = {
    "context": ([],),
    "format": ("",),
    "images": ([],),
    "logprobs": (False,),
    "think": (False,),
    "top_logprobs": (0,),
}


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """What is asked for. wanted: None to have the model loaded, which it is. num_predict: tokens, 0 to compute the
    prompt alone, None for what the model advises."""

    wanted: Wanted | None
    num_predict: int | None = None
    stream: bool = True

    @property
    def to_ask(self) -> Wanted | None:
        """What to ask the model for."""
        return self.wanted and replace(self.wanted, max_tokens=self.num_predict)


@dataclass(frozen=True, slots=True)
class Sampling:
    """What `options` say that is honoured."""

    num_predict: int | None = None
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()


def read_generate(fields: Mapping[str, Any]) -> GenerateRequest:
    """A gap where there is a `suffix` that is not empty, else a prompt. Raises Problem."""
    body = Body(fields)
    prompt = body.take("prompt", characters, "")
    suffix = body.take("suffix", characters, "")
    sampling = read_options(body.take("options", mapping, {}))
    stream = body.take("stream", flag, True)
    body.take("raw", flag, False)
    body.ignore(IGNORED)
    body.require_neutral(NEUTRAL)
    body.finish()
    if not prompt and not suffix:
        return GenerateRequest(None, stream=stream)
    wanted = Wanted(
        Unwrapped(prompt, suffix) if suffix else prompt,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        seed=sampling.seed,
        stop=sampling.stop,
    )
    return GenerateRequest(wanted, sampling.num_predict, stream)


def read_options(fields: Mapping[str, Any]) -> Sampling:
    """The options of any request to a model. Raises Problem."""
    options = Body(fields, "options.")
    sampling = Sampling(
        num_predict=options.take("num_predict", tokens_to_predict, None),
        temperature=options.take("temperature", temperature, 0.0),
        top_p=options.take("top_p", top_p, 1.0),
        seed=options.take("seed", any_seed, None),
        stop=options.take("stop", stop, ()),
    )
    options.ignore(IGNORED_OPTIONS)
    options.finish()
    return sampling


def read_embed(fields: Mapping[str, Any]) -> tuple[tuple[str, ...], int | None]:
    """Texts, () where there is nothing to embed, and the number of dimensions if one is wanted. Raises Problem."""
    body = Body(fields)
    texts = body.require("input", _input)
    dimensions = body.take("dimensions", positive, None)
    body.ignore(("keep_alive", "model", "options", "truncate"))
    body.finish()
    return texts, dimensions


def read_embeddings(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """The text, () for an empty one. Raises Problem."""
    body = Body(fields)
    prompt = body.take("prompt", characters, "")
    body.ignore(("keep_alive", "model", "options"))
    body.finish()
    return (prompt,) if prompt else ()


def _input(value: object) -> tuple[str, ...]:
    return () if value in ("", []) else texts_to_embed(value)
