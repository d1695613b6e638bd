"""How good the exported model is on held-out repositories, greedy, through vLLM, with token healing.

    python -m training.check MODEL HELD_OUT.jsonl OUT.json [--cases 150]

A case is a gap to the end of its line, prompted as completions are served. With slots, definitions of names near the
cursor (never those of the gap alone) stand before the file. Also: how well the model drafts for itself, and how far
vLLM's log-probabilities lie from those of the training code.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import mean
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from codeassist.documents import make_document
from codeassist.fim import TEMPLATES, prompt_ids, render_fim
from codeassist.tokenizer import FileTokenizer
from codeassist.types import Cursor
from codeassist.window import WindowBudget, cut_window
from training.corpus import Corpus, Tokens, build, newline_table, tokenise
from training.cursors import choose_column
from training.neighbours import Neighbours

SEED = 7
BUDGET = WindowBudget(above=400, below=150)
SLOT_TOKENS = 350


@dataclass(frozen=True, slots=True)
class Case:
    """One gap. kind: where its cursor stands; slots: token ids of code from elsewhere; forced: typed text to repeat."""

    repo: str
    kind: str
    ids: tuple[int, ...]
    slots: tuple[int, ...]
    forced: str
    expected: str

    def prompt(self, *, with_slots: bool) -> list[int]:
        """Token ids; slots stand behind the two opening tokens."""
        return [*self.ids[:2], *(self.slots if with_slots else ()), *self.ids[2:]]


def draw_cases(corpus: Corpus, tokenizer: FileTokenizer, raw: Tokenizer, n_cases: int) -> Iterator[Case]:
    """Cases spread evenly over the repositories."""
    random = Random(SEED)

    def encode(text: str) -> Tokens:
        return np.array(raw.encode(text, add_special_tokens=False).ids, np.uint16)

    neighbours = Neighbours(corpus, encode, random)
    for number in range(n_cases):
        files = corpus.repositories[number % len(corpus.repositories)].files
        file_number = random.choice(files)
        file = corpus.files[file_number]
        document = make_document(file.path, file.text)
        lines = document.text.split("\n")
        line = random.choice([n for n, text in enumerate(lines) if text.strip() and not text.lstrip().startswith("#")])
        kind, column = choose_column(lines[line], random)
        expected = lines[line][column:]
        gapped = make_document(file.path, "\n".join([*lines[:line], lines[line][:column], *lines[line + 1 :]]))
        window = cut_window(gapped, Cursor(line, column), BUDGET, lambda text: len(tokenizer.encode(text)))
        prompt = render_fim(TEMPLATES["deepseek"], window, (), tokenizer.heal_offset(window.left))
        near = "\n".join([*lines[max(line - 4, 0) : line], window.left])
        slots = neighbours.slots(file_number, "", near, SLOT_TOKENS)
        flat = tuple(int(token) for slot in slots for token in slot)
        repo = corpus.repositories[file.repository].name
        yield Case(repo, kind, prompt_ids(prompt, tokenizer), flat, prompt.forced_prefix, expected)


def similarity(answer: str, expected: str) -> float:
    """Difflib's ratio, 0..1."""
    return difflib.SequenceMatcher(None, answer, expected, autojunk=False).ratio()


def start(model: Path, **arguments: Any) -> Any:
    """VLLM on this CPU, as the embedded engine sets it up."""
    os.environ |= {"VLLM_MLA_DISABLE": "1", "TORCH_COMPILE_DISABLE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind"}
    os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "VLLM_ENABLE_V1_MULTIPROCESSING": "0", "HF_HUB_OFFLINE": "1"}
    from vllm import LLM

    return LLM(
        str(model), dtype="float32", max_model_len=4096, max_num_seqs=16, enforce_eager=True, block_size=32,
        kv_cache_memory_bytes=1 << 30, compilation_config={"custom_ops": ["-rotary_embedding"]},
        disable_log_stats=False, **arguments,
    )  # fmt: skip


def answers(engine: Any, cases: Sequence[Case], *, with_slots: bool) -> list[tuple[str, bool, float]]:
    """(text behind the forced part, ended by itself, summed log-probability of its first line) of each case."""
    from vllm import SamplingParams

    from codeassist.engine.forced_prefix import ARGUMENT

    prompts = [{"prompt_token_ids": case.prompt(with_slots=with_slots)} for case in cases]
    sampling = [
        SamplingParams(temperature=0.0, max_tokens=64, logprobs=0, extra_args={ARGUMENT: case.forced}) for case in cases
    ]
    outputs = [request.outputs[0] for request in engine.generate(prompts, sampling, use_tqdm=False)]
    return [
        (output.text.removeprefix(case.forced), output.finish_reason == "stop", _first_line_score(output))
        for case, output in zip(cases, outputs, strict=True)
    ]


def _first_line_score(output: Any) -> float:
    score = 0.0
    for choices in output.logprobs:
        chosen = next(iter(choices.values()))
        score += max(chosen.logprob, -20.0)
        if "\n" in (chosen.decoded_token or ""):
            break
    return score


def figures(cases: Sequence[Case], found: Sequence[tuple[str, bool, float]]) -> dict[str, Any]:
    """Exact matches of the line and similarity, over all cases, by kind, and among the most confident ones."""
    rows: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    ranked = []
    for case, (text, _, score) in zip(cases, found, strict=True):
        line = text.split("\n")[0].rstrip()
        row = (line == case.expected.rstrip(), similarity(line, case.expected.rstrip()))
        rows["all"].append(row)
        rows[case.kind].append(row)
        ranked.append((score, row[0]))
    ranked.sort(reverse=True)
    table = {
        kind: {"n": len(group), "exact": mean(r[0] for r in group), "similarity": mean(r[1] for r in group)}
        for kind, group in rows.items()
    }
    best = {
        f"{share:.0%}": mean(hit for _, hit in ranked[: max(int(len(ranked) * share), 1)])
        for share in (0.1, 0.2, 0.3, 0.5)
    }
    return {"kinds": table, "exact_among_most_confident": best, "ended": mean(ended for _, ended, _ in found)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("held_out", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--cases", type=int, default=150)
    options = parser.parse_args()
    raw = Tokenizer.from_file(str(options.model / "tokenizer.json"))
    with options.held_out.open(encoding="utf-8") as file:
        records = [record for line in file if (record := json.loads(line))["path"].endswith(".py")]
    corpus = build(tokenise(records, raw), newline_table(raw))
    cases = list(draw_cases(corpus, FileTokenizer(options.model / "tokenizer.json"), raw, options.cases))
    from codeassist.engine.forced_prefix import ForcedPrefix

    engine = start(options.model, logits_processors=[ForcedPrefix])
    plain = answers(engine, cases, with_slots=False)
    report = {
        "seed": SEED,
        "repositories": sorted({case.repo for case in cases}),
        "without_slots": figures(cases, plain),
    }
    having = [case for case in cases if case.slots]
    bare = [answer for case, answer in zip(cases, plain, strict=True) if case.slots]
    report["same_cases_without_slots"] = figures(having, bare)
    report["with_slots"] = figures(having, answers(engine, having, with_slots=True))
    options.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    for case, (text, _, score) in list(zip(cases, plain, strict=True))[:25]:
        print(f"{case.kind:10} {score:7.2f} forced {case.forced!r} expected {case.expected!r} got {text!r}")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
