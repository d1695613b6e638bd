"""`codeassist adapt` as a user runs it, with a tiny model: what improves is enabled, what does not is not, and a
training that was broken off goes on."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from tiny_model import write_model

from codeassist.adapters.fingerprint import base_fingerprint

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),
    pytest.mark.skipif(find_spec("peft") is None, reason="peft is not installed (`make setup`)"),
]

# A house style that no model knows.
LINES = [
    "    ledger.post(entry, account=%s)",
    "    entry = ledger.draft(amount=%s)",
    "    assert entry.is_balanced(%s)",
]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, drawn = tmp_path_factory.mktemp("house") / "house", random.Random(0)
    folder.mkdir()
    for number in range(60):
        body = "\n".join(drawn.choice(LINES) % drawn.randrange(99) for _ in range(25))
        (folder / f"module_{number}.py").write_text(f"def post_{number}(ledger):\n{body}\n")
    return folder


@pytest.fixture(scope="module")
def model(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model"), [file.read_text() for file in repository.glob("*.py")])


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    ours = {name: str(tmp_path / name) for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "HOME")}
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, **ours, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}


def command(repository: Path, model: Path, *arguments: str) -> list[str]:
    asked = ["adapt", str(repository), "--model", str(model), "--length", "400", *arguments]
    return [sys.executable, "-m", "codeassist", *asked, "-o", "engine.kv_cache_gib=0.25", "-o", "index.vectors=false"]


def adapted(home: dict[str, str], *asked: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(asked), env=home, capture_output=True, text=True, timeout=400, check=False)


def described(home: dict[str, str]) -> Iterator[dict[str, object]]:
    for file in (Path(home["XDG_DATA_HOME"]) / "codeassist" / "adapters").rglob("codeassist-adapter.json"):
        yield json.loads(file.read_text())


def test_what_improves_is_enabled(repository: Path, model: Path, home: dict[str, str]) -> None:
    done = adapted(home, *command(repository, model, "--steps", "24", "--rate", "0.01", "--json"))
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "\nbefore step 1: held out " in done.stderr
    assert "nan" not in done.stderr
    told = json.loads(done.stdout)
    assert told["enabled"]
    assert told["loss"]["after"] < told["loss"]["before"]
    assert told["loss"]["better_by"]["low"] > 0
    assert told["answered_by"] == "vLLM"
    registry = json.loads((Path(home["XDG_DATA_HOME"]) / "codeassist" / "adapters" / "registry.json").read_text())
    assert registry == {str(repository): {base_fingerprint(model): told["folder"]}}
    (about,) = described(home)
    assert (about["enabled"], about["repository"], about["rank"]) == (True, str(repository), 16)
    assert {file.name for file in Path(told["folder"]).iterdir()} == {
        "adapter_config.json", "adapter_model.safetensors", "codeassist-adapter.json", "files.json", "log.jsonl",
    }  # fmt: skip


def test_a_training_that_was_broken_off_goes_on_and_what_does_not_improve_is_not_enabled(
    repository: Path, model: Path, home: dict[str, str]
) -> None:
    asked = command(repository, model, "--steps", "6", "--rate", "1e-12")
    said = []
    with subprocess.Popen(asked, env=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        for line in running.stderr:
            said.append(line)
            if line.startswith("step     2"):
                break
        running.send_signal(signal.SIGINT)
        said += running.stderr
        assert running.wait(60) == 130, "".join(said)
    assert any("broken off; the same command goes on" in line for line in said)
    assert list(described(home)) == []

    done = adapted(home, *asked)
    assert done.returncode == 1, done.stdout + done.stderr[-3000:]
    assert "going on in" in done.stderr
    assert "step     2" not in done.stderr
    assert "did not improve: not enabled" in done.stdout
    (about,) = described(home)
    assert about["enabled"] is False
    assert not (Path(home["XDG_DATA_HOME"]) / "codeassist" / "adapters" / "registry.json").exists()
