"""The configurations for pre-commit and for continuous integration: read as those who run them would."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml  # type: ignore[import-untyped]

from codeassist.cli import app
from codeassist.commands.pre_commit import checked_arguments
from codeassist.commands.review_options import Format

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "extension-config"
CI = {"github.yml": "sarif", "gitlab-ci.yml": "gitlab"}


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def commands(name: str) -> list[list[str]]:
    """What a pipeline runs, as words; what a runner puts into them is left as it is written."""
    config = read(EXAMPLES / "ci" / name)
    if name == "gitlab-ci.yml":
        job = config["codeassist-review"]
        lines = [*job["before_script"], *job["script"]]
    else:
        lines = [step["run"] for step in config["jobs"]["review"]["steps"] if "run" in step]
    return [shlex.split(line) for line in lines]


def hooks() -> list[dict[str, Any]]:
    manifest = read(ROOT / ".pre-commit-hooks.yaml")
    local = read(EXAMPLES / "pre-commit" / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    return [*manifest, *local]


def test_the_hook_for_everybody_and_the_one_of_this_machine_are_run_alike() -> None:
    ours, local = hooks()
    named = ("id", "name", "entry", "stages", "always_run", "pass_filenames", "require_serial", "verbose")
    assert {name: ours[name] for name in named} == {name: local[name] for name in named}
    assert ours["language"] == "python"
    pinned = read(EXAMPLES / "pre-commit" / "pinned.yaml")["repos"][0]["hooks"][0]
    assert pinned["id"] == ours["id"]
    for arguments in (local["args"], pinned["args"]):
        assert checked_arguments(arguments) == ""


def test_what_pre_commit_starts_is_a_script_of_this_package() -> None:
    scripts = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'{hooks()[0]["entry"]} = "codeassist.commands.pre_commit:main"' in scripts


@pytest.mark.parametrize("name", CI)
def test_a_pipeline_asks_for_what_the_command_takes(name: str) -> None:
    (words,) = [words for words in commands(name) if words[0] == "codeassist"]
    command = typer.main.get_command(app).commands[words[1]]
    parsed = command.make_context("review", list(words[2:]), resilient_parsing=False).params
    assert parsed["output_format"] is Format(CI[name])
    assert (str(parsed["output"]), parsed["max_seconds"]) in (
        ("review.sarif", 300.0),
        ("gl-code-quality-report.json", 300.0),
    )


def test_the_report_that_is_written_is_the_one_that_is_handed_in() -> None:
    steps = read(EXAMPLES / "ci" / "github.yml")["jobs"]["review"]["steps"]
    (upload,) = [step for step in steps if "upload-sarif" in step.get("uses", "")]
    assert any(upload["with"]["sarif_file"] in words for words in commands("github.yml"))
    job = read(EXAMPLES / "ci" / "gitlab-ci.yml")["codeassist-review"]
    assert any(job["artifacts"]["reports"]["codequality"] in words for words in commands("gitlab-ci.yml"))


@pytest.mark.parametrize("name", CI)
def test_no_package_is_taken_from_an_index_where_it_may_be_a_strangers(name: str) -> None:
    (words,) = [words for words in commands(name) if words[:2] == ["pip", "install"]]
    assert words[2].startswith("git+https://git.example.org/")


def test_nothing_that_a_stranger_may_name_is_put_into_a_shell() -> None:
    """A branch's name is what its author wrote: GitHub puts `${{ }}` into the script before the shell reads it."""
    text = (EXAMPLES / "ci" / "github.yml").read_text(encoding="utf-8")
    steps = yaml.safe_load(text)["jobs"]["review"]["steps"]
    assert not any("${{" in step.get("run", "") for step in steps)
