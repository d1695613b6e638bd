"""The `options` of Ollama's requests. How a model is loaded and what we do not sample with has no effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from codeassist.server.body import Body, any_seed, tokens_to_predict
from codeassist.server.completion_fields import stop, temperature, top_p

# Documented as without effect.
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


@dataclass(frozen=True, slots=True)
class Sampling:
    """What `options` say that is honoured; None for what is not said."""

    num_predict: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()


def read_options(fields: Mapping[str, Any]) -> Sampling:
    """The options of any request to a model. Raises Problem."""
    options = Body(fields, "options.")
    sampling = Sampling(
        num_predict=options.take("num_predict", tokens_to_predict, None),
        temperature=options.take("temperature", temperature, None),
        top_p=options.take("top_p", top_p, None),
        seed=options.take("seed", any_seed, None),
        stop=options.take("stop", stop, ()),
    )
    options.ignore(IGNORED_OPTIONS)
    options.finish()
    return sampling
