"""`codeassist adapters`."""

import json
from pathlib import Path

import pytest

from codeassist.adapters.checks import DESCRIPTION
from codeassist.adapters.fingerprint import base_fingerprint
from codeassist.adapters.registry import adapter_for, registry_file
from tests.cli.conftest import Shell
from tests.engine.small_adapter import write_adapter
from tests.engine.tiny_model import write_model


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "codeassist"


@pytest.fixture
def model(tmp_path: Path, shell: Shell) -> Path:
    model = write_model(tmp_path / "tiny", ["def area():\n    return 1\n"] * 3)
    shell.environ["CODEASSIST_ENGINE_MODEL"] = str(model)
    return model


@pytest.fixture
def adapter(model: Path, data_home: Path, repository: Path) -> Path:
    return write_adapter(data_home / "adapters" / "shop" / "1", model, repository=str(repository))


def test_an_adapter_is_enabled_listed_disabled_and_removed(
    shell: Shell, adapter: Path, model: Path, repository: Path
) -> None:
    base = base_fingerprint(model)
    assert "not in use" in shell.run("adapters", "list").out.replace("\n", " ")
    assert shell.run("adapters", "enable", str(adapter)).code == 0
    assert adapter_for(repository, base) == adapter
    (one,) = shell.run("adapters", "list", "--json").json["adapters"]
    assert (one["folder"], one["used_by"], one["base"]) == (str(adapter), [str(repository)], base)
    assert shell.run("adapters", "disable", "--json").json == {"repository": str(repository), "had_one": True}
    assert adapter_for(repository, base) is None
    assert "had no adapter" in shell.run("adapters", "disable", str(repository)).out
    shell.run("adapters", "enable", str(adapter), "--repository", ".")
    assert adapter_for(repository, base) == adapter
    assert shell.run("adapters", "remove", str(adapter), "--json").json == {"removed": str(adapter)}
    assert adapter_for(repository, base) is None
    assert not adapter.exists()
    assert "codeassist adapt" in shell.run("adapters", "list").out


def test_what_cannot_be_applied_is_not_enabled(shell: Shell, adapter: Path, tmp_path: Path) -> None:
    (adapter / "adapter_config.json").write_text('{"r": 65}')
    outcome = shell.run("adapters", "enable", str(adapter))
    assert outcome.code != 0
    assert "asks for rank 65" in outcome.err
    missing = shell.run("adapters", "enable", str(tmp_path))
    assert missing.code != 0
    assert DESCRIPTION in missing.err
    foreign = shell.run("adapters", "remove", str(tmp_path))
    assert foreign.code != 0
    assert "is no adapter below" in foreign.err
    assert not registry_file().exists()


def test_an_adapter_of_another_model_waits_for_that(shell: Shell, adapter: Path, repository: Path) -> None:
    described = json.loads((adapter / DESCRIPTION).read_text())
    (adapter / DESCRIPTION).write_text(json.dumps(described | {"base": "0" * 64}))
    outcome = shell.run("adapters", "enable", str(adapter))
    assert outcome.code == 0
    assert "is for another model" in outcome.err.replace("\n", " ")
    assert adapter_for(repository, "0" * 64) == adapter


def test_the_model_of_the_settings_may_be_a_name(shell: Shell, adapter: Path, model: Path) -> None:
    shell.environ["CODEASSIST_ENGINE_MODELS"] = str(model.parent)
    shell.environ["CODEASSIST_ENGINE_MODEL"] = model.name
    outcome = shell.run("adapters", "enable", str(adapter))
    assert (outcome.code, outcome.err) == (0, "")


def test_a_repository_must_be_there(shell: Shell, adapter: Path) -> None:
    outcome = shell.run("adapters", "enable", str(adapter), "--repository", "nowhere")
    assert outcome.code != 0
    assert "is no repository" in outcome.err
