"""Copies of a model's files, hashed as their bytes pass and refused when they are not what was expected."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from codeassist.errors import ModelError

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Expected:
    """What is known of a file's bytes: one of the two, in hexadecimal digits."""

    sha256: str = ""
    git_sha1: str = ""


def copied(source: Path, target: Path, expected: Expected | None, on_bytes: Callable[[int], None]) -> str:
    """The SHA-256 of a file that was copied; of a link, what it leads to. Raises ModelError, and OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as reader:
        return poured(reader, source.stat().st_size, target, expected, on_bytes)


def poured(
    reader: IO[bytes], n_bytes: int, target: Path, expected: Expected | None, on_bytes: Callable[[int], None]
) -> str:
    """The same of a stream of that many bytes, into a new file."""
    sha256, git = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % n_bytes, usedforsecurity=False)
    with target.open("xb") as writer:
        while block := reader.read(_BLOCK_BYTES):
            writer.write(block)
            sha256.update(block)
            if expected and expected.git_sha1:
                git.update(block)
            on_bytes(len(block))
    wrong_sha256 = expected and expected.sha256 and expected.sha256 != sha256.hexdigest()
    wrong_git = expected and expected.git_sha1 and expected.git_sha1 != git.hexdigest()
    if wrong_sha256 or wrong_git:
        raise ModelError(
            f"not imported: {target.name} is damaged: its hash is another; copy it again from where it came"
        )
    return sha256.hexdigest()
