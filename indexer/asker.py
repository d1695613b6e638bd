"""Who asks what an import means, and how paths are put together for the answer."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asker:
    """The file that imports. root_name: name of the workspace folder, which may itself be the imported package."""

    path: str
    language: str
    root_name: str = ""

    @property
    def folder(self) -> str:
        """The folder of the file, "" at the root."""
        return posixpath.dirname(self.path)


def normal(path: str) -> str:
    """Path without `.` and `..`; "" when it leaves the workspace."""
    clean = posixpath.normpath(path)
    return "" if clean.startswith("..") or clean == "." else clean.lstrip("/")


def upwards(folder: str) -> list[str]:
    """A folder and those that hold it, up to the root."""
    folders = [folder]
    while folder:
        folder = posixpath.dirname(folder)
        folders.append(folder)
    return folders


def nearest(paths: Iterable[str], path: str) -> list[str]:
    """The paths, those first that share most folders with another one; of equals the shortest."""
    return sorted(paths, key=lambda one: (-common_folders(one, path), len(one), one))


def common_folders(one: str, other: str) -> int:
    """How many folders two paths share from the root on."""
    pairs = zip(one.split("/")[:-1], other.split("/")[:-1], strict=False)
    return next((depth for depth, (a, b) in enumerate(pairs) if a != b), min(one.count("/"), other.count("/")))
