"""The folder where models lie under their names, and the one place that turns what a setting says into a directory.

    <models>/<name>            a model: fetched, imported, or a link to where it lies
    <models>/.fetch-<name>     what has arrived so far of one that is being fetched
    <models>/.import-<name>    a copy that is being made
    <models>/.old-<name>       the model that had the name, while another one takes it
    <models>/.lock-<name>      held by whoever does either

A name is never a path: nothing is fetched because a setting names it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codeassist.directories import data_directory
from codeassist.errors import ModelError
from codeassist.models.known import find_known, guesses
from codeassist.models.published import told_bytes

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")


def models_folder(setting: str) -> Path:
    """Where models lie by their names. setting: `engine.models`, "" for this user's own folder."""
    return Path(setting).expanduser() if setting else data_directory() / "models"


def require_name(name: str) -> str:
    """The name, when it can be one of a model. Raises ModelError."""
    if not _NAME.fullmatch(name) or ".." in name:
        raise ModelError(
            f"{name!r} cannot be the name of a model: letters, digits and . _ + - are allowed, it begins with a letter "
            "or a digit and has no two dots in a row; give another one with --name"
        )
    return name


def resolve_model(model: str, models: str, setting: str = "engine.model", cwd: Path | None = None) -> Path:
    """The directory of what a setting says: a path, or the name of a model in the folder `models` (`engine.models`).

    What has a slash is a path, there or not. A name that is known or taken stands for the model even where a folder of
    the working directory is called the same: what a repository brings along is not loaded by accident.
    Raises ModelError for a name that is not there: how to get it, or which names are like it.
    """
    if not _is_name(model):
        return (cwd or Path()) / Path(model).expanduser()
    known = find_known(model)
    name = known.name if known else model
    stored = models_folder(models) / name
    if stored.is_symlink() and not stored.exists():
        raise ModelError(
            f"{setting} is {model!r}, which leads to {stored.readlink()}, and that is not there; bring it back, or "
            f"take the name away with `codeassist models remove {name}`"
        )
    if stored.exists():
        return stored
    folder = (cwd or Path()) / model
    if known is None and folder.exists():
        return folder
    raise ModelError(_absence(model, models, setting, folder))


def stored_models(models: Path) -> list[Path]:
    """The folders of all models that have a name there, also of those whose link leads nowhere; by name."""
    try:
        entries = sorted(models.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise ModelError(f"{models} cannot be read ({error.strerror}); make it readable") from None
    return [entry for entry in entries if _NAME.fullmatch(entry.name) and (entry.is_dir() or entry.is_symlink())]


def remove_model(models: Path, name: str) -> None:
    """Take a model and what was left of fetching it away; of a link, only the link. Raises ModelError."""
    with locked(models, name):
        try:
            leftovers = (unfinished_fetch(models, name), unfinished_import(models, name), replaced_model(models, name))
            for entry in (models / name, *leftovers):
                discard(entry)
        except OSError as error:
            raise ModelError(f"{error.filename} cannot be removed ({error.strerror}); make it writable") from None


def unfinished_fetch(models: Path, name: str) -> Path:
    """Where a model arrives before it is whole."""
    return models / f".fetch-{name}"


def unfinished_import(models: Path, name: str) -> Path:
    """Where a copy is made."""
    return models / f".import-{name}"


def replaced_model(models: Path, name: str) -> Path:
    """Where the model that had the name goes, until the new one has it."""
    return models / f".old-{name}"


def discard(entry: Path) -> None:
    """Remove a folder with all that is in it, or a link alone. Raises OSError."""
    if entry.is_symlink() or entry.is_file():
        entry.unlink()
    elif entry.is_dir():
        shutil.rmtree(entry)


@contextmanager
def locked(models: Path, name: str) -> Iterator[None]:
    """Alone with a name until the end of the block; a crash frees it. Raises ModelError, also for a bad folder."""
    require_name(name)
    descriptor = _opened(models, models / f".lock-{name}")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise
        raise ModelError(f"another codeassist is fetching or importing {name}; wait until it is done") from None
    try:
        yield
    finally:
        os.close(descriptor)


def _opened(models: Path, lock: Path) -> int:
    try:
        models.mkdir(parents=True, exist_ok=True)
        return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except (FileExistsError, NotADirectoryError):
        raise ModelError(f"{models} is no folder; set engine.models to one") from None
    except OSError as error:
        raise ModelError(
            f"{models} cannot be written ({error.strerror}); make it writable, or set engine.models to another folder"
        ) from None


def _is_name(model: str) -> bool:
    return "/" not in model and not model.startswith(("~", "."))


def _absence(model: str, models: str, setting: str, folder: Path) -> str:
    """Why there is no directory for a name, and what to do."""
    known = find_known(model)
    if known is None:
        there = [path.name for path in stored_models(models_folder(models))]
        return (
            f"{setting} is {model!r}, which is no folder and no name of a model; {guesses(model, there)}"
            "`codeassist models known` lists the names, and a path has a slash in it"
        )
    begun = unfinished_fetch(models_folder(models), known.name).is_dir()
    told = "has been fetched in part" if begun else "is not on this machine"
    here = f"; write ./{model} for the folder of that name" if folder.is_dir() else ""
    return (
        f"{setting} is {model!r}, which {told}; `codeassist models fetch {known.name}` fetches it from "
        f"{known.hub_id} ({told_bytes(known.download_bytes)}), `codeassist models import FOLDER --name {known.name}` "
        f"takes it from a folder{here}"
    )
