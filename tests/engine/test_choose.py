"""The settings decide which engine is opened, and wrong ones say what would be right."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asking import ask, read, text_of
from loopback import serving, unused_address
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from codeassist.engine import hardware, wire
from codeassist.engine.attached import ENGINE_PATH, AttachedEngine
from codeassist.engine.choose import open_chat_engine, open_engine, open_stand_in, read_script, seats_of
from codeassist.engine.discovery import RunningServer, announce
from codeassist.engine.embedded import EmbeddedEngine
from codeassist.engine.fallback import FallbackEngine
from codeassist.engine.remote import RemoteEngine
from codeassist.engine.scripted import SCRIPTED_INFO, Answer, ScriptedEngine
from codeassist.engine.shared import SharedEngine
from codeassist.errors import ConfigError, EngineCrashed, EngineUnavailable, ModelError
from codeassist.protocols import Engine
from codeassist.settings import ChatSettings, EngineSettings
from codeassist.types import EngineStatus, ModelInfo, Priority


def opened(runtime: Path, *, attach: bool = True, **settings: Any) -> Engine:
    return open_engine(replace(EngineSettings(), **settings), attach=attach, runtime=runtime)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    directory = tmp_path / "coder"
    directory.mkdir()
    (directory / "config.json").write_text('{"model_type": "deepseek_v3", "max_position_embeddings": 8192}')
    (directory / "tokenizer.json").write_text('{"model": {}, "added_tokens": []}')
    (directory / "codeassist.json").write_text('{"template": "deepseek"}')
    (directory / "model.safetensors").write_bytes(b"12345678")
    return directory


@pytest.fixture
def with_vllm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware.util, "find_spec", lambda name: object())


@pytest.fixture
def without_vllm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware.util, "find_spec", lambda name: None)


@asynccontextmanager
async def running_server(info: ModelInfo, runtime: Path) -> AsyncIterator[None]:
    async def engine(request: object) -> JSONResponse:
        return JSONResponse(wire.engine_to_json(info, EngineStatus("ready")))

    async with serving(Starlette(routes=[Route(ENGINE_PATH, engine)])) as url:
        with announce(RunningServer(url), runtime):
            yield


@pytest.mark.usefixtures("with_vllm")
def test_auto_embeds_where_vllm_is_installed(tmp_path: Path, model: Path) -> None:
    engine = opened(tmp_path, model=str(model))
    assert isinstance(engine, EmbeddedEngine)
    assert (engine.info.name, engine.info.context_tokens) == ("coder", 8192)
    assert engine.status.state == "stopped"


async def test_a_model_is_checked_when_the_engine_starts_and_not_before(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware.util, "find_spec", lambda name: object())
    monkeypatch.setattr(hardware.metadata, "version", lambda name: "0.32.0+cpu")
    (model / "model.safetensors").write_bytes(b"\x08" + bytes(7) + b"{")
    engine = opened(tmp_path, kind="embedded", model=str(model))
    with pytest.raises(ModelError, match=r"config\.json does not say vocab_size.*shows \d more"):
        await engine.start()
    assert engine.status.state == "failed"


@pytest.mark.usefixtures("without_vllm")
async def test_without_vllm_it_opens_and_starting_tells_the_remedy(tmp_path: Path, model: Path) -> None:
    engine = opened(tmp_path, model=str(model))
    assert engine.info.name == "coder"
    with pytest.raises(EngineUnavailable, match=r"pip install '\.\[cpu\]'"):
        await engine.start()
    assert engine.status.state == "failed"
    await engine.close()


@pytest.mark.usefixtures("without_vllm")
async def test_auto_attaches_to_a_running_server(tmp_path: Path, model: Path) -> None:
    async with running_server(SCRIPTED_INFO, tmp_path):
        engine = await asyncio.to_thread(opened, tmp_path)
        assert isinstance(engine, AttachedEngine)
        assert engine.info == SCRIPTED_INFO
        assert isinstance(opened(tmp_path, attach=False, model=str(model)), EmbeddedEngine)
        await engine.close()


@pytest.mark.usefixtures("with_vllm")
async def test_a_server_with_another_model_than_the_wanted_is_left_alone(tmp_path: Path, model: Path) -> None:
    async with running_server(replace(SCRIPTED_INFO, tokenizer=tmp_path / "other" / "tokenizer.json"), tmp_path):
        assert isinstance(await asyncio.to_thread(opened, tmp_path, model=str(model)), EmbeddedEngine)
    async with running_server(replace(SCRIPTED_INFO, tokenizer=model / "tokenizer.json"), tmp_path):
        assert isinstance(await asyncio.to_thread(opened, tmp_path, model=str(model)), AttachedEngine)


@pytest.mark.usefixtures("with_vllm")
def test_an_announced_server_that_does_not_answer_is_passed_over(tmp_path: Path, model: Path) -> None:
    with announce(RunningServer(unused_address()), tmp_path):
        assert isinstance(opened(tmp_path, model=str(model)), EmbeddedEngine)


@pytest.mark.usefixtures("with_vllm")
def test_a_missing_model_is_told_before_anything_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no model directory"):
        opened(tmp_path, model=str(tmp_path / "nowhere"))


@pytest.mark.usefixtures("with_vllm")
def test_a_smaller_context_shrinks_the_budgets(tmp_path: Path, model: Path) -> None:
    info = opened(tmp_path, kind="embedded", model=str(model), context_tokens=512, template="mine").info
    assert (info.context_tokens, info.prompt_tokens, info.completion_tokens, info.template) == (512, 384, 128, "mine")
    assert opened(tmp_path, kind="embedded", model=str(model), context_tokens=99999).info.context_tokens == 8192


def test_a_longer_context_than_is_usual_may_be_asked_for_up_to_what_the_model_has(tmp_path: Path, model: Path) -> None:
    (model / "config.json").write_text('{"model_type": "deepseek_v3", "max_position_embeddings": 163840}')
    lengths = {
        asked: opened(tmp_path, kind="embedded", model=str(model), context_tokens=asked).info.context_tokens
        for asked in (0, 8192, 65536, 1_000_000)
    }
    assert lengths == {0: 16384, 8192: 8192, 65536: 65536, 1_000_000: 163840}
    (model / "codeassist.json").write_text('{"template": "deepseek", "context_tokens": 32768}')
    limited = opened(tmp_path, kind="embedded", model=str(model), context_tokens=65536)
    assert limited.info.context_tokens == 32768


@pytest.mark.parametrize("url", ["", "127.0.0.1:8000", "ftp://host/v1", "http://"])
def test_a_remote_engine_needs_an_address(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match=r"engine\.url"):
        opened(tmp_path, kind="remote", url=url)


async def test_a_remote_engine_is_described_by_the_settings(tmp_path: Path) -> None:
    tokenizer = tmp_path / "tokenizer.json"
    with pytest.raises(ModelError, match="is no file"):
        opened(tmp_path, kind="remote", url="http://host/v1", tokenizer=str(tokenizer))
    tokenizer.write_text('{"model": {}}')
    engine = opened(tmp_path, kind="remote", url="http://host/v1/", tokenizer=str(tokenizer), remote_model="coder")
    assert isinstance(engine, RemoteEngine)
    assert engine.info == ModelInfo("coder", "deepseek", 8192, 3072, tokenizer=tokenizer, supports_logprobs=True)
    await engine.close()


@pytest.mark.parametrize(("named", "expected"), [("", "qwen2.5-coder"), ("granite", "granite")])
async def test_a_remote_models_tokenizer_tells_its_template(tmp_path: Path, named: str, expected: str) -> None:
    tokenizer = tmp_path / "tokenizer.json"
    marks = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|file_sep|>", "<|repo_name|>")
    tokenizer.write_text(json.dumps({"model": {}, "added_tokens": [{"content": mark} for mark in marks]}))
    engine = opened(tmp_path, kind="remote", url="http://host/v1", tokenizer=str(tokenizer), template=named)
    assert engine.info.template == expected
    await engine.close()
    tokenizer.write_text("[]")
    with pytest.raises(ModelError, match=r"tokenizer\.json"):
        opened(tmp_path, kind="remote", url="http://host/v1", tokenizer=str(tokenizer))


async def test_the_shipped_model_stands_in_where_that_is_asked_for(tmp_path: Path) -> None:
    engine = opened(tmp_path, kind="remote", url="http://host/v1", remote_model="coder", fallback="shipped")
    assert isinstance(engine, FallbackEngine)
    assert (engine.info.name, engine.status.state) == ("coder", "stopped")
    await engine.close()


def test_what_stands_in_is_asked_no_more_at_once_than_it_can_do() -> None:
    settings = EngineSettings(kind="remote", url="http://host/v1")
    shared, (n_seats, n_reserved) = open_stand_in(settings), seats_of(open_engine(EngineSettings(), attach=False))
    assert isinstance(shared, SharedEngine)
    assert shared.turn(Priority.CHAT, "", 999).size == n_seats - n_reserved


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="auto, embedded, remote, scripted"):
        opened(tmp_path, kind="local")


async def test_a_scripted_engine_answers_from_its_file(tmp_path: Path) -> None:
    script = tmp_path / "answers.jsonl"
    script.write_text('"return 1"\n\n{"text": "x", "logprob": -2, "delay_ms": 0.5}\n{"error": "crashed"}\n')
    engine = opened(tmp_path, kind="scripted", model=str(script))
    assert isinstance(engine, ScriptedEngine)
    await engine.start()
    assert text_of(await read(engine, ask())) == "return 1"
    assert (await read(engine, ask(logprobs=True)))[0].tokens[0].logprob == -2
    with pytest.raises(EngineCrashed, match=r"answers\.jsonl:4"):
        await read(engine, ask())


async def test_a_scripted_engine_without_a_file_makes_its_answers_up(tmp_path: Path) -> None:
    engine = opened(tmp_path, kind="scripted", context_tokens=100)
    await engine.start()
    assert text_of(await read(engine, ask())).startswith("answer_")
    assert engine.info.context_tokens == 100


def test_a_script_is_read(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text(json.dumps("é\n"), encoding="utf-8")
    assert read_script(path) == [Answer("é\n")]


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("", "holds no answers"),
        ("return 1", "no script"),
        ("3", "must be a text or an object"),
        ('{"txet": "x"}', "unknown field 'txet'"),
        ('{"error": "tired"}', "crashed, unavailable, rejected"),
        ('{"delay_ms": "long"}', "'delay_ms' must be a number"),
    ],
)
def test_a_broken_script_is_refused(tmp_path: Path, script: str, complaint: str) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text(script)
    with pytest.raises(ModelError, match=complaint):
        read_script(path)


def test_a_missing_script_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no script"):
        opened(tmp_path, kind="scripted", model=str(tmp_path / "nowhere"))


def test_a_head_that_is_not_there_is_told_before_anything_starts(model: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"coder has no head.*codeassist mtp train"):
        opened(tmp_path, kind="embedded", model=str(model), speculation="mtp")
    opened(tmp_path, kind="embedded", model=str(model), speculation="mtp", speculative_tokens=0)
    config = model / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"num_nextn_predict_layers": 1}))
    opened(tmp_path, kind="embedded", model=str(model), speculation="mtp")


def test_suffix_decoding_needs_its_package(model: Path, tmp_path: Path, without_vllm: None) -> None:
    with pytest.raises(ConfigError, match="pip install arctic-inference"):
        opened(tmp_path, kind="embedded", model=str(model), speculation="suffix")


def test_suffix_decoding_is_opened_with_its_package(model: Path, tmp_path: Path, with_vllm: None) -> None:
    opened(tmp_path, kind="embedded", model=str(model), speculation="suffix")


def test_a_chat_model_need_not_have_the_head_that_the_settings_ask_for(model: Path) -> None:
    (model / "chat_template.jinja").write_text("{{ messages[0].content }}")
    settings = replace(EngineSettings(), speculation="mtp")
    engine = open_chat_engine(settings, replace(ChatSettings(), directory=str(model)))
    assert engine.chats
