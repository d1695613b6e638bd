"""Where an adapter lies, and what it says of itself: `codeassist-adapter.json`, and the split of its files.

    <data>/adapters/<name of the repository>-<hash of its path>/<version>/

A version whose training was broken off has its state in it, and is gone on with.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from codeassist.adapters.checks import DESCRIPTION
from codeassist.adapters.registry import adapters_directory
from codeassist.errors import ModelError
from codeassist.models.json_files import read_object
from codeassist.mtp.checkpoint import write_json

FILES = "files.json"


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose adapter it is. base: fingerprint of the model; base_name: its name; root: of the repository, absolute."""

    base: str
    base_name: str
    root: Path
    rank: int


def new_folder(identity: Identity) -> Path:
    """The folder of the newest such adaptation that was broken off, else one that is not there yet."""
    root = identity.root
    readable = root.name.encode("utf-8", "backslashreplace").decode().replace("\\", "_")
    home = adapters_directory() / f"{readable or 'root'}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:8]}"
    versions = sorted(folder for folder in home.glob("*") if folder.is_dir())
    unfinished = [folder for folder in versions if _is_of(folder, identity) and not (folder / DESCRIPTION).exists()]
    return unfinished[-1] if unfinished else home / datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def begin(folder: Path, identity: Identity, sides: Mapping[str, list[str]]) -> None:
    """Write down what a training is of. Raises ModelError where the folder holds something else."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ModelError(f"{folder} is not empty and holds no adaptation that was broken off; give another --out")
    try:
        if adapters_directory() in folder.parents:  # whose names are those of repositories
            adapters_directory().mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # an adapter tells something of what it learned from
        write_json(folder / FILES, {**_told(identity), "sides": sides})
    except OSError as error:
        raise ModelError(f"{folder} cannot be written ({error.strerror}); give an --out on a disk with room") from None


def sides_of(folder: Path, identity: Identity) -> dict[str, list[str]] | None:
    """The files of each side of a training that was broken off here; None where there is none. Raises ModelError where
    it is one of another model, repository or rank, or was ended."""
    if not (folder / FILES).exists():
        return None
    if (folder / DESCRIPTION).exists():
        raise ModelError(f"{folder} holds an adapter that is done; give another --out, or none for a new version")
    told = read_object(folder / FILES)
    if any(told.get(name) != value for name, value in _told(identity).items()):
        raise ModelError(f"{folder} holds an adaptation of another model, repository or rank; give another --out")
    sides = told.get("sides")
    names = {"train", "tune", "test", "recent"}
    if not isinstance(sides, dict) or sides.keys() != names or not all(isinstance(s, list) for s in sides.values()):
        raise ModelError(f"{folder / FILES} does not name the files of each side; give another --out")
    return {name: [str(path) for path in paths] for name, paths in sides.items()}


def describe(folder: Path, identity: Identity, evaluation: Mapping[str, Any], *, enabled: bool) -> None:
    """Write what the adapter is and how it was judged; the training is over then."""
    described = {
        **_told(identity),
        "enabled": enabled,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "evaluation": evaluation,
    }
    write_json(folder / DESCRIPTION, described)


def _told(identity: Identity) -> dict[str, Any]:
    return {
        "base": identity.base,
        "base_name": identity.base_name,
        "repository": str(identity.root),
        "rank": identity.rank,
    }


def _is_of(folder: Path, identity: Identity) -> bool:
    try:
        told = read_object(folder / FILES)
    except ModelError:
        return False
    return all(told.get(name) == value for name, value in _told(identity).items())
