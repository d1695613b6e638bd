"""Fetching a published model under its name: asked of the hub first, then brought in file by file, then put in place.

A fetch that broke off leaves `.fetch-<name>` in the folder of models, and the next one goes on there. What lies under
the name itself is always whole: the old model until the new one is.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from codeassist.errors import ModelError
from codeassist.models.checksums import CHECKSUMS, file_sha256, write_known_checksums
from codeassist.models.hub import Hub, HubFile, Listing
from codeassist.models.published import KnownModel
from codeassist.models.selection import needed_files
from codeassist.models.source import SOURCE, Source, SourceFile, read_source, write_source
from codeassist.models.store import discard, locked, replaced_model, unfinished_fetch
from codeassist.models.transfer import UNFINISHED, Stopped, Watch, is_right, transfer

# A hub gives one connection some 50 to 100 MB/s; a few together fill a fast line, many are turned away.
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be fetched. models: the folder of models. n_bytes: of all files; missing_bytes: still to be fetched.
    By sizes alone, unless it was `inspected`; is_whole: every file lies under the name as the hub has it,
    and that is written down beside them."""

    model: KnownModel
    listing: Listing
    files: tuple[HubFile, ...]
    models: Path
    missing_bytes: int
    is_whole: bool = False

    @property
    def n_bytes(self) -> int:
        """Of all files."""
        return sum(file.size for file in self.files)

    @property
    def folder(self) -> Path:
        """Where the model will be."""
        return self.models / self.model.name


def plan_fetch(hub: Hub, model: KnownModel, models: Path, revision: str = "") -> Plan:
    """Ask the hub, and look at what is there. revision: "" for the recorded, else the pinned, else the newest one.

    Raises ModelError.
    """
    listing = hub.listing(model.hub_id, revision or _usual_revision(model, models))
    needed = set(needed_files(file.name for file in listing.files)) - {SOURCE}  # which is written here
    files = tuple(file for file in listing.files if file.name in needed)
    _require_apart(files, listing)
    arrived = unfinished_fetch(models, model.name)
    missing = sum(file.size - min(_n_bytes_there(file, models / model.name, arrived), file.size) for file in files)
    return Plan(model, listing, files, models, missing)


def inspected(plan: Plan, on_bytes: Callable[[int], None] = lambda n: None) -> Plan:
    """The plan by the bytes of what is there, all of which are read. on_bytes: told how many more."""
    arriving, wrong = unfinished_fetch(plan.models, plan.model.name), []
    for file in plan.files:
        if not is_right(plan.folder / file.name, file):
            wrong.append(file)
        on_bytes(file.size)
    missing = sum(file.size for file in wrong if not is_right(arriving / file.name, file))
    return replace(plan, missing_bytes=missing, is_whole=not wrong and _is_recorded(plan))


def fetch(hub: Hub, plan: Plan, watch: Watch | None = None, on_file: Callable[[str], None] = lambda name: None) -> Path:
    """Bring the model in and put it under its name. Returns its folder.

    on_file: told of each file once it is there, from several threads. Raises ModelError; what has arrived stays.
    """
    with locked(plan.models, plan.model.name):
        arriving = unfinished_fetch(plan.models, plan.model.name)
        try:
            _prepare(plan, arriving)
            sums = _fetch_files(hub, plan, arriving, watch or Watch(), on_file)
            sums[SOURCE] = file_sha256(arriving / SOURCE)
            write_known_checksums(arriving, sums)
            _put_in_place(arriving, plan.folder)
        except OSError as error:
            raise ModelError(
                f"{error.filename or arriving} cannot be written ({error.strerror}); make room or make it writable, or "
                "choose another folder with --dir"
            ) from None
    return plan.folder


def _require_apart(files: Sequence[HubFile], listing: Listing) -> None:
    """Raises ModelError for files that a disk without large and small letters takes for one, and would mix."""
    names = [file.name.casefold() for file in files]
    if twice := [file.name for file in files if names.count(file.name.casefold()) > 1]:
        raise ModelError(
            f"{listing.hub_id} at {listing.revision} has {' and '.join(twice)}, which some disks take for one file; "
            "choose another --revision"
        )


def _usual_revision(model: KnownModel, models: Path) -> str:
    for folder in (unfinished_fetch(models, model.name), models / model.name):
        source = _readable_source(folder)
        if source is not None and source.hub_id == model.hub_id and source.revision:
            return source.revision
    return model.revision or "main"


def _readable_source(folder: Path) -> Source | None:
    """The record of a folder; a damaged one is written anew."""
    try:
        return read_source(folder)
    except ModelError:
        return None


def _is_recorded(plan: Plan) -> bool:
    """Whether record and hashes stand beside the files; nothing is written into a folder that is only linked to."""
    if plan.folder.is_symlink():
        return True
    source = _readable_source(plan.folder)
    commit = (plan.listing.hub_id, plan.listing.revision)
    return source is not None and (source.hub_id, source.revision) == commit and (plan.folder / CHECKSUMS).is_file()


def _n_bytes_there(file: HubFile, *folders: Path) -> int:
    """Of a file as far as it seems to be there; whether these are the right bytes is seen later."""
    paths = [folder / name for folder in folders for name in (file.name, f"{file.name}{UNFINISHED}")]
    return max((path.stat().st_size for path in paths if path.is_file()), default=0)


def _prepare(plan: Plan, arriving: Path) -> None:
    """The folder in which files arrive, for this revision and with its record."""
    if arriving.is_symlink():  # what it leads to is not ours to clear, or to write into
        discard(arriving)
    before = _readable_source(arriving)
    if before is None or before.revision != plan.listing.revision:
        for leftover in arriving.glob(f"*{UNFINISHED}"):
            leftover.unlink()
    arriving.mkdir(exist_ok=True)
    names = {file.name for file in plan.files} | {f"{file.name}{UNFINISHED}" for file in plan.files}
    for entry in arriving.iterdir():
        if entry.name not in names or entry.is_symlink():
            discard(entry)
    described = {file.name: SourceFile(file.size, file.sha256) for file in plan.files}
    today = datetime.now(UTC).isoformat(timespec="seconds")
    source = Source(plan.model.name, plan.listing.hub_id, plan.listing.revision, today, "", described)
    write_source(arriving, source)


def _fetch_files(hub: Hub, plan: Plan, arriving: Path, watch: Watch, on_file: Callable[[str], None]) -> dict[str, str]:
    """SHA-256 by name of all files, fetched a few at once; the first that fails ends the others."""
    failed = threading.Event()
    watch = replace(watch, should_stop=failed.is_set)
    sums: dict[str, str] = {}

    def bring(file: HubFile) -> None:
        if not failed.is_set():
            sums[file.name] = _brought(hub, plan, file, arriving, watch)
            on_file(file.name)

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fetch") as pool:
        try:
            tasks = [pool.submit(bring, file) for file in sorted(plan.files, key=lambda file: -file.size)]
            wait(tasks, return_when=FIRST_EXCEPTION)
        finally:
            failed.set()
    errors = [task.exception() for task in tasks]
    first = next((error for error in errors if error is not None and not isinstance(error, Stopped)), None)
    if first is not None:
        raise first
    return sums


def _brought(hub: Hub, plan: Plan, file: HubFile, arriving: Path, watch: Watch) -> str:
    """A file's SHA-256, once it is in the folder: it was there, or in the old model, or it is fetched."""
    target, old = arriving / file.name, plan.folder / file.name
    if not is_right(target, file):
        target.unlink(missing_ok=True)
        if not is_right(old, file):
            return transfer(hub, plan.listing, file, arriving, watch)
        _link(old, target)
    watch.on_bytes(file.size)
    return file.sha256 or file_sha256(target)


def _link(old: Path, target: Path) -> None:
    """The same file under a second name, which costs no room; a copy where the file system cannot do that."""
    try:
        os.link(old.resolve(), target)
    except OSError:
        shutil.copyfile(old, target)


def _put_in_place(arriving: Path, folder: Path) -> None:
    """Let the whole model take the name; the one that had it goes."""
    old = replaced_model(folder.parent, folder.name)
    discard(old)
    if folder.is_symlink() or folder.exists():
        folder.rename(old)
    arriving.rename(folder)
    discard(old)
