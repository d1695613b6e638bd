"""How often a review speaks up over a history: which commits count, and what of them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from bench.review.silence import figures_of, looked_at

GIT = ["git", "-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def commit(root: Path, **files: str) -> None:
    for name, text in files.items():
        (root / f"{name}.py").write_text(text)
    subprocess.run([*GIT, "add", "-A"], cwd=root, env=CLEAN, check=True)
    subprocess.run([*GIT, "commit", "-q", "-m", "more"], cwd=root, env=CLEAN, check=True)


def test_every_commit_is_looked_at_as_it_was_and_the_repository_is_left_alone(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    root.mkdir()
    subprocess.run([*GIT, "init", "-q"], cwd=root, env=CLEAN, check=True)
    commit(root, cart="def total(a): return a\n", use="from cart import total\ntotal(1)\n")
    commit(root, cart="def total(a, b): return a + b\n")
    commit(root, use="from cart import total\ntotal(1, 2)\n")
    commit(root, cart="def total(a, b):\n    breakpoint()\n    return a + b\n")
    (root / "use.py").write_text("not committed\n")
    looked = list(looked_at(root, 10))
    assert [[one.category for one in commit.findings] for commit in looked] == [["stale-call"], [], ["debug-leftover"]]
    assert [commit.is_loud for commit in looked] == [True, False, True]
    assert (root / "use.py").read_text() == "not committed\n"
    figures = figures_of(looked)
    assert figures["by_category"] == {"error stale-call": 1, "warning debug-leftover": 1}
    assert figures["loud_commits"]["mean"] == 0.6667  # type: ignore[index]
    assert [one.commit for one in looked_at(root, 2)] == [one.commit for one in looked[1:]]
