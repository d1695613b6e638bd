from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from codeassist.adapters.registry import enable
from codeassist.engine import wire
from codeassist.engine.attached import AttachedEngine, probe
from codeassist.engine.discovery import RunningServer
from codeassist.engine.scripted import Answer, ScriptedEngine
from codeassist.errors import EngineCrashed, EngineUnavailable, RequestRejected
from codeassist.server.own import require_adapter
from codeassist.settings import EngineSettings, Settings
from codeassist.types import GenerationRequest, Priority
from tests.engine.asking import until

REQUEST = GenerationRequest("complete-1", (1, 2, 3), 8, forced_prefix="on", logprobs=True)


async def test_an_attached_engine_gets_what_the_engine_says(endpoint: Any) -> None:
    async with endpoint("one two") as e:
        info = await asyncio.to_thread(probe, RunningServer(e.url))
        assert info is not None
        assert info == e.engine.info
        engine = AttachedEngine(RunningServer(e.url), info)
        await engine.start()
        deltas = [delta async for delta in engine.stream(REQUEST)]
        await engine.close()
    assert "".join(delta.text for delta in deltas) == "one two"
    assert deltas[-1].finish_reason == "stop"
    assert deltas[0].tokens[0].logprob == pytest.approx(-0.05)
    assert e.engine.requests[0].forced_prefix == "on"


async def test_an_editor_that_missed_a_change_of_model_feeds_the_new_one_nothing(endpoint: Any) -> None:
    async with endpoint() as e:
        engine = AttachedEngine(RunningServer(e.url), e.engine.info, sleep=lambda _: asyncio.sleep(0))
        await engine.start()
        e.assistant.engine = bigger = ScriptedEngine(info=replace(e.engine.info, name="bigger"))
        await bigger.start()
        with pytest.raises(EngineUnavailable, match="bigger"):
            _ = [delta async for delta in engine.stream(REQUEST)]
        await until(lambda: engine.status.state == "failed")
        assert "restart the editor" in engine.status.message
        await engine.close()
    assert bigger.requests == []


async def test_nobody_asks_in_the_name_of_others_but_the_users_own_processes(endpoint: Any) -> None:
    async with endpoint() as e:
        asked = wire.request_to_json(replace(REQUEST, client="another", priority=Priority.AHEAD))
        await e.client.post("/codeassist/v1/generate", json=asked, headers={"codeassist-client": "me"})
    assert [(request.client, request.priority) for request in e.engine.requests] == [("me@127.0.0.1", Priority.AHEAD)]


async def test_nobody_has_files_loaded_that_the_user_has_not_enabled(
    endpoint: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over TCP only the workspace's own adapter may be named, and that is what every text is completed with."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    async with endpoint() as e:
        e.engine._info = replace(e.engine.info, base="b" * 64)
        enable(e.assistant.workspace, "b" * 64, tmp_path / "ours")
        enable(tmp_path / "other", "b" * 64, tmp_path / "theirs")
        codes = {}
        for folder in (str(tmp_path / "ours"), str(tmp_path / "theirs"), "/etc", "ours", ""):
            asked = wire.request_to_json(replace(REQUEST, adapter=folder))
            codes[folder] = (await e.client.post("/codeassist/v1/generate", json=asked)).status_code
        await e.client.post("/v1/completions", json={"prompt": "def f(", "max_tokens": 4})
    assert list(codes.values()) == [200, 400, 400, 400, 200]
    used = [request.adapter for request in e.engine.requests]
    assert used == [str(tmp_path / "ours"), "", str(tmp_path / "ours")]


@pytest.mark.parametrize(("setting", "codes"), [("auto", (200, 400)), ("/mine", (200, 200))])
def test_own_processes_may_name_what_is_enabled_for_any_repository(
    make_assistant: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, codes: tuple[int, int]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assistant = make_assistant(("x",), None, replace(Settings(), engine=replace(EngineSettings(), lora=setting)))
    assistant.engine._info = replace(assistant.engine.info, base="b" * 64)
    enable(tmp_path / "other", "b" * 64, tmp_path / "theirs")
    for folder, code in zip((str(tmp_path / "theirs"), "/mine"), codes, strict=True):
        with pytest.raises(RequestRejected) if code == 400 else nullcontext():
            require_adapter(folder, assistant, is_own=True)


async def test_two_editors_may_count_their_requests_alike(endpoint: Any) -> None:
    async with endpoint() as e:
        for _ in range(2):
            await e.client.post("/codeassist/v1/generate", json=wire.request_to_json(REQUEST))
    first, second = e.engine.requests
    assert first.id != second.id
    assert first.id.startswith("complete-1")


@pytest.mark.parametrize("error", [EngineCrashed("it died"), RequestRejected("too long")])
async def test_an_attached_engine_raises_what_the_engine_raised(endpoint: Any, error: Exception) -> None:
    async with endpoint(Answer("x", error=error)) as e:  # type: ignore[arg-type]
        engine = AttachedEngine(RunningServer(e.url), e.engine.info)
        await engine.start()
        with pytest.raises((EngineUnavailable, RequestRejected), match=str(error)):
            _ = [delta async for delta in engine.stream(REQUEST)]
        await engine.close()


async def test_the_state_of_the_engine_is_told_while_it_starts(endpoint: Any) -> None:
    async with endpoint(start=False) as e:
        answer = (await e.client.get("/codeassist/v1/engine")).json()
        refused = await e.client.post("/codeassist/v1/generate", json=wire.request_to_json(REQUEST))
    assert wire.engine_from_json(answer)[1].state == "stopped"
    assert refused.status_code == 503


async def test_a_request_of_another_version_is_refused(endpoint: Any) -> None:
    async with endpoint() as e:
        body = wire.request_to_json(REQUEST) | {"beam_width": 4}
        response = await e.client.post("/codeassist/v1/generate", json=body)
    assert response.status_code == 400
    assert "beam_width" in response.json()["error"]["message"]
