"""The bodies of llama.cpp's `/infill` and `/completion`, as tools/server/README.md of llama.cpp describes them.

Where llama.cpp's defaults are those of prose, ours are those of code: `temperature` is 0, for the likeliest answer, and
`n_predict` is what the model advises. Samplers that we do not have are passed over (`IGNORED`), as are choices that are
the engine's own here; what would change what the answer means is refused (`NEUTRAL`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from codeassist.engine.fields import Misfit, flag, integer, mapping, number, texts
from codeassist.server.body import Body, any_seed, one_prompt, tokens_to_predict
from codeassist.server.completion_fields import characters, stop, temperature, top_p
from codeassist.server.problems import Problem
from codeassist.server.wanted import Wanted
from codeassist.types import Snippet
from codeassist.unwrapping import Unwrapped

# Documented as without effect: how llama.cpp samples and keeps its cache, which here is the engine's affair.
IGNORED = (
    "cache_prompt",
    "dry_allowed_length",
    "dry_base",
    "dry_multiplier",
    "dry_penalty_last_n",
    "dry_sequence_breakers",
    "dynatemp_exponent",
    "dynatemp_range",
    "frequency_penalty",
    "id_slot",
    "min_keep",
    "min_p",
    "mirostat_eta",
    "mirostat_tau",
    "model",
    "n_cache_reuse",
    "n_discard",
    "n_keep",
    "presence_penalty",
    "repeat_last_n",
    "repeat_penalty",
    "samplers",
    "sse_ping_interval",
    "tfs_z",
    "timings_per_token",
    "top_k",
    "top_n_sigma",
    "typical_p",
    "user",
    "xtc_probability",
    "xtc_threshold",
)

# Refused unless they ask for nothing: by name, the values that do.
NEUTRAL: Mapping[str, tuple[object, ...]] = {
    "grammar": ("",),
    "ignore_eos": (False,),
    "image_data": ([],),
    "json_schema": (),
    "logit_bias": ([], {}),
    "lora": ([],),
    "mirostat": (0,),
    "n_probs": (0,),
    "post_sampling_probs": (False,),
    "return_progress": (False,),
    "return_tokens": (False,),
}

MAX_COMPLETIONS = 8
# What llama.cpp samples with where nothing is said: for further answers, of which none should be like the first.
OTHER_TEMPERATURE = 0.8


@dataclass(frozen=True, slots=True)
class LlamaRequest:
    """What is asked for.

    n_predict: tokens; 0 computes the prompt alone, None means what the model advises.
    n_indent: least indentation of every line after the first, in characters; the answer ends before a line with less.
    t_max_prompt_ms, t_max_predict_ms: 0 for no limit (`llama_limits.Limits`).
    response_fields: those to answer with, () for all; `timings/prompt_n` takes one out of an object.
    """

    wanted: Wanted
    n_predict: int | None = None
    n_cmpl: int = 1
    n_indent: int = 0
    t_max_prompt_ms: float = 0.0
    t_max_predict_ms: float = 0.0
    response_fields: tuple[str, ...] = ()
    stream: bool = False

    def answers(self) -> list[Wanted]:
        """What to ask the model for, once for each answer: where no temperature is given, the first one is the
        likeliest and the others are drawn."""
        first = replace(self.wanted, max_tokens=self.n_predict)
        if first.temperature > 0:
            return [_drawn(first, number, first.temperature) for number in range(self.n_cmpl)]
        return [first, *(_drawn(first, number, OTHER_TEMPERATURE) for number in range(1, self.n_cmpl))]


def read_infill(fields: Mapping[str, Any]) -> LlamaRequest:
    """A gap: `prompt` is the cursor's line up to the cursor, which follows `input_prefix`. Raises Problem."""
    body = Body(fields)
    prefix = body.take("input_prefix", characters, "") + body.take("prompt", characters, "")
    suffix = body.take("input_suffix", characters, "")
    snippets = body.take("input_extra", _snippets, ())
    return _read_rest(body, Wanted(Unwrapped(prefix, suffix, snippets=snippets)))


def read_completion(fields: Mapping[str, Any]) -> LlamaRequest:
    """A prompt, which may be a gap that is rendered for a model. Raises Problem."""
    body = Body(fields)
    return _read_rest(body, Wanted(body.require("prompt", one_prompt)))


def _read_rest(body: Body, wanted: Wanted) -> LlamaRequest:
    request = LlamaRequest(
        wanted=replace(
            wanted,
            temperature=body.take("temperature", temperature, 0.0),
            top_p=body.take("top_p", top_p, 1.0),
            seed=body.take("seed", any_seed, None),
            stop=body.take("stop", stop, ()),
        ),
        n_predict=body.take("n_predict", tokens_to_predict, None),
        n_cmpl=body.take("n_cmpl", _n_cmpl, 1),
        n_indent=body.take("n_indent", _n_indent, 0),
        t_max_prompt_ms=body.take("t_max_prompt_ms", _limit_ms, 0.0),
        t_max_predict_ms=body.take("t_max_predict_ms", _limit_ms, 0.0),
        response_fields=body.take("response_fields", texts, ()),
        stream=body.take("stream", flag, False),
    )
    body.ignore(IGNORED)
    body.require_neutral(NEUTRAL)
    body.finish()
    if request.stream and request.n_cmpl > 1:
        raise Problem(400, "`n_cmpl` above 1 is answered at once; leave `stream` out", param="n_cmpl")
    return request


def _drawn(wanted: Wanted, number: int, temperature: float) -> Wanted:
    seed = None if wanted.seed is None else (wanted.seed + number) % 2**63
    return replace(wanted, temperature=temperature, seed=seed)


def _snippets(value: object) -> tuple[Snippet, ...]:
    """llama.vim and llama.vscode send their chunks oldest first, so that the newest stands next to the prefix."""
    if not isinstance(value, list):
        raise Misfit("a list of objects with `text` and `filename`")
    return tuple(_snippet(item) for item in reversed(value))


def _snippet(value: object) -> Snippet:
    fields = mapping(value)
    if "text" not in fields or fields.keys() - {"text", "filename", "time"}:
        raise Misfit("a list of objects with `text` and perhaps `filename` and `time`")
    named = fields.get("filename")
    return Snippet("" if named is None else characters(named), characters(fields["text"]))


def _n_cmpl(value: object) -> int:
    if not 1 <= integer(value) <= MAX_COMPLETIONS:
        raise Misfit(f"a whole number from 1 to {MAX_COMPLETIONS}")
    return integer(value)


def _n_indent(value: object) -> int:
    if not 0 <= integer(value) <= 10_000:
        raise Misfit("a whole number from 0 to 10000")
    return integer(value)


def _limit_ms(value: object) -> float:
    """llama.cpp reads what is not positive as no limit."""
    return max(number(value), 0.0)
