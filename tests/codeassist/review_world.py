"""A git repository whose change is gathered, for tests of reviews."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

GIT = ["git", "-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main",
       "-c", "protocol.file.allow=always", "-c", "commit.gpgsign=false"]  # fmt: skip
# A test that a git hook has started must not work on that hook's repository.
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


@dataclass(frozen=True)
class World:
    """A repository in a folder."""

    root: Path

    def git(self, *arguments: str, fails: bool = False, **environment: str) -> str:
        done = subprocess.run(
            [*GIT, *arguments], cwd=self.root, env=CLEAN | environment, capture_output=True, timeout=60, check=False
        )
        assert fails or not done.returncode, done.stderr
        return done.stdout.decode("utf-8", "surrogateescape")

    def write(self, **files: str | bytes) -> None:
        for name, content in files.items():
            self.put(name.replace("__", "/").replace("_py", ".py"), content)

    def put(self, name: str, content: str | bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, message: str = "more") -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)


def made(root: Path) -> World:
    """An empty repository."""
    root.mkdir(parents=True, exist_ok=True)
    world = World(root)
    world.git("init", "-q")
    return world
