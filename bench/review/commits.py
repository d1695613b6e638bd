"""The kinds of commits that are timed: which hook stands in the repository, and how it is put there."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.measuring import ROOT
from bench.review.staging import Clone
from codeassist.commands import git_hooks

_ENVIRONMENT_WITHIN_S = 900
_OPTIONS = {
    "language": "system", "always_run": True, "pass_filenames": False, "require_serial": True, "verbose": True,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """prepare: puts its hook into place. beside: the kind that a hook's own time is told against; "" for none."""

    name: str
    prepare: Callable[[], None]
    beside: str = ""


@dataclass(frozen=True, slots=True)
class PreCommit:
    """program: pre-commit. clone: whose hook is installed. folder: for its configurations."""

    program: Path
    clone: Clone
    folder: Path

    def run(self, *arguments: str) -> None:
        """pre-commit in the clone. Raises SystemExit with what it says."""
        done = subprocess.run(
            [str(self.program), *arguments], cwd=self.clone.root, env=dict(self.clone.environ),
            capture_output=True, text=True, check=False, timeout=_ENVIRONMENT_WITHIN_S,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"pre-commit {' '.join(arguments)}: {(done.stdout + done.stderr)[-2000:]}")

    def kind(self, name: str, repository: Mapping[str, object], beside: str) -> Kind:
        """A kind of commits whose hook is pre-commit's own with one hook in its configuration."""
        config, hook = self.folder / f"{name}.yaml", self.folder / f"{name}.hook"
        config.write_text(json.dumps({"repos": [repository]}), encoding="utf-8")
        place = self.clone.root / ".git" / "hooks" / "pre-commit"
        place.unlink(missing_ok=True)
        self.run("install", "--config", str(config))
        shutil.copy(place, hook)
        return Kind(name, lambda: _copy(hook, place), beside)


def install(
    clone: Clone, folder: Path, program: Path | None, *, first_run: bool
) -> tuple[list[Kind], dict[str, object] | None]:
    """The kinds that there are, and what pre-commit took to install the last commit of this clone. program: pre-commit,
    None to leave it out."""
    place = git_hooks.place_of(clone.root)
    kinds = [
        Kind("without_hook", lambda: place.file.unlink(missing_ok=True)),
        Kind("plain_hook", lambda: _plain(place), "without_hook"),
    ]
    if program is None:
        return kinds, None
    made = PreCommit(program.absolute(), clone, folder)
    nothing = {"id": "nothing", "name": "nothing", "entry": "true", **_OPTIONS}
    command = f"{sys.executable} -P -m codeassist.commands.pre_commit"
    installed = {"id": "codeassist-review", "name": "codeassist review", "entry": command, **_OPTIONS}
    kinds.append(made.kind("pre_commit_with_nothing", {"repo": "local", "hooks": [nothing]}, "without_hook"))
    kinds.append(made.kind("pre_commit", {"repo": "local", "hooks": [installed]}, "pre_commit_with_nothing"))
    if not first_run:
        return kinds, None
    kind, figures = _first_run(made)
    return [*kinds, kind], figures


def pinned(repository: Path) -> dict[str, object]:
    """Of pre-commit's configuration: the hook of a repository's last commit."""
    head = Clone(repository).git("rev-parse", "HEAD").strip()
    return {"repo": str(repository), "rev": head, "hooks": [{"id": "codeassist-review"}]}


def _first_run(made: PreCommit) -> tuple[Kind, dict[str, object]]:
    """pre-commit makes its environment of this clone's last commit: from the network come dependencies, or from pip's
    cache."""
    kind = made.kind("pre_commit_installed", pinned(ROOT), "pre_commit_with_nothing")
    begun = time.perf_counter()
    made.run("install-hooks", "--config", str(made.folder / "pre_commit_installed.yaml"))
    seconds = time.perf_counter() - begun
    return kind, {"install_s": round(seconds, 1)}


def _plain(place: git_hooks.Place) -> None:
    place.file.unlink(missing_ok=True)
    git_hooks.install(place, sys.executable)


def _copy(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    shutil.copy(source, target)
