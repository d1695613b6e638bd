"""Repository context for clients that send none: is the file of a bare text found, how soon, and what does it bring?

    python -m bench.endpoint.context REPOSITORY... --out bench/results/endpoint_context.json

- `locating`: windows of random files as Continue, llama.vim, minuet and Zed cut them (`context_windows.py`), with 0, 3
  and 10 edited lines, looked for in the index of their repository (recall, precision), and in one that lacks a quarter
  of the files: windows of those are of no file. What is right is the file, or one with the very same content.
- `latency`: the time to find a file in a corpus of 10,000; the time from request to prompt, key by key.
- `answers`: the rest of the line at random cursors, asked as Continue and llama.vim ask, of the model that ships,
  without and with context: exact match and edit similarity.

Intervals are 95 % bootstrap intervals; those of `locating` are over whole files. Repositories that the model was
trained on, or that are reserved, must not be given; thresholds were chosen on falcon, ripgrep, hugo, mitmproxy and
sqlfluff.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from bench.endpoint import context_answers, context_latency, context_locating
from bench.measuring import RESULTS, provenance
from bench.quality import report
from bench.quality.journal import Journal
from bench.quality.serving import add_options, running, settings_of
from codeassist.settings import Settings
from codeassist.tokenizer import FileTokenizer
from codeassist.types import ModelInfo

PARTS = ("locating", "latency", "answers")


def command_line() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.endpoint.context",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--files", type=int, default=100, help="per repository, for `locating`")
    parser.add_argument("--cursors", type=int, default=30, help="per repository, for `answers`")
    parser.add_argument("--corpus", type=int, default=10_000, help="files, for `latency`")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    add_options(parser, RESULTS / "endpoint_context.json")
    return parser


async def measure(arguments: argparse.Namespace) -> None:
    """Measure the parts that are wanted, and write the result."""
    settings = settings_of(arguments)
    model = report.model_card(settings)
    figures: dict[str, object] = {
        "repositories": [report.described_repository(root) for root in arguments.repositories],
    }
    rows: list[object] = []
    async with running(settings) as engine:
        assert engine.info.tokenizer, "an engine of our own names its tokenizer"
        tokenizer = FileTokenizer(engine.info.tokenizer)
        if "answers" in arguments.parts:
            journal = Journal(arguments.work / f"context-{report.state_name(model, settings)}.jsonl")
            answers = await context_answers.measure(
                arguments.repositories, engine, settings, journal, arguments.cursors, arguments.seed, arguments.at_once
            )
            figures["answers"] = context_answers.summarise(answers)
            rows += [asdict(answer) for answer in answers]
        info = engine.info
    if "locating" in arguments.parts:
        located = await context_locating.measure_all(
            arguments.repositories,
            arguments.work / "locating",
            arguments.files,
            arguments.seed,
            lambda text: len(tokenizer.encode(text)),
        )
        figures["locating"] = context_locating.summarise(located)
    if "latency" in arguments.parts:
        figures["latency"] = await _latency(arguments, settings, info, tokenizer)
    write(arguments.out, {"model": model, **figures}, rows)


def write(out: Path, figures: dict[str, object], rows: list[object]) -> None:
    """Write the result file: what is needed to measure it again, the figures, and a line for each answer."""
    command = report.command(sys.argv[1:], "bench.endpoint.context")
    head = {**provenance("endpoint.context"), "command": command, **figures}
    lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(f'{json.dumps(head, indent=1)[:-2]},\n "results": [\n{lines}\n ]\n}}\n', encoding="utf-8")
    print(json.dumps(figures, indent=1))


async def _latency(
    arguments: argparse.Namespace, settings: Settings, info: ModelInfo, tokenizer: FileTokenizer
) -> dict[str, object]:
    root = await asyncio.to_thread(arguments.repositories[0].resolve)
    with tempfile.TemporaryDirectory(prefix="codeassist-bench-") as folder:
        locating = await asyncio.to_thread(
            context_latency.measure_locating,
            Path(folder),
            arguments.corpus,
            arguments.files * 4,
            arguments.seed,
            lambda text: len(tokenizer.encode(text)),
        )
    keys = await context_latency.measure_keys(root, settings, info, tokenizer, arguments.cursors, arguments.seed)
    return {"locating": locating, "keys": keys}


def main() -> None:
    """Measure."""
    asyncio.run(measure(command_line().parse_args()))


if __name__ == "__main__":
    main()
