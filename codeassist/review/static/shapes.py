"""Parameters of a function, and whether a call fits them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from indexer.call_sites import Argument, Call

ParameterKind = Literal["positional", "any", "keyword", "rest", "keywords"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. kind: given by position only, either way, by keyword only; `*rest`, `**keywords`."""

    name: str
    kind: ParameterKind = "any"
    has_default: bool = False


Parameters = tuple[Parameter, ...]


def misfit(call: Call, parameters: Parameters) -> str:
    """Why a call cannot be one of a function with these parameters: "does not give `x`"; "" where it fits, or where
    spread arguments hide what it gives."""
    return next(_misfits(call, parameters), "")


def is_moved(call: Call, old: Parameters, new: Parameters) -> bool:
    """Whether an argument by position that was for one parameter is for another one now, and one of both is known on
    the other side: a mere new name for the same place is none."""
    if any(argument.is_spread for argument in call.arguments):
        return False
    before, after = by_position(old), by_position(new)
    names, known = {item.name for item in new}, {item.name for item in old}
    n_given = len(_positional(call.arguments))
    pairs = zip(before[:n_given], after[:n_given], strict=False)
    return any(one.name != other.name and (one.name in names or other.name in known) for one, other in pairs)


def by_position(parameters: Parameters) -> Parameters:
    """Those that can be given by their place."""
    return tuple(item for item in parameters if item.kind in ("positional", "any"))


def shown(parameters: Parameters) -> str:
    """The parameters for a person."""
    prefix = {"rest": "*", "keywords": "**"}
    return ", ".join(f"{prefix.get(p.kind, '')}{p.name}{'=...' if p.has_default else ''}" for p in parameters)


def without_first(parameters: Parameters) -> Parameters:
    """Without what a method is called on."""
    first = parameters[:1]
    return parameters[1:] if first and first[0].kind in ("positional", "any") else parameters


def _misfits(call: Call, parameters: Parameters) -> Iterator[str]:
    places = by_position(parameters)
    has_rest = any(item.kind == "rest" for item in parameters)
    has_keywords = any(item.kind == "keywords" for item in parameters)
    given = _positional(call.arguments)
    keywords = [item.keyword for item in call.arguments if item.keyword]
    named = {item.name for item in parameters if item.kind in ("any", "keyword")}
    if len(given) > len(places) and not has_rest:
        yield f"gives {len(given)} by position where {len(places)} can be given"
    for keyword in keywords:
        if keyword not in named and not has_keywords:
            yield f"gives `{keyword}`, which is no parameter"
        if keyword in {item.name for item in places[: len(given)]} & named:
            yield f"gives `{keyword}` twice"
    if not any(item.is_spread for item in call.arguments):
        taken = {item.name for item in places[: len(given)]} | set(keywords)
        for item in parameters:
            if item.kind in ("positional", "any", "keyword") and not item.has_default and item.name not in taken:
                yield f"does not give `{item.name}`"


def _positional(arguments: Sequence[Argument]) -> list[Argument]:
    return [item for item in arguments if not item.keyword and not item.is_spread]
