"""The files of a workspace as the editor has them: open texts before the disk. For a thread, one question at a time."""

from __future__ import annotations

import posixpath
import threading
from collections import OrderedDict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from indexer.module_names import OPEN, ModuleNames, names_of

MAX_FILE_BYTES = 512 * 1024
# Modules whose names are kept; each is a set of some dozen words.
MAX_KNOWN = 2_000


class KnownModules:
    """What modules offer, of the files that were read last, each as it was then. May be used from any thread."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int, int], ModuleNames] = OrderedDict()
        self._lock = threading.Lock()

    def names(self, file: Path, path: str) -> ModuleNames:
        """What a file offers; any name where it cannot be read."""
        try:
            status = file.stat()
            key = str(file), status.st_mtime_ns, status.st_size
            with self._lock:
                known = self._kept.get(key)
            if known is None:
                text = file.read_text(encoding="utf-8-sig") if status.st_size <= MAX_FILE_BYTES else None
                known = names_of(path, text) if text is not None else OPEN
                self._keep(key, known)
        except (OSError, ValueError):
            return OPEN
        return known

    def _keep(self, key: tuple[str, int, int], names: ModuleNames) -> None:
        with self._lock:
            self._kept[key] = names
            while len(self._kept) > MAX_KNOWN:
                self._kept.popitem(last=False)


class Workspace:
    """What stands in files, each looked at once. Made anew for every round of findings."""

    def __init__(
        self, root: Path, open_texts: Mapping[str, str], modules: KnownModules, gone: AbstractSet[str] = frozenset()
    ) -> None:
        """gone: files that count as deleted, even where they still stand on the disk."""
        self._root = root
        self._open_texts = open_texts
        self._modules = modules
        self._gone = gone
        self._names: dict[str, ModuleNames] = {}
        self._is_file: dict[str, bool] = {}
        self._entries: dict[str, frozenset[str]] = {}

    def without(self, paths: AbstractSet[str]) -> Workspace:
        """The same without some files."""
        return Workspace(self._root, self._open_texts, self._modules, self._gone | paths)

    def is_file(self, path: str) -> bool:
        """Whether there is such a file, in the editor or on disk."""
        known = self._is_file.get(path)
        if known is None:
            is_there = path in self._open_texts or (path not in self._gone and _is_file(self._root / path))
            known = self._is_file[path] = is_there
        return known

    def has_entry(self, folder: str, name: str) -> bool:
        """Whether a folder has a file of this name, whatever its ending, or a folder."""
        if folder not in self._entries:
            try:
                names = {entry.name for entry in (self._root / folder).iterdir()}
            except OSError:
                names = set()
            names -= {posixpath.basename(path) for path in self._gone if posixpath.dirname(path) == folder}
            names |= {posixpath.basename(path) for path in self._open_texts if posixpath.dirname(path) == folder}
            self._entries[folder] = frozenset(name.split(".", 1)[0] for name in names)
        return name in self._entries[folder]

    def names(self, path: str) -> ModuleNames:
        """What a module offers; any name where it cannot be read."""
        known = self._names.get(path)
        if known is None:
            text = self._open_texts.get(path)
            known = self._modules.names(self._root / path, path) if text is None else names_of(path, text)
            self._names[path] = known
        return known


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # A name that is too long for any file, or a folder that nobody may look into.
        return False
