"""Which change `codeassist review` looks at."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import typer

from codeassist.commands.front import Front
from codeassist.errors import DiffUnusable
from codeassist.review import gathering
from codeassist.review.changes import Changes
from codeassist.review.given_diff import MAX_DIFF_BYTES, given

_NOTHING_STAGED = (
    "nothing is staged; `git add` what is to be committed, or review everything uncommitted with --worktree and a "
    "branch with --range main...HEAD"
)
# What `git merge` names to its hooks and strategies. Source: git, builtin/merge.c.
_MERGED = re.compile(r"GITHEAD_([0-9a-f]{40}(?:[0-9a-f]{24})?)")


@dataclass(frozen=True, slots=True)
class Source:
    """words: what is reviewed, for a person. gather: makes the change, in a thread. nothing: what to say of none.

    is_whole: whether whole files are reviewed, and no change of them.
    """

    words: str
    gather: Callable[[], Changes]
    nothing: str
    is_whole: bool = False


def source_of(front: Front, workspace: Path, options: Mapping[str, object]) -> Source:
    """What the options ask for. Raises typer.BadParameter."""
    named = {name: value for name, value in options.items() if value is not None and value is not False}
    if len(named) > 1:
        raise typer.BadParameter(f"{' and '.join(named)} are two things to review; ask for one")
    name, value = next(iter(named.items()), ("--staged", True))
    if name == "--range":
        return _range(workspace, str(value))
    if name == "--diff":
        return _diff(front, workspace, str(value))
    if name == "--worktree":
        return Source("uncommitted changes", lambda: gathering.uncommitted(workspace), "everything is committed")
    if name == "--all-files":
        return Source("all files", lambda: gathering.tracked(workspace), "git knows no files here", is_whole=True)
    index = front.environ.get("GIT_INDEX_FILE")
    place = front.cwd / index if index else None
    merging = [found[1] for name in front.environ if (found := _MERGED.fullmatch(name))]
    return Source("staged changes", lambda: gathering.staged(workspace, place, merging), _NOTHING_STAGED)


def _range(workspace: Path, revisions: str) -> Source:
    """A..B, and A...B for what B has changed since it left A; what is left out is HEAD, as git has it."""
    dots = "..." if "..." in revisions else ".."
    first, found, last = revisions.partition(dots)
    if not found or not (first or last) or ".." in last or last.startswith("."):
        raise typer.BadParameter(f"--range {revisions}: write it as A..B, for example main..HEAD")
    first, last = first or "HEAD", last or "HEAD"
    gather = gathering.since_divided if dots == "..." else gathering.between
    return Source(f"changes {revisions}", lambda: gather(workspace, first, last), f"{revisions} has no changes here")


def _diff(front: Front, workspace: Path, file: str) -> Source:
    """Reads the diff: what is none is told at once."""
    try:
        if file == "-":
            content = front.stdin.read(MAX_DIFF_BYTES + 1)
        else:
            with (front.cwd / file).open("rb") as stream:
                content = stream.read(MAX_DIFF_BYTES + 1)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"--diff {file}: {getattr(error, 'strerror', None) or error}") from error
    if len(content) > MAX_DIFF_BYTES:
        raise typer.BadParameter(f"--diff {file}: more than {MAX_DIFF_BYTES // 1024 // 1024} MB; review parts of it")
    name = "the diff from stdin" if file == "-" else f"the diff {file}"
    try:
        changes = given(workspace, content, name)
    except DiffUnusable as error:
        raise typer.BadParameter(f"--diff {file}: {error}") from error
    return Source(name, lambda: changes, f"{name} has no changes")
