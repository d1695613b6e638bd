"""Bytes on disk -> text, or the reason why there is none."""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from indexer.rules import Rules, reason_by_content
from indexer.types import SkippedFile

BELOW_LINK = "below a symbolic link"

# O_PATH asks for no permission to list the folder, where there is such a flag.
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY
_SNIFFED_BYTES = 8192
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file's text with LF line ends and without a byte order mark. size: bytes on disk."""

    path: str
    text: str
    size: int


def read_source(root: Path, path: str, rules: Rules) -> SourceFile | SkippedFile:
    """The text of a file that its name does not exclude, or why it is skipped. Never raises for what is on disk."""
    content = read_bytes(root, path, rules.max_file_kb)
    return content if isinstance(content, SkippedFile) else decode_source(path, content)


def read_bytes(root: Path, path: str, max_file_kb: int) -> bytes | SkippedFile:
    """Content of a regular file that is not too large; symbolic links are not followed, in no part of the path."""
    try:
        descriptor = _open_below(root, path)
    except OSError as error:
        return SkippedFile(path, _os_reason(root, path, error))
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return SkippedFile(path, "not a regular file")
        if status.st_size > max_file_kb * 1024:
            return SkippedFile(path, f"larger than {max_file_kb} KB")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read()
    except OSError as error:
        return SkippedFile(path, _os_reason(root, path, error))
    finally:
        os.close(descriptor)


def _open_below(root: Path, path: str) -> int:
    """A descriptor of the file: opened folder by folder, since O_NOFOLLOW looks at the last part of a path only."""
    *folders, name = PurePosixPath(path).parts
    folder = os.open(root, _FOLDER)
    try:
        for part in folders:
            inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    finally:
        os.close(folder)


def _os_reason(root: Path, path: str, error: OSError) -> str:
    if any((root / parent).is_symlink() for parent in PurePosixPath(path).parents[:-1]):
        return BELOW_LINK
    if (root / path).is_symlink():
        return "symbolic link"
    is_gone = isinstance(error, (FileNotFoundError, NotADirectoryError))
    return "gone" if is_gone else f"cannot be read: {error.strerror or error}"


def may_pass(reason: str) -> bool:
    """Whether a reason says how the disk was at that moment, and nothing of the content that git has for the path."""
    return reason.startswith(("gone", "cannot be read", "symbolic link", BELOW_LINK, "not a regular file"))


def decode_source(path: str, content: bytes) -> SourceFile | SkippedFile:
    """Text of a file's bytes: UTF-8, UTF-16 with a byte order mark, else Latin-1."""
    text = decode(content)
    if text is None:
        return SkippedFile(path, "binary")
    reason = reason_by_content(path, text)
    return SkippedFile(path, reason) if reason else SourceFile(path, text, len(content))


def decode(content: bytes) -> str | None:
    """The text, line ends turned into LF, or None for binary content."""
    text = _decode(content)
    return None if text is None else text.replace("\r\n", "\n").replace("\r", "\n")


def _decode(content: bytes) -> str | None:
    if content.startswith(_UTF16):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError:
            return None
    if b"\0" in content[:_SNIFFED_BYTES]:
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1") if _is_mostly_text(content[:_SNIFFED_BYTES]) else None


def _is_mostly_text(sample: bytes) -> bool:
    """Latin-1 gives every byte a meaning; control characters and many high bytes tell that it is not text."""
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\v\x1b" for byte in sample)
    high = sum(byte > 126 for byte in sample)
    return controls == 0 and high * 3 < len(sample)


def blob_id(content: bytes) -> str:
    """The id that git gives this content: 40 hex digits.

    Source: gitformat-loose; SHA-1 of `blob <size>`, a zero byte and the content.
    """
    digest = hashlib.sha1(b"blob %d\0" % len(content), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest()
