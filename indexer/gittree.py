"""What is in the working tree: {path: blob id}, uncommitted and untracked files included."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

from indexer.errors import WorkspaceError
from indexer.files import blob_id, read_bytes
from indexer.rules import Rules, is_vendor_folder
from indexer.types import SkippedFile

if TYPE_CHECKING:
    from git import Repo

logger = logging.getLogger(__name__)

GIT_SECONDS = 60
_SUBMODULE, _SYMLINK = "160000", "120000"

NameFilter = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Tree:
    """A working tree: what can be indexed, what is skipped, and what went wrong while looking."""

    blobs: dict[str, str]
    skipped: tuple[SkippedFile, ...] = ()
    warnings: tuple[str, ...] = ()


class GitTrouble(Exception):
    """Git cannot tell what is here; the folder is walked instead."""


def read_tree(root: Path, rules: Rules, reason_by_name: NameFilter) -> Tree:
    """Every file of the workspace that its name does not exclude, with its blob id. Raises WorkspaceError."""
    if not root.is_dir():
        raise WorkspaceError(f"{root} is no folder; give the folder of a project")
    builder = _TreeBuilder(root, rules, reason_by_name)
    try:
        _read_git(root, builder)
    except GitTrouble as trouble:
        builder = _TreeBuilder(root, rules, reason_by_name)
        _walk(root, builder)
        if str(trouble):
            builder.warnings.append(str(trouble))
    return builder.tree()


class _TreeBuilder:
    """Collects paths, leaves out what the rules name, and hashes what git has no id for."""

    def __init__(self, root: Path, rules: Rules, reason_by_name: NameFilter) -> None:
        self.root = root
        self.rules = rules
        self.reason_by_name = reason_by_name
        self.blobs: dict[str, str] = {}
        self.skipped: dict[str, str] = {}
        self.warnings: list[str] = []

    def add(self, path: str, blob: str | None) -> None:
        """Take a path in; without a blob id the file is read."""
        if not _is_utf8(path):
            self.skip(path.encode("utf-8", "backslashreplace").decode(), "name is not UTF-8")
            return
        reason = self.reason_by_name(path)
        if reason:
            self.skip(path, reason)
            return
        if blob is None:
            content = read_bytes(self.root, path, self.rules.max_file_kb)
            if isinstance(content, SkippedFile):
                self.skip(path, content.reason)
                return
            blob = blob_id(content)
        self.blobs[path] = blob

    def skip(self, path: str, reason: str) -> None:
        self.blobs.pop(path, None)
        self.skipped[path] = reason

    def remove(self, path: str) -> None:
        self.blobs.pop(path, None)
        self.skipped.pop(path, None)

    def tree(self) -> Tree:
        skipped = tuple(SkippedFile(path, reason) for path, reason in sorted(self.skipped.items()))
        return Tree(dict(sorted(self.blobs.items())), skipped, tuple(self.warnings))


def _is_utf8(path: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in path)


def _read_git(root: Path, builder: _TreeBuilder) -> None:
    repository = _open_repository(root)
    try:
        tracked = _list_files(repository, root, "--stage")
        if not tracked and Path(_work_tree(repository)).resolve() != root.resolve():
            raise GitTrouble("")  # A folder that an enclosing repository ignores, such as an installed package.
        for entry in tracked:
            meta, _, path = entry.partition("\t")
            mode, blob, _stage = meta.split(" ")
            _add_tracked(builder, path, mode, blob)
        for entry in _list_files(repository, root, "-t", "--modified", "--deleted", "--others", "--exclude-standard"):
            _add_change(builder, entry[0], entry[2:])
    finally:
        repository.close()


def _open_repository(root: Path) -> Repo:
    """The repository that contains root. Raises GitTrouble: silent without one, with words when it is broken."""
    try:
        from git import Repo
        from git.exc import InvalidGitRepositoryError, NoSuchPathError
    except ImportError as error:
        raise GitTrouble("git is not installed; the folder is walked instead") from error
    try:
        return Repo(root, search_parent_directories=True)
    except (InvalidGitRepositoryError, NoSuchPathError, OSError, ValueError) as error:
        broken = "the .git of this folder is broken; the folder is walked instead"
        raise GitTrouble(broken if os.path.lexists(root / ".git") else "") from error


def _list_files(repository: Repo, root: Path, *arguments: str) -> list[str]:
    """Entries of `git ls-files -z` below root. The repository's own hooks are not run."""
    from git import Git
    from git.exc import GitError

    environment = {
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_DIR": str(repository.git_dir),
        "GIT_WORK_TREE": _work_tree(repository),
        "GIT_INDEX_FILE": str(Path(repository.git_dir) / "index"),
    }
    command = ["git", "-c", "core.fsmonitor=false", "ls-files", "-z", *arguments]
    try:
        output = Git(str(root)).execute(
            command,
            env=environment,
            kill_after_timeout=GIT_SECONDS,
            strip_newline_in_stdout=False,
            stdout_as_string=False,
        )
    except (GitError, OSError) as error:
        logger.debug("git ls-files failed: %s", error)
        why = _last_line(error)
        raise GitTrouble(f"git cannot read this repository ({why}); the folder is walked instead") from error
    return [os.fsdecode(entry) for entry in bytes(output).split(b"\0") if entry]


def _work_tree(repository: Repo) -> str:
    if repository.working_tree_dir is None:
        raise GitTrouble("a bare git repository has no files; the folder is walked instead")
    return str(repository.working_tree_dir)


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).split("\n") if line.strip()]
    return lines[-1].removeprefix("stderr:").strip(" '")[:200] if lines else type(error).__name__


def _add_tracked(builder: _TreeBuilder, path: str, mode: str, blob: str) -> None:
    if mode == _SUBMODULE:
        builder.skip(path, "git submodule")
    elif mode == _SYMLINK:
        builder.skip(path, "symbolic link")
    elif path not in builder.blobs:
        builder.add(path, blob)


def _add_change(builder: _TreeBuilder, tag: str, path: str) -> None:
    """What differs from git's index: R is deleted, C modified, ? untracked."""
    if tag == "R":
        builder.remove(path)
    elif path.endswith("/"):
        builder.skip(path, "a git repository of its own")
    elif builder.skipped.get(path) != "symbolic link" and os.path.lexists(builder.root / path):
        builder.blobs.pop(path, None)
        builder.add(path, None)


def _walk(root: Path, builder: _TreeBuilder) -> None:
    """The files of a folder without git: `.gitignore` is honoured, links are not followed."""
    for path in _walk_folder(root, "", []):
        builder.add(path, None)


_Specs = list[tuple[str, GitIgnoreSpec]]


def _walk_folder(root: Path, folder: str, specs: _Specs) -> Iterator[str]:
    try:
        with os.scandir(root / folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError as error:
        if not folder:
            raise WorkspaceError(f"{root} cannot be read: {error.strerror or error}") from error
        return
    specs = specs + _gitignore(root, folder)
    for entry in entries:
        path = f"{folder}/{entry.name}" if folder else entry.name
        mode = entry.stat(follow_symlinks=False).st_mode if _still_there(entry) else 0
        if stat.S_ISDIR(mode):
            if not is_vendor_folder(root / path) and not _is_ignored(f"{path}/", specs):
                yield from _walk_folder(root, path, specs)
        elif stat.S_ISREG(mode) and entry.name != ".git" and not _is_ignored(path, specs):
            yield path


def _still_there(entry: os.DirEntry[str]) -> bool:
    try:
        entry.stat(follow_symlinks=False)
    except OSError:
        return False
    return True


def _gitignore(root: Path, folder: str) -> _Specs:
    try:
        text = (root / folder / ".gitignore").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    lines = []
    for line in text.splitlines():
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError:
            continue
        lines.append(line)
    return [(folder, GitIgnoreSpec.from_lines(lines))]


def _is_ignored(path: str, specs: _Specs) -> bool:
    """The innermost .gitignore that has an opinion decides."""
    for folder, spec in reversed(specs):
        result = spec.check_file(path.removeprefix(f"{folder}/") if folder else path)
        if result.include is not None:
            return result.include
    return False


def is_ignored_by_git(root: Path, path: str) -> bool:
    """Whether git (or, without git, a .gitignore on the way) ignores this path."""
    try:
        repository = _open_repository(root)
    except GitTrouble:
        folders = [str(parent) for parent in reversed(PurePosixPath(path).parents)]
        specs = [spec for folder in folders for spec in _gitignore(root, "" if folder == "." else folder)]
        steps = [f"{folder}/" for folder in folders if folder != "."]
        return any(_is_ignored(step, specs) for step in [*steps, path])
    try:
        return bool(_list_files(repository, root, "--others", "--ignored", "--exclude-standard", "--", path))
    except GitTrouble:
        return False
    finally:
        repository.close()
