"""Two answers to one gap, as they are logged. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

from codeassist.statistics.distance import share_changed
from codeassist.types import FimRequest, Usage


@dataclass(frozen=True, slots=True)
class Answered:
    """One engine's answer to a gap. ms: from the request to its end. first_token_ms: to its first text, None for an
    empty answer."""

    model: str
    text: str
    usage: Usage = field(default_factory=Usage)
    ms: float = 0.0
    first_token_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap that the first engine has answered. at: seconds since 1970. client: the key's name, or what the program
    calls itself. path: of the file, as far as it is known."""

    asked: FimRequest
    first: Answered
    at: float
    client: str = ""
    route: str = ""
    path: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Prices:
    """Of a million tokens, of prompts and of answers."""

    input: float = 0.0
    output: float = 0.0

    def cost(self, usage: Usage) -> float:
        """What so many tokens cost. Cached ones cost as much as others: what a provider takes off is its own affair."""
        return (usage.prompt_tokens * self.input + usage.completion_tokens * self.output) / 1_000_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row of the log. key: of no meaning, unlike any other.

    is_exact: both answers are the same but for blanks at their ends; is_same_line: so are their first lines, which
    where an answer was cut for its length is what can be compared. similarity: 1 less the Levenshtein distance by the
    length of the longer answer. first_ms, second_ms: until the end of the answer; first_begin_ms, second_begin_ms:
    until its first text, None where it had none. The texts are None unless the user wants them kept.
    """

    key: str
    at: float
    language: str
    client: str
    route: str
    first_model: str
    second_model: str
    is_exact: bool
    is_same_line: bool
    similarity: float
    first_ms: float
    second_ms: float
    first_begin_ms: float | None
    second_begin_ms: float | None
    first_prompt_tokens: int
    second_prompt_tokens: int
    first_completion_tokens: int
    second_completion_tokens: int
    first_cost: float
    second_cost: float
    prefix: str | None = None
    suffix: str | None = None
    first_text: str | None = None
    second_text: str | None = None


def compare(gap: Gap, second: Answered, first_prices: Prices, second_prices: Prices) -> Comparison:
    """The figures of both answers, without their texts."""
    first = gap.first
    texts = first.text.rstrip(), second.text.rstrip()
    return Comparison(
        key=gap.asked.id,
        at=gap.at,
        language=gap.language,
        client=gap.client,
        route=gap.route,
        first_model=first.model,
        second_model=second.model,
        is_exact=texts[0] == texts[1],
        is_same_line=_first_line(texts[0]) == _first_line(texts[1]),
        similarity=1 - share_changed(*texts),
        first_ms=first.ms,
        second_ms=second.ms,
        first_begin_ms=first.first_token_ms,
        second_begin_ms=second.first_token_ms,
        first_prompt_tokens=first.usage.prompt_tokens,
        second_prompt_tokens=second.usage.prompt_tokens,
        first_completion_tokens=first.usage.completion_tokens,
        second_completion_tokens=second.usage.completion_tokens,
        first_cost=first_prices.cost(first.usage),
        second_cost=second_prices.cost(second.usage),
    )


def with_texts(comparison: Comparison, gap: Gap, second: Answered) -> Comparison:
    """The same with what was asked and answered."""
    asked = gap.asked
    kept = replace(comparison, prefix=asked.prefix, suffix=asked.suffix)
    return replace(kept, first_text=gap.first.text, second_text=second.text)


def is_sampled(request_id: str, share: float) -> bool:
    """Whether a request is one of the share that is asked twice: the same answer for the same id everywhere."""
    number = int.from_bytes(hashlib.sha256(request_id.encode()).digest()[:8])
    return number < share * 2**64


def _first_line(text: str) -> str:
    return text.partition("\n")[0].rstrip()
