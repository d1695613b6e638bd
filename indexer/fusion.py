"""What each candidate for a prompt is worth at a cursor, and one order for candidates of all sources. Pure.

A candidate's worth is a weighted sum of what is known of it (`features`): nats by which it makes the text that is to be
written likelier. The weights (`fusion.json`) are fitted on what the shipped model says with and without each candidate,
in repositories that are not reserved: training/FUSION.md, which also says what was tried and did not help.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from indexer.cursor import CursorView
from indexer.types import Hit

# similar: code like the code around the cursor. definition: what a name near it means. module: what a module that is
# named there offers. imports: the file's own imports, above the window. imported: what else the file imports.
# called, library: of installed libraries, what the cursor's line names and what the lines around it do.
Kind = Literal["similar", "definition", "module", "imports", "imported", "called", "library"]
Place = Literal["blank", "member", "call", "other"]

WEIGHTS = Path(__file__).with_name("fusion.json")
# Names near the cursor of which a candidate's share counts.
MAX_NEAR = 12
# Definitions in installed libraries are weighed as those of the repository are: none of the repositories that weights
# are fitted on comes with its libraries.
WEIGHED_AS: Mapping[Kind, Kind] = {"called": "definition", "library": "definition"}
# Kinds that are ordered together.
SAME_SOURCE: Mapping[Kind, Kind] = {"module": "definition", "imported": "definition", "called": "library"}

_WORD = re.compile(r"[^\W\d]\w{2,}")
_MEMBER = re.compile(r"(?:\.|->|::)$")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A hit and what its source says of it. strength: comparable within its kind."""

    hit: Hit
    kind: Kind
    strength: float


@dataclass(frozen=True, slots=True)
class Situation:
    """What matters of a cursor. here: names on its line, left of it; near: those around it, most telling first."""

    place: Place
    here: frozenset[str]
    near: frozenset[str]


def situation_of(view: CursorView) -> Situation:
    """The situation of a cursor."""
    line = view.lines[0][0] if view.lines else ""
    near = [name for name in view.names if len(name) > 2][:MAX_NEAR]
    return Situation(place_of(line), frozenset(_WORD.findall(line)), frozenset(near))


def place_of(line: str) -> Place:
    """What kind of place the end of a line is: nothing stands there yet, a member follows, an argument, or else."""
    text = line.rstrip()
    if not text:
        return "blank"
    if _MEMBER.search(text):
        return "member"
    return "call" if text.count("(") > text.count(")") else "other"


def candidates_of(kind: Kind, hits: Iterable[Hit]) -> list[Candidate]:
    """Hits of one kind."""
    return [Candidate(hit, kind, hit.score) for hit in hits]


def features(candidate: Candidate, situation: Situation) -> dict[str, float]:
    """What is known of a candidate at a cursor, by name; what is not named is 0."""
    kind = WEIGHED_AS.get(candidate.kind, candidate.kind)
    known = {kind: 1.0, f"{kind} strength": candidate.strength, f"{kind} at {situation.place}": 1.0}
    if kind == "similar":
        return known  # Its strength is made of all that is known of it.
    words = words_in(candidate.hit.text)
    known[f"{kind} here"] = _share(situation.here, words)
    known[f"{kind} near"] = _share(situation.near, words)
    known[f"{kind} named"] = float(candidate.hit.symbol.rpartition(".")[2] in situation.here)
    return known


def worth(known: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Nats that a candidate is expected to save, by its features."""
    return math.fsum(value * weights.get(name, 0.0) for name, value in known.items())


def fused(candidates: Iterable[Candidate], situation: Situation, weights: Mapping[str, float]) -> list[Hit]:
    """What is worth most first. Candidates of one source stay in the order in which they are given: none is worth more
    than the one before it.
    """
    least: dict[Kind, float] = {}
    valued: list[tuple[float, Hit]] = []
    for one in candidates:
        source = SAME_SOURCE.get(one.kind, one.kind)
        value = min(round(worth(features(one, situation), weights), 9), least.get(source, math.inf))
        least[source] = value
        valued.append((value, one.hit))
    return [hit for _, hit in sorted(valued, key=lambda pair: -pair[0])]


@cache
def fitted_weights() -> Mapping[str, float]:
    """The weights that ship."""
    stored: dict[str, float] = json.loads(WEIGHTS.read_text(encoding="utf-8"))["weights"]
    return stored


@lru_cache(maxsize=1 << 10)
def words_in(text: str) -> frozenset[str]:
    """Names in a text; the same candidates come again with every key."""
    return frozenset(_WORD.findall(text))


def _share(names: AbstractSet[str], words: AbstractSet[str]) -> float:
    return len(names & words) / len(names) if names else 0.0
