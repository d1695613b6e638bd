from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from codeassist.models.checksums import CHECKSUMS
from codeassist.models.directory import shipped_embedder, shipped_model
from tests.cli.conftest import Shell
from tests.cli.processes import command

SHARD = "model-00002-of-00003.safetensors"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the shipped model. Weights are linked: replace them, never write into them."""
    directory = tmp_path / "copied"
    directory.mkdir()
    for file in shipped_model().iterdir():
        if file.suffix == ".safetensors":
            (directory / file.name).symlink_to(file)
        else:
            shutil.copy(file, directory)
    return directory


@pytest.fixture
def truncated(copied: Path) -> Path:
    (copied / SHARD).unlink()
    with (shipped_model() / SHARD).open("rb") as file:
        (copied / SHARD).write_bytes(file.read(100_000))
    return copied


def verdict(shell: Shell, *arguments: str) -> tuple[int, Any]:
    outcome = shell.run("models", "verify", "--json", *arguments)
    return outcome.code, outcome.json


def test_the_shipped_models_are_listed(shell: Shell) -> None:
    models = shell.run("models", "list", "--json").json["models"]
    assert [(entry["path"], entry["is_shipped"], entry["is_in_use"], entry["problem"]) for entry in models] == [
        (str(shipped_model()), True, True, ""),
        (str(shipped_embedder()), True, True, ""),
    ]
    assert (models[0]["architecture"], models[0]["context_tokens"]) == ("DeepseekV3ForCausalLM", 8192)
    assert all(entry["weight_bytes"] > 1_000_000 for entry in models)
    assert "DeepseekV3ForCausalLM · 8192 tokens" in shell.run("models", "list").out


def test_the_configured_model_is_listed_too(shell: Shell, copied: Path) -> None:
    models = shell.run("models", "list", "--json", "-o", f"engine.model={copied}").json["models"]
    used = [(entry["path"], entry["is_in_use"]) for entry in models if entry["use"] == "engine.model"]
    assert used == [(str(shipped_model()), False), (str(copied), True)]


def test_a_configured_model_that_is_not_there_is_listed_with_its_problem(shell: Shell) -> None:
    outcome = shell.run("models", "list", "-o", "engine.model=/nowhere")
    assert outcome.code == 0
    assert "/nowhere is no model directory" in outcome.out


def test_a_model_is_listed_by_the_name_that_commands_take(shell: Shell, copied: Path, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    copied.rename(tmp_path / "models/mine")
    folder = f"engine.models={tmp_path}/models"
    assert "\nmine   engine.model, yours, not in use\n" in shell.run("models", "list", "-o", folder).out
    used = shell.run("models", "list", "-o", folder, "-o", "engine.model=mine").out
    assert "\nmine   engine.model, yours\n    codeassist-deepseek-small · DeepseekV3ForCausalLM" in used
    listed = shell.run("models", "list", "--json", "-o", folder).json["models"]
    assert [entry["called"] for entry in listed] == ["", "mine", ""]


def test_a_script_is_no_model(shell: Shell) -> None:
    options = ["-o", "engine.kind=scripted", "-o", "engine.model=answers.jsonl"]
    assert len(shell.run("models", "list", "--json", *options).json["models"]) == 2


def test_a_whole_copy_is_verified_file_by_file(shell: Shell, copied: Path) -> None:
    code, answer = verdict(shell, str(copied))
    assert (code, answer["ok"], len(answer["models"])) == (0, True, 1)
    files = {file["name"]: file["state"] for file in answer["models"][0]["files"]}
    assert files.keys() == {path.name for path in copied.iterdir()} - {CHECKSUMS}
    assert set(files.values()) == {"ok"}


def test_verify_tells_every_difference_and_fails(shell: Shell, truncated: Path) -> None:
    (truncated / "tokenizer_config.json").unlink()
    (truncated / "notes.txt").touch()
    code, answer = verdict(shell, str(truncated))
    states = {file["name"]: file["state"] for file in answer["models"][0]["files"] if file["state"] != "ok"}
    assert states == {SHARD: "changed", "tokenizer_config.json": "missing", "notes.txt": "unexpected"}
    assert (code, answer["ok"]) == (1, False)
    assert len(answer["models"][0]["problems"]) == 4
    person = shell.run("models", "verify", str(truncated))
    assert person.code == 1
    assert f"changed    {SHARD}" in person.out
    assert "is cut off: 100000 of" in person.out


def test_without_hashes_the_structure_is_checked_and_that_is_said(shell: Shell, truncated: Path) -> None:
    (truncated / CHECKSUMS).unlink()
    outcome = shell.run("models", "verify", str(truncated))
    assert "no SHA256SUMS here" in outcome.out
    assert (outcome.code, "is cut off" in outcome.out) == (1, True)
    (truncated / SHARD).unlink()
    (truncated / SHARD).symlink_to(shipped_model() / SHARD)
    outcome = shell.run("models", "verify", str(truncated))
    assert (outcome.code, "as far as its structure tells" in outcome.out) == (0, True)


def test_verify_takes_the_shipped_and_the_configured_models_by_itself(shell: Shell, truncated: Path) -> None:
    code, answer = verdict(shell, "-o", f"engine.model={truncated}")
    paths = [(model["path"], model["ok"]) for model in answer["models"]]
    assert code == 1
    assert paths == [(str(shipped_model()), True), (str(truncated), False), (str(shipped_embedder()), True)]


def test_directories_are_those_of_the_working_directory(shell: Shell, copied: Path) -> None:
    shell.cwd = copied.parent
    assert verdict(shell, "copied")[0] == 0
    code, answer = verdict(shell, "gone")
    assert (code, "is no directory" in answer["models"][0]["problems"][0]) == (1, True)


def test_help_stands_in_for_a_missing_subcommand(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.run("models").code == 0
    assert "verify" in capsys.readouterr().out


def test_verifying_imports_nothing_heavy(environ: dict[str, str]) -> None:
    heavy = ("torch", "vllm", "transformers", "safetensors", "sentence_transformers", "faiss")
    program = (
        "import sys; from pathlib import Path;"
        "from codeassist.cli import run; from codeassist.commands.front import process_front;"
        "run(['models', 'list'], process_front(Path())); run(['models', 'verify'], process_front(Path()));"
        f"print(sorted(set({heavy!r}) & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True, env=environ
    )
    assert ended.stdout.splitlines()[-1] == "[]"


@pytest.mark.skipif(util.find_spec("vllm") is None, reason="without vLLM that is what is told")
@pytest.mark.parametrize("name", ["serve", "complete"])
def test_a_truncated_shard_ends_the_start_with_one_line(
    environ: dict[str, str], workspace: Path, truncated: Path, name: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    where = ["serve", str(workspace), "--port", str(port)] if name == "serve" else ["complete", f"{workspace}/a.py:2:5"]
    options = ["--json", "-o", "engine.kind=embedded", "-o", f"engine.model={truncated}"]
    ended = subprocess.run(
        command(*where, *options), capture_output=True, text=True, timeout=60, check=False, env=environ
    )
    assert ended.returncode == 1
    error = json.loads(ended.stdout)["error"]
    assert error["kind"] == "ModelError"
    assert str(truncated / SHARD) in error["message"]
    assert "fetch it again" in error["message"]
