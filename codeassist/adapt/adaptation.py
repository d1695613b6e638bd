"""One adaptation from beginning to end, step by step, for whoever shows how far it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from codeassist.adapt.adapted import Adapted
from codeassist.adapt.drawing import Drawing
from codeassist.adapt.files import described, read_repository, recent_paths, split_again, split_files
from codeassist.adapt.greedy import greedy_answers
from codeassist.adapt.judging import Told, cursors, judge_gaps
from codeassist.adapt.keeping import Identity, begin, new_folder, sides_of
from codeassist.adapt.rows import Row, RowMaker, Shares, even_rows
from codeassist.adapt.training import Look, Plan, Trainer
from codeassist.adapt.verdict import Judged
from codeassist.engine.vocabulary import read_vocabulary
from codeassist.errors import ModelError
from codeassist.fim import find_template
from codeassist.models.directory import ModelDirectory
from codeassist.tokenizer import FileTokenizer
from indexer.types import Retriever

# Gaps that tell when to stop, in prompts half as long and without context: they are looked at again and again.
_TUNE_ROWS, _TUNE_SHARE = 24, 0.5
# Held-out gaps that the verdict rests on.
JUDGED_ROWS = 96
# What a row has besides its prompt: the answer.
_ANSWER_TOKENS = 128
_LEAST_LENGTH = 3 * _ANSWER_TOKENS
# A repository is gone through so many times, within these bounds of steps; each file's characters make so many tokens,
# and a row has so much of its prompt from the file itself (rows.py draws it so).
_PASSES, _FEWEST, _MOST = 3, 30, 2000
_CHARACTERS_PER_TOKEN, _FILE_SHARE = 3.5, 0.4
# The highest rate, for the width of the shipped model; wider ones change more by the same step.
_RATE, _WIDTH = 5e-4, 512
# Rows of a step, and how many of them are computed together: a CPU is busy with one, and takes seconds for it.
_ON_GPU, _ON_CPU = (16, 4), (4, 1)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for. 0 for steps, rate and length: what suits repository and model; 0 seconds: no limit."""

    rank: int = 16
    steps: int = 0
    seconds: float = 0.0
    rate: float = 0.0
    length: int = 0
    out: Path | None = None


class Adaptation:
    """Files, rows and folder of one adaptation. Everything here blocks."""

    def __init__(
        self,
        identity: Identity,
        model: ModelDirectory,
        retriever: Retriever | None,
        shares: Shares,
        exclude: Sequence[str],
        wishes: Wishes,
    ) -> None:
        """Splits the files, or takes them as they were split by a training that was broken off. Raises ModelError."""
        self._model, self._retriever, self._shares, self._wishes = model, retriever, shares, wishes
        self.folder = wishes.out or new_folder(identity)
        texts, sides = read_repository(identity.root, exclude), sides_of(self.folder, identity)
        self.is_resumed = sides is not None
        self.split = split_again(texts, sides) if sides else split_files(texts, recent_paths(identity.root))
        if not self.split.train or not self.split.tune or not self.split.test:
            raise ModelError(f"the files of {self.folder} are gone from the repository; give another --out")
        self._prompt_tokens = self._fitting(wishes.length)
        info = model.info
        assert info.tokenizer is not None, "a model directory names its tokenizer"
        self._tokenizer, self._template = FileTokenizer(info.tokenizer), find_template(info.template)
        self._vocabulary = info.tokenizer
        self._held_out = [text.path for text in (*self.split.tune, *self.split.test)]
        with closing(self._maker(hidden=())) as maker:
            self.test = even_rows(maker, self.split.test, JUDGED_ROWS, self._prompt_tokens, 1.0, seed=0)
        if sides is None:
            begin(self.folder, identity, described(self.split))

    def train(self, device: str, progress: Callable[[Look], None]) -> Adapted:
        """The model with the best adapter, which lies in the folder then. Raises ModelError."""
        adapted = Adapted(self._model.path, device, self._wishes.rank)
        plan = self._plan(device)
        tokens = int(self._prompt_tokens * _TUNE_SHARE)
        with closing(self._maker(hidden=self._held_out)) as maker:
            tune = even_rows(maker, self.split.tune, _TUNE_ROWS, tokens, 0.0, seed=0)
            trainer = Trainer(adapted, tune, self.folder, plan)
            with Drawing(maker, self.split.train, self._prompt_tokens, plan.file_weight, plan.rows, plan.seed) as drawn:
                trainer.run(drawn.batches(trainer.step), progress)
        return adapted

    def judge(self, adapted: Adapted, told: Told) -> list[Judged]:
        """The loss of each held-out gap."""
        return judge_gaps(adapted, self.test, self.split.recent, told)

    def answer(self, adapted: Adapted) -> tuple[list[str], list[str]]:
        """By transformers' code, at `self.cursors`, without and with the adapter."""
        vocabulary = read_vocabulary(self._vocabulary)
        with adapted.without():
            before = greedy_answers(adapted, self.cursors, vocabulary)
        return before, greedy_answers(adapted, self.cursors, vocabulary)

    @property
    def cursors(self) -> list[Row]:
        """Held-out cursors whose line has something left to say."""
        return cursors(self.test)

    def _maker(self, hidden: Sequence[str]) -> RowMaker:
        return RowMaker(self._tokenizer, self._template, self._retriever, hidden, self._shares)

    def _fitting(self, length: int) -> int:
        """Tokens of a whole prompt. Raises ModelError for rows that the model cannot hold, or that hold nothing."""
        info = self._model.info
        if length > info.context_tokens:
            raise ModelError(
                f"rows of {length} tokens exceed the context of {info.name} ({info.context_tokens}); "
                "give a smaller --length"
            )
        if 0 < length < _LEAST_LENGTH:
            raise ModelError(f"rows of {length} tokens have no room for a prompt; give a larger --length")
        return min(length - _ANSWER_TOKENS, info.prompt_tokens) if length else info.prompt_tokens

    def _plan(self, device: str) -> Plan:
        wishes = self._wishes
        rows, rows_at_once = _ON_GPU if device.startswith("cuda") else _ON_CPU
        n_tokens = sum(len(text.text) for text in self.split.train) / _CHARACTERS_PER_TOKEN
        steps = int(_PASSES * n_tokens / (rows * self._prompt_tokens * _FILE_SHARE))
        return Plan(
            steps=wishes.steps or min(max(steps, _FEWEST), _MOST),
            seconds=wishes.seconds,
            rate=wishes.rate or _RATE * (_WIDTH / int(self._model.config.get("hidden_size") or _WIDTH)) ** 0.5,
            rows=rows,
            rows_at_once=rows_at_once,
        )
