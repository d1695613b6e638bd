"""`codeassist doctor` in this process; where a test wants GPUs, a made-up driver library stands in its place."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import types
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from codeassist.models.directory import shipped_model
from tests.cli.conftest import Outcome, Shell
from tests.engine.fake_nvml import GB, H100, RTX_4090, Card, FakeNvml

Machine = Callable[..., Shell]


@pytest.fixture
def on(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A shell on a machine with these GPUs; nothing of this one's models is seen."""

    def make(*cards: Card) -> Shell:
        module = types.ModuleType("pynvml")
        library = FakeNvml(*cards) if cards else FakeNvml(failure="NVML Shared Library Not Found")
        for name in dir(library):
            if name.lower().startswith("nvml"):
                setattr(module, name, getattr(library, name))
        monkeypatch.setitem(sys.modules, "pynvml", module)
        shell.environ.pop("CODEASSIST_ENGINE_MODELS", None)
        return shell

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return make


def ask(shell: Shell, *arguments: str) -> Outcome:
    return shell.run("doctor", *arguments)


def config_file(shell: Shell) -> Path:
    return Path(shell.environ["XDG_CONFIG_HOME"]) / "codeassist/config.toml"


def link_model(folder: Path, **config: Any) -> Path:
    """The shipped model's files under another name, with some of its config.json changed."""
    folder.mkdir(parents=True)
    for file in shipped_model().iterdir():
        if file.name not in ("config.json", "SHA256SUMS"):
            (folder / file.name).symlink_to(file)
    said = json.loads((shipped_model() / "config.json").read_text()) | config
    (folder / "config.json").write_text(json.dumps(said))
    return folder


def test_a_machine_without_a_gpu_is_told_what_it_can_run(on: Machine) -> None:
    outcome = ask(on())
    assert outcome.code == 0
    assert "GPU     none" in outcome.out
    assert "recommended: codeassist-deepseek-small in " in outcome.out
    assert "on the CPU" in outcome.out
    assert " tokens/s" in outcome.out


def test_a_24_gigabyte_card_is_told_to_take_fp8(on: Machine) -> None:
    outcome = ask(on(RTX_4090))
    assert "NVIDIA GeForce RTX 4090 · 25.2 GB of 25.8 GB free · compute 8.9 · 1.01 TB/s" in outcome.out
    assert 'use fp8 (17.9 GB: engine.quantization = "fp8")' in outcome.out
    assert "recommended: deepseek-coder-v2-lite in fp8 on one GPU" in outcome.out
    assert outcome.code == 0


def test_models_of_one_size_stand_together(on: Machine) -> None:
    shown = ask(on(RTX_4090)).out
    assert "\ndeepseek-coder-v2-lite, deepseek-coder-v2-lite-instruct" in shown
    assert shown.count("132,723 tokens of context") == 1
    assert "engine.tensor_parallel = 8" in shown  # what would hold the large one


def test_the_asked_for_model_decides_the_exit_code(on: Machine) -> None:
    shell = on(RTX_4090)
    lite = ("--model", "deepseek-coder-v2-lite")
    assert ask(shell, *lite, "--context", "65536", "--users", "4").code == 0
    assert ask(shell, *lite, "--quantization", "bf16").code == 1
    assert ask(shell, *lite, "--quantization", "fp8", "--context", "160000").code == 1
    assert ask(shell, "--model", "deepseek-v3").code == 1


def test_one_json_document_tells_all_of_it(on: Machine) -> None:
    answer = ask(on(RTX_4090), "--json", "--model", "DeepSeek-Coder-V2-Lite").json
    (model,) = answer["models"]
    assert [(fit["stored"], fit["fits"]) for fit in model["fits"]][:2] == [("bf16", False), ("fp8", True)]
    assert model["fits"][0]["footprint"]["kv_per_token"] == 31104
    assert answer["recommendation"]["settings"]["engine.quantization"] == "fp8"
    assert answer["machine"]["gpus"]["gpus"][0]["capability"] == [8, 9]
    assert (answer["ok"], isinstance(answer["problems"], list)) == (True, True)


def test_a_process_that_has_the_memory_is_named(on: Machine) -> None:
    outcome = ask(on(replace(H100, free=9 * GB, users={999_999_999: 70 * GB})))
    assert "a process that is not seen from here (pid 999999999) has 70.0 GB" in outcome.out
    assert "end pid 999999999, which has memory of GPU 0" in outcome.out


def test_models_of_the_folder_and_of_the_hubs_cache_are_looked_at(on: Machine, tmp_path: Path) -> None:
    link_model(tmp_path / "data/codeassist/models/mine")
    link_model(tmp_path / "data/codeassist/models/odd", quantization_config={"quant_method": "runes"})
    link_model(tmp_path / "hub/models--some--coder/snapshots/0123")
    (tmp_path / "hub/models--some--classifier/snapshots/0123").mkdir(parents=True)
    (tmp_path / "hub/models--some--classifier/snapshots/0123/config.json").write_text("{}")
    models = {model["path"]: model for model in ask(on(H100), "--json").json["models"] if model["path"]}
    origins = [model["origin"] for model in models.values()]
    assert origins == ["shipped", "folder", "folder", "hub cache"]
    odd = models[str(tmp_path / "data/codeassist/models/odd")]
    assert "unknown quantization 'runes'" in odd["problem"]


def test_a_published_model_that_was_fetched_is_one_of_the_folder(on: Machine, tmp_path: Path) -> None:
    link_model(tmp_path / "data/codeassist/models/deepseek-coder-v2-lite")
    models = ask(on(H100), "--json", "-o", "engine.model=deepseek-coder-v2-lite").json["models"]
    assert [model["origin"] for model in models][:2] == ["shipped", "folder"]
    assert "deepseek-coder-v2-lite" not in [model["name"] for model in models if model["origin"] == "published"]


def test_without_the_library_the_rest_is_told(on: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    shell = on()
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert ask(shell).code == 0


def test_the_folder_of_the_settings_counts(on: Machine, tmp_path: Path) -> None:
    link_model(tmp_path / "elsewhere/mine")
    models = ask(on(H100), "--json", "-o", f"engine.models={tmp_path}/elsewhere").json["models"]
    assert [model["origin"] for model in models if model["path"]] == ["shipped", "folder"]
    chosen = ask(on(H100), "--json", "--model", "mine", "-o", f"engine.models={tmp_path}/elsewhere").json
    assert chosen["recommendation"]["settings"]["engine.model"] == "mine"


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["--model", "no-such-model"], 1, "neither a model directory nor a published model"),
        (["--quantization", "runes"], 2, "unknown quantization 'runes'"),
        (["--context", "0"], 2, "--context"),
        (["--users", "0"], 2, "--users"),
        (["--force"], 2, "--force is for --write"),
    ],
)
def test_what_is_asked_wrongly_is_told(arguments: list[str], code: int, complaint: str, on: Machine) -> None:
    outcome = ask(on(H100), *arguments)
    assert (outcome.code, complaint in outcome.err) == (code, True)


def test_write_configures_what_is_recommended(on: Machine) -> None:
    shell = on(RTX_4090)
    config_file(shell).parent.mkdir(parents=True)
    config_file(shell).write_text("# mine\n[log]\nlevel = 'warning' # quiet\n")
    outcome = ask(shell, "--write")
    assert outcome.code == 0
    assert 'engine.model = "deepseek-coder-v2-lite"' in outcome.out
    assert config_file(shell).read_text() == (
        "# mine\n[log]\nlevel = 'warning' # quiet\n\n"
        '[engine]\nmodel = "deepseek-coder-v2-lite"\nquantization = "fp8"\n'
    )
    again = ask(shell, "--write").out
    assert "says so already" in again
    assert "puts it into your config.toml" not in outcome.out + again + ask(shell).out
    settings = shell.run("config", "--json").json["settings"]
    assert (settings["engine.quantization"], settings["log.level"]) == ("fp8", "warning")


def test_what_the_user_set_is_replaced_only_when_told_to(on: Machine) -> None:
    shell = on(RTX_4090)
    config_file(shell).parent.mkdir(parents=True)
    own = '[engine]\nmodel = "deepseek-v3" # mine\n'
    config_file(shell).write_text(own)
    refused = ask(shell, "--write")
    assert refused.code == 1
    assert "has your own engine.model" in refused.out
    assert '(was "deepseek-v3")' in refused.out
    assert config_file(shell).read_text() == own
    assert ask(shell, "--write", "--json").json["file"]["state"] == "refused"
    assert ask(shell, "--write", "--force", "--json").json["file"]["state"] == "written"
    assert config_file(shell).read_text() == (
        '[engine]\nmodel = "deepseek-coder-v2-lite"  # mine\nquantization = "fp8"\n'
    )


def test_defaults_need_no_file(on: Machine) -> None:
    shell = on()
    assert "--write" not in ask(shell).out
    assert "--write" in ask(shell, "-o", "engine.model=/elsewhere").out
    outcome = ask(shell, "--write")
    assert (outcome.code, "nothing has to be written" in outcome.out) == (0, True)
    assert not config_file(shell).exists()


def test_a_slip_in_a_name_is_told_what_is_like_it(on: Machine) -> None:
    complaint = ask(on(), "--model", "deepseek-coder-v2-light").err
    assert "did you mean deepseek-coder-v2-lite" in complaint
    assert "`codeassist models known` lists those" in complaint
    assert len(complaint) < 300


def test_models_of_the_folder_are_told_by_the_name_that_settings_take(on: Machine, tmp_path: Path) -> None:
    link_model(tmp_path / "data/codeassist/models/mine")
    shown = ask(on(), "-o", "engine.model=/else/where").out
    assert "\nmine (codeassist-deepseek-small)   on this machine\n" in shown
    assert "\nwhere   in your settings\n" in shown


def test_what_wins_over_the_file_is_told(on: Machine) -> None:
    shell = on(RTX_4090)
    shell.environ["CODEASSIST_ENGINE_QUANTIZATION"] = "fp8"
    assert "engine.quantization is set by environment" in ask(shell, "--write").err


def test_nothing_is_written_where_nothing_fits(on: Machine) -> None:
    shell = on(RTX_4090)
    outcome = ask(shell, "--write", "--model", "deepseek-v3")
    assert outcome.code == 2
    assert "nothing fits, so there is nothing to write" in outcome.err
    assert not config_file(shell).exists()


def test_help_has_examples(on: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(on(), "--help").code == 0
    shown = capsys.readouterr().out
    assert "codeassist doctor --model deepseek-coder-v2-lite --context 65536 --users 8" in shown


def test_it_answers_soon_and_loads_neither_torch_nor_vllm(environ: dict[str, str]) -> None:
    loaded = "import sys; from codeassist.cli import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    started = time.monotonic()
    outcome = subprocess.run(
        [sys.executable, "-c", loaded, "doctor"], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    seconds = time.monotonic() - started
    assert outcome.returncode == 0
    assert {"torch", "vllm", "transformers"}.isdisjoint(outcome.stderr.split())
    assert seconds < 10  # about one on a quiet machine
