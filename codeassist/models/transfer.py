"""One file of a published model onto the disk: from where it broke off, and verified before it gets its name."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from codeassist.errors import ModelError
from codeassist.models.hub import Hub, HubFile, Listing, Unreachable

UNFINISHED = ".unfinished"

# A connection that breaks this often without a new byte will not get better by itself.
_TRIES = 5
_BLOCK_BYTES = 1 << 20


class Digest:
    """The hashes of a file as its bytes pass: SHA-256, and where the hub tells no such, git's own.

    Source of git's: `git hash-object`, SHA-1 of "blob <size>\\0" and the bytes.
    """

    def __init__(self, file: HubFile) -> None:
        self._file = file
        self._sha256 = hashlib.sha256()
        self._git = hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False)

    def update(self, block: bytes) -> None:
        """Take the next bytes in."""
        self._sha256.update(block)
        if not self._file.sha256:
            self._git.update(block)

    @property
    def sha256(self) -> str:
        """Of all bytes so far."""
        return self._sha256.hexdigest()

    @property
    def is_right(self) -> bool:
        """Whether these are the bytes that the hub described."""
        if self._file.sha256:
            return self.sha256 == self._file.sha256
        return self._git.hexdigest() == self._file.blob_id


@dataclass(frozen=True, slots=True)
class Watch:
    """on_bytes: told how many bytes more are there, also fewer than none. should_stop: asked between blocks.
    Both from any thread. pause: waits some seconds before another try."""

    on_bytes: Callable[[int], None] = lambda n: None
    should_stop: Callable[[], bool] = lambda: False
    pause: Callable[[float], None] = time.sleep


class Stopped(Exception):
    """`should_stop` said so; what is there stays."""


def transfer(hub: Hub, listing: Listing, file: HubFile, folder: Path, watch: Watch) -> str:
    """Bring a file into the folder, under its name once it is right. Returns its SHA-256.

    What is there of it already is not fetched again. Raises ModelError, and Stopped.
    """
    unfinished = folder / f"{file.name}{UNFINISHED}"
    try:
        with unfinished.open("a+b") as stream:
            digest = _received(hub, listing, file, stream, watch)
            stream.flush()
            os.fsync(stream.fileno())
        if not digest.is_right:
            watch.on_bytes(-unfinished.stat().st_size)
            unfinished.unlink()
            raise ModelError(
                f"{file.name} arrived from {hub.address} with other bytes than {listing.hub_id} has at "
                f"{listing.revision}; fetch it again, and where that does not help, a proxy or mirror changes files: "
                "set HF_ENDPOINT to another"
            )
        unfinished.rename(folder / file.name)
    except OSError as error:
        raise ModelError(
            f"{unfinished} cannot be written ({error.strerror}); make room or make it writable, or choose another "
            "folder with --dir; what is there already stays"
        ) from None
    return digest.sha256


def is_right(path: Path, file: HubFile) -> bool:
    """Whether a file on the disk is the one that the hub describes; False for one that cannot be read."""
    digest = Digest(file)
    try:
        with path.open("rb") as stream:
            return path.stat().st_size == file.size and _taken_in(digest, stream) == file.size and digest.is_right
    except OSError:
        return False


def _received(hub: Hub, listing: Listing, file: HubFile, stream: BinaryIO, watch: Watch) -> Digest:
    """All bytes of a file, behind those that are in the stream."""
    incoming = _Incoming(file, stream, watch)
    tries = 0
    while incoming.offset < file.size:
        tries, before = tries + 1, incoming.offset
        try:
            with hub.opened(listing, file, incoming.offset) as (start, blocks):
                incoming.take(start, blocks)
        except Unreachable:
            tries = 1 if incoming.offset > before else tries
            if tries >= _TRIES:
                raise
            watch.pause(2.0 ** (tries - 1))
    return incoming.digest


class _Incoming:
    """A file on its way: what is in the stream, and its hashes so far."""

    def __init__(self, file: HubFile, stream: BinaryIO, watch: Watch) -> None:
        self._file, self._stream, self._watch = file, stream, watch
        self.digest = Digest(file)
        stream.seek(0)
        self.offset = _taken_in(self.digest, stream)
        watch.on_bytes(self.offset)
        if self.offset > file.size:
            self._restart()

    def take(self, start: int, blocks: Iterator[bytes]) -> None:
        """Append the blocks, which begin at `start`. Raises Unreachable when they end early."""
        if start != self.offset:
            self._restart()
        for block in blocks:
            if self._watch.should_stop():
                raise Stopped
            self._stream.write(block)
            self.digest.update(block)
            self.offset += len(block)
            self._watch.on_bytes(len(block))
            if self.offset > self._file.size:
                return
        if self.offset < self._file.size:
            raise Unreachable(f"{self._file.name} ended after {self.offset} of {self._file.size} bytes; fetch it again")

    def _restart(self) -> None:
        self._watch.on_bytes(-self.offset)
        self._stream.truncate(0)
        self.digest, self.offset = Digest(self._file), 0


def _taken_in(digest: Digest, stream: BinaryIO) -> int:
    """Number of the bytes that are in the stream."""
    n_bytes = 0
    while block := stream.read(_BLOCK_BYTES):
        digest.update(block)
        n_bytes += len(block)
    return n_bytes
