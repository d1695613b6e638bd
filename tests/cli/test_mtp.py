"""What `codeassist mtp` says to those who ask it wrongly, before it loads anything heavy."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_model import write_model

from codeassist.models.directory import shipped_model
from tests.cli.conftest import Shell
from training.strip import strip


@pytest.fixture
def base(tmp_path: Path) -> Path:
    write_model(tmp_path / "whole", ["a = 1\n"] * 9)
    strip(tmp_path / "whole", tmp_path / "base")
    return tmp_path / "base"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    for number in range(60):
        (folder / f"module_{number}.py").write_text("value = 1\n" * 20)
    return folder


def test_a_model_that_drafts_already_is_not_trained(shell: Shell, repository: Path, tmp_path: Path) -> None:
    asked = ("--model", str(shipped_model()), "--data", str(repository), "--out", str(tmp_path / "out"))
    outcome = shell.run("mtp", "train", *asked)
    assert outcome.code == 1
    assert "has an MTP layer already" in outcome.err
    assert not (tmp_path / "out").exists()


def test_a_device_that_is_not_there_is_told(shell: Shell, base: Path, repository: Path, tmp_path: Path) -> None:
    asked = ("--model", str(base), "--data", str(repository), "--out", str(tmp_path / "out"))
    outcome = shell.run("mtp", "train", *asked, "--device", "no-such-device")
    assert outcome.code == 1
    assert "--device no-such-device cannot be used" in outcome.err


def test_a_layer_that_is_not_there_is_told_with_where_it_comes_from(shell: Shell, base: Path, tmp_path: Path) -> None:
    outcome = shell.run("mtp", "attach", "--model", str(base), str(tmp_path / "nothing"), str(tmp_path / "out"))
    assert outcome.code == 1
    assert "the folder that `codeassist mtp train` wrote" in outcome.err
    assert not (tmp_path / "out").exists()


def test_what_no_attach_made_is_not_taken_apart(shell: Shell, base: Path) -> None:
    outcome = shell.run("mtp", "detach", str(base))
    assert outcome.code == 1
    assert "nothing was removed" in outcome.err
    assert (base / "config.json").exists()
