"""Gaps in the prompts that the product makes of them, as rows of tokens with weights.

    BOS BEGIN  slot slot ...  path line, lines above  HOLE  right side, lines below  END  left MIDDLE EOS

Prompts come from the pipeline that completes in editors, with code of other files that the index finds. What the model
has to say there counts in full, the file around it for less, slots not at all: they are other files' code, in pieces.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from random import Random

from codeassist.fim import PartKind, Template
from codeassist.mtp.samples import Gap, Text, draw_gap
from codeassist.pipeline import Budgets, Pipeline, Prepared
from codeassist.protocols import Tokenizer
from indexer.types import Hit, Query, Retriever

# Longer answers are cut off, and then do not end.
_MIDDLE_TOKENS = 128
# Learning waits for context as long as it takes.
_PATIENCE_MS = 60_000
# How rows to learn from are drawn: shares of the longest prompt, and of that the share of code from elsewhere that the
# settings give. Short ones have as much to say, and take less time; those without hold more of the file.
_KINDS = ((0.25, 0.0), (0.5, 0.0), (0.5, 1.0), (1.0, 1.0))


@dataclass(frozen=True, slots=True)
class Row:
    """Tokens of one gap in its prompt. weights: of having to say each; forced: text that the answer begins with, token
    healing; middle: text of the gap; n_prompt: tokens before the answer; n_slot_tokens: of other files."""

    path: str
    ids: tuple[int, ...]
    weights: tuple[float, ...]
    n_prompt: int
    forced: str
    middle: str
    n_slot_tokens: int


@dataclass(frozen=True, slots=True)
class Shares:
    """Of a prompt's tokens, as the settings give them."""

    context: float
    suffix: float


class Unspoiled:
    """A retriever that shows nothing of some files, and never the lines that a gap was cut out of."""

    def __init__(self, retriever: Retriever, hidden: Collection[str]) -> None:
        self._retriever = retriever
        self._hidden = frozenset(hidden)
        self._gap: tuple[str, int, int] = ("", 0, 0)

    def hide(self, gap: Gap) -> None:
        """From now on also the lines that this gap took from its file."""
        first = gap.cursor.line + 1
        self._gap = (gap.document.path, first, first + gap.middle.count("\n"))

    def search(self, query: Query, limit: int) -> list[Hit]:
        """As the other finds them, less what is hidden."""
        return [hit for hit in self._retriever.search(query, limit) if not self._is_hidden(hit)]

    def versions(self, paths: Iterable[str]) -> dict[str, str]:
        """As the other says."""
        return dict(self._retriever.versions(paths))

    def _is_hidden(self, hit: Hit) -> bool:
        path, first, last = self._gap
        return hit.path in self._hidden or (hit.path == path and hit.start_line <= last and hit.end_line >= first)


class RowMaker:
    """Makes rows of gaps, one at a time."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        template: Template,
        retriever: Retriever | None,
        hidden: Collection[str],
        shares: Shares,
    ) -> None:
        """hidden: files whose code may not be shown as context."""
        self._tokenizer, self._template, self._shares = tokenizer, template, shares
        self._unspoiled = Unspoiled(retriever, hidden) if retriever else None
        self._pipeline = Pipeline(tokenizer, template, self._unspoiled, _PATIENCE_MS, heals=True)
        self._eos = tokenizer.special(template.stop[0])
        self._n_made = 0

    def row(self, gap: Gap, prompt_tokens: int, file_weight: float, context: float = 1.0) -> Row:
        """The row of a gap. file_weight: of the tokens around it, where those of the answer weigh 1. context: times the
        settings' share of code from elsewhere."""
        if self._unspoiled:
            self._unspoiled.hide(gap)
        self._n_made += 1
        budgets = Budgets.split(prompt_tokens, context * self._shares.context, self._shares.suffix)
        prepared = self._pipeline.prepare(gap.document, gap.cursor, budgets, key=f"gap {self._n_made}")
        forced = prepared.prompt.forced_prefix
        answer = (*self._tokenizer.encode(forced + gap.middle), self._eos)[:_MIDDLE_TOKENS]
        return Row(
            path=gap.document.path,
            ids=(*prepared.ids, *answer),
            weights=(*self._weights(prepared, file_weight), *(1.0 for _ in answer)),
            n_prompt=len(prepared.ids),
            forced=forced,
            middle=gap.middle,
            n_slot_tokens=prepared.used["slot"],
        )

    def close(self) -> None:
        """End the pipeline's thread."""
        self._pipeline.close()

    def _weights(self, prepared: Prepared, file_weight: float) -> list[float]:
        by_kind: dict[PartKind, float] = {"above": file_weight, "suffix": file_weight, "left": file_weight}
        weights: list[float] = []
        for part in prepared.prompt.parts:
            n_tokens = 1 if part.kind == "special" else len(self._tokenizer.encode(part.text))
            weights += [by_kind.get(part.kind, 0.0)] * n_tokens
        return weights


def draw_row(
    maker: RowMaker, texts: Sequence[Text], bounds: Sequence[int], random: Random, prompt_tokens: int, weight: float
) -> Row:
    """A row to learn from. bounds: of `draw_bounds(texts)`; prompt_tokens: at most."""
    gap = draw_gap(random.choices(texts, cum_weights=bounds)[0], random)
    share, context = random.choice(_KINDS)
    return maker.row(gap, int(prompt_tokens * share), weight, context)


def even_rows(
    maker: RowMaker, texts: Sequence[Text], n_rows: int, prompt_tokens: int, context: float, seed: int
) -> list[Row]:
    """Rows to judge by: as many of each file as of any other, the same for the same seed.

    context: see `RowMaker.row`.
    """
    random = Random(seed)
    order = random.sample(list(texts), len(texts))
    gaps = (draw_gap(order[n % len(order)], random) for n in range(n_rows))
    return [maker.row(gap, prompt_tokens, 0.0, context) for gap in gaps]
