"""Next edits, asked for after each hunk of real commits: see `python -m bench.editor next-edit --help`."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.editor.commit_replay import Offer, Outcome, Replay
from bench.editor.commits import GitFiles, suitable_commits
from bench.measuring import summary
from bench.quality import report
from bench.quality.intervals import Figures, interval
from codeassist.next_edit.editor import UNASKED_S

# What the product does, and what it would do with all the time in the world.
LIMITS_S = {"product": UNASKED_S, "no limit": math.inf}
PROGRESS_EVERY = 25


@dataclass(frozen=True, slots=True)
class Made:
    """One commit made once. way: with which limit."""

    way: str
    repository: str
    commit: str
    outcome: Outcome


def of_repository(root: Path, way: str, n_commits: int) -> list[Made]:
    """Its newest suitable commits, each made with an editor of its own."""
    files, made = GitFiles(root), []
    try:
        for number, commit in enumerate(suitable_commits(root, n_commits), start=1):
            outcome = Replay(commit, files, LIMITS_S[way]).run()
            made.append(Made(way, root.name, commit.name, outcome))
            if number % PROGRESS_EVERY == 0:
                print(f"{root.name}, {way}: {number} commits", file=sys.stderr)
    finally:
        files.close()
    return made


def figures(made: Sequence[Made]) -> dict[str, object]:
    """All figures of some commits; intervals by commit, of which all offers and hunks are drawn together."""
    offers = [(each.commit, offer) for each in made for offer in each.outcome.offers]
    return {
        "commits": len(made),
        "hunks": sum(each.outcome.n_hunks for each in made),
        **shares(offers),
        "by_rule": by(offers, lambda offer: offer.rule),
        "by_place": by(offers, lambda offer: "same file" if offer.is_near else "other file"),
        "recall": recalls(made),
        "ms": summary(ms for each in made for ms in each.outcome.ms),
    }


def by(offers: Sequence[tuple[str, Offer]], name: Callable[[Offer], str]) -> dict[str, object]:
    """The offers' shares in groups."""
    names = sorted({name(offer) for _, offer in offers})
    return {wanted: shares([each for each in offers if name(each[1]) == wanted]) for wanted in names}


def shares(offers: Sequence[tuple[str, Offer]]) -> dict[str, object]:
    """How many of some offers were right, how many exactly, and how many of places that the commit leaves alone."""
    commits = [commit for commit, _ in offers]
    return {
        "offers": len(offers),
        "precision": interval([float(offer.is_right) for _, offer in offers], commits),
        "exact": interval([float(offer.is_exact) for _, offer in offers], commits),
        "left_alone": interval([float(offer.is_left) for _, offer in offers], commits),
    }


def recalls(made: Sequence[Made]) -> dict[str, Figures]:
    """Which share of hunks got a right offer."""

    def share(hunks: Callable[[Outcome], Iterable[int]]) -> Figures:
        found = [(each.commit, float(hunk in each.outcome.hit)) for each in made for hunk in hunks(each.outcome)]
        return interval([value for _, value in found], [commit for commit, _ in found])

    return {
        "repeated hunks": share(lambda outcome: outcome.repeats),
        "repeated from another file alone": share(lambda outcome: outcome.far_repeats),
        "all hunks": share(lambda outcome: range(outcome.n_hunks)),
    }


def summarise(made: Sequence[Made]) -> dict[str, object]:
    """Figures by limit, of all repositories and of each."""
    summary_: dict[str, object] = {}
    for way in dict.fromkeys(each.way for each in made):
        group = [each for each in made if each.way == way]
        names = dict.fromkeys(each.repository for each in group)
        of_each = {name: figures([each for each in group if each.repository == name]) for name in names}
        summary_[way] = {"all": figures(group), **(of_each if len(names) > 1 else {})}
    return summary_


def row_of(made: Made) -> dict[str, object]:
    """A commit's counts, without anybody's text."""
    outcome = made.outcome
    return {
        "way": made.way,
        "repository": made.repository,
        "commit": made.commit[:10],
        "hunks": outcome.n_hunks,
        "repeated": len(outcome.repeats),
        "hit": len(outcome.hit),
        "offers": len(outcome.offers),
        "right": sum(offer.is_right for offer in outcome.offers),
    }


def keep_offers(made: Sequence[Made], file: Path) -> None:
    """Every offer with its text, to look at; outside of the repository."""
    with file.open("w", encoding="utf-8") as lines:
        for each in made:
            for offer in each.outcome.offers:
                names = {"way": each.way, "repository": each.repository, "commit": each.commit}
                lines.write(json.dumps({**names, **asdict(offer)}) + "\n")


def measure(arguments: argparse.Namespace) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Everything: figures, and a row for each commit in each way."""
    made: list[Made] = []
    for way in LIMITS_S:
        for root in arguments.repositories:
            made += of_repository(root, way, arguments.commits)
    if arguments.offers is not None:
        keep_offers(made, arguments.offers)
    described = [report.described_repository(root) for root in arguments.repositories]
    return {"repositories": described, "summary": summarise(made)}, [row_of(each) for each in made]


def register(commands: Any) -> None:
    """Add `next-edit` to the subcommands."""
    parser = commands.add_parser("next-edit", help="next edits after each hunk of commits")
    parser.add_argument("repositories", nargs="+", type=Path, help="clones with history")
    parser.add_argument("--commits", type=int, default=100, help="the newest suitable ones of each repository")
    parser.add_argument("--offers", type=Path, help="file for every offer with its text")
    parser.add_argument("--out", type=Path, help="result file (default: bench/results/editor_next_edit.json)")
    parser.set_defaults(measure=measure)
