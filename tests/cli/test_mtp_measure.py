"""`codeassist mtp measure` with an engine that answers from a script, and what it says to those who ask it wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_model import write_model

from codeassist.directories import speculation_file
from tests.cli.conftest import Outcome, Shell
from training.strip import strip


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "whole", ["value = 1\n"] * 9)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    for number in range(60):
        (folder / f"module_{number}.py").write_text("".join(f"value_{n} = call({n})\n" for n in range(40)))
    return folder


def measure(shell: Shell, model: Path, repository: Path, *more: str) -> Outcome:
    asked = ("--model", str(model), "--data", str(repository), "-o", "engine.kind=scripted", "--cases", "3")
    return shell.run("mtp", "measure", *asked, *more)


def test_what_was_measured_is_told_as_tables(shell: Shell, model: Path, repository: Path) -> None:
    outcome = measure(shell, model, repository, "--tokens", "2", "--methods", "ngram,mtp")
    assert (outcome.code, outcome.out.count("ngram 2")) == (0, 2 * outcome.out.count("choice:"))
    assert "2 of 4, mtp 2: starting" in outcome.err
    assert "no drafting" in outcome.out
    assert "The choice is not kept." in outcome.out, "a scripted engine does not tell what a choice would hold for"
    assert not speculation_file().exists()


def test_a_program_gets_one_document(shell: Shell, model: Path, repository: Path) -> None:
    told = measure(shell, model, repository, "--tokens", "0,1", "--json", "--no-write").json
    completion = told["kinds"]["completion"]
    assert [one["drafter"]["method"] for one in completion["figures"]] == ["none", "mtp", "ngram"]
    assert completion["n_cases"] == 3
    assert (told["written"], told["failed"], told["circumstances"]) == (None, [], None)


def test_a_model_may_be_given_by_its_name(shell: Shell, model: Path, repository: Path) -> None:
    named = ("-o", f"engine.models={model.parent}", "--tokens", "1", "--methods", "ngram", "--json", "--no-write")
    assert measure(shell, Path(model.name), repository, *named).json["model"] == str(model)


def test_a_model_without_a_head_is_measured_with_what_it_has(
    shell: Shell, model: Path, repository: Path, tmp_path: Path
) -> None:
    strip(model, tmp_path / "base")
    told = measure(shell, tmp_path / "base", repository, "--tokens", "1", "--json").json
    assert [one["drafter"]["method"] for one in told["kinds"]["completion"]["figures"]] == ["none", "ngram"]
    outcome = measure(shell, tmp_path / "base", repository, "--methods", "mtp")
    assert outcome.code == 2
    assert "codeassist mtp train" in outcome.err


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (("--methods", "magic"), "none, mtp, ngram, suffix"),
        (("--tokens", "1,two"), "0,1,2,3"),
        (("--tokens", "-1"), "0,1,2,3"),
        (("--tokens", "17"), "0 to 16"),
        (("--tokens", ""), "0,1,2,3"),
    ],
)
def test_what_cannot_be_tried_is_told_before_anything_starts(
    shell: Shell, model: Path, repository: Path, more: tuple[str, ...], complaint: str
) -> None:
    outcome = measure(shell, model, repository, *more)
    assert outcome.code == 2
    assert complaint in outcome.err
    assert "starting" not in outcome.err


def test_too_few_files_are_told_with_a_remedy(shell: Shell, model: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    outcome = measure(shell, model, empty)
    assert outcome.code == 1
    assert "--data" in outcome.err
