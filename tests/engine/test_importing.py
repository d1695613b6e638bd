"""Models come from folders and archives whole and checked, or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from codeassist.engine.catalogue import read_catalogue
from codeassist.errors import ModelError
from codeassist.models.archive import packed
from codeassist.models.checksums import CHECKSUMS, check_files, read_checksums, write_checksums
from codeassist.models.importing import archive_name, import_archive, import_folder, link_folder, plan_folder
from codeassist.models.source import SOURCE, read_source
from codeassist.models.store import locked, stored_models
from codeassist.models.verify import structure_problems

WEIGHTS = "model.safetensors"
COMMIT = "c" * 40


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def clone(tiny_model: Path, tmp_path: Path) -> Path:
    """A git clone of a publication in several formats."""
    folder = tmp_path / "Tiny-Base"
    shutil.copytree(tiny_model, folder)
    (folder / "codeassist.json").unlink()
    (folder / ".git").mkdir()
    (folder / ".git" / "config").touch()
    for name in ("pytorch_model.bin", "modeling_tiny.py", "README.md"):
        (folder / name).write_text(name)
    return folder


@pytest.fixture
def cache(clone: Path, tmp_path: Path) -> Path:
    """The hub's cache of a model: a snapshot of links into blobs that are named by their hashes."""
    cache = tmp_path / "hub" / "models--deepseek-ai--DeepSeek-Coder-V2-Lite-Base"
    snapshot = cache / "snapshots" / COMMIT
    for folder in (snapshot, cache / "blobs", cache / "refs"):
        folder.mkdir(parents=True)
    (cache / "refs" / "main").write_text(COMMIT)
    for file in clone.iterdir():
        if file.is_file():
            content = file.read_bytes()
            blob = hashlib.sha256(content) if file.name == WEIGHTS else git_blob(content)
            (cache / "blobs" / blob.hexdigest()).write_bytes(content)
            (snapshot / file.name).symlink_to(f"../../blobs/{blob.hexdigest()}")
    return cache


def git_blob(content: bytes) -> hashlib._Hash:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)


def left(models: Path) -> set[str]:
    """What lies in the folder of models, but for locks."""
    return (
        {entry.name for entry in models.iterdir() if not entry.name.startswith(".lock-")} if models.exists() else set()
    )


def test_of_a_clone_what_is_needed_is_copied(clone: Path, models: Path) -> None:
    plan = plan_folder(clone)
    moved: list[int] = []
    folder = import_folder(plan, models, moved.append)
    assert folder == models / "Tiny-Base"
    needed = {"config.json", "tokenizer.json", "tokenizer_config.json", WEIGHTS, "README.md"}
    assert {path.name for path in folder.iterdir()} == needed | {SOURCE, CHECKSUMS}
    assert {file.state for file in check_files(folder)} == {"ok"}
    assert sum(moved) == plan.n_bytes
    source = read_source(folder)
    assert source is not None
    assert (source.hub_id, source.taken_from) == ("", str(clone))


def test_of_the_hubs_cache_model_and_commit_are_known_and_hashes_compared(cache: Path, models: Path) -> None:
    plan = plan_folder(cache)
    folder = import_folder(plan, models)
    assert folder.name == "deepseek-coder-v2-lite"
    assert not any(path.is_symlink() for path in folder.iterdir())
    source = read_source(folder)
    assert source is not None
    assert (source.hub_id, source.revision) == ("deepseek-ai/DeepSeek-Coder-V2-Lite-Base", COMMIT)


@pytest.mark.parametrize("file", [WEIGHTS, "README.md"])
def test_a_blob_that_is_not_what_its_name_says_is_refused(cache: Path, models: Path, file: str) -> None:
    blob = (cache / "snapshots" / COMMIT / file).resolve()
    content = blob.read_bytes()
    blob.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelError, match=f"not imported: {file} is damaged"):
        import_folder(plan_folder(cache), models)
    assert left(models) == set()


def test_a_cache_of_several_commits_asks_which(cache: Path) -> None:
    (cache / "refs" / "main").unlink()
    (cache / "snapshots" / ("d" * 40)).mkdir()
    with pytest.raises(ModelError, match=f"has not one commit but {COMMIT}, d+; name the folder of one"):
        plan_folder(cache)
    assert plan_folder(cache / "snapshots" / COMMIT).name == "deepseek-coder-v2-lite"


def test_a_folder_with_hashes_is_taken_by_them(tiny_model: Path, tmp_path: Path, models: Path) -> None:
    folder = tmp_path / "given"
    shutil.copytree(tiny_model, folder)
    write_checksums(folder)
    assert import_folder(plan_folder(folder, "mine"), models) == models / "mine"
    with (folder / WEIGHTS).open("r+b") as file:
        file.seek(-1, io.SEEK_END)
        file.write(b"!")
    with pytest.raises(ModelError, match=f"{WEIGHTS} is damaged"):
        import_folder(plan_folder(folder, "other"), models)
    (folder / "tokenizer_config.json").unlink()
    with pytest.raises(ModelError, match=r"lacks tokenizer_config\.json, which its SHA256SUMS has"):
        plan_folder(folder, "other")
    assert left(models) == {"mine"}


def test_what_a_folder_with_hashes_has_beside_them_stays_behind(tiny_model: Path, tmp_path: Path, models: Path) -> None:
    folder = tmp_path / "stick"
    shutil.copytree(tiny_model, folder)
    write_checksums(folder)
    (folder / "holiday.jpg").touch()
    imported = import_folder(plan_folder(folder), models)
    assert not (imported / "holiday.jpg").exists()
    assert {file.state for file in check_files(imported)} == {"ok"}


def test_a_link_leaves_the_folder_as_it_is(tiny_model: Path, models: Path) -> None:
    before = sorted(path.name for path in tiny_model.iterdir())
    link = link_folder(plan_folder(tiny_model, "linked"), models)
    assert link.readlink() == tiny_model
    assert sorted(path.name for path in tiny_model.iterdir()) == before
    with pytest.raises(ModelError, match=r"there is a model linked in .*--name.*models remove linked"):
        link_folder(plan_folder(tiny_model, "linked"), models)


def test_half_a_model_is_refused(clone: Path, models: Path) -> None:
    with (clone / WEIGHTS).open("r+b") as file:
        file.truncate(5000)
    for attempt in (import_folder, link_folder):
        with pytest.raises(ModelError, match=f"not imported: .*{WEIGHTS} is cut off"):
            attempt(plan_folder(clone), models)
    (clone / WEIGHTS).write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(ModelError, match="is a Git LFS pointer"):
        import_folder(plan_folder(clone), models)
    (clone / WEIGHTS).unlink()
    (clone / "pytorch_model.bin").unlink()
    with pytest.raises(ModelError, match="there are no weights"):
        plan_folder(clone)
    assert left(models) == set()


def test_a_copy_that_is_interrupted_leaves_no_model(clone: Path, models: Path) -> None:
    def interrupt(n_bytes: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_folder(plan_folder(clone), models, interrupt)
    assert left(models) == set()
    (models / ".import-Tiny-Base").mkdir()  # as a process that was killed leaves it
    (models / ".import-Tiny-Base" / "config.json").write_text("half")
    assert stored_models(models) == []
    assert import_folder(plan_folder(clone), models).is_dir()
    assert left(models) == {"Tiny-Base"}


def test_a_name_is_taken_by_one_at_a_time(clone: Path, models: Path) -> None:
    with locked(models, "Tiny-Base"), pytest.raises(ModelError, match="another codeassist is"):
        import_folder(plan_folder(clone), models)


def test_a_model_goes_through_a_tar_unchanged(clone: Path, models: Path, tmp_path: Path) -> None:
    folder = import_folder(plan_folder(clone, "there"), models)
    tar = packed(folder, "there", tmp_path / "there.tar")
    assert archive_name(tar) == "there"
    elsewhere = tmp_path / "elsewhere"
    arrived = import_archive(tar, elsewhere, "here")
    assert arrived == elsewhere / "here"
    assert read_checksums(arrived) == read_checksums(folder)
    assert {file.state for file in check_files(arrived)} == {"ok"}
    assert left(elsewhere) == {"here"}
    with pytest.raises(ModelError, match="is there already"):
        packed(folder, "there", tar)


def test_links_become_files_in_a_tar(cache: Path, models: Path, tmp_path: Path) -> None:
    tar = packed(cache / "snapshots" / COMMIT, "linked", tmp_path / "linked.tar")
    with tarfile.open(tar) as archive:
        assert all(member.isreg() for member in archive)
        assert archive.getnames()[-1] == f"linked/{CHECKSUMS}"
    assert import_archive(tar, models, "linked").is_dir()


def test_a_damaged_model_is_not_exported(clone: Path, models: Path, tmp_path: Path) -> None:
    folder = import_folder(plan_folder(clone), models)
    (folder / "README.md").write_text("changed")
    with pytest.raises(ModelError, match=r"README\.md is not what SHA256SUMS says"):
        packed(folder, "x", tmp_path / "x.tar")
    assert list(tmp_path.glob("*x.tar*")) == []


def test_a_tar_that_is_cut_off_leaves_nothing(clone: Path, models: Path, tmp_path: Path) -> None:
    tar = packed(import_folder(plan_folder(clone), models), "x", tmp_path / "x.tar")
    with tar.open("r+b") as file:
        file.truncate(tar.stat().st_size // 2)
    with pytest.raises(ModelError, match="is no whole tar"):
        import_archive(tar, models, "x")
    tar.write_bytes(b"no tar at all" * 100)
    with pytest.raises(ModelError, match="is no tar that can be read"):
        archive_name(tar)
    assert left(models) == {"Tiny-Base"}


def test_a_tar_with_a_changed_file_is_refused(clone: Path, models: Path, tmp_path: Path) -> None:
    folder = import_folder(plan_folder(clone), models)
    sums = (folder / CHECKSUMS).read_bytes()
    content = {path.name: path.read_bytes() for path in folder.iterdir()} | {"README.md": b"changed", CHECKSUMS: sums}
    tar = tar_of(tmp_path, {f"x/{name}": text for name, text in content.items()})
    with pytest.raises(ModelError, match=r"has another README\.md than its SHA256SUMS"):
        import_archive(tar, models, "x")
    tar = tar_of(tmp_path, {f"x/{name}": text for name, text in content.items() if name != WEIGHTS})
    with pytest.raises(ModelError, match=rf"lacks {WEIGHTS}"):
        import_archive(tar, models, "x")
    assert left(models) == {"Tiny-Base"}


def tar_of(
    folder: Path, files: dict[str, bytes], change: Callable[[tarfile.TarInfo], None] = lambda member: None
) -> Path:
    file = folder / "made.tar"
    with tarfile.open(file, "w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            change(member)
            archive.addfile(member, io.BytesIO(content))
    return file


def symlink(member: tarfile.TarInfo) -> None:
    member.type, member.linkname, member.size = tarfile.SYMTYPE, "/etc/passwd", 0


def hard_link(member: tarfile.TarInfo) -> None:
    member.type, member.linkname, member.size = tarfile.LNKTYPE, "../../secret", 0


def device(member: tarfile.TarInfo) -> None:
    member.type, member.size = tarfile.CHRTYPE, 0


ESCAPES = [
    ("x/../../evil", lambda member: None, "lies outside"),
    ("/tmp/evil", lambda member: None, "lies outside"),
    ("../evil", lambda member: None, "lies outside"),
    ("x/config.json", symlink, "is a link or a device"),
    ("x/config.json", hard_link, "is a link or a device"),
    ("x/config.json", device, "is a link or a device"),
]


@pytest.mark.parametrize(("name", "change", "told"), ESCAPES)
def test_a_tar_cannot_reach_outside(
    name: str, change: Callable[[tarfile.TarInfo], None], told: str, models: Path, tmp_path: Path
) -> None:
    tar = tar_of(tmp_path, {name: b"evil"}, change)
    before = {path for path in tmp_path.iterdir() if path != models}
    with pytest.raises(ModelError, match=told):
        import_archive(tar, models, "x")
    assert {path for path in tmp_path.iterdir() if path != models} == before
    assert left(models) == set()


def test_a_file_twice_in_a_tar_is_refused(models: Path, tmp_path: Path) -> None:
    tar = tar_of(tmp_path, {"x/a": b"1", "./x/a": b"2"})
    with pytest.raises(ModelError, match="holds 'x/a' twice"):
        import_archive(tar, models, "x")


def test_what_is_no_model_is_told(models: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no folder and no tar"):
        plan_folder(tmp_path / "gone")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="there are no weights"):
        plan_folder(tmp_path / "empty")
    with pytest.raises(ModelError, match=r"not imported: .*config\.json is missing"):
        import_archive(tar_of(tmp_path, {"x/notes.txt": b"x"}), models, "x")
    assert left(models) == set()


def test_a_model_that_only_chats_may_have_a_name(clone: Path, models: Path) -> None:
    tokenizer = json.loads((clone / "tokenizer.json").read_text())
    tokenizer["added_tokens"] = [entry for entry in tokenizer["added_tokens"] if "fim" not in entry["content"]]
    (clone / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(ModelError, match="no fill-in-the-middle tokens"):
        import_folder(plan_folder(clone), models)
    (clone / "chat_template.jinja").write_text("{{ messages }}")
    assert import_folder(plan_folder(clone), models).is_dir()


def test_a_tar_cannot_fill_the_disk(models: Path, tmp_path: Path) -> None:
    """Neither with holes that count as zeros, nor compressed."""
    holes = tarfile.TarInfo("m/config.json")
    holes.type, holes.size = tarfile.GNUTYPE_SPARSE, 512
    header = bytearray(holes.tobuf(tarfile.GNU_FORMAT))
    header[386:410] = b"%011o\0%011o\0" % (0, 512)
    header[483:495] = b"%011o\0" % (7 << 30)  # the size with its holes
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    tar = tmp_path / "m.tar"
    tar.write_bytes(bytes(header) + bytes(512 + 1024))
    with pytest.raises(ModelError, match="holes"):
        import_archive(tar, models, "m")

    large = tarfile.TarInfo("m/config.json")
    large.size = 1 << 55
    tar.write_bytes(large.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    with pytest.raises(ModelError, match=r"config\.json needs .* make room"):
        import_archive(tar, models, "m")
    assert stored_models(models) == []


def test_a_tar_of_endless_members_is_refused(models: Path, tmp_path: Path) -> None:
    tar = tmp_path / "m.tar.gz"
    with tarfile.open(tar, "w:gz", compresslevel=1) as archive:
        for number in range(10_001):
            folder = tarfile.TarInfo(f"m/{number}")
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
    with pytest.raises(ModelError, match="more than 10000"):
        import_archive(tar, models, "m")


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", WEIGHTS, "extra.json", SOURCE])
def test_nothing_waits_for_a_pipe(models: Path, clone: Path, name: str) -> None:
    (clone / name).unlink(missing_ok=True)
    os.mkfifo(clone / name)
    with pytest.raises(ModelError, match=f"{name} is no regular file"):
        plan_folder(clone)
    assert [problem for problem in structure_problems(clone, read_catalogue()) if name in problem] or name in (
        "extra.json",
        SOURCE,
    )


def test_hashes_are_not_waited_for(clone: Path) -> None:
    os.mkfifo(clone / CHECKSUMS)
    with pytest.raises(ModelError, match="SHA256SUMS is no file"):
        plan_folder(clone)


def test_a_device_in_place_of_a_file_is_refused(models: Path, clone: Path) -> None:
    (clone / "config.json").unlink()
    (clone / "config.json").symlink_to("/dev/zero")
    with pytest.raises(ModelError, match=r"config\.json is no regular file"):
        plan_folder(clone)
    assert any("is no file of" in problem for problem in structure_problems(clone, read_catalogue()))
