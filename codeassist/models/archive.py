"""A model as one tar: written file by file with its SHA256SUMS behind them, and unpacked by nobody's rules but ours.

<name>/config.json ...     regular files only; links are followed when the tar is written
<name>/SHA256SUMS          the last member, so that a tar that is cut off has none
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from codeassist.errors import ModelError
from codeassist.models.checksums import CHECKSUMS, checksum_lines, model_files, read_checksums
from codeassist.models.copying import poured
from codeassist.models.room import require_room

OnBytes = Callable[[int], None]

# Each member is remembered while a tar is read, and compressed ones cost next to nothing.
_MOST_MEMBERS = 10_000


class _Hashed(io.RawIOBase):
    """A stream that is hashed as it is read."""

    def __init__(self, reader: IO[bytes], on_bytes: OnBytes) -> None:
        self._reader, self._on_bytes = reader, on_bytes
        self.sha256 = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = self._reader.read(size)
        self.sha256.update(block)
        self._on_bytes(len(block))
        return block


def packed(folder: Path, name: str, file: Path, on_bytes: OnBytes = lambda n: None) -> Path:
    """Write the model in a folder into a tar, which appears at once or not at all. Returns the file.

    Raises ModelError, also for a model that is not what its own SHA256SUMS says.
    """
    if file.exists():
        raise ModelError(f"{file} is there already; name another file, or remove it")
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    expected = read_checksums(folder) if (folder / CHECKSUMS).exists() else {}
    try:
        with tarfile.open(unfinished, "w", format=tarfile.PAX_FORMAT) as archive:
            sums = {each: _added(archive, folder / each, f"{name}/{each}", on_bytes) for each in model_files(folder)}
            _add_text(archive, f"{name}/{CHECKSUMS}", checksum_lines(sums))
        wrong = sorted(each for each in {*sums, *expected} if expected and sums.get(each) != expected.get(each))
        if wrong:
            raise ModelError(
                f"{folder / wrong[0]} is not what {CHECKSUMS} says; `codeassist models verify {name}` tells all "
                "that is wrong"
            )
        return unfinished.rename(file)
    except OSError as error:
        raise ModelError(
            f"{error.filename or file} cannot be written or read ({error.strerror}); make room, or name another file"
        ) from None
    finally:
        unfinished.unlink(missing_ok=True)


def unpacked(file: Path, folder: Path, on_bytes: OnBytes = lambda n: None) -> tuple[Path, dict[str, str]]:
    """Unpack a tar into an empty folder: where in it the model lies, and the SHA-256 of its files by name.

    Raises ModelError for a tar that is damaged, or that holds anything but folders and regular files below one folder;
    and OSError.
    """
    sums: dict[str, str] = {}
    try:
        with tarfile.open(file, "r|*") as archive:
            for number, member in enumerate(archive):
                if number >= _MOST_MEMBERS:
                    raise ModelError(f"not imported: {file} holds more than {_MOST_MEMBERS} files; do not trust it")
                if name := _unpack(archive, _allowed(file, member, folder), folder, sums, on_bytes):
                    sums[name[0]] = name[1]
    except (tarfile.TarError, EOFError) as error:
        raise ModelError(f"{file} is no whole tar ({error}); copy it again from where it came") from None
    inside = [entry for entry in folder.iterdir() if entry.is_dir()]
    top = folder if (folder / "config.json").exists() or len(inside) != 1 else inside[0]
    prefix = "" if top == folder else f"{top.name}/"
    return top, {name.removeprefix(prefix): digest for name, digest in sums.items() if name.startswith(prefix)}


def _allowed(file: Path, member: tarfile.TarInfo, folder: Path) -> tarfile.TarInfo:
    """The member with a name that stays inside. Raises ModelError."""
    refusal = f"not imported: {file} holds {member.name!r}, which"
    if not (member.isreg() or member.isdir()):
        raise ModelError(f"{refusal} is a link or a device and no part of a model; pack the files themselves")
    if member.issparse():  # a few bytes that stand for as many zeros as it likes
        raise ModelError(f"{refusal} has holes in place of bytes; pack it again without `tar --sparse`")
    if member.name.startswith("/") or ".." in member.name.split("/"):
        raise ModelError(f"{refusal} lies outside of the folder that it is unpacked into; do not trust it")
    try:
        return tarfile.data_filter(member, str(folder))
    except tarfile.FilterError as error:
        raise ModelError(f"{refusal} is refused ({error}); do not trust it") from None


def _unpack(
    archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, sums: dict[str, str], on_bytes: OnBytes
) -> tuple[str, str] | None:
    """Name and SHA-256 of a member that is a file and was unpacked; None for one that is no file."""
    name = member.name.removeprefix("./").rstrip("/")
    if not name or member.isdir() or any(part.startswith(".") for part in name.split("/")):
        return None
    if name in sums:
        raise ModelError(f"not imported: the tar holds {name!r} twice; do not trust it")
    require_room(folder, name, member.size)  # a compressed tar is larger than its file
    reader = archive.extractfile(member)
    assert reader is not None, "a regular file can be read"
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    return name, poured(reader, member.size, folder / name, None, on_bytes)


def _added(archive: tarfile.TarFile, path: Path, name: str, on_bytes: OnBytes) -> str:
    with path.open("rb") as reader:
        status = os.fstat(reader.fileno())
        member = tarfile.TarInfo(name)
        member.size, member.mtime = status.st_size, int(status.st_mtime)
        hashed = _Hashed(reader, on_bytes)
        archive.addfile(member, hashed)
    return hashed.sha256.hexdigest()


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode("utf-8", errors="surrogateescape")
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))
