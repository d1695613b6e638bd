"""Weights, quantizations and engine arguments that vLLM refuses.

The words are those of vLLM 0.26 and 0.32 (`vllm/config/model.py`, `vllm.py`, `vllm/platforms/interface.py`,
`vllm/model_executor/layers/quantization/compressed_tensors/compressed_tensors.py`), of safetensors, and of pydantic,
which names the argument in a line of its own.
"""

from __future__ import annotations

import re

from codeassist.engine.faults.types import Facts, fault

_OTHER_WEIGHTS = "choose a checkpoint in another format, or weights that are not quantised"


def _unknown(match: re.Match[str], facts: Facts) -> str:
    method, known = match.groups()
    where = "engine.quantization is" if facts.options.quantization == method else "config.json's quant_method is"
    known = known.replace("'", "")
    return f"{where} {method!r}, which the installed vLLM does not know; it knows {known}"


def _two_methods(match: re.Match[str], _: Facts) -> str:
    stored, asked = match.groups()
    return (
        f"the weights are quantised as {stored} and engine.quantization asks for {asked}: leave engine.quantization "
        "empty, or choose weights that are not quantised"
    )


def _no_support(match: re.Match[str], facts: Facts) -> str:
    method, device = match.groups()
    return f"vLLM has no {method} quantization on {'a CPU' if facts.on_cpu else device}: {_remedy(facts)}"


def _deprecated(match: re.Match[str], _: Facts) -> str:
    return f"vLLM is giving up the quantization {match.group(1)}: {_OTHER_WEIGHTS}"


def _too_weak(match: re.Match[str], facts: Facts) -> str:
    method, least, has = match.groups()
    named = f"the quantization {method}" if method else "the weights' quantization"
    return (
        f"{named} needs a GPU of compute capability {_capability(least)}, and this one has "
        f"{_capability(has)}: {_remedy(facts)}"
    )


def _remedy(facts: Facts) -> str:
    return "leave engine.quantization empty" if facts.options.quantization else _OTHER_WEIGHTS


def _capability(number: str) -> str:
    """8.9 for vLLM's 89."""
    return f"{int(number) // 10}.{int(number) % 10}"


def _number_type(match: re.Match[str], _: Facts) -> str:
    dtype, method, possible = match.groups()
    known = possible.replace("torch.", "")
    return f"the quantization {method} does not go with {dtype}: set engine.dtype to one of {known}"


def _damaged(match: re.Match[str], facts: Facts) -> str:
    model = facts.options.model
    damage = match.group(1).strip()
    return f"a file of weights in {model} is damaged ({damage}): `codeassist models verify {model}` says which"


def _missing_weight(match: re.Match[str], facts: Facts) -> str:
    return (
        f"the weights in {facts.options.model} do not fit its config.json ({match.group(1).strip()}): fetch both again "
        "from where the model came"
    )


def _unknown_argument(match: re.Match[str], _: Facts) -> str:
    return f"vLLM has no engine argument {match.group(1)!r}: mend it in engine.vllm_arguments"


def _bad_argument(match: re.Match[str], facts: Facts) -> str:
    name, complaint = match.groups()
    named = [argument for argument in facts.options.arguments if argument.partition("=")[0] == name]
    where = f"engine.vllm_arguments holds {named[0]!r}" if named else f"vLLM refuses the engine argument {name}"
    return f"{where}: {complaint.strip()}"


def _long_context(match: re.Match[str], _: Facts) -> str:
    asked, possible = match.groups()
    return (
        f"a context of {int(asked):,} tokens is more than the {int(float(possible)):,} that config.json says the model "
        f"was made for: set engine.context_tokens to {int(float(possible))} or less"
    )


def _refused(match: re.Match[str], _: Facts) -> str:
    return f"vLLM refuses these settings: {match.group(1).strip()}"


FAULTS = (
    fault(r"Unknown quantization method: (.+?)\. Must be one of \[([^\]]*)\]", _unknown),
    fault(
        r"Quantization method specified in the model config \((.+?)\) does not match the quantization method specified "
        r"in the `quantization` argument \((.+?)\)",
        _two_methods,
    ),
    fault(r"(\S+) quantization is currently not supported in (.+?)\.(?=\s|$)", _no_support),
    fault(r"The quantization method (\S+) is deprecated and will be removed", _deprecated),
    fault(
        r"The quantization method (\S+) is not supported for the current GPU\. Minimum capability: (\d+)\. Current "
        r"capability: (\d+)\.",
        _too_weak,
    ),
    fault(
        r"Quantization scheme is not supported for the current GPU\.() (?:Min|Required) capability: (\d+)\. Current "
        r"capability: (\d+)\.",
        _too_weak,
    ),
    fault(
        r"torch\.(\w+) is not supported for quantization method (\S+)\. Supported dtypes: \[([^\]]*)\]", _number_type
    ),
    fault(
        r"User-specified max_model_len \((\d+)\) is greater than the derived max_model_len "
        r"\(max_position_embeddings=([\d.]+)",
        _long_context,
    ),
    fault(r"SafetensorError: ([^\n]+)", _damaged),
    fault(r"((?:Following|The following) weights were not initialized from checkpoint[^\n]{0,200})", _missing_weight),
    fault(r"AsyncEngineArgs\.__init__\(\) got an unexpected keyword argument '(\w+)'", _unknown_argument),
    fault(r"validation errors? for \w+\n(\w\S*)\n\s+(.+?)(?: \[type=|$)", _bad_argument),
    fault(r"validation errors? for \w+\n\s+Value error, (.+?)(?: \[type=|$)", _refused),
)
