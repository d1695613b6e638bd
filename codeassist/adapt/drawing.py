"""Rows without end, drawn in a thread while the model computes. The same seed draws the same rows, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from random import Random

from codeassist.adapt.rows import Row, RowMaker, draw_row
from codeassist.mtp.samples import Text, draw_bounds

# So many batches wait to be learned from: drawing one takes about as long as one of its rows takes to learn from.
_AHEAD = 4


class Drawing:
    """Batches of rows, for the length of a `with` block."""

    def __init__(
        self, maker: RowMaker, texts: Sequence[Text], prompt_tokens: int, file_weight: float, rows: int, seed: int
    ) -> None:
        """rows: of a batch. prompt_tokens, file_weight: see `draw_row`."""
        self._maker, self._texts, self._bounds = maker, texts, draw_bounds(texts)
        self._prompt_tokens, self._file_weight = prompt_tokens, file_weight
        self._rows, self._seed = rows, seed
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="draw")

    def __enter__(self) -> Drawing:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    def batches(self, first: int) -> Iterator[list[Row]]:
        """Batches from this number on."""
        waiting: list[Future[list[Row]]] = []
        while True:
            while len(waiting) < _AHEAD:
                waiting.append(self._thread.submit(self._batch, first + len(waiting)))
            first += 1
            yield waiting.pop(0).result()

    def _batch(self, number: int) -> list[Row]:
        random = Random(self._seed * 1_000_003 + number)
        return [self._row(random) for _ in range(self._rows)]

    def _row(self, random: Random) -> Row:
        return draw_row(self._maker, self._texts, self._bounds, random, self._prompt_tokens, self._file_weight)
