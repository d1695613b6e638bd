"""SHA256SUMS: the hashes of a model directory's files, in the format of `sha256sum`, which can check them as well.

    <64 hexadecimal digits>  <path relative to the directory, with slashes>

A name with a backslash or a line end is escaped, and its line begins with a backslash, as GNU coreutils do it. Files
and folders whose names begin with a dot are no part of a model: those of git and of download caches.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from codeassist.errors import ModelError
from codeassist.models.remedies import refetch

CHECKSUMS = "SHA256SUMS"

State = Literal["ok", "changed", "missing", "unexpected"]

_LINE = re.compile(r"(\\?)([0-9a-fA-F]{64}) [ *](.+)")


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """One file of a model directory and how it compares. name: relative to the directory."""

    name: str
    state: State


def write_checksums(directory: Path) -> Path:
    """Hash every file of the directory into its SHA256SUMS, which appears at once or not at all. Returns its path."""
    return write_known_checksums(directory, {name: file_sha256(directory / name) for name in model_files(directory)})


def write_known_checksums(directory: Path, sums: Mapping[str, str]) -> Path:
    """The same of hashes that are known already, by file name; the files are not read."""
    target = directory / CHECKSUMS
    unfinished = directory / f".{CHECKSUMS}.{os.getpid()}"
    unfinished.write_text(checksum_lines(sums), encoding="utf-8", errors="surrogateescape", newline="")
    return unfinished.replace(target)


def checksum_lines(sums: Mapping[str, str]) -> str:
    """The text of a SHA256SUMS; names that are not UTF-8 have surrogates for their bytes."""
    return "".join(_line(name, sums[name]) for name in sorted(sums))


def check_files(directory: Path) -> Iterator[CheckedFile]:
    """Each file that is there or should be, by name. Raises ModelError when SHA256SUMS cannot be used."""
    expected = read_checksums(directory)
    found = set(model_files(directory))
    for name in sorted(found | expected.keys()):
        yield CheckedFile(name, _state(directory / name, name in found, expected.get(name)))


def read_checksums(directory: Path) -> Mapping[str, str]:
    """Hashes by file name. Raises ModelError."""
    path = directory / CHECKSUMS
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise ModelError(f"{path} is no file; {refetch(path)}")
    try:
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").removesuffix("\n").split("\n")
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); make it readable") from None
    sums: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        match = _LINE.fullmatch(line.removesuffix("\r"))
        if match is None:
            raise ModelError(f"{path}:{number} is no line of sha256sum; {refetch(path)}")
        name = _unescaped(match[3]) if match[1] else match[3]
        if name.startswith("/") or ".." in name.split("/"):
            raise ModelError(f"{path}:{number} names a file outside of the directory; {refetch(path)}")
        sums[name.removeprefix("./")] = match[2].lower()
    return sums


def model_files(directory: Path) -> list[str]:
    """The names of a model's files, with slashes and sorted; links are followed."""
    names = []
    for folder, subfolders, files in os.walk(directory, followlinks=False):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        inside = Path(folder).relative_to(directory)
        names += [(inside / file).as_posix() for file in files if not file.startswith(".")]
    return sorted(name for name in names if name != CHECKSUMS)


def file_sha256(path: Path) -> str:
    """The hash as SHA256SUMS spells it. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _state(path: Path, is_there: bool, expected: str | None) -> State:
    if expected is None:
        return "unexpected"
    if not is_there or not path.is_file():
        return "missing"
    try:
        return "ok" if file_sha256(path) == expected else "changed"
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); make it readable") from None


def _line(name: str, digest: str) -> str:
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return f"{'' if escaped == name else chr(92)}{digest}  {escaped}\n"


def _unescaped(name: str) -> str:
    letters = {"n": "\n", "r": "\r", "\\": "\\"}
    return re.sub(r"\\(.)", lambda match: letters.get(match[1], match[0]), name)
