"""The adapters that lie in this user's folder, and those that repositories use."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from codeassist.adapters.checks import DESCRIPTION
from codeassist.adapters.registry import adapters_directory, forget, read_registry
from codeassist.engine.fields import Fields, positive, text
from codeassist.errors import ConfigError, ModelError
from codeassist.models.json_files import read_object


@dataclass(frozen=True, slots=True)
class StoredAdapter:
    """One adapter. base, base_name: the model that it is for. repository: whose code it was trained on. created: ISO
    8601. used_by: roots of the repositories that are completed with it."""

    folder: Path
    base: str
    base_name: str
    repository: str
    rank: int
    created: str
    used_by: tuple[str, ...]


def read_adapter(folder: Path) -> StoredAdapter:
    """What `codeassist-adapter.json` tells of a folder. Raises ModelError."""
    file = folder.resolve() / DESCRIPTION
    fields = Fields(read_object(file, "an adapter of `codeassist adapt` has one"), str(file), ModelError)
    return StoredAdapter(
        folder=folder.resolve(),
        base=fields.take("base", text),
        base_name=fields.take("base_name", text, ""),
        repository=fields.take("repository", text, ""),
        rank=fields.take("rank", positive),
        created=fields.take("created", text, ""),
        used_by=tuple(_users(folder.resolve())),
    )


def stored_adapters() -> tuple[list[StoredAdapter], list[str]]:
    """All adapters below the user's folder and in use elsewhere, by name; and what is wrong with others."""
    used = {Path(folder) for uses in read_registry().values() for folder in uses.values()}
    found: list[StoredAdapter] = []
    problems: list[str] = []
    for folder in sorted({file.parent for file in adapters_directory().glob(f"*/*/{DESCRIPTION}")} | used):
        try:
            found.append(read_adapter(folder))
        except ModelError as error:
            problems.append(str(error))
    return found, problems


def remove_adapter(folder: Path) -> None:
    """Delete an adapter of this user's folder; repositories that used it are completed without. Raises ConfigError."""
    folder = folder.resolve()
    if adapters_directory().resolve() not in folder.parents or not (folder / DESCRIPTION).is_file():
        raise ConfigError(f"{folder} is no adapter below {adapters_directory()}; `codeassist adapters list` shows them")
    forget(folder)
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be removed ({error.strerror})") from None


def _users(folder: Path) -> Iterator[str]:
    for root, uses in read_registry().items():
        if str(folder) in uses.values():
            yield root
