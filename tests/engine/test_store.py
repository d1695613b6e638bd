"""What a setting says becomes a directory in one place, and a name never a path."""

from __future__ import annotations

from pathlib import Path

import pytest

from codeassist.engine.choose import open_chat_engine, open_engine
from codeassist.errors import ModelError
from codeassist.models.known import KNOWN, find_known
from codeassist.models.store import (
    locked,
    models_folder,
    remove_model,
    replaced_model,
    require_name,
    resolve_model,
    stored_models,
    unfinished_fetch,
)
from codeassist.settings import ChatSettings, EngineSettings, ShadowSettings
from codeassist.shadow.second import engine_settings

LITE = "deepseek-coder-v2-lite"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder with one model in it, and traces of others."""
    folder = tmp_path / "models"
    for name in ("mine", ".fetch-starcoder2-3b", ".import-x"):
        (folder / name).mkdir(parents=True)
    (folder / "notes.txt").touch()
    return folder


def resolved(model: str, models: Path, cwd: Path | None = None) -> Path:
    return resolve_model(model, str(models), cwd=cwd)


def test_what_has_a_slash_is_a_path_whether_it_is_there_or_not(models: Path, tmp_path: Path) -> None:
    assert resolved("/nowhere", models) == Path("/nowhere")
    assert resolved("./mine", models, tmp_path) == tmp_path / "mine"
    assert resolved("a/b", models, tmp_path) == tmp_path / "a" / "b"
    assert resolved("~/x", models) == Path("~/x").expanduser()
    assert resolved("..", models, tmp_path) == tmp_path / ".."


def test_a_name_is_the_model_of_that_name(models: Path, tmp_path: Path) -> None:
    (models / LITE).mkdir()
    assert resolved("mine", models) == models / "mine"
    assert resolved(LITE, models) == resolved(LITE.upper(), models) == models / LITE
    (tmp_path / LITE).mkdir()
    assert resolved(LITE, models, tmp_path) == models / LITE


def test_a_folder_of_the_working_directory_is_taken_when_no_model_has_its_name(models: Path, tmp_path: Path) -> None:
    for name in ("other", "mine"):
        (tmp_path / name).mkdir()
    assert resolved("other", models, tmp_path) == tmp_path / "other"
    assert resolved("mine", models, tmp_path) == models / "mine"


# What is asked for -> what the refusal says, in this order.
REFUSED = [
    (LITE, ["not on this machine", f"models fetch {LITE}`", "deepseek-ai/DeepSeek-Coder-V2-Lite-Base", "31 GB"]),
    ("starcoder2-3b", ["has been fetched in part", "models fetch starcoder2-3b`"]),
    ("deepseek-coder-lite", ["no folder and no name", "did you mean deepseek-coder-v2-lite"]),
    ("min", ["did you mean mine?"]),
    ("zzz", ["no name of a model; `codeassist models known`"]),
]


@pytest.mark.parametrize(("model", "parts"), REFUSED)
def test_a_name_that_is_not_there_is_refused_with_what_to_do(model: str, parts: list[str], models: Path) -> None:
    with pytest.raises(ModelError) as refused:
        resolve_model(model, str(models), "chat.directory")
    text = str(refused.value)
    places = [text.find(part) for part in ["chat.directory is", *parts]]
    assert -1 not in places
    assert places == sorted(places)


def test_a_known_name_is_not_a_folder_that_a_repository_brings_along(models: Path, tmp_path: Path) -> None:
    (tmp_path / LITE).mkdir()
    with pytest.raises(ModelError, match=f"write ./{LITE} for the folder"):
        resolved(LITE, models, tmp_path)


def test_a_link_that_leads_nowhere_is_told(models: Path) -> None:
    (models / "stick").symlink_to("/media/stick/coder")
    with pytest.raises(ModelError, match=r"leads to /media/stick/coder, and that is not there.*models remove stick"):
        resolved("stick", models)


@pytest.mark.parametrize("name", ["", "..", "a..b", ".hidden", "a/b", "-x", "a\0b", "a b", "x" * 101, "é"])
def test_a_name_that_could_be_a_path_or_an_option_is_refused(name: str, models: Path) -> None:
    with pytest.raises(ModelError, match="cannot be the name of a model"):
        require_name(name)
    with pytest.raises(ModelError, match="cannot be the name of a model"):
        remove_model(models, name)
    with pytest.raises(ModelError, match="cannot be the name of a model"), locked(models, name):
        pass


def test_what_is_unfinished_is_no_model(models: Path) -> None:
    (models / "stick").symlink_to("/media/stick/coder")
    assert [path.name for path in stored_models(models)] == ["mine", "stick"]
    assert stored_models(models / "gone") == []


def test_removing_leaves_what_a_link_leads_to(models: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (models / "linked").symlink_to(tmp_path / "real")
    remove_model(models, "linked")
    remove_model(models, "mine")
    remove_model(models, "starcoder2-3b")
    assert (tmp_path / "real").is_dir()
    assert stored_models(models) == []
    assert not unfinished_fetch(models, "starcoder2-3b").exists()


def test_removing_takes_what_a_broken_exchange_left(models: Path) -> None:
    replaced_model(models, "mine").mkdir()
    remove_model(models, "mine")
    assert not replaced_model(models, "mine").exists()


def test_models_lie_where_the_settings_say_or_where_a_users_data_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert models_folder("") == Path("/data/codeassist/models")
    assert models_folder("/big/disk") == Path("/big/disk")


def test_names_are_unlike_each_other_and_can_be_found_by_the_hubs_id() -> None:
    assert len({model.name for model in KNOWN}) == len({model.hub_id.lower() for model in KNOWN}) == len(KNOWN)
    for model in KNOWN:
        assert require_name(model.name) == model.name.lower()
        assert find_known(model.name) is find_known(model.hub_id) is model
        assert len(model.revision) in (0, 40)
    assert find_known("nothing") is None


# Bytes of the weights as published: by the index of the model (`total_size`), or the parameters of its card and the
# bytes of each.
PUBLISHED = [
    ("deepseek-coder-v2-lite", 31_412_968_448, 0.0),
    ("deepseek-coder-v2", 236e9 * 2, 0.01),
    ("deepseek-v3", 688e9, 0.01),
    ("qwen2.5-coder-0.5b", 0.494e9 * 2, 0.001),
    ("qwen2.5-coder-7b", 7.616e9 * 2, 0.001),
    ("qwen2.5-coder-32b", 32.76e9 * 2, 0.001),
    ("qwen2.5-coder-7b-instruct-awq", 5.58e9, 0.01),
    ("starcoder2-3b", 3_030_371_328 * 4, 0.001),
    ("starcoder2-7b", 7_173_923_840 * 4, 0.001),
    ("starcoder2-15b", 15_957_889_024 * 4, 0.001),
    ("codellama-7b", 6.74e9 * 2, 0.001),
    ("codestral-22b", 22.2e9 * 2, 0.005),
    ("granite-3b-code", 3.48e9 * 2, 0.002),
    ("granite-8b-code", 8.05e9 * 2, 0.002),
    ("granite-3.3-2b", 2.53e9 * 2, 0.002),
    ("granite-3.3-8b", 8.17e9 * 2, 0.002),
]


@pytest.mark.parametrize(("name", "n_bytes", "tolerance"), PUBLISHED)
def test_the_size_that_is_told_is_about_what_is_published(name: str, n_bytes: float, tolerance: float) -> None:
    model = find_known(name)
    assert model is not None
    assert model.download_bytes == pytest.approx(n_bytes, rel=tolerance, abs=0)


def test_engines_take_names(models: Path, tiny_model: Path, tmp_path: Path) -> None:
    (models / "tiny").symlink_to(tiny_model)
    settings = EngineSettings(kind="embedded", model="tiny", models=str(models))
    assert open_engine(settings, attach=False).info.tokenizer == tiny_model / "tokenizer.json"
    chat = ChatSettings(directory=LITE)
    with pytest.raises(ModelError, match=f"chat.directory is '{LITE}', which is not on this machine"):
        open_chat_engine(settings, chat)
    second = engine_settings(ShadowSettings(kind="embedded", model="tiny"), settings)
    assert (second.model, second.models) == ("tiny", str(models))


def test_a_server_with_a_model_of_that_name_will_do(models: Path, tiny_model: Path) -> None:
    from codeassist.engine.choose import _is_wanted

    (models / "tiny").symlink_to(tiny_model)
    settings = EngineSettings(model="tiny", models=str(models))
    running = open_engine(EngineSettings(kind="embedded", model=str(tiny_model)), attach=False).info
    assert _is_wanted(running, settings)
    (models / "twin").mkdir()
    assert not _is_wanted(running, EngineSettings(model="twin", models=str(models)))
