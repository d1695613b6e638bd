"""Adapters of the shipped model for repositories that it was never trained on: does `codeassist adapt` improve it?

    python -m bench.adapting REPOSITORY... --minutes 10 --work FOLDER [--device cuda]

Each repository is adapted to as the command does it, with its own held-out files, and judged as the command judges:
losses of held-out gaps, the rest of the line at held-out cursors, both with and without the adapter, with intervals.
Retrieval may take as long as it likes. Whoever tunes rates, weights or passes does so on poetry, trl and streamlink;
docker-py, werkzeug and python-prompt-toolkit are for figures alone.

Without vLLM, answers come by transformers' code, and the result says so; `--no-context` does without an index, for a
machine that lacks what indexing needs. FOLDER keeps adapters, indexes and what was measured: a repository that is done
is not adapted to again by the same commit and the same wishes.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from bench.measuring import RESULTS, bench_settings, commit, installed_version, provenance
from codeassist.adapt.adaptation import Adaptation, Wishes
from codeassist.adapt.evaluation import evaluate
from codeassist.adapt.files import described
from codeassist.adapt.keeping import Identity
from codeassist.adapt.rows import Shares
from codeassist.adapt.training import Look
from codeassist.adapters.fingerprint import base_fingerprint
from codeassist.models.directory import read_model, shipped_model
from codeassist.settings import EngineSettings, IndexSettings
from indexer.types import Retriever


def main() -> None:
    """Adapt, judge, write."""
    options = arguments()
    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    measured = {root.name: asyncio.run(measure(root.resolve(), device, options)) for root in options.repositories}
    head = {
        **provenance("adapting"),
        "command": " ".join(["python -m bench.adapting", *(word.rpartition("/")[2] for word in sys.argv[1:])]),
        "device": torch.cuda.get_device_name() if device.startswith("cuda") else "cpu",
        "libraries": {name: installed_version(name) for name in ("torch", "transformers", "peft")},
        "model": {"name": read_model(options.model).info.name, "fingerprint": base_fingerprint(options.model)},
        "wishes": wishes_of(options),
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({**head, "repositories": measured}, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({name: one["verdict"] for name, one in measured.items()}, indent=1))


async def measure(root: Path, device: str, options: argparse.Namespace) -> Mapping[str, Any]:
    """The verdict on one repository's adapter, and how it came about."""
    model = read_model(options.model)
    folder = options.work / f"{root.name}-{state_name(options)}"
    kept = folder.with_suffix(".json")
    if kept.exists():
        return dict(json.loads(kept.read_text(encoding="utf-8")))
    settings = bench_settings(options.option, options.work / "indexes")
    wishes = Wishes(options.rank, options.steps, options.minutes * 60, options.rate, options.length, folder)
    identity = Identity(base_fingerprint(model.path), model.info.name, root, options.rank)
    shares = Shares(settings.completion.context_share, settings.completion.suffix_share)
    looks: list[Look] = []
    with index_of(settings.index, root) if options.context else nullcontext() as index:
        adaptation = Adaptation(identity, model, index, shares, (), wishes)
        adapted = adaptation.train(device, lambda look: tell(root.name, look, looks))
    engine = settings_of_engine(settings.engine, model.path)
    found = await evaluate(adaptation, adapted, engine, lambda _done, _all: None, lambda _status: None)
    result = {
        "commit": head_of(root),
        "context": options.context,
        "files": {side: len(paths) for side, paths in described(adaptation.split).items()},
        "verdict": found.verdict.described(),
        "answered_by": found.answered_by,
        "looks": [asdict(look) for look in looks],
        "gaps": [
            [gap.path, gap.is_recent, gap.n_tokens, round(gap.before, 3), round(gap.after, 3)] for gap in found.gaps
        ],
        "answers": [[one.path, one.is_recent, *one.exact, *one.similarity] for one in found.answers],
    }
    kept.write_text(json.dumps(result), encoding="utf-8")
    return result


@contextmanager
def index_of(settings: IndexSettings, root: Path) -> Iterator[Retriever]:
    """The repository's index, up to date."""
    from codeassist.assistant import open_index

    with closing(open_index(settings, root)) as index:
        index.refresh()
        yield index


def wishes_of(options: argparse.Namespace) -> dict[str, float]:
    """What an adapter depends on, beside model and repository."""
    return {name: getattr(options, name) for name in ("minutes", "steps", "rank", "rate", "length")}


def state_name(options: argparse.Namespace) -> str:
    """A name for what may be used again: of one model, one commit of ours, the same wishes."""
    described = [options.context, options.device, options.option, wishes_of(options)]
    state = [base_fingerprint(options.model), commit(), *described]
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()[:12]


def head_of(root: Path) -> str:
    """The commit that is checked out, "" where git knows none."""
    told = subprocess.run(["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return told.stdout.strip()


def tell(name: str, look: Look, looks: list[Look]) -> None:
    """Keep a look and show it."""
    looks.append(look)
    print(name, look, file=sys.stderr, flush=True)


def settings_of_engine(settings: EngineSettings, model: Path) -> EngineSettings:
    """Of an engine with this model, without drafts: greedy answers are the same, and nothing else is measured."""
    return replace(settings, model=str(model), speculative_tokens=0)


def arguments() -> argparse.Namespace:
    """Of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--model", type=Path, default=shipped_model())
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--length", type=int, default=0)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--device", default="")
    parser.add_argument("--no-context", dest="context", action="store_false", help="prompts without other files' code")
    parser.add_argument("--work", type=Path, required=True, help="folder for adapters, indexes and raw results")
    parser.add_argument("--out", type=Path, default=RESULTS / "adapting.json")
    parser.add_argument("-o", "--option", action="append", default=[], metavar="SECTION.KEY=VALUE", help="a setting")
    return parser.parse_args()


if __name__ == "__main__":
    main()
