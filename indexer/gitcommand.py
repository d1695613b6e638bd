"""Running git, for reading only, and by git's own rules about whose repositories to trust.

Whoever may write a repository's configuration may have commands run: a filter, a hook, a monitor. Git therefore refuses
repositories of other users, but only when it finds them by itself: it is never told where a repository is.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path

logger = logging.getLogger(__name__)

GIT_SECONDS = 60

# A git hook that starts us hands these on: they point at its repository, not at the workspace's, and a named GIT_DIR
# switches the check of its owner off. Source: `git rev-parse --local-env-vars`; git(1), "ENVIRONMENT VARIABLES".
_UNSET = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_ATTR_SOURCE", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS", "GIT_DIR", "GIT_GLOB_PATHSPECS", "GIT_GRAFT_FILE", "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_LITERAL_PATHSPECS", "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS", "GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
)  # fmt: skip
# A folder that came with a clone can have the form of a bare repository, with a configuration of the clone's author.
_SETTINGS = ("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "safe.bareRepository=explicit")
# GitPython can only add to the environment; `env` takes away, and becomes git without a process of its own.
_COMMAND = (
    "env", *(part for name in _UNSET for part in ("-u", name)),
    "git", *(part for setting in _SETTINGS for part in ("-c", setting)),
)  # fmt: skip

_ELSEWHERE = ("is in submodule", "beyond a symbolic link")


class GitTrouble(Exception):
    """Git cannot tell what is here; the folder is walked instead. Without words where there simply is no git."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    output: bytes
    error: str


def list_files(root: Path, *arguments: str) -> list[str]:
    """Entries of `git ls-files -z` below root. Raises GitTrouble."""
    answer = _run(root, "ls-files", "-z", *arguments)
    if answer.status:
        raise _trouble(root, answer)
    return [os.fsdecode(entry) for entry in answer.output.split(b"\0") if entry]


def ignores(root: Path, path: str) -> bool:
    """Whether git ignores this path, which need not exist; "" is root itself. Tracked files never are.

    What lies in a submodule or beyond a symbolic link is not this repository's to ignore. Raises GitTrouble.
    """
    answer = _run(root, "check-ignore", "-q", "--", f"./{path}")
    if answer.status in (0, 1):
        return answer.status == 0
    if any(words in answer.error for words in _ELSEWHERE):
        return False
    raise _trouble(root, answer)


def _run(root: Path, *arguments: str) -> _Answer:
    """One run of git in root. Raises GitTrouble when there is no git to run."""
    try:
        from git import Git
        from git.exc import GitError
    except ImportError as error:
        raise GitTrouble("git is not installed; the folder is walked instead") from error
    try:
        status, output, error_text = Git().execute(
            [*_COMMAND, "-C", str(root), *arguments],
            env={"GIT_OPTIONAL_LOCKS": "0"},
            kill_after_timeout=GIT_SECONDS,
            with_extended_output=True,
            with_exceptions=False,
            strip_newline_in_stdout=False,
            stdout_as_string=False,
        )
    except (GitError, OSError) as error:
        raise GitTrouble(f"git does not run ({error}); the folder is walked instead") from error
    return _Answer(status, bytes(output), str(error_text))


def _trouble(root: Path, answer: _Answer) -> GitTrouble:
    logger.debug("git failed with %s: %s", answer.status, answer.error)
    if "not a git repository" in answer.error or "invalid gitfile" in answer.error:
        broken = "the .git of this folder is broken; the folder is walked instead"
        return GitTrouble(broken if os.path.lexists(root / ".git") else "")
    if "dubious ownership" in answer.error or "unsafe repository" in answer.error:
        return GitTrouble(
            f"the git repository around {root} belongs to another user and is not trusted; the folder is walked instead"
            " (git config --global --add safe.directory trusts it)"
        )
    return GitTrouble(f"git cannot read this repository ({_why(answer)}); the folder is walked instead")


def _why(answer: _Answer) -> str:
    lines = [line.strip() for line in answer.error.split("\n") if line.strip()]
    fatal = [line for line in lines if line.startswith("fatal:")] or lines[-1:]
    return fatal[-1][:200] if fatal else f"exit status {answer.status}"
