"""What is in the working tree: {path: blob id}, uncommitted and untracked files included."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from indexer.errors import WorkspaceError
from indexer.files import BELOW_LINK, blob_id, read_bytes
from indexer.gitcommand import GitTrouble, ignores, list_files
from indexer.rules import Rules, steps
from indexer.types import SkippedFile
from indexer.walking import is_ignored_in_walk, walk

_SUBMODULE_MODE, _SYMLINK_MODE = "160000", "120000"
_NOT_CHECKED_OUT = "git submodule that is not checked out"

NameFilter = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Tree:
    """A working tree: what can be indexed, what is skipped, and what went wrong while looking."""

    blobs: dict[str, str]
    skipped: tuple[SkippedFile, ...] = ()
    warnings: tuple[str, ...] = ()


def read_tree(root: Path, rules: Rules, reason_by_name: NameFilter) -> Tree:
    """Every file of the workspace that its name does not exclude, with its blob id. Raises WorkspaceError."""
    if not root.is_dir():
        raise WorkspaceError(f"{root} is no folder; give the folder of a project")
    builder = _TreeBuilder(root, rules, reason_by_name)
    try:
        _read_git(root, builder)
    except GitTrouble as trouble:
        builder = _TreeBuilder(root, rules, reason_by_name)
        for path in walk(root):
            builder.add(path, None)
        if str(trouble):
            builder.warnings.append(str(trouble))
    return builder.tree()


def is_left_out(root: Path, path: str) -> bool:
    """Whether `read_tree` would leave this path out for where it lies: ignored, linked, in another repository."""
    if any((root / step).is_symlink() for step in steps(path)):
        return True
    try:
        if _git_ignores(root, path):
            return True
        nested = _nested_repository(root, path)
        if nested is None:
            return False
        return not _is_submodule(root, nested) or is_left_out(root / nested, path.removeprefix(f"{nested}/"))
    except GitTrouble:
        return is_ignored_in_walk(root, path)


def is_ignored_by_git(root: Path, path: str) -> bool:
    """Whether git (or, without git, a .gitignore on the way) ignores this path; a nested repository is asked too."""
    try:
        if _git_ignores(root, path):
            return True
    except GitTrouble:
        return is_ignored_in_walk(root, path)
    nested = _nested_repository(root, path)
    return nested is not None and is_ignored_by_git(root / nested, path.removeprefix(f"{nested}/"))


def _git_ignores(root: Path, path: str) -> bool:
    """Raises GitTrouble where `read_tree` walks, too."""
    if not ignores(root, path):
        return False
    if ignores(root, "") and not list_files(root, "--stage"):
        raise GitTrouble("")
    return True


def _nested_repository(root: Path, path: str) -> str | None:
    """The outermost folder on the way to this path that is a repository of its own, or a submodule."""
    return next((folder for folder in steps(path)[:-1] if _is_repository(root / folder)), None)


def _is_repository(folder: Path) -> bool:
    return (folder / ".git").is_file() or (folder / ".git" / "HEAD").is_file()


def _is_submodule(root: Path, folder: str) -> bool:
    """Whether git's index has a commit of another repository in the place of this folder. Raises GitTrouble."""
    entries = list_files(root, "--stage", "--", f":(literal){folder}")
    return any(entry.startswith(_SUBMODULE_MODE) for entry in entries)


class _TreeBuilder:
    """Collects paths, leaves out what the rules name, and hashes what git has no id for."""

    def __init__(self, root: Path, rules: Rules, reason_by_name: NameFilter) -> None:
        self.root = root
        self.rules = rules
        self.reason_by_name = reason_by_name
        self.blobs: dict[str, str] = {}
        self.skipped: dict[str, str] = {}
        self.submodules: list[str] = []
        self.warnings: list[str] = []
        self._linked_folders: dict[str, bool] = {"": False}

    def add(self, path: str, blob: str | None) -> None:
        """Take a path in; without a blob id the file is read."""
        if _printable(path) != path:
            self.skip(path, "name is not UTF-8")
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
        self.remove(path)
        self.blobs[path] = blob

    def skip(self, path: str, reason: str) -> None:
        self.blobs.pop(path, None)
        self.skipped[_printable(path)] = reason

    def remove(self, path: str) -> None:
        self.blobs.pop(path, None)
        self.skipped.pop(_printable(path), None)

    def add_submodule(self, path: str) -> None:
        """Keep in mind that git has a commit of another repository here; in a conflict it says so several times."""
        if path not in self.submodules:
            self.submodules.append(path)

    def has_submodule(self, path: str) -> bool:
        """Whether git knows a submodule here, and a folder is in its place."""
        if path not in self.submodules:
            return False
        place = self.root / path
        return place.is_dir() and not place.is_symlink()

    def is_below_link(self, path: str) -> bool:
        """Whether a folder on the way to this path is a symbolic link; each folder is looked at once."""
        folder = path.rpartition("/")[0]
        if folder not in self._linked_folders:
            is_linked = False
            for step in steps(folder):
                if step not in self._linked_folders:
                    self._linked_folders[step] = is_linked or (self.root / step).is_symlink()
                is_linked = self._linked_folders[step]
        return self._linked_folders[folder]

    def tree(self) -> Tree:
        skipped = tuple(SkippedFile(path, reason) for path, reason in sorted(self.skipped.items()))
        return Tree(dict(sorted(self.blobs.items())), skipped, tuple(self.warnings))


def _printable(path: str) -> str:
    """The path without what no UTF-8 text can hold: bytes of its name that are not UTF-8 are spelled out."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _read_git(root: Path, builder: _TreeBuilder) -> None:
    """Raises GitTrouble, silently for a folder that an enclosing repository ignores, such as an installed package."""
    tracked = list_files(root, "--stage", "-v")
    if not tracked and ignores(root, ""):
        raise GitTrouble("")
    _read_repository(builder, "", tracked)
    for path in builder.submodules:  # It grows meanwhile: they may have submodules of their own.
        _read_submodule(builder, path)


def _read_repository(builder: _TreeBuilder, prefix: str, tracked: list[str]) -> None:
    """The files of one repository. prefix: where it lies, with a slash at the end. Raises GitTrouble."""
    for entry in tracked:
        meta, _, path = entry.partition("\t")
        tag, mode, blob, _stage = meta.split(" ")
        _add_tracked(builder, prefix + path, tag, mode, blob)
    changes = list_files(builder.root / prefix, "-t", "--modified", "--deleted", "--others", "--exclude-standard")
    for entry in changes:
        _add_change(builder, entry[0], prefix + entry[2:])


def _read_submodule(builder: _TreeBuilder, path: str) -> None:
    folder = builder.root / path
    if not builder.has_submodule(path):
        return
    if not _is_repository(folder):
        builder.skip(path, _NOT_CHECKED_OUT)
        return
    try:
        _read_repository(builder, f"{path}/", list_files(folder, "--stage", "-v"))
    except GitTrouble as trouble:
        for inner in walk(folder):
            builder.add(f"{path}/{inner}", None)
        builder.warnings.append(f"{path}: {trouble}")


def _add_tracked(builder: _TreeBuilder, path: str, tag: str, mode: str, blob: str) -> None:
    """A path of git's index. It hides changes of what it tags S (skip-worktree) or in lower case (assume-unchanged)."""
    is_hidden = tag == "S" or tag.islower()
    if is_hidden and not os.path.lexists(builder.root / path):
        return
    if builder.is_below_link(path):
        builder.skip(path, BELOW_LINK)
    elif mode == _SUBMODULE_MODE:
        builder.add_submodule(path)
    elif mode == _SYMLINK_MODE and not is_hidden:
        builder.skip(path, "symbolic link")
    elif path not in builder.blobs:
        builder.add(path, None if is_hidden else blob)


def _add_change(builder: _TreeBuilder, tag: str, path: str) -> None:
    """What differs from git's index: R is deleted, C modified, ? untracked."""
    if tag == "R":
        builder.remove(path)
    elif path.endswith("/"):
        builder.skip(path, "a git repository of its own")
    elif not builder.has_submodule(path) and os.path.lexists(builder.root / path):
        builder.blobs.pop(path, None)
        builder.add(path, None)
