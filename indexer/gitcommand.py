"""Running git, for reading only, and by git's own rules about whose repositories to trust.

Whoever may write a repository's configuration may have commands run: a filter, a hook, a monitor. Git therefore refuses
repositories of other users, but only when it finds them by itself: it is never told where a repository is.
"""

from __future__ import annotations

import logging
import math
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

logger = logging.getLogger(__name__)

GIT_SECONDS = 60
# What only helps is not waited for so long.
DIFF_SECONDS = 5
# Larger files differ as binary ones do, without their lines: a file or its committed version may be of any size.
_DIFF_BYTES = "2m"

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
_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "safe.bareRepository=explicit",
    "log.showSignature=false",
)
# A partial clone would fetch what it lacks: nothing here may go over a network, whatever a configuration allows.
_ENVIRONMENT = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
# GitPython can only add to the environment; `env` takes away, and becomes git without a process of its own.
_CLEAN = ("env", *(part for name in _UNSET for part in ("-u", name)))
_GIT = ("git", *(part for setting in _SETTINGS for part in ("-c", setting)))
# Of an attribute's or a configuration's drivers for differences, none is run.
PLAIN_DIFF = ("--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules", "--relative", "-M", "-l200")
# What a branch may have begun at; the first of them is what the server calls its main branch.
_TRUNKS = (
    "refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master", "refs/heads/main",
    "refs/heads/master",
)  # fmt: skip

_ENDS_AT: ContextVar[float] = ContextVar("moment of the monotonic clock beyond which git is not waited for")
_ELSEWHERE = ("is in submodule", "beyond a symbolic link")


class GitTrouble(Exception):
    """Git cannot tell what is here; the folder is walked instead. Without words where there simply is no git."""


class GitLate(GitTrouble):
    """The time that there was for git and what goes with it is over."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    output: bytes
    error: str


@contextmanager
def ending_at(moment: float) -> Iterator[None]:
    """Within it, and in this thread alone, git is ended at a moment of the monotonic clock. Then GitLate is raised."""
    token = _ENDS_AT.set(moment)
    try:
        yield
    finally:
        _ENDS_AT.reset(token)


def heed_the_end() -> None:
    """Raises GitLate behind the moment of `ending_at`: for work that goes on between two runs of git."""
    if time.monotonic() >= _ENDS_AT.get(math.inf):
        raise GitLate("there is no time left; the folder is walked instead")


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


def is_merging(root: Path) -> bool:
    """Whether a merge is under way here, or anything has stopped at a conflict. Raises GitTrouble."""
    merge = _run(root, "rev-parse", "--quiet", "--verify", "MERGE_HEAD", seconds=DIFF_SECONDS)
    return merge.status == 0 or bool(list_files(root, "--unmerged"))


def changed_entries(root: Path, revision: str) -> list[str]:
    """What the files below root are, beside those of a commit: the fields of git's raw format. Raises GitTrouble.

    Source: git-diff-index(1), "RAW OUTPUT FORMAT"; with -z each field has its own end.
    """
    answer = _run(root, "diff-index", "--raw", "-z", *PLAIN_DIFF, revision, "--", seconds=DIFF_SECONDS)
    if answer.status:
        raise _trouble(root, answer)
    return [os.fsdecode(field) for field in answer.output.split(b"\0") if field]


def difference(root: Path, revision: str, paths: Sequence[str]) -> str:
    """How a file, named by its present and its former path, differs from a commit, without context.

    Raises GitTrouble.
    """
    settings = ("-c", f"core.bigFileThreshold={_DIFF_BYTES}")
    named = [f":(literal){path}" for path in paths]
    answer = _run(root, *settings, "diff-index", "-p", "-U0", *PLAIN_DIFF, revision, "--", *named, seconds=DIFF_SECONDS)
    if answer.status:
        raise _trouble(root, answer)
    return answer.output.decode("utf-8", "replace")


def commits_of_branch(root: Path, limit: int) -> list[list[str]]:
    """Newest first, each with its parents, the commits that no main branch has: `limit` at most.

    There are none where no main branch is but the one that is checked out. Raises GitTrouble.
    """
    answer = _run(root, "for-each-ref", "--format=%(HEAD) %(objectname)", *_TRUNKS, seconds=DIFF_SECONDS)
    trunks = [line[2:] for line in answer.output.decode().split("\n") if line.startswith("  ")]
    if answer.status or not trunks:
        return []
    answer = _run(
        root, "rev-list", "--parents", f"--max-count={limit}", "HEAD", "--not", *trunks, "--", seconds=DIFF_SECONDS
    )
    if answer.status:
        raise _trouble(root, answer)
    return [line.split(" ") for line in answer.output.decode().split("\n") if line]


def last_commits(root: Path, limit: int) -> list[list[str]]:
    """Newest first, the files below root that each of the last commits added or changed; `limit` at most, no merges.

    There are none before the first commit. Raises GitTrouble.
    """
    chosen = ("-z", "--name-only", "--no-merges", "--diff-filter=AM", "--format=%x01")
    if _run(root, "rev-parse", "--quiet", "--verify", "HEAD", seconds=DIFF_SECONDS).status:
        list_files(root)  # Where git cannot tell anything here, that is told.
        return []
    answer = _run(root, "log", *chosen, *PLAIN_DIFF, f"--max-count={limit}", "HEAD", "--", seconds=DIFF_SECONDS)
    if answer.status:
        raise _trouble(root, answer)
    commits = ([path.lstrip(b"\n") for path in commit.split(b"\0")] for commit in answer.output.split(b"\x01")[1:])
    return [[os.fsdecode(path) for path in commit if path] for commit in commits]


def output_of(root: Path, *arguments: str, stdin: bytes = b"", seconds: float = GIT_SECONDS, index: str = "") -> bytes:
    """What a git command that only reads answers. Raises GitTrouble, also for what git refuses.

    index: absolute path of another index than the repository's own, as `git commit -a` makes one.
    """
    answer = _run(root, *arguments, stdin=stdin, seconds=seconds, index=index)
    if answer.status:
        raise _trouble(root, answer)
    return answer.output


def _run(root: Path, *arguments: str, stdin: bytes = b"", seconds: float = GIT_SECONDS, index: str = "") -> _Answer:
    """One run of git in root, ended after so many seconds. Raises GitTrouble when there is no git to run, GitLate where
    `ending_at` has ended it."""
    heed_the_end()
    seconds = min(seconds, _ENDS_AT.get(math.inf) - time.monotonic())
    given_index = (f"GIT_INDEX_FILE={index}",) if index else ()
    try:
        from git import Git
        from git.exc import GitError
    except ImportError as error:
        raise GitTrouble("git is not installed; the folder is walked instead") from error
    try:
        with tempfile.TemporaryFile() as given:
            given.write(stdin)
            given.seek(0)
            status, output, error_text = Git().execute(
                [*_CLEAN, *given_index, *_GIT, "-C", str(root), *arguments],
                env=_ENVIRONMENT,
                istream=given,
                kill_after_timeout=seconds,
                with_extended_output=True,
                with_exceptions=False,
                strip_newline_in_stdout=False,
                stdout_as_string=False,
            )
    except (GitError, OSError) as error:
        raise GitTrouble(f"git does not run ({error}); the folder is walked instead") from error
    if status:
        heed_the_end()
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
