"""vLLM's hook that makes an answer begin with a given text. vLLM loads this class by name in the engine's process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from vllm.v1.sample.logits_processor import LogitsProcessor
from vllm.v1.sample.logits_processor.builtin import process_dict_updates

from codeassist.engine.vocabulary import Vocabulary, read_vocabulary

if TYPE_CHECKING:
    from vllm.config import VllmConfig
    from vllm.sampling_params import SamplingParams
    from vllm.v1.sample.logits_processor import BatchUpdate

ARGUMENT = "codeassist_forced_prefix"


@dataclass(slots=True)
class _Forced:
    """One request's text that is still to be spelled. output: vLLM's own growing list of generated tokens."""

    rest: bytes
    output: list[int]
    n_seen: int = 0

    def advance(self, vocabulary: Vocabulary) -> None:
        for token in self.output[self.n_seen :]:
            self.rest = vocabulary.after(self.rest, token)
        self.n_seen = len(self.output)


class ForcedPrefix(LogitsProcessor):  # type: ignore[misc]
    """Allows only tokens that spell the forced text, until it is spelled; costs nothing afterwards."""

    def __init__(self, vllm_config: VllmConfig, device: torch.device, is_pin_memory: bool) -> None:
        self._vocabulary = read_vocabulary(Path(vllm_config.model_config.model) / "tokenizer.json")
        self._forced: dict[int, _Forced] = {}

    def is_argmax_invariant(self) -> bool:
        """Whether greedy answers stay the same: no."""
        return False

    def update_state(self, batch_update: BatchUpdate | None) -> None:
        """Follow the requests through the rows of the batch; forget those whose text is spelled."""
        process_dict_updates(self._forced, batch_update, self._forced_of)
        for forced in self._forced.values():
            forced.advance(self._vocabulary)
        self._forced = {row: forced for row, forced in self._forced.items() if forced.rest}

    def apply(self, logits: torch.Tensor) -> torch.Tensor:
        """Rule out all other tokens, in place. logits: (rows, vocabulary)."""
        for row, forced in self._forced.items():
            allowed = torch.tensor(self._vocabulary.allowed(forced.rest), device=logits.device)
            kept = logits[row, allowed]
            logits[row].fill_(float("-inf"))
            logits[row, allowed] = kept
        return logits

    @staticmethod
    def _forced_of(params: SamplingParams, prompt: Any, output: list[int]) -> _Forced | None:
        text: str = (params.extra_args or {}).get(ARGUMENT, "")
        return _Forced(text.encode(), output) if text else None
