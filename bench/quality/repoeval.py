"""What context brings for whole function bodies: RepoEval's, cut out of their files, and no model writes anything.

    python -m bench.quality repoeval REPOSITORY... --data ../shared/data/repoeval_open.jsonl \
        --out bench/results/repoeval.json

REPOSITORY: clones of the repositories that the set names, at its commits. Each body is cut out of its file, the index
follows, and the cursor stands where the body began. Slots of the same budget, arranged alike, come from

- nothing: the file's own lines alone;
- full text, vectors: whole chunks for the lines around the cursor, as `context` takes them;
- ours: what a suggestion gets; and the same without each of its sources, and each alone.

For each: the share of the body's names that are defined in other files (and not in its own) and that the prompt
spells, and the mean surprise of the model by the true body, in nats a token.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.measuring import RESULTS
from bench.quality import report
from bench.quality.context import Chunks
from bench.quality.edits import git
from bench.quality.intervals import interval, relative_gain
from bench.quality.journal import DEFAULT
from bench.quality.likelihood import Judge, Likelihood, ReadBack, WrittenDown
from bench.quality.serving import settings_of
from bench.quality.syntax import words
from codeassist.assistant import open_index
from codeassist.context import arrange
from codeassist.documents import make_document
from codeassist.engine.choose import open_engine
from codeassist.fim import find_template, prompt_ids, prompt_text, render_fim
from codeassist.pipeline import Budgets
from codeassist.query import cursor_query
from codeassist.settings import Settings
from codeassist.tokenizer import FileTokenizer
from codeassist.types import Cursor
from codeassist.window import WindowBudget, cut_window
from indexer.index import CodeIndex
from indexer.types import Hit, Query

DATA = Path("../shared/data/repoeval_open.jsonl")
CONTEXT_TOKENS = 1_536
N_HITS = 60
# Sources of ours that go together, by what a hit says of itself.
SOURCES = {
    "similar code": frozenset({"lexical", "vector"}),
    "definitions": frozenset({"definition"}),
    "imports": frozenset({"import", "neighbour"}),
    "libraries": frozenset({"dependency"}),
}

_NAME = re.compile(r"[^\W\d]\w{2,}")


@dataclass(frozen=True, slots=True)
class Body:
    """A function body in its file: what stands before it, itself, and what stands behind it."""

    repository: str
    path: str
    before: str
    text: str
    after: str


@dataclass(frozen=True, slots=True)
class Brought:
    """What one way to find context brought for one body. nats: of the whole body."""

    repository: str
    path: str
    way: str
    names: int
    spelled: int
    nats: float
    tokens: int
    slot_tokens: int


Ways = dict[str, Callable[[Query], list[Hit]]]


def read_bodies(data: Path, root: Path) -> list[Body]:
    """The bodies of one repository. SystemExit when a file is not what the set was made from."""
    bodies = []
    for line in data.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["repo"].split("/")[-1] != root.name:
            continue
        text = git(root, "show", f"{row['commit']}:{row['path']}")
        start, end = row["start"], row["start"] + row["length"]
        body = text[start:end]
        if hashlib.sha256(body.encode()).hexdigest() != row["sha256"]:
            raise SystemExit(f"{root.name}/{row['path']}: the body at {start} is another one than the set's")
        bodies.append(Body(root.name, row["path"], text[:start], body, text[end:]))
    return bodies


def cross_file_names(body: Body, index: CodeIndex) -> frozenset[str]:
    """Names of a body that other files define and its own does not; the index knows the file without the body."""

    def is_elsewhere(name: str) -> bool:
        places = {symbol.path for symbol in index.symbols(name, 50) if symbol.name == name}
        return bool(places) and body.path not in places

    return frozenset(name for name in set(_NAME.findall(body.text)) if is_elsewhere(name))


def ways_to_find(index: CodeIndex) -> Ways:
    """Each way with what it finds, best first."""
    full_text, vectors = Chunks(index, "full text"), Chunks(index, "vectors")

    def ours(kept: frozenset[str]) -> Callable[[Query], list[Hit]]:
        return lambda query: [hit for hit in index.search(query, N_HITS) if hit.source in kept]

    everything = frozenset().union(*SOURCES.values())
    return {
        "nothing": lambda query: [],
        "full text": lambda query: full_text.search(query, N_HITS),
        "vectors": lambda query: vectors.search(query, N_HITS),
        "ours": ours(everything),
        **{f"ours without {name}": ours(everything - sources) for name, sources in SOURCES.items()},
        **{f"{name} alone": ours(sources) for name, sources in SOURCES.items()},
    }


class Asker:
    """Renders prompts for bodies as completions are rendered, slots at their own budget."""

    def __init__(self, settings: Settings) -> None:
        info = open_engine(settings.engine, attach=False).info
        assert info.tokenizer, "an engine of our own names its tokenizer"
        self.model = info.tokenizer.parent
        self.context_tokens = info.context_tokens
        self._tokenizer = FileTokenizer(info.tokenizer)
        self._template = find_template(info.template)
        shares = (settings.completion.context_share, settings.completion.suffix_share)
        self._budgets = Budgets.split(info.prompt_tokens, *shares)

    def ask(self, body: Body, find: Callable[[Query], list[Hit]]) -> tuple[str, Sequence[int], Sequence[int], int]:
        """(the prompt as text, its tokens, those of the body, tokens of the slots)."""
        left = body.before.rpartition("\n")[2]
        document = make_document(body.path, body.before + body.after)
        cursor = Cursor(body.before.count("\n"), len(left))
        window = cut_window(document, cursor, WindowBudget(self._budgets.above, self._budgets.suffix, 64), self._count)
        arranged = arrange((), find(cursor_query(document, cursor, window)), CONTEXT_TOKENS, self._count)
        # The cursor's line and the body are one text, as serving takes the line's last piece back.
        prompt = render_fim(self._template, window, arranged.slots, 0)
        ids = prompt_ids(prompt, self._tokenizer)
        return prompt_text(prompt, self._template), ids, self._tokenizer.encode(left + body.text), arranged.n_tokens

    def _count(self, text: str) -> int:
        return len(self._tokenizer.encode(text))


def measure(root: Path, asker: Asker, model: Judge, settings: Settings, arguments: Any) -> Iterator[Brought]:
    """What every way brings for every body of a repository."""
    copy = arguments.work / "repoeval" / root.name
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(root, copy)
    index = open_index(settings.index, copy)
    try:
        index.refresh()
        for body in read_bodies(arguments.data, root):
            index.refresh_file(body.path, body.before + body.after)
            names = cross_file_names(body, index)
            for way, find in ways_to_find(index).items():
                text, ids, answer, n_slots = asker.ask(body, find)
                nats = model.nats(ids, answer)
                spelled = len(names & words(text))
                yield Brought(root.name, body.path, way, len(names), spelled, round(nats, 3), len(answer), n_slots)
            index.refresh_file(body.path, body.before + body.text + body.after)
    finally:
        index.close()


def summarise(found: Sequence[Brought]) -> dict[str, object]:
    """Figures of each way, and how ours compare with full text."""
    by_way = {way: group for way, group in report.grouped(found, "way").items() if way != "all"}
    figures: dict[str, object] = {
        way: {
            "names_spelled": interval([one.spelled / one.names for one in group if one.names]),
            "nats_per_token": interval([one.nats / one.tokens for one in group]),
            "slot_tokens": round(sum(one.slot_tokens for one in group) / len(group)),
        }
        for way, group in by_way.items()
    }
    full_text, ours = by_way["full text"], by_way["ours"]
    figures["gain in names over full text"] = relative_gain(
        [one.spelled / one.names for one in full_text if one.names],
        [one.spelled / one.names for one in ours if one.names],
    )
    for other in ("nothing", "full text", "vectors"):
        pairs = zip(by_way[other], ours, strict=True)
        figures[f"nats less than {other}"] = interval(
            [before.nats / before.tokens - after.nats / after.tokens for before, after in pairs]
        )
    return figures


def run(arguments: argparse.Namespace) -> None:
    """Measure and write the result."""
    settings = settings_of(arguments)
    asker = Asker(settings)
    model = _judge(arguments, asker)
    found: list[Brought] = []
    for root in arguments.repositories:
        for one in measure(root, asker, model, settings, arguments):
            found.append(one)
            print(f"{root.name}: {len(found)} prompts", end="\r", flush=True)
    if isinstance(model, WrittenDown):
        model.save(arguments.prompts)
        return
    figures = {
        "repositories": [report.described_repository(root) for root in arguments.repositories],
        "nats_from": "training/model.py, bfloat16, on a GPU" if arguments.scores else "vLLM, float32",
        "context_tokens": CONTEXT_TOKENS,
        "summary": {name: summarise(group) for name, group in report.grouped(found, "repository").items()},
    }
    report.write(arguments, report.model_card(settings), figures, [asdict(one) for one in found])


def _judge(arguments: argparse.Namespace, asker: Asker) -> Judge:
    if arguments.prompts:
        return WrittenDown()
    return ReadBack(arguments.scores) if arguments.scores else Likelihood(asker.model, asker.context_tokens)


def register(commands: Any) -> None:
    """Add `repoeval` to the subcommands of `python -m bench.quality`."""
    parser = commands.add_parser(
        "repoeval",
        help="what context brings for whole function bodies",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--data", type=Path, default=DATA, help="the set, as JSON lines")
    parser.add_argument("--out", type=Path, default=RESULTS / "repoeval.json", help="result file")
    parser.add_argument("--work", type=Path, default=DEFAULT, help="folder for copies and indexes")
    elsewhere = parser.add_mutually_exclusive_group()
    elsewhere.add_argument("--prompts", type=Path, help="only write down what has to be scored (training.fusion_score)")
    elsewhere.add_argument("--scores", type=Path, help="its scores, instead of a model on this machine")
    parser.add_argument("-o", "--option", action="append", default=[], metavar="SECTION.KEY=VALUE", help="a setting")
    parser.set_defaults(run=run)
