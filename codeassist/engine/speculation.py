"""What drafts tokens and how many at a time: from the settings, the model, the machine and what was measured (pure).

    mtp     the model's own head (multi-token prediction)
    ngram   what followed the last few tokens where they stood before, in the prompt or in the answer
    suffix  the same by a tree of all answers so far; needs the package arctic-inference

vLLM has one method for as long as an engine runs, whatever that is asked. None of them goes together with a hook in
the choice of tokens (`vllm_adapter.py` forces prefixes another way then), with min_p or with logit_bias. A draft is
checked by the model itself: the text is the model's, but for the last bits of a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

from codeassist.errors import ConfigError

Method = Literal["none", "mtp", "ngram", "suffix"]
METHODS: tuple[Method, ...] = get_args(Method)

# Tokens per step where neither the settings nor a measurement say.
_TOKENS: dict[Method, int] = {"none": 0, "mtp": 1, "ngram": 3, "suffix": 16}
# The longest and the shortest run of tokens that is looked for in the text so far. Where code repeats its prompt, three
# drafted tokens make 2.49 tokens per step, with vLLM's five and five 1.93; elsewhere 1.36 and 1.15. Shorter runs draft
# more, and less of it is right (bench/results/ngram_lookup.json).
NGRAM_LONGEST, NGRAM_SHORTEST = 5, 2


@dataclass(frozen=True, slots=True)
class Drafter:
    """What drafts, and how many tokens in each step at most."""

    method: Method = "none"
    n_tokens: int = 0

    def __str__(self) -> str:
        return f"{self.method} {self.n_tokens}" if self.n_tokens else "none"


NO_DRAFTER = Drafter()


def choose_drafter(
    asked: str, n_tokens: int, n_mtp_layers: int, *, on_cpu: bool, measured: Drafter | None = None
) -> Drafter:
    """What drafts.

    asked, n_tokens: `engine.speculation` and `engine.speculative_tokens`, with "auto" and -1 still in them. measured:
    what `codeassist mtp measure` chose for this model on this machine.

    By default a head drafts one token on a GPU and none on a CPU, where a checked draft costs about as much as a token
    and the first token comes later: suggestions of 12 tokens on two cores, bfloat16, beside other work 151 ms without
    and 148 ms with (bench/results/engine_modes_beside.json), alone 149 and 146 ms, the first token after 18 and 29 ms
    (engine_modes_amx.json); float32, without matrix instructions, 618 and 769 ms (engine_modes.json).
    """
    if asked == "none" or not n_tokens:
        return NO_DRAFTER
    usable = measured if measured is not None and (measured.method != "mtp" or n_mtp_layers) else None
    if asked == "auto":
        return _automatic(n_tokens, n_mtp_layers, on_cpu=on_cpu, measured=usable)
    method = cast("Method", asked)
    if method == "mtp" and not n_mtp_layers:
        return NO_DRAFTER
    if n_tokens < 0:
        n_tokens = usable.n_tokens if usable is not None and usable.method == method else _TOKENS[method]
    return Drafter(method, n_tokens)


def require_drafting(asked: str, n_tokens: int, n_mtp_layers: int, model: Path, *, has_suffix: bool) -> None:
    """Raises ConfigError for a method that the settings ask for and that cannot be had.

    has_suffix: whether the package arctic-inference is installed.
    """
    if not n_tokens:
        return
    if asked == "mtp" and not n_mtp_layers:
        raise ConfigError(
            f"engine.speculation is `mtp`, and {model} has no head that drafts; make one with `codeassist mtp train` "
            "and `codeassist mtp attach`, or set engine.speculation to `auto` or `ngram`"
        )
    if asked in ("auto", "mtp") and n_tokens > n_mtp_layers > 1 and n_tokens % n_mtp_layers:
        raise ConfigError(
            f"engine.speculative_tokens is {n_tokens}; the head of {model} drafts {n_mtp_layers} tokens at a time, so "
            f"set it to a multiple of {n_mtp_layers}"
        )
    if asked == "suffix" and not has_suffix:
        raise ConfigError(
            "engine.speculation is `suffix`, which needs a package that is not installed: run `pip install "
            "arctic-inference` (it is built with a C++ compiler), or set engine.speculation to `ngram`"
        )


def speculative_config(drafter: Drafter) -> dict[str, Any] | None:
    """The `speculative_config` of vLLM; None where nothing drafts."""
    if not drafter.n_tokens:
        return None
    config: dict[str, Any] = {"method": drafter.method, "num_speculative_tokens": drafter.n_tokens}
    if drafter.method == "ngram":
        config |= {"prompt_lookup_max": NGRAM_LONGEST, "prompt_lookup_min": NGRAM_SHORTEST}
    return config


def may_use_head(asked: str, n_tokens: int) -> bool:
    """Whether a model's head may be loaded, whatever was measured."""
    return asked in ("auto", "mtp") and n_tokens != 0


def _automatic(n_tokens: int, n_mtp_layers: int, *, on_cpu: bool, measured: Drafter | None) -> Drafter:
    if n_tokens < 0:
        if measured is not None:
            return measured
        return NO_DRAFTER if on_cpu or not n_mtp_layers else Drafter("mtp", _TOKENS["mtp"])
    if measured is not None and measured.method != "none":
        return Drafter(measured.method, n_tokens)
    return Drafter("mtp", n_tokens) if n_mtp_layers else NO_DRAFTER
