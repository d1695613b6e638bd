"""Real commits of a repository as changes of a wanted size, staged one after the other."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# A change of so many lines counts as one of the wanted size: 200 are 160 to 240.
WITHIN = 0.2
_MOST_COMMITS = 4000


@dataclass(frozen=True, slots=True)
class Window:
    """From one commit to a later one of the same line. n_lines: added and removed, of all files. n_commits: between."""

    base: str
    end: str
    n_lines: int
    n_commits: int


@dataclass(frozen=True)
class Clone:
    """A work tree of our own that may be changed. environ: what its commits are made with."""

    root: Path
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def git(self, *arguments: str, check: bool = True) -> str:
        """What git says."""
        named = ["-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            ["git", *named, *arguments], cwd=self.root, env=self.environ, capture_output=True, text=True, check=False
        )
        if check and done.returncode:
            raise SystemExit(f"git {' '.join(arguments)}: {done.stderr or done.stdout}")
        return done.stdout

    def stage(self, window: Window) -> None:
        """The first commit checked out, and all that came after it staged."""
        self.git("reset", "-q", "--hard")
        self.git("checkout", "-q", "--detach", window.base)
        self.git("restore", f"--source={window.end}", "--staged", "--worktree", "--", ".")

    def stage_nothing_to_find(self, number: int) -> None:
        """A comment more at the end of a small module that is there already, at the newest commit."""
        file = self._small_module()
        text = file.read_text(encoding="utf-8")
        file.write_text(
            f"{text.rstrip()}\n# Kept in step with the documentation, edition {number}.\n", encoding="utf-8"
        )
        self.git("add", "--", str(file))

    def _small_module(self) -> Path:
        tracked = [self.root / name for name in self.git("ls-files", "-z", "--", "*.py").split("\0") if name]
        sized = [(path.stat().st_size, path) for path in tracked if path.is_file() and "test" not in str(path)]
        return min((size, path) for size, path in sized if size > 1000)[1]


def windows(clone: Clone, n_lines: int, limit: int, tip: str = "HEAD") -> list[Window]:
    """Newest first, stretches of a branch that change about so many lines together; none overlaps another, and each has
    mostly Python in it."""
    said = clone.git("log", "--first-parent", f"--max-count={_MOST_COMMITS}", "--format=%x01%H", "--numstat", "-m", tip)
    commits = [_counted(block) for block in said.split("\x01")[1:]]
    found: list[Window] = []
    at = 0
    while at < len(commits) - 1 and len(found) < limit:
        total, python, ahead = 0, 0, at
        while ahead < len(commits) - 1 and total < n_lines * (1 - WITHIN):
            total, python = total + commits[ahead][1], python + commits[ahead][2]
            ahead += 1
        if n_lines * (1 - WITHIN) <= total <= n_lines * (1 + WITHIN) and python > total / 2:
            found.append(Window(commits[ahead][0], commits[at][0], total, ahead - at))
        at = ahead if total <= n_lines * (1 + WITHIN) else max(ahead, at + 1)
    return found


def _counted(block: str) -> tuple[str, int, int]:
    """A commit, how many lines it adds and removes, and how many of them are Python."""
    head, *rows = block.strip().split("\n")
    fields = [row.split("\t") for row in rows if row.count("\t") == 2]
    counted = [(int(added) + int(removed), path) for added, removed, path in fields if added.isdigit()]
    return head, sum(n for n, _ in counted), sum(n for n, path in counted if path.endswith(".py"))


def program(name: str) -> Path:
    """A program on the PATH. Raises argparse.ArgumentTypeError."""
    found = shutil.which(name)
    if found is None:
        raise argparse.ArgumentTypeError(f"{name} is not installed")
    return Path(found).resolve()
