"""Files of libraries on disk: regular ones below their root, never through a symbolic link inside of it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from indexer.dependencies.types import Location
from indexer.files import decode, read_bytes
from indexer.types import SkippedFile

MAX_FILE_KB = 1024


def is_file(location: Location) -> bool:
    """Whether a regular file stands there."""
    status = _status(location)
    return status is not None and stat.S_ISREG(status.st_mode)


def is_folder(location: Location) -> bool:
    """Whether a folder stands there."""
    status = _status(location)
    return status is not None and stat.S_ISDIR(status.st_mode)


def version_of(location: Location) -> tuple[int, int] | None:
    """Size in bytes and time of the last change in nanoseconds; None where no regular file stands."""
    status = _status(location)
    return (status.st_size, status.st_mtime_ns) if status is not None and stat.S_ISREG(status.st_mode) else None


def folder_time(root: str) -> int:
    """When something was put into or taken out of a root, in nanoseconds; 0 where there is none."""
    status = _status(Location(root, ""))
    return status.st_mtime_ns if status is not None else 0


def read_text(location: Location) -> str | None:
    """The text of a file with LF line ends; None when it is too large, binary or cannot be read."""
    content = read_bytes(Path(location.root), location.path, MAX_FILE_KB)
    return None if isinstance(content, SkippedFile) else decode(content)


def read_object(location: Location) -> dict[str, Any]:
    """A JSON object; an empty one for anything else."""
    try:
        value = json.loads(read_text(location) or "")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def names_in(location: Location, limit: int) -> list[str]:
    """Names in a folder, sorted; none where it cannot be read. Of more than `limit` some are left out."""
    try:
        with os.scandir(Path(location.root, location.path)) as entries:
            return sorted(entry.name for entry, _ in zip(entries, range(limit), strict=False))
    except (OSError, ValueError):
        return []


def _status(location: Location) -> os.stat_result | None:
    try:
        return os.lstat(f"{location.root}/{location.path}")
    except (OSError, ValueError):  # A NUL in a name.
        return None
