"""Set-up says what went wrong and what to do."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import setup

MISSING = "ERROR: No matching distribution found for torch==2.13.0+cpu\n"


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with pins and no environment."""
    (tmp_path / "requirements").mkdir()
    for name in ("torch-cpu", "cpu", "gpu", "base", "dev"):
        (tmp_path / "requirements" / f"{name}.txt").write_text(f"{name}==1 --hash=sha256:00\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    places = {"ROOT": tmp_path, "VENV": venv, "PYTHON": venv / "bin" / "python", "STAMP": venv / "stamp"}
    for name, path in places.items():
        monkeypatch.setattr(setup, name, path)
    return tmp_path


def finish(target: str) -> None:
    setup.STAMP.write_text(setup.stamp(target, setup.version_of(str(setup.PYTHON))))


def test_an_environment_of_the_same_pins_is_left_alone(clone: Path) -> None:
    assert not setup.is_up_to_date("cpu")
    finish("cpu")
    assert setup.is_up_to_date("cpu")
    assert setup.main([]) == 0


def test_a_changed_pin_or_another_target_is_noticed(clone: Path) -> None:
    finish("cpu")
    assert not setup.is_up_to_date("gpu")
    (clone / "requirements" / "dev.txt").write_text("dev==2 --hash=sha256:00\n")
    assert not setup.is_up_to_date("cpu")


def test_the_target_of_an_environment_is_kept(clone: Path) -> None:
    assert setup.wanted_target([]) == "cpu"
    finish("base")
    assert setup.wanted_target([]) == "base"
    assert setup.wanted_target(["gpu"]) == "gpu"


def test_an_unknown_target_is_refused_with_those_there_are(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert setup.main(["tpu"]) == 1
    assert "choose one of cpu, gpu, base" in capsys.readouterr().err


def test_a_full_disk_is_told_before_anything_is_made(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "VENV", clone / "not-made")
    monkeypatch.setitem(setup.FREE_GB, "cpu", 10**9)
    with pytest.raises(setup.SetupError, match="GB are needed: free some space"):
        setup.check_disk("cpu")


def test_old_pythons_alone_are_told_with_their_versions(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = clone / "python3.6"
    old.write_text("#!/bin/sh\necho 3.6.9\n")
    old.chmod(0o755)
    monkeypatch.setattr(setup, "CANDIDATES", (str(old), "no-such-python"))
    with pytest.raises(setup.SetupError, match=r"Python 3.11, 3.12 or 3.13 is needed .*3\.6\.9"):
        setup.suitable_pythons()


def test_the_same_python_by_two_names_is_tried_once(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "CANDIDATES", (sys.executable, str(setup.PYTHON)))
    assert setup.suitable_pythons() == [sys.executable]


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        (MISSING, setup.NotFound, r"no wheel of torch==2\.13\.0\+cpu"),
        (f"NewConnectionError: refused\n{MISSING}", setup.SetupError, "check network and proxy"),
        ("OSError: [Errno 28] No space left on device", setup.SetupError, "the disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", setup.SetupError, "not the one that was locked"),
        ("something else", setup.SetupError, "something else"),
    ],
)
def test_failures_of_pip_come_with_their_remedy(words: str, kind: type[Exception], message: str) -> None:
    error = setup.explained(words)
    assert type(error) is kind
    with pytest.raises(kind, match=message):
        raise error


def test_progress_is_counted_and_everything_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    log = io.StringIO()
    lines = [*(f"Collecting p{n}==1\n" for n in range(30)), "Installing collected packages: p0\n"]
    assert list(setup.show_progress(lines, log, 30)) == lines
    assert log.getvalue() == "".join(lines)
    shown = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in shown] == ["25/30", "30/30", "unpacking:"]


def test_the_script_needs_nothing_but_the_standard_library() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", setup.__file__, "tpu"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, "unknown target 'tpu'" in done.stderr) == (1, True)
