"""Models from a folder or an archive, for machines without a network: checked, copied, and only then under a name.

A copy is made beside the name and renamed at the end, so what broke off is no model. Hashes are those of SHA256SUMS,
or those by which the hub's cache names its files; where there is neither, they are taken now.
"""

from __future__ import annotations

import re
import stat
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from codeassist.engine.catalogue import read_catalogue
from codeassist.errors import ModelError
from codeassist.models.archive import unpacked
from codeassist.models.checksums import CHECKSUMS, file_sha256, model_files, read_checksums, write_known_checksums
from codeassist.models.copying import Expected, copied
from codeassist.models.known import KNOWN, find_known
from codeassist.models.selection import needed_files
from codeassist.models.source import SOURCE, Source, read_source, write_source
from codeassist.models.store import discard, locked, require_name, unfinished_import
from codeassist.models.verify import structure_problems, verify_model

OnBytes = Callable[[int], None]

_AGAIN = "copy it again from where it came"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class FolderImport:
    """A folder that is to be imported. files: names of those that make up the model. n_bytes: of them all."""

    folder: Path
    files: tuple[str, ...]
    n_bytes: int
    name: str


def plan_folder(given: Path, name: str = "") -> FolderImport:
    """What of a folder is the model: all that its SHA256SUMS has, or what is needed of a clone or a hub's snapshot.

    given: also the hub's cache of a model (`models--org--name`). name: "" for the one that it tells. Raises ModelError.
    """
    folder = _snapshot(given)
    listed = sorted(read_checksums(folder)) if (folder / CHECKSUMS).exists() else None
    try:
        names = model_files(folder)
        if lacking := [file for file in listed or () if file not in names]:
            raise ModelError(f"not imported: {folder} lacks {lacking[0]}, which its {CHECKSUMS} has; {_AGAIN}")
        files = tuple(listed or (names if _is_plain(folder) else needed_files(names)))
        n_bytes = sum(_file_bytes(folder / file) for file in files)
    except OSError as error:
        raise ModelError(f"{error.filename} cannot be read ({error.strerror}); make it readable") from None
    source = read_source(folder)
    told = name or (source.name if source else "") or _usual_name(folder, given)
    return FolderImport(folder, files, n_bytes, require_name(told))


def _file_bytes(file: Path) -> int:
    state = file.stat()
    if not stat.S_ISREG(state.st_mode):  # reading a pipe waits for ever, and a device may have no end
        raise ModelError(f"not imported: {file} is no regular file and no part of a model; remove it")
    return state.st_size


def import_folder(plan: FolderImport, models: Path, on_bytes: OnBytes = lambda n: None) -> Path:
    """Copy a folder and put it under its name. Returns where it is. Raises ModelError; then nothing is left."""
    _require_sound(plan.folder)
    with _making(models, plan.name) as copy:
        expected = _expected(plan)
        sums = {file: copied(plan.folder / file, copy / file, expected.get(file), on_bytes) for file in plan.files}
        _finish(copy, sums, _origin(plan))
    return models / plan.name


def link_folder(plan: FolderImport, models: Path) -> Path:
    """Let the name lead to a folder, which stays where it is and as it is. Returns the link. Raises ModelError."""
    verified = verify_model(plan.folder, read_catalogue(), lambda file: None)
    _refuse(verified.problems)
    with locked(models, plan.name):
        link = models / plan.name
        _require_free(link)
        try:
            link.symlink_to(plan.folder.absolute(), target_is_directory=True)
        except OSError as error:
            raise ModelError(f"{link} cannot be made ({error.strerror}); make {models} writable") from None
    return link


def archive_name(file: Path, name: str = "") -> str:
    """Under which name an archive is imported: `name`, or that of the folder in it. Raises ModelError."""
    if name:
        return require_name(name)
    try:
        with tarfile.open(file, "r|*") as archive:
            first = archive.next()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ModelError(f"{file} is no tar that can be read ({error}); {_AGAIN}") from None
    top, slash, _ = (first.name if first else "").removeprefix("./").partition("/")
    is_folder = bool(slash) or (first is not None and first.isdir())
    return require_name(_known_name(top) if top and is_folder else file.name.partition(".tar")[0])


def import_archive(file: Path, models: Path, name: str, on_bytes: OnBytes = lambda n: None) -> Path:
    """Unpack a tar and put its model under a name. Returns where it is. Raises ModelError; then nothing is left."""
    with _making(models, name) as copy:
        folder, sums = unpacked(file, copy, on_bytes)
        if (folder / CHECKSUMS).exists():
            _compare(file, sums, read_checksums(folder))
            sums.pop(CHECKSUMS, None)
        _require_sound(folder)
        _finish(folder, sums, Source(name, "", "", _now(), str(file.absolute())))
        if folder != copy:
            inner = copy.with_name(f"{copy.name}.inner")
            discard(inner)
            folder.rename(inner)
            discard(copy)
            inner.rename(copy)
    return models / name


@contextmanager
def _making(models: Path, name: str) -> Iterator[Path]:
    """A new folder that takes the name at the end of the block, and goes without a trace when the block fails."""
    with locked(models, name):
        target, copy = models / name, unfinished_import(models, name)
        _require_free(target)
        try:
            discard(copy)
            copy.mkdir()
            yield copy
            copy.rename(target)
        except OSError as error:
            raise ModelError(
                f"{error.filename or copy} cannot be written ({error.strerror}); make room or make it writable, or set "
                "engine.models to another folder"
            ) from None
        finally:
            if copy.exists():
                discard(copy)


def _require_free(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise ModelError(
            f"there is a model {target.name} in {target.parent} already; give another name with --name, or take that "
            f"one away with `codeassist models remove {target.name}`"
        )


def _require_sound(folder: Path) -> None:
    _refuse(tuple(structure_problems(folder, read_catalogue())))


def _refuse(problems: tuple[str, ...]) -> None:
    if problems:
        more = f" (and {len(problems) - 1} more problems)" if len(problems) > 1 else ""
        raise ModelError(f"not imported: {problems[0]}{more}")


def _finish(folder: Path, sums: dict[str, str], source: Source) -> None:
    """The record of where it came from, where none came along, and the hashes of all files."""
    if not (folder / SOURCE).exists():
        write_source(folder, source)
        sums[SOURCE] = file_sha256(folder / SOURCE)
    write_known_checksums(folder, sums)


def _expected(plan: FolderImport) -> Mapping[str, Expected]:
    """What is known of the files' hashes."""
    if (plan.folder / CHECKSUMS).exists():
        return {name: Expected(sha256=digest) for name, digest in read_checksums(plan.folder).items()}
    blobs = {file: (plan.folder / file).readlink().name for file in plan.files if (plan.folder / file).is_symlink()}
    by_sha256 = {file: Expected(sha256=blob) for file, blob in blobs.items() if _SHA256.fullmatch(blob)}
    return by_sha256 | {file: Expected(git_sha1=blob) for file, blob in blobs.items() if _COMMIT.fullmatch(blob)}


def _compare(where: Path, sums: Mapping[str, str], expected: Mapping[str, str]) -> None:
    """Raises ModelError when what an archive held is not what its SHA256SUMS says."""
    lacking = sorted(expected.keys() - sums.keys())
    changed = sorted(name for name, digest in expected.items() if sums.get(name, digest) != digest)
    unlisted = sorted(sums.keys() - expected.keys() - {CHECKSUMS})
    for names, what in (
        (lacking, "lacks {}, which its SHA256SUMS has"),
        (changed, "has another {} than its SHA256SUMS has the hash of"),
        (unlisted, "has a file {} that its SHA256SUMS has not"),
    ):
        if names:
            told = what.format(names[0])
            raise ModelError(f"not imported: {where} {told}; {_AGAIN}")


def _origin(plan: FolderImport) -> Source:
    """By the hub's cache the model and the commit; else where the folder was."""
    is_snapshot = plan.folder.parent.name == "snapshots" and _COMMIT.fullmatch(plan.folder.name) is not None
    hub_id = _cached_id(plan.folder.parent.parent) if is_snapshot else ""
    revision = plan.folder.name if hub_id else ""
    return Source(plan.name, hub_id, revision, _now(), str(plan.folder.absolute()))


def _snapshot(given: Path) -> Path:
    """The folder with the files, of the hub's cache the commit that `main` was at. Raises ModelError."""
    if not given.is_dir():
        raise ModelError(f"{given} is no folder and no tar; name one that holds a model")
    snapshots = given / "snapshots"
    if not snapshots.is_dir():
        return given.absolute()
    commits = sorted(entry for entry in snapshots.iterdir() if entry.is_dir())
    main = given / "refs" / "main"
    newest = snapshots / main.read_text(encoding="ascii", errors="replace").strip() if main.is_file() else None
    if newest in commits:
        return newest.absolute()
    if len(commits) != 1:
        there = ", ".join(commit.name for commit in commits) or "none"
        raise ModelError(f"{snapshots} has not one commit but {there}; name the folder of one")
    return commits[0].absolute()


def _is_plain(folder: Path) -> bool:
    """Whether a folder holds an embedder, or one of ours, rather than a publication in several formats."""
    return (folder / "modules.json").exists() or (folder / "codeassist.json").exists()


def _usual_name(folder: Path, given: Path) -> str:
    cache = folder.parent.parent if folder.parent.name == "snapshots" else given
    hub_id = _cached_id(cache)
    return _known_name(hub_id) if hub_id else _known_name(given.absolute().name)


def _known_name(name: str) -> str:
    """The name that we have for what somebody else calls by a hub's id, or by the last part of one."""
    if known := find_known(name):
        return known.name
    tail = name.rpartition("/")[2]
    return next((known.name for known in KNOWN if known.hub_id.lower().endswith(f"/{tail.lower()}")), tail)


def _cached_id(cache: Path) -> str:
    """`org/name` of the hub's `models--org--name`, "" for another folder."""
    kind, _, rest = cache.name.partition("--")
    return rest.replace("--", "/", 1) if kind == "models" and "--" in rest else ""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
