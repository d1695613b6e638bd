"""Which adapter each repository is completed with: one small file, replaced in one step.

    {"<absolute root of the repository>": {"<fingerprint of the base model>": "<absolute folder of the adapter>"}}

Reading never fails: a file that makes no sense is a line in the log and no adapter. Writing does, with the remedy.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from codeassist.directories import data_directory
from codeassist.errors import ConfigError
from codeassist.private_files import replace_private

_log = logging.getLogger(__name__)

Registry = Mapping[str, Mapping[str, str]]


def adapters_directory() -> Path:
    """Where this user's adapters lie: `<name>/<version>` below it."""
    return data_directory() / "adapters"


def registry_file() -> Path:
    """The file that names the adapters in use."""
    return adapters_directory() / "registry.json"


def adapter_for(root: Path, fingerprint: str) -> Path | None:
    """Folder of the adapter that a folder of code is completed with by this base model: its own, or that of the
    innermost repository around it. None where there is none."""
    registry, root = read_registry(), root.resolve()
    found = (registry.get(str(folder), {}).get(fingerprint) for folder in (root, *root.parents))
    return next((Path(folder) for folder in found if folder), None)


def registered_folders(fingerprint: str) -> frozenset[Path]:
    """Folders of all adapters of this base model that some repository uses."""
    uses = (uses.get(fingerprint) for uses in read_registry().values())
    return frozenset(Path(folder) for folder in uses if folder)


def read_registry() -> Registry:
    """All that is registered; nothing where the file cannot be understood, which the log tells."""
    try:
        return _read()
    except ConfigError as error:
        _log.warning("no adapters are used: %s", error)
        return {}


def enable(root: Path, fingerprint: str, folder: Path) -> None:
    """Complete a repository with an adapter from the next request on. Raises ConfigError."""
    with _alone():
        registry = _read()
        uses = dict(registry.get(str(root.resolve()), {})) | {fingerprint: str(folder.resolve())}
        _write({**registry, str(root.resolve()): uses})


def disable(root: Path) -> bool:
    """Complete a repository with the model as it is; whether it had an adapter. Raises ConfigError."""
    with _alone():
        registry = dict(_read())
        found = registry.pop(str(root.resolve()), None)
        if found is not None:
            _write(registry)
    return found is not None


def forget(folder: Path) -> None:
    """Have no repository completed with this adapter any more. Raises ConfigError."""
    with _alone():
        registry = _read()
        left = {
            root: {base: used for base, used in uses.items() if used != str(folder)} for root, uses in registry.items()
        }
        if left != registry:
            _write({root: uses for root, uses in left.items() if uses})


@contextmanager
def _alone() -> Iterator[None]:
    """Nobody else changes the file until the end of the block; a crash frees it. Raises ConfigError."""
    lock = registry_file().with_name(".registry.lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ConfigError(f"{lock} cannot be written ({error.strerror}); make its folder writable") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _read() -> Registry:
    file = registry_file()
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{file} cannot be read ({error.strerror}); make it readable") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file} is not valid JSON ({error}); {_remedy()}") from None
    if not _is_registry(content):
        raise ConfigError(f"{file} must hold folders of adapters by repository and base model; {_remedy()}")
    return {root: dict(uses) for root, uses in content.items()}


def _remedy() -> str:
    return "remove it, and enable the adapters again with `codeassist adapters enable`"


def _is_registry(content: object) -> bool:
    if not isinstance(content, dict) or not all(isinstance(uses, dict) for uses in content.values()):
        return False
    return all(isinstance(folder, str) and _is_path(folder) for uses in content.values() for folder in uses.values())


def _is_path(folder: str) -> bool:
    """Whether it can be asked for: what has a NUL, or half a surrogate pair of no file's name, raises ValueError."""
    try:
        return Path(folder).is_absolute() and b"\0" not in os.fsencode(folder)
    except UnicodeEncodeError:
        return False


def _write(registry: Registry) -> None:
    file = registry_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_private(file, json.dumps(registry, indent=2, sort_keys=True) + "\n")
    except OSError as error:
        raise ConfigError(f"{file} cannot be written ({error.strerror}); make its folder writable") from None
