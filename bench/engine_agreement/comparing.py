"""What records of configurations have in common (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_SPEC = re.compile(r"(\w+)='([^']*)'")
# The newer runner says its name; the older one's file stands in its lines.
_RUNNERS = (("Using V2 Model Runner", "newer"), ("gpu_model_runner.py", "older"))

Record = dict[str, Any]


def compare(records: Sequence[Record], on_cpu: Sequence[Record]) -> dict[str, Any]:
    """The records of a GPU, in their order, each against `none` or, with an adapter, `merged`; what they tell of a
    prompt against the first record of a CPU with the same weights. Raises ValueError, with the remedy."""
    named = {record["name"]: record for record in records}
    if len(named) < len(records):
        raise ValueError("two records have the same name; give each configuration once")
    return {
        "devices": sorted({_spec(record)["device"] for record in records}),
        "vllm": sorted({_spec(record)["vllm"] for record in records}),
        "on_cpu": [{"name": record["name"], **_spec(record)} for record in on_cpu],
        "prompts": len(records[0]["answers"]),
        "configurations": [_compared(record, named, on_cpu) for record in records],
    }


def is_adapted(name: str) -> bool:
    """Whether the weights are not those of the model alone."""
    return not {"lora", "merged"}.isdisjoint(name.split("-"))


def _compared(record: Record, named: dict[str, Record], on_cpu: Sequence[Record]) -> dict[str, Any]:
    name = record["name"]
    beside = "merged" if is_adapted(name) else "none"
    if beside not in named:
        raise ValueError(f"{name} is compared with {beside}, which is missing; give its record, too")
    found = {"name": name, "runner": runner_of(record["log"]), "beside": beside}
    found |= texts_in_common(record["answers"], named[beside]["answers"])
    found["same_when_asked_again"] = _n_same(record["answers"], record["again"])
    found["tokens_per_s_again"] = tokens_per_second(record["again"])
    if record.get("drafted"):
        found |= {"drafted": record["drafted"], "accepted": record["accepted"]}
        found["accepted_share"] = round(record["accepted"] / record["drafted"], 4)
    if "forced" in record:
        found["forced"] = forced_kept(record["forced"])
    if "without" in record and "none" in named:
        plain = named["none"]["answers"][: len(record["without"])]
        found["without_adapter"] = {"n": len(plain), "same": _n_same(record["without"], plain)}
    scores = _scores(record)
    truths = [truth for truth in on_cpu if is_adapted(truth["name"]) == is_adapted(name) and _scores(truth)]
    if scores and truths:
        found["scores"] = {"beside": truths[0]["name"], **score_differences(scores, _scores(truths[0]))}
    return found


def texts_in_common(answers: Sequence[Record], others: Sequence[Record]) -> dict[str, Any]:
    """How many answers are the same, token by token, and of those that are not: how many tokens the one that parts
    first has in common, and by how much, at most, the log-probabilities of the two tokens differ where answers part
    (None where none does). Raises ValueError where the prompts were not the same number."""
    partings = [(_common(one, other), one, other) for one, other in _pairs(answers, others) if not _is_same(one, other)]
    gaps = [
        abs(one["logprobs"][n] - other["logprobs"][n])
        for n, one, other in partings
        if n < min(len(one["tokens"]), len(other["tokens"]))
    ]
    return {
        "n": len(answers),
        "same": len(answers) - len(partings),
        "shortest_common_prefix": min((n for n, _, _ in partings), default=None),
        "largest_gap_where_they_part": round(max(gaps), 4) if gaps else None,
    }


def forced_kept(forced: dict[str, Sequence[Record]]) -> dict[str, int]:
    """How many answers begin as they had to."""
    kept = [(text, "".join(answer["tokens"])) for text, answers in forced.items() for answer in answers]
    return {"n": len(kept), "kept": sum(answer.startswith(text) for text, answer in kept)}


def score_differences(scores: Sequence[Sequence[float]], others: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Of all scored tokens, in nats. Raises ValueError where they are not of the same prompts."""
    pairs = [pair for one, other in _pairs(scores, others) for pair in _pairs(one, other)]
    differences = [abs(one - other) for one, other in pairs]
    mean = sum(differences) / len(differences)
    return {"tokens": len(differences), "largest": round(max(differences), 4), "mean": round(mean, 4)}


def tokens_per_second(answers: Sequence[Record]) -> float:
    """Of one request at a time, from the request on."""
    n_tokens, seconds = sum(len(each["tokens"]) for each in answers), sum(float(each["ms"]) for each in answers) / 1e3
    return round(n_tokens / seconds, 1)


def runner_of(log: Sequence[str]) -> str:
    """`newer`, `older`, or "" where nothing tells."""
    lines = "\n".join(log)
    return next((runner for words, runner in _RUNNERS if words in lines), "")


def _spec(record: Record) -> dict[str, str]:
    """Device, vLLM and dtype of a record."""
    told = dict(_SPEC.findall(record["info"]["spec"]))
    return {part: told[part] for part in ("device", "vllm", "dtype")}


def _scores(record: Record) -> list[list[float]]:
    """Of each prompt's end; nothing where the engine refused one."""
    rows = record.get("scores", [])
    return [row["prompt"] for row in rows] if all("prompt" in row for row in rows) else []


def _n_same(answers: Sequence[Record], others: Sequence[Record]) -> int:
    return sum(_is_same(one, other) for one, other in _pairs(answers, others))


def _is_same(one: Record, other: Record) -> bool:
    return bool(one["tokens"] == other["tokens"])


def _common(one: Record, other: Record) -> int:
    """How many tokens two answers begin with together."""
    pairs = list(zip(one["tokens"], other["tokens"], strict=False))
    return next((n for n, (mine, its) in enumerate(pairs) if mine != its), len(pairs))


def _pairs(some: Sequence[Any], others: Sequence[Any]) -> list[tuple[Any, Any]]:
    if len(some) != len(others):
        raise ValueError(
            f"{len(some)} beside {len(others)}: the records are of different repositories; ask them the same"
        )
    return list(zip(some, others, strict=True))
