"""Where an index is kept: its own folder, or a temporary one where that cannot be written."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from indexer.errors import IndexDamaged

# What SQLite keeps of one index, by what is appended to the file's name.
SUFFIXES = ("", "-wal", "-shm")

_MAY_NOT_WRITE = (errno.EACCES, errno.EPERM, errno.EROFS)


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that can be written. temporary: what removes it, where it is to go with its user."""

    directory: Path
    warning: str = ""
    temporary: TemporaryDirectory[str] | None = None

    def remove(self) -> None:
        """Remove the folder if it is temporary; safe to call twice."""
        if self.temporary is not None:
            self.temporary.cleanup()


def place_for(directory: Path, file_name: str) -> Place:
    """The folder, made if need be; a temporary one with a copy of its index when it may only be read.

    Raises IndexDamaged when there can be neither.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        if error.errno not in _MAY_NOT_WRITE:
            raise IndexDamaged(f"the index folder {directory} cannot be made: {error.strerror or error}") from error
        return _temporary_place(directory, file_name)
    files = [directory / f"{file_name}{suffix}" for suffix in SUFFIXES]
    is_writable = os.access(directory, os.W_OK | os.X_OK) and all(
        os.access(file, os.R_OK | os.W_OK) for file in files if file.exists()
    )
    return Place(directory) if is_writable else _temporary_place(directory, file_name)


def set_aside(file: Path) -> None:
    """Move an index out of the way. Raises OSError."""
    for part, aside in _asides(file):
        if part.exists():
            part.replace(aside)


def forget_aside(file: Path) -> None:
    """Delete what was set aside of an index; a process that still has it open keeps it until it closes it."""
    for _, aside in _asides(file):
        with contextlib.suppress(OSError):  # The next refresh tries again.
            aside.unlink(missing_ok=True)


def _asides(file: Path) -> list[tuple[Path, Path]]:
    """Each part of an index, and where it goes."""
    return [(Path(f"{file}{suffix}"), Path(f"{file}.aside{suffix}")) for suffix in SUFFIXES]


def _temporary_place(directory: Path, file_name: str) -> Place:
    try:
        temporary = TemporaryDirectory(prefix="codeassist-index-", ignore_cleanup_errors=True)
    except OSError as error:
        why = error.strerror or error
        raise IndexDamaged(f"the index folder {directory} cannot be written, and no temporary one: {why}") from error
    _copy_index(directory / file_name, Path(temporary.name) / file_name)
    warning = f"the index folder {directory} cannot be written; a temporary copy is used until this program ends"
    return Place(Path(temporary.name), warning, temporary)


def _copy_index(source: Path, target: Path) -> None:
    """The index with what is not merged into it yet; all of it or nothing. SQLite makes `-shm` itself."""
    copies = [(Path(f"{source}{suffix}"), Path(f"{target}{suffix}")) for suffix in ("", "-wal")]
    try:
        for original, copy in copies:
            if original.exists():
                shutil.copyfile(original, copy)
    except OSError:
        for _, copy in copies:
            with contextlib.suppress(OSError):
                copy.unlink(missing_ok=True)
