"""Adapters: which one a repository has, whether it fits the model, and what happens where it does not."""

import json
import shutil
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest
from safetensors.numpy import load_file, save_file

from codeassist.adapters.checks import CONFIG, DESCRIPTION, WEIGHTS, adapter_problems
from codeassist.adapters.fingerprint import base_fingerprint
from codeassist.adapters.registry import (
    adapter_for,
    disable,
    enable,
    forget,
    read_registry,
    registered_folders,
    registry_file,
)
from codeassist.adapters.serving import base_for_adapters, rank_to_serve
from codeassist.adapters.stored import remove_adapter, stored_adapters
from codeassist.adapters.targets import RANKS, allowed_rank
from codeassist.adapters.using import AdaptedEngine, ChosenAdapter
from codeassist.engine.scripted import SCRIPTED_INFO, ScriptedEngine
from codeassist.errors import AdapterUnusable, ConfigError, ModelError
from codeassist.models.directory import ModelDirectory, read_model
from codeassist.types import Delta, GenerationRequest
from tests.engine.small_adapter import write_adapter
from tests.engine.tiny_model import write_model

BASE = "b" * 64
ROUTER = "base_model.model.model.layers.1.mlp.experts.0.gate_proj"


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "codeassist"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("models") / "tiny", ["def area():\n    return 1\n"] * 3)


@pytest.fixture
def model(base: Path) -> ModelDirectory:
    return read_model(base)


@pytest.fixture
def adapter(base: Path, data_home: Path) -> Path:
    return write_adapter(data_home / "adapters" / "shop" / "1", base, repository="/src/shop")


def test_a_repository_has_what_was_enabled_last(tmp_path: Path) -> None:
    enable(tmp_path, BASE, tmp_path / "one")
    enable(tmp_path, BASE, tmp_path / "two")
    enable(tmp_path, "other", tmp_path / "three")
    assert adapter_for(tmp_path, BASE) == tmp_path / "two"
    assert adapter_for(tmp_path / "src" / "deep", BASE) == tmp_path / "two"
    assert adapter_for(tmp_path.parent, BASE) is None
    assert registered_folders(BASE) == {tmp_path / "two"}
    assert disable(tmp_path)
    assert not disable(tmp_path)
    assert adapter_for(tmp_path, BASE) is None


def test_what_is_forgotten_is_used_by_nobody(tmp_path: Path) -> None:
    for root in ("a", "b"):
        enable(tmp_path / root, BASE, tmp_path / "one")
    enable(tmp_path / "b", "other", tmp_path / "two")
    forget(tmp_path / "one")
    assert read_registry() == {str(tmp_path / "b"): {"other": str(tmp_path / "two")}}


@pytest.mark.parametrize("content", ["{", "[]", '{"/a": "b"}', '{"/a": {"b": 1}}', '{"/a": {"b": "relative"}}'])
def test_a_broken_registry_is_no_adapter_and_is_not_overwritten(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    registry_file().parent.mkdir(parents=True)
    registry_file().write_text(content)
    assert adapter_for(tmp_path, BASE) is None
    assert str(registry_file()) in caplog.text
    with pytest.raises(ConfigError, match="codeassist adapters enable"):
        enable(tmp_path, BASE, tmp_path)
    assert registry_file().read_text() == content


@pytest.mark.parametrize("folder", ["/a\\u0000b", "/a\\ud800b", "relative"])
def test_a_registry_of_what_can_be_no_folder_is_broken(tmp_path: Path, folder: str) -> None:
    registry_file().parent.mkdir(parents=True)
    registry_file().write_text(f'{{"{tmp_path}": {{"{BASE}": "{folder}"}}}}')
    assert adapter_for(tmp_path, BASE) is None


def test_adapters_that_are_enabled_at_once_are_all_kept(tmp_path: Path) -> None:
    roots = [tmp_path / str(number) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda root: enable(root, BASE, root / "adapter"), roots))
    assert read_registry().keys() == {str(root) for root in roots}
    assert registry_file().parent.stat().st_mode & 0o077 == 0


def test_a_layer_of_endless_digits_is_none(adapter: Path, model: ModelDirectory) -> None:
    retensor(lambda tensors: rename(".layers.0.", f".layers.{'9' * 5000}.")(tensors))(adapter)
    assert any("is no layer that is adapted" in problem for problem in adapter_problems(adapter, model))


def test_a_model_is_told_by_its_configuration_and_the_sizes_of_its_shards(base: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(base, tmp_path / "copy"))
    assert base_fingerprint(copy) == base_fingerprint(base)
    (copy / "model.safetensors").rename(copy / "other.safetensors")
    renamed = base_fingerprint(copy)
    (copy / "config.json").write_text((base / "config.json").read_text() + " ")
    assert len({base_fingerprint(base), renamed, base_fingerprint(copy)}) == 3
    (copy / "config.json").unlink()
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        base_fingerprint(copy)


def test_an_adapter_that_fits_has_no_problems(adapter: Path, model: ModelDirectory) -> None:
    assert list(adapter_problems(adapter, model)) == []


def reconfigure(**changes: Any) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        for file in (CONFIG, DESCRIPTION):
            old = json.loads((folder / file).read_text())
            (folder / file).write_text(json.dumps(old | {key: new for key, new in changes.items() if key in old}))
        for key in ("use_dora", "modules_to_save"):
            if key in changes:
                (folder / CONFIG).write_text(json.dumps(json.loads((folder / CONFIG).read_text()) | changes))

    return spoil


def retensor(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        tensors = load_file(folder / WEIGHTS)
        change(tensors)
        save_file(tensors, folder / WEIGHTS)

    return spoil


def first(tensors: dict[str, Any], side: str) -> str:
    return next(name for name in sorted(tensors) if f"lora_{side}" in name)


def put_nan(tensors: dict[str, Any]) -> None:
    tensors[first(tensors, "B")][0, 0] = numpy.nan


def put_infinity(tensors: dict[str, Any]) -> None:
    name = first(tensors, "B")
    tensors[name] = numpy.full(tensors[name].shape, numpy.inf, dtype=numpy.float16)


def narrow(tensors: dict[str, Any]) -> None:
    name = first(tensors, "A")
    tensors[name] = numpy.ascontiguousarray(tensors[name][:, 1:])


def rename(old: str, new: str) -> Callable[[dict[str, Any]], object]:
    def change(tensors: dict[str, Any]) -> None:
        for name in [name for name in tensors if old in name]:
            tensors[name.replace(old, new)] = tensors.pop(name)

    return change


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (shutil.rmtree, "is no folder"),
        (lambda folder: (folder / CONFIG).unlink(), "adapter_config.json is missing"),
        (lambda folder: (folder / WEIGHTS).unlink(), "train the adapter again"),
        (lambda folder: (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-9]), "is cut off"),
        (lambda folder: (folder / DESCRIPTION).write_text("{"), "is not valid JSON"),
        (reconfigure(base="0" * 64, base_name="coder"), "was trained for coder"),
        (reconfigure(r=65), "asks for rank 65, and at most 64 is served"),
        (reconfigure(r=4), "do not fit each other and the rank 4"),
        (reconfigure(r="8"), "field 'r' must be a whole number"),
        (reconfigure(peft_type="IA3"), "describes a IA3 adapter"),
        (reconfigure(use_dora=True), "says use_dora"),
        (reconfigure(modules_to_save=["lm_head"]), "whole weights beside its matrices"),
        (retensor(put_nan), "NaN or infinite"),
        (retensor(put_infinity), "NaN or infinite"),
        (retensor(narrow), "which do not fit its weight"),
        (retensor(lambda tensors: tensors.pop(first(tensors, "B"))), "has one matrix of two"),
        (retensor(rename("self_attn.q_proj", "self_attn.kv_b_proj")), "is no layer that is adapted"),
        (retensor(rename("mlp.shared_experts.", "mlp.experts.0.")), "is no layer that is adapted"),
        (retensor(rename("layers.0.", "layers.2.")), "only drafts with"),
        (retensor(rename("layers.1.mlp.shared_experts", "layers.1.mlp")), "the model has no layer"),
        (retensor(rename("lora_A", "lora_embedding_A")), "is no matrix of a LoRA adapter"),
        (retensor(lambda tensors: tensors.clear()), "holds no matrices"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(
    adapter: Path, model: ModelDirectory, spoil: Callable[[Path], object], complaint: str
) -> None:
    spoil(adapter)
    problems = list(adapter_problems(adapter, model))
    assert any(complaint in problem and str(adapter) in problem for problem in problems), problems


def test_an_adapter_from_elsewhere_needs_no_description(adapter: Path, model: ModelDirectory) -> None:
    (adapter / DESCRIPTION).unlink()
    assert list(adapter_problems(adapter, model)) == []


def test_an_engine_is_started_for_adapters_where_there_are_any(
    adapter: Path, base: Path, model: ModelDirectory, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fingerprint = base_fingerprint(base)
    assert (rank_to_serve("auto", model), rank_to_serve("off", model)) == (0, 0)
    assert rank_to_serve(str(adapter), model) == 16
    enable(tmp_path / "a", fingerprint, adapter)
    assert (rank_to_serve("auto", model), rank_to_serve("off", model)) == (16, 0)
    enable(tmp_path / "b", fingerprint, write_adapter(tmp_path / "high", base, rank=33))
    assert rank_to_serve("auto", model) == 64
    enable(tmp_path / "b", fingerprint, tmp_path / "none")
    assert rank_to_serve("auto", model) == 16
    assert "an adapter is not used" in caplog.text
    with pytest.raises(ModelError, match=r"engine\.lora: .* is no folder"):
        rank_to_serve(str(tmp_path / "none"), model)


def test_a_model_that_is_not_whole_takes_no_adapters(base: Path, model: ModelDirectory, tmp_path: Path) -> None:
    broken = replace(model, path=tmp_path)
    assert base_for_adapters("auto", broken) == ""
    assert base_for_adapters("off", model) == ""
    assert base_for_adapters("auto", model) == base_fingerprint(base)


@pytest.mark.parametrize(("rank", "allowed"), [(1, 1), (2, 8), (8, 8), (17, 32), (64, 64), (999, RANKS[-1])])
def test_ranks_are_those_that_vllm_takes(rank: int, allowed: int) -> None:
    assert allowed_rank(rank) == allowed


class Picky(ScriptedEngine):
    """Answers with the name of the adapter; one called `bad` cannot be applied."""

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Delta]:
        if request.adapter.endswith("bad"):
            self.requests.append(request)
            raise AdapterUnusable("it is bad")
        async for delta in super().stream(request):
            yield delta


def asked_of(engine: ScriptedEngine) -> list[str]:
    return [Path(request.adapter).name for request in engine.requests]


async def answer(engine: AdaptedEngine) -> str:
    return "".join([delta.text async for delta in engine.stream(GenerationRequest("r", (1, 2), 8))])


async def opened(tmp_path: Path, setting: str = "auto", info: Any = None) -> tuple[Picky, AdaptedEngine]:
    engine = Picky(["yes"], info=info or replace(SCRIPTED_INFO, base=BASE))
    await engine.start()
    return engine, AdaptedEngine(lambda: engine, ChosenAdapter(setting, tmp_path))


async def test_each_request_is_for_the_adapter_of_that_moment(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    engine, adapted = await opened(tmp_path)
    await answer(adapted)
    enable(tmp_path, BASE, tmp_path / "one")
    await answer(adapted)
    enable(tmp_path, BASE, tmp_path / "two")
    await answer(adapted)
    disable(tmp_path)
    await answer(adapted)
    assert asked_of(engine) == ["", "one", "two", ""]
    told = [record.getMessage().rpartition(" with ")[2] for record in caplog.records]
    assert told == [str(tmp_path / "one"), str(tmp_path / "two"), "the model as it is"]


async def test_settings_say_off_or_one_for_all(tmp_path: Path) -> None:
    enable(tmp_path, BASE, tmp_path / "one")
    for setting, expected in (("off", ""), (str(tmp_path / "mine"), "mine")):
        engine, adapted = await opened(tmp_path, setting)
        await answer(adapted)
        assert asked_of(engine) == [expected]


async def test_an_engine_that_takes_none_is_asked_for_none(tmp_path: Path) -> None:
    enable(tmp_path, BASE, tmp_path / "one")
    engine, adapted = await opened(tmp_path, info=SCRIPTED_INFO)
    assert await answer(adapted) == "yes"
    assert asked_of(engine) == [""]


async def test_an_adapter_that_cannot_be_applied_is_tried_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    enable(tmp_path, BASE, tmp_path / "bad")
    engine, adapted = await opened(tmp_path)
    assert [await answer(adapted), await answer(adapted)] == ["yes", "yes"]
    assert asked_of(engine) == ["bad", "", ""]
    assert caplog.text.count("the model answers as it is, without its adapter: it is bad") == 1
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / WEIGHTS).touch()
    await answer(adapted)
    assert asked_of(engine)[3:] == ["bad", ""]


def test_stored_adapters_are_listed_and_removed(adapter: Path, base: Path, tmp_path: Path) -> None:
    enable(tmp_path, base_fingerprint(base), adapter)
    enable(tmp_path / "other", BASE, tmp_path / "gone")
    (one,), problems = stored_adapters()
    assert (one.folder, one.rank, one.used_by, one.repository) == (adapter, 8, (str(tmp_path),), "/src/shop")
    assert len(problems) == 1
    assert str(tmp_path / "gone") in problems[0]
    with pytest.raises(ConfigError, match="is no adapter below"):
        remove_adapter(base)
    remove_adapter(adapter)
    assert not adapter.exists()
    assert adapter_for(tmp_path, base_fingerprint(base)) is None
