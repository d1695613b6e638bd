"""Code search is scored as its benchmark says."""

from __future__ import annotations

import json
import math
import subprocess
from pathlib import Path

import pytest

from bench.quality.search import Span, Target, export, find_clone, ndcg, overlaps, published, read_questions

ONE, OTHER = Target("a.py"), Target("b.py", (10, 20))


@pytest.mark.parametrize(
    ("span", "target", "is_shown"),
    [
        (Span("a.py", 1, 5), ONE, True),
        (Span("b.py", 1, 10), OTHER, True),
        (Span("b.py", 20, 30), OTHER, True),
        (Span("b.py", 1, 9), OTHER, False),
        (Span("c.py", 10, 20), OTHER, False),
    ],
)
def test_a_hit_shows_a_target_when_they_share_a_line(span: Span, target: Target, is_shown: bool) -> None:
    assert overlaps(span, target) is is_shown


def test_gain_falls_with_the_logarithm_of_the_rank() -> None:
    miss = Span("z.py", 1, 2)
    assert ndcg([Span("a.py", 1, 2)], [ONE]) == 1.0
    assert ndcg([miss, Span("a.py", 1, 2)], [ONE]) == pytest.approx(1 / math.log2(3))
    assert ndcg([miss] * 10 + [Span("a.py", 1, 2)], [ONE]) == 0.0
    assert ndcg([Span("b.py", 12, 13), Span("a.py", 1, 2)], [ONE, OTHER]) == 1.0
    assert ndcg([], [ONE]) == 0.0


def test_questions_name_files_or_lines(tmp_path: Path) -> None:
    targets = [{"path": "b.py", "start_line": 10, "end_line": 20}, {"path": "c.py", "start_line": 3}]
    row = {"query": "where", "category": "semantic", "relevant": ["a.py"], "secondary": targets}
    file = tmp_path / "questions.json"
    file.write_text(json.dumps([row]), encoding="utf-8")
    (question,) = read_questions(file)
    assert question.targets == (ONE, OTHER, Target("c.py", (3, 3)))


def test_published_figures_are_weighted_by_queries(tmp_path: Path) -> None:
    scores = {"one": {"queries": 1, "x": 1.0}, "two": {"queries": 3, "x": 0.0}}
    (tmp_path / "published_scores.json").write_text(json.dumps(scores), encoding="utf-8")
    assert published(tmp_path) == {"x": 0.25}


def test_a_repository_is_exported_at_its_commit_or_the_newest(tmp_path: Path) -> None:
    clone = tmp_path / "owner+name" / "repo"
    work = tmp_path / "work"
    git = ["git", "-c", "user.name=T", "-c", "user.email=t@example.org", "-C", str(work)]
    work.mkdir()
    subprocess.run([*git, "init", "-q"], check=True)
    for text in ("old", "new"):
        (work / "a.txt").write_text(text, encoding="utf-8")
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", text], check=True)
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(clone)], check=True)
    old = subprocess.run([*git, "rev-parse", "HEAD~1"], check=True, capture_output=True, text=True).stdout.strip()
    found = find_clone(tmp_path, "https://example.org/owner/name.git")
    for revision, text in ((old, "old"), ("0" * 40, "new")):
        target = tmp_path / text
        target.mkdir()
        export(found, revision, "", target)
        assert (target / "a.txt").read_text(encoding="utf-8") == text


def test_a_clone_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="owner/name"):
        find_clone(tmp_path, "https://example.org/owner/name.git")
