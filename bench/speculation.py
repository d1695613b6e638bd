"""What drafting saves with the shipped model: acceptance, tokens per step and speed, by kind of request.

    python -m bench.speculation REPOSITORY... --cases 40 --drafters mtp:1 mtp:2 ngram:3

Measures as `codeassist mtp measure` does, on all files of the repositories: the shipped model has seen none of
docker-py, werkzeug and python-prompt-toolkit. The machine must have nothing else to do. Nothing is kept for
`engine.speculation = auto`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bench.measuring import RESULTS, bench_settings, provenance
from bench.quality.report import described_repository
from codeassist.engine.choose import open_embedded
from codeassist.engine.embedded import EmbeddedEngine
from codeassist.engine.speculation import METHODS, Drafter
from codeassist.models.directory import read_model, shipped_model
from codeassist.mtp.cases import draw_cases
from codeassist.mtp.measure import Measurement, measure
from codeassist.mtp.samples import split_texts
from codeassist.settings import EngineSettings

_DIGITS = 4


def measured(options: argparse.Namespace, settings: EngineSettings, model: Path) -> Measurement:
    """The figures of all drafters that were asked for."""
    texts = [text for side in split_texts([root.resolve() for root in options.repositories]) for text in side]
    cases = draw_cases(model, texts, options.cases, options.seed)

    def open_engine(drafter: Drafter) -> EmbeddedEngine:
        drafting = replace(settings, speculation=drafter.method, speculative_tokens=drafter.n_tokens)
        return open_embedded(replace(drafting, model=str(model)))

    def tell(what: str) -> None:
        print(what, file=sys.stderr, flush=True)

    return asyncio.run(measure(open_engine, options.drafters, cases, options.max_tokens, tell))


def result(options: argparse.Namespace, model: Path, found: Measurement) -> dict[str, object]:
    """As it is written."""
    return {
        **provenance("speculation"),
        "model": {"name": read_model(model).info.name, **(asdict(found.circumstances) if found.circumstances else {})},
        "repositories": [described_repository(root) for root in options.repositories],
        "max_tokens": options.max_tokens,
        "kinds": {purpose: asdict(one) for purpose, one in found.results.items()},
        "failed": {str(drafter): why for drafter, why in found.failed.items()},
    }


def rounded(value: Any) -> Any:
    """The same with fewer digits."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    return round(value, _DIGITS) if isinstance(value, float) else value


def drafter(text: str) -> Drafter:
    """METHOD:TOKENS."""
    method, _, n_tokens = text.partition(":")
    if method not in METHODS or not n_tokens.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no drafter; write one like mtp:2")
    return Drafter(method, int(n_tokens))


def arguments() -> argparse.Namespace:
    """Of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", nargs="+", type=Path)
    usual = [Drafter("mtp", 1), Drafter("mtp", 2), Drafter("ngram", 3)]
    parser.add_argument("--drafters", nargs="+", type=drafter, default=usual, metavar="METHOD:TOKENS")
    parser.add_argument("--cases", type=int, default=40, help="gaps of each kind")
    parser.add_argument("--max-tokens", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--option", action="append", default=[], metavar="SECTION.KEY=VALUE", help="a setting")
    parser.add_argument("--out", type=Path, default=RESULTS / "speculation.json")
    return parser.parse_args()


def main() -> None:
    """Measure, write, show."""
    options = arguments()
    settings = bench_settings(options.option, Path()).engine
    model = Path(settings.model).expanduser() if settings.model else shipped_model()
    figures = rounded(result(options, model, measured(options, settings, model)))
    options.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures["kinds"], indent=2))


if __name__ == "__main__":
    main()
