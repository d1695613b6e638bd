"""SHA256SUMS is what sha256sum writes and checks, and every way to differ from it is told."""

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from codeassist.engine.catalogue import UNKNOWN
from codeassist.errors import ModelError
from codeassist.models.checksums import CHECKSUMS, check_files, read_checksums, write_checksums
from codeassist.models.directory import shipped_embedder, shipped_model
from codeassist.models.verify import verify_model


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "1_Pooling" / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "lock").touch()
    (folder / ".gitattributes").touch()
    return folder


def states(directory: Path) -> dict[str, str]:
    return {file.name: file.state for file in check_files(directory)}


def test_the_file_is_that_of_sha256sum(directory: Path) -> None:
    assert write_checksums(directory) == directory / CHECKSUMS
    expected = [f"{hashlib.sha256(b'{}').hexdigest()}  1_Pooling/config.json"]
    expected += [f"{hashlib.sha256(b'weights').hexdigest()}  model.safetensors"]
    assert (directory / CHECKSUMS).read_text() == "\n".join(expected) + "\n"


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="coreutils are not installed")
def test_sha256sum_and_we_read_each_other(directory: Path) -> None:
    for name in ("two words", "back\\slash", "line\nend", "über"):
        (directory / name).write_text(name)
    write_checksums(directory)
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", CHECKSUMS], cwd=directory, check=True)
    names = list(read_checksums(directory))
    printed = subprocess.run(["sha256sum", "--binary", *names], cwd=directory, check=True, capture_output=True).stdout
    (directory / CHECKSUMS).write_bytes(printed)
    assert set(states(directory).values()) == {"ok"}


def test_written_anew_it_forgets_what_was(directory: Path) -> None:
    write_checksums(directory)
    (directory / "model.safetensors").rename(directory / "other.safetensors")
    write_checksums(directory)
    assert states(directory) == {"1_Pooling/config.json": "ok", "other.safetensors": "ok"}
    assert {path.name for path in directory.glob(".*")} == {".cache", ".gitattributes"}, "nothing unfinished is left"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda folder: (folder / "model.safetensors").write_bytes(b"weightz"), "changed"),
        (lambda folder: (folder / "model.safetensors").unlink(), "missing"),
        (lambda folder: None, "ok"),
    ],
)
def test_each_file_has_its_state(directory: Path, change: Callable[[Path], object], expected: str) -> None:
    write_checksums(directory)
    change(directory)
    assert states(directory) == {"1_Pooling/config.json": "ok", "model.safetensors": expected}


def test_a_file_that_nobody_announced_is_told(directory: Path) -> None:
    write_checksums(directory)
    (directory / "adapter.safetensors").touch()
    assert states(directory)["adapter.safetensors"] == "unexpected"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("not a hash\n", ":1 is no line of sha256sum"),
        ("0" * 64 + "  a\n\n", ":2 is no line of sha256sum"),
        ("0" * 64 + "  ../outside\n", ":1 names a file outside"),
        ("0" * 64 + "  /etc/passwd\n", ":1 names a file outside"),
    ],
)
def test_hashes_that_cannot_be_used_are_refused(directory: Path, text: str, complaint: str) -> None:
    (directory / CHECKSUMS).write_text(text)
    with pytest.raises(ModelError, match=complaint):
        list(check_files(directory))


@pytest.mark.parametrize("directory", [shipped_model(), shipped_embedder()], ids=["model", "embedder"])
def test_the_shipped_models_are_what_their_hashes_say(directory: Path) -> None:
    verified = verify_model(directory, UNKNOWN, lambda file: None)
    remedy = "made anew? call codeassist.models.checksums.write_checksums on the directory"
    assert (verified.has_checksums, verified.problems) == (True, ()), remedy
