"""Advisories in the OSV format from a file or a folder: JSON, and zip or tar archives of it as osv.dev publishes them.

Nothing is fetched. Of tens of thousands of them only those are parsed in which one of the wanted names stands.
"""

from __future__ import annotations

import json
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from codeassist.errors import ReviewImpossible

# Source: the largest of osv.dev's has 1.3 MB.
MAX_ADVISORY_BYTES = 8 * 1024 * 1024
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")
_REMEDY = "give a file or folder of OSV advisories (JSON, or a zip or tar of it, as https://osv.dev offers)"

_DAMAGED = (
    OSError, zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, NotImplementedError,
    RuntimeError,
)  # fmt: skip

# An advisory, as its JSON is.
Advisory = dict[str, Any]


class AdvisoriesUnusable(ReviewImpossible):
    """What `review.advisories` names is missing, damaged, or no advisories."""


def read_advisories(place: Path, names: Collection[str], is_over: Callable[[], bool]) -> Iterator[Advisory]:
    """Those that may be about the names, until time is up. Raises AdvisoriesUnusable. Reads files: for a thread."""
    wanted = _with_names(names)
    for where, content in _contents(place, is_over):
        if wanted.search(content):
            yield from _parsed(where, content)


def _with_names(names: Collection[str]) -> re.Pattern[bytes]:
    """PyPI's names may be written with `-`, `_` and `.` alike."""
    parts = (re.sub(r"(?:\\-|[-_]|\\\.)+", "[-_.]+", re.escape(name)) for name in sorted(names))
    return re.compile(rf'"name"\s*:\s*"(?:{"|".join(parts)})"'.encode(), re.IGNORECASE)


def _contents(place: Path, is_over: Callable[[], bool]) -> Iterator[tuple[str, bytes]]:
    try:
        files = sorted(file for file in place.rglob("*") if file.is_file()) if place.is_dir() else [place]
        useful = [file for file in files if file.name.lower().endswith((".json", *_ARCHIVES))]
        if not useful:
            raise AdvisoriesUnusable(f"review.advisories: {place} holds no advisories; {_REMEDY}")
        for file in useful:
            for found in _in_file(file):
                if is_over():
                    return
                yield found
    except _DAMAGED as error:
        raise AdvisoriesUnusable(f"review.advisories: {place} cannot be read ({error}); {_REMEDY}") from error


def _in_file(file: Path) -> Iterator[tuple[str, bytes]]:
    name = file.name.lower()
    if name.endswith(".json"):
        yield str(file), file.read_bytes()
    elif name.endswith(".zip"):
        with zipfile.ZipFile(file) as archive:
            for info in archive.infolist():
                if info.filename.endswith(".json") and info.file_size <= MAX_ADVISORY_BYTES:
                    yield f"{file}:{info.filename}", archive.read(info)
    else:
        with tarfile.open(file, "r|*") as tar:
            for member in tar:
                stream = tar.extractfile(member) if member.isfile() and member.name.endswith(".json") else None
                if stream is not None and member.size <= MAX_ADVISORY_BYTES:
                    yield f"{file}:{member.name}", stream.read()


def _parsed(where: str, content: bytes) -> Iterator[Advisory]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise AdvisoriesUnusable(f"review.advisories: {where} is not valid JSON ({error}); {_REMEDY}") from error
    for advisory in value if isinstance(value, list) else [value]:
        if not isinstance(advisory, dict) or not isinstance(advisory.get("id"), str) or not _is_list(advisory):
            raise AdvisoriesUnusable(f'review.advisories: {where} holds no OSV advisory ("id", "affected"); {_REMEDY}')
        if "withdrawn" not in advisory:
            yield advisory


def _is_list(advisory: Advisory) -> bool:
    affected = advisory.get("affected", [])
    return isinstance(affected, list) and all(isinstance(one, dict) for one in affected)
