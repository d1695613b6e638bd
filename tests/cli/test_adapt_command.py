"""What `codeassist adapt` says to those who ask it wrongly, before it loads anything heavy."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from tiny_model import write_model

from codeassist.adapters.checks import WEIGHTS
from codeassist.commands.adapt import told_broken_off
from codeassist.commands.devices import require_libraries
from codeassist.errors import EngineUnavailable
from tests.cli.conftest import Shell

pytestmark = pytest.mark.skipif(find_spec("peft") is None, reason="peft is not installed (`make setup`)")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "model", ["a = 1\n"] * 9)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    folder = tmp_path / "large"
    folder.mkdir()
    for number in range(40):
        (folder / f"module_{number}.py").write_text(f"value = {number}\n" * 20)
    return folder


def configure(model: Path, **change: Any) -> None:
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | change))


def test_a_quantised_model_is_refused(shell: Shell, model: Path, large: Path) -> None:
    configure(model, quantization_config={"bits": 4})
    outcome = shell.run("adapt", str(large), "--model", str(model))
    assert outcome.code == 1
    assert "is quantised" in outcome.err


def test_a_model_that_transformers_does_not_know_is_refused(shell: Shell, model: Path, large: Path) -> None:
    configure(model, model_type="somebody_s_own")
    outcome = shell.run("adapt", str(large), "--model", str(model))
    assert outcome.code == 1
    assert "transformers knows no 'somebody_s_own'" in outcome.err


def test_a_repository_with_too_few_files_is_told(shell: Shell, model: Path, tmp_path: Path) -> None:
    outcome = shell.run("adapt", "--model", str(model), "--out", str(tmp_path / "out"), "--json")
    assert outcome.code == 1
    assert "too few to learn from" in outcome.json["error"]["message"]
    assert not (tmp_path / "out").exists()


def test_rows_that_the_model_cannot_hold_are_refused(shell: Shell, model: Path, large: Path, tmp_path: Path) -> None:
    asked = ("--model", str(model), "--out", str(tmp_path / "out"), "--length", "100000")
    outcome = shell.run("adapt", str(large), *asked)
    assert outcome.code == 1
    assert "give a smaller --length" in outcome.err


def test_rows_that_have_no_room_for_a_prompt_are_refused(shell: Shell, model: Path, large: Path) -> None:
    outcome = shell.run("adapt", str(large), "--model", str(model), "--length", "130")
    assert outcome.code == 1
    assert "give a larger --length" in outcome.err


def test_a_device_that_is_not_there_is_told(shell: Shell, model: Path, large: Path) -> None:
    outcome = shell.run("adapt", str(large), "--model", str(model), "--device", "no-such-device")
    assert outcome.code == 1
    assert "--device no-such-device cannot be used" in outcome.err


def test_a_folder_in_use_is_left_alone(shell: Shell, model: Path, large: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    outcome = shell.run("adapt", str(large), "--model", str(model), "--out", str(tmp_path / "out"))
    assert outcome.code == 1
    assert "is not empty" in outcome.err


def test_a_higher_rank_than_is_served_is_no_option(shell: Shell, large: Path) -> None:
    assert shell.run("adapt", str(large), "--rank", "65").code == 2


def test_an_interrupted_training_tells_of_an_adapter_only_where_there_is_one(tmp_path: Path) -> None:
    assert told_broken_off(tmp_path) == "broken off; the same command goes on. Nothing has been learned yet"
    (tmp_path / WEIGHTS).touch()
    assert f"The best adapter so far lies in {tmp_path}" in told_broken_off(tmp_path)


def test_what_is_not_installed_is_named_with_how_to_get_it() -> None:
    with pytest.raises(EngineUnavailable, match=r"training needs no_such_thing; install codeassist with its extra"):
        require_libraries("json", "no_such_thing")
