"""API keys: who may ask an endpoint that is open to more than its user's own programs.

A key is `ca-` and 256 random bits. Kept is its SHA-256 alone: hashes that are slow on purpose protect what people think
up, by making each guess dear; of 2^256 keys none is guessed at any price, and every request would pay for it.

The file is `keys.json` beside the user's config.toml: {"keys": [{"name", "sha256", "created"}]}, mode 0600. It is
replaced in one step by whoever holds a lock on `keys.lock`, and read anew by a running server whenever it has changed.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import hmac
import json
import logging
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from codeassist.configuration import user_config_file
from codeassist.engine.fields import Check, Fields, Misfit, mapping, text
from codeassist.errors import ConfigError
from codeassist.private_files import replace_private

logger = logging.getLogger(__name__)

PREFIX = "ca-"

_SECRET_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MAX_FILE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredKey:
    """What is kept of a key. created: day and time of its making, ISO 8601 in UTC."""

    name: str
    sha256: str
    created: str


def keys_file(environ: Mapping[str, str]) -> Path:
    """Where this user's keys are kept, whether there are any or not."""
    return user_config_file(environ).with_name("keys.json")


def read_keys(path: Path) -> tuple[StoredKey, ...]:
    """All keys, in the order of their making; none where there is no file. Raises ConfigError for any other trouble."""
    try:
        with path.open("rb") as file:
            _require_ours(os.fstat(file.fileno()), path)
            content = file.read(_MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise ConfigError(f"the API keys in {path} cannot be read: {error.strerror}") from error
    try:
        return _keys_of(content)
    except (ValueError, RecursionError) as error:
        message = f"{path} holds no API keys ({error}); put a backup in its place, or remove it and make new keys"
        raise ConfigError(message) from error


def add_key(path: Path, name: str, created: str) -> str:
    """Make a key and keep its hash. The key is told here and nowhere else. Raises ConfigError."""
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no name for a key: use letters, digits and . _ @ - (64 at most)")
    secret = PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    with _editing(path):
        keys = read_keys(path)
        if any(key.name == name for key in keys):
            raise ConfigError(
                f"there is a key {name!r} already; `codeassist keys remove {name}` first, or name it else"
            )
        _write(path, (*keys, StoredKey(name, _digest(secret), created)))
    return secret


def remove_key(path: Path, name: str) -> None:
    """Forget a key: it opens nothing from now on. Raises ConfigError."""
    with _editing(path):
        keys = read_keys(path)
        if all(key.name != name for key in keys):
            known = ", ".join(key.name for key in keys) or "none at all"
            raise ConfigError(f"there is no key {name!r}; there is {known}")
        _write(path, tuple(key for key in keys if key.name != name))


def holder(keys: Iterable[StoredKey], presented: Iterable[str]) -> str | None:
    """The name of the first presented key that is one of `keys`.

    The time that it takes says nothing of which key it was or how much of one was right: every presented key is
    compared with all.
    """
    names: list[str] = []
    for secret in presented:
        digest = _digest(secret)
        names += [key.name for key in keys if hmac.compare_digest(key.sha256, digest)]
    return names[0] if names else None


class KeyRing:
    """The keys of a file as it is at each question. Not thread-safe: one event loop owns it."""

    def __init__(self, path: Path) -> None:
        self.trouble = ""  # why no key can be known at present
        self._path = path
        self._keys: tuple[StoredKey, ...] = ()
        self._read: object = None  # the state of the file that `_keys` was read from

    async def holder(self, presented: Iterable[str]) -> str | None:
        """The name of the presented key, None where it is not known. A file that cannot be read holds no keys."""
        state = self._state()
        if state != self._read:
            keys, trouble = await asyncio.to_thread(self._read_anew)
            self._read, self._keys, self.trouble = state, keys, trouble
        return holder(self._keys, presented)

    def _state(self) -> tuple[object, ...]:
        try:
            found = self._path.stat()
        except OSError as error:
            return (error.errno,)
        return (found.st_mtime_ns, found.st_ino, found.st_size, found.st_mode)

    def _read_anew(self) -> tuple[tuple[StoredKey, ...], str]:
        try:
            return read_keys(self._path), ""
        except ConfigError as error:
            logger.error("no API key is accepted: %s", error)
            return (), str(error)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _require_ours(state: os.stat_result, path: Path) -> None:
    """Who may write the file may make keys. Raises ConfigError."""
    if state.st_uid not in (os.getuid(), 0):
        raise ConfigError(f"{path} belongs to another user, who could make keys in it; remove it and make new keys")
    if state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ConfigError(f"other users may write {path} and so make keys; chmod 600 {path}, and look what is in it")


def _keys_of(content: bytes) -> tuple[StoredKey, ...]:
    if len(content) > _MAX_FILE_BYTES:
        raise ValueError(f"it is larger than {_MAX_FILE_BYTES} bytes")
    try:
        fields = Fields(mapping(json.loads(content)), "it", ValueError)
    except Misfit as misfit:
        raise ValueError(f"it is not {misfit}") from None
    entries = fields.take("keys", _list)
    fields.finish()
    return tuple(_key_of(entry, number) for number, entry in enumerate(entries, start=1))


def _key_of(entry: object, number: int) -> StoredKey:
    fields = Fields(mapping(entry), f"key {number}", ValueError)
    key = StoredKey(
        fields.take("name", _matching(_NAME, "a name")),
        fields.take("sha256", _matching(_DIGEST, "a SHA-256 in hexadecimal digits")),
        fields.take("created", text),
    )
    fields.finish()
    return key


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise Misfit("a list")
    return value


def _matching(pattern: re.Pattern[str], kind: str) -> Check[str]:
    def check(value: object) -> str:
        if not pattern.fullmatch(text(value)):
            raise Misfit(kind)
        return text(value)

    return check


def _write(path: Path, keys: tuple[StoredKey, ...]) -> None:
    replace_private(path, json.dumps({"keys": [asdict(key) for key in keys]}, indent=1) + "\n")


@contextmanager
def _editing(path: Path) -> Iterator[None]:
    """Alone with the file for the length of the block, among all who edit it so. Raises ConfigError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path.with_suffix(".lock"), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
    except OSError as error:
        raise ConfigError(f"the API keys in {path} cannot be changed: {error.strerror}") from error
