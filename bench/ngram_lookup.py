"""How long a run of tokens n-gram drafting should look for: simulated on the authors' own code, without a model.

    python -m bench.ngram_lookup FOLDER...

Gaps are those of `codeassist mtp measure`; for each the file's own text is taken for the answer, and drafts are made as
vLLM makes them: of the longest run at the end of the text so far that stood there before, what followed it the first
time. Told are the share of steps with a draft, the share of drafted tokens that the text has, and tokens per step.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.measuring import RESULTS, provenance
from codeassist.engine.measured import PURPOSES
from codeassist.models.directory import read_model, shipped_model
from codeassist.mtp.cases import draw_cases
from codeassist.mtp.samples import split_texts
from codeassist.tokenizer import FileTokenizer

LENGTHS = ((1, 3), (2, 4), (2, 5), (3, 5), (4, 6), (5, 5), (8, 8))
TOKENS = (1, 2, 3, 6)
LONGEST_ANSWER = 64


@dataclass(frozen=True, slots=True)
class Simulated:
    """What one way of drafting would have done."""

    shortest: int
    longest: int
    n_tokens: int
    drafted_steps: float
    kept: float
    tokens_per_step: float


def proposed(text: Sequence[int], shortest: int, longest: int, n_tokens: int) -> Sequence[int]:
    """What vLLM's n-gram proposer drafts behind a text."""
    for size in range(longest, shortest - 1, -1):
        tail = text[len(text) - size :]
        for at in range(len(text) - size):
            if text[at : at + size] == tail:
                return text[at + size : at + size + n_tokens]
    return ()


def simulate(
    gaps: Sequence[tuple[tuple[int, ...], tuple[int, ...]]], shortest: int, longest: int, n_tokens: int
) -> Simulated:
    """gaps: tokens of prompts and of what follows them. The first token comes with the prompt, and is not drafted."""
    n_steps = n_drafts = n_drafted = n_kept = 0
    for prompt, answer in gaps:
        at = 1
        while at < len(answer):
            draft = proposed(prompt + answer[:at], shortest, longest, n_tokens)
            pairs = enumerate(zip(draft, answer[at:], strict=False))
            kept = next((n for n, (a, b) in pairs if a != b), min(len(draft), len(answer) - at))
            n_steps, n_drafts = n_steps + 1, n_drafts + bool(draft)
            n_drafted, n_kept = n_drafted + len(draft), n_kept + kept
            at += kept + 1
    shares = (n_drafts / n_steps, n_kept / max(n_drafted, 1), 1 + n_kept / n_steps)
    return Simulated(shortest, longest, n_tokens, *(round(share, 3) for share in shares))


def main() -> None:
    """Simulate, write, show."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--cases", type=int, default=60, help="gaps of each kind")
    parser.add_argument("--out", type=Path, default=RESULTS / "ngram_lookup.json")
    options = parser.parse_args()
    info = read_model(shipped_model()).info
    assert info.tokenizer is not None
    tokenizer = FileTokenizer(info.tokenizer)
    texts = [text for side in split_texts([folder.resolve() for folder in options.folders]) for text in side]
    drawn = draw_cases(shipped_model(), texts, options.cases)
    found: dict[str, list[Simulated]] = {}
    for purpose in PURPOSES:
        answers = (tokenizer.encode(case.forced_prefix + case.middle)[:LONGEST_ANSWER] for case in drawn[purpose])
        gaps = [(case.prompt, answer) for case, answer in zip(drawn[purpose], answers, strict=True)]
        found[purpose] = [simulate(gaps, *lengths, n_tokens) for lengths in LENGTHS for n_tokens in TOKENS]
    rows = {purpose: [asdict(one) for one in simulated] for purpose, simulated in found.items()}
    figures = {"folders": [folder.name for folder in options.folders], "cases": options.cases, **rows}
    options.out.write_text(json.dumps({**provenance("ngram_lookup"), **figures}, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
