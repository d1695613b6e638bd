"""Commits made hunk by hunk, with next edits between: which offers count as right, and what they come to."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from bench.editor.__main__ import command_line
from bench.editor.commit_replay import Offer, Outcome, Replay, distance
from bench.editor.commits import GitFiles, suitable_commits
from bench.editor.next_edit import Made, figures, keep_offers, row_of, summarise

BEFORE = "def load(path):\n    return path\n\n\n{}\n".format("\n\n\n".join(f"load({name})" for name in "abcd"))
AFTER = BEFORE.replace("load", "read")


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "core.autocrlf=false")
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)


def commit(root: Path, subject: str, **files: str | None) -> None:
    for name, text in files.items():
        path = root / f"{name}.py"
        if text is None:
            path.unlink()
        else:
            path.write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-qm", subject)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    commit(tmp_path, "Start", a=BEFORE, b="from a import load\n\nload(1)\n", c="import a\n\na.load(2)\n", d="x = 1\n")
    return tmp_path


def made(root: Path) -> list[Outcome]:
    files = GitFiles(root)
    try:
        return [Replay(commit, files).run() for commit in suitable_commits(root, 5)]
    finally:
        files.close()


def test_what_the_commit_does_later_is_right(root: Path) -> None:
    commit(root, "Read", a=AFTER, b="from a import read\n\nread(1)\n", c="import a\n\na.read(2)\n")
    (outcome,) = made(root)
    assert [offer.is_right for offer in outcome.offers] == [True] * 7
    assert all(offer.is_exact and not offer.is_left for offer in outcome.offers)
    assert [offer.is_near for offer in outcome.offers].count(False) == 2
    assert len(outcome.hit) == 7
    assert outcome.n_hunks == 8
    assert outcome.far_repeats <= outcome.repeats
    assert len(outcome.ms) >= 7


def test_what_the_commit_leaves_alone_is_wrong_and_asked_no_more(root: Path) -> None:
    commit(root, "Read", a=AFTER.replace("read(b)", "load(b)"))
    (outcome,) = made(root)
    assert [(offer.is_right, offer.is_left) for offer in outcome.offers] == [(True, False), (False, True)]


def test_what_the_commit_takes_away_is_no_place_for_an_offer(root: Path) -> None:
    commit(root, "Read", a=AFTER, b=None)
    (outcome,) = made(root)
    assert not any("b.py" in offer.shown for offer in outcome.offers)


@pytest.mark.parametrize("subject", ["Run black", "Bump version to 2", "Sort imports with isort"])
def test_work_of_programs_is_left_out(root: Path, subject: str) -> None:
    commit(root, subject, a=AFTER)
    assert made(root) == []


def test_a_commit_of_one_hunk_or_of_spaces_alone_is_left_out(root: Path) -> None:
    commit(root, "One", d="x = 2\n")
    commit(root, "Spaces", a=BEFORE.replace("(", "( "))
    assert made(root) == []


def test_a_distance_is_what_has_to_go_and_to_come() -> None:
    assert distance("abc", "abc") == 0
    assert distance("abc", "axc") == 2
    assert distance("", "abc") == 3


def outcome(*rights: bool) -> Outcome:
    offers = [Offer("rename", right, right, not right, right, "a.py:1: [] -> []") for right in rights]
    return Outcome(4, offers, {1} if any(rights) else set(), {1, 2}, {2}, [1.0, 3.0])


def test_figures_count_offers_and_hunks() -> None:
    found = figures([Made("product", "shop", "one", outcome(True, False)), Made("product", "shop", "two", outcome())])
    assert json.loads(json.dumps(found)) == found
    assert (found["commits"], found["hunks"], found["offers"]) == (2, 8, 2)
    assert mean(found["precision"]) == mean(found["left_alone"]) == 0.5
    assert set(child(found["by_place"])) == {"same file", "other file"}
    assert {name: mean(share) for name, share in child(found["recall"]).items()} == {
        "repeated hunks": 0.25,
        "repeated from another file alone": 0.0,
        "all hunks": 0.125,
    }


def child(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value


def mean(value: object) -> object:
    return child(value)["mean"]


def test_the_summary_has_each_limit_and_repository() -> None:
    two = [Made(way, name, "c", outcome(True)) for way in ("product", "no limit") for name in ("shop", "bank")]
    assert {way: set(child(each)) for way, each in summarise(two).items()} == {
        "product": {"all", "shop", "bank"},
        "no limit": {"all", "shop", "bank"},
    }


def test_rows_have_no_text_and_offers_are_kept_elsewhere(tmp_path: Path) -> None:
    one = Made("product", "shop", "c0ffee", outcome(True, False))
    assert row_of(one) == {
        "way": "product", "repository": "shop", "commit": "c0ffee", "hunks": 4, "repeated": 2, "hit": 1, "offers": 2,
        "right": 1,
    }  # fmt: skip
    keep_offers([one], tmp_path / "offers.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "offers.jsonl").read_text().splitlines()]
    assert [line["is_right"] for line in lines] == [True, False]


def test_the_command_measures(root: Path) -> None:
    commit(root, "Read", a=AFTER)
    arguments = command_line().parse_args(["next-edit", str(root), "--commits", "3"])
    found, rows = arguments.measure(arguments)
    assert [row["way"] for row in rows] == ["product", "no limit"]
    assert set(child(found["summary"])) == {"product", "no limit"}
