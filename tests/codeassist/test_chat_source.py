"""Which chat the settings mean."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from codeassist.chat.choose import no_chat, open_endpoint
from codeassist.chat.embedded import EmbeddedEndpoint, refuse_fetching
from codeassist.chat.endpoint import chat_source, wants_engine
from codeassist.chat.fallback import FallbackEndpoint
from codeassist.chat.scripted_endpoint import ScriptedEndpoint
from codeassist.engine.embedded import EmbeddedEngine
from codeassist.engine.remote_endpoint import RemoteEndpoint
from codeassist.engine.scripted import SCRIPTED_INFO, ScriptedEngine
from codeassist.engine.turns import Turns
from codeassist.errors import ConfigError, ModelError, RequestRejected
from codeassist.protocols import Engine
from codeassist.settings import ChatSettings, Settings

URL = "http://127.0.0.1:1/v1"


@pytest.mark.parametrize(
    ("settings", "with_template", "without"),
    [
        ({}, "engine", "none"),
        ({"url": URL}, "remote", "remote"),
        ({"directory": "/m"}, "directory", "directory"),
        ({"url": URL, "directory": "/m"}, "remote", "remote"),
        ({"kind": "embedded", "url": URL}, "engine", "none"),
        ({"kind": "embedded", "directory": "/m"}, "directory", "directory"),
        ({"kind": "remote", "url": URL, "directory": "/m"}, "remote", "remote"),
        ({"kind": "scripted"}, "scripted", "scripted"),
        ({"kind": "none", "url": URL}, "none", "none"),
    ],
)
def test_the_kind_decides_and_auto_goes_by_what_is_set(settings: Any, with_template: str, without: str) -> None:
    chat = ChatSettings(**settings)
    assert chat_source(chat, engine_chats=True) == with_template
    assert chat_source(chat, engine_chats=False) == without


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, True),
        ({"kind": "none"}, False),
        ({"url": URL}, False),
        ({"url": URL, "fallback": "embedded"}, True),
        ({"url": URL, "fallback": "embedded", "directory": "/m"}, False),
        ({"directory": "/m"}, False),
    ],
)
def test_the_engine_is_made_ready_for_chats_only_where_it_may_be_asked(settings: Any, expected: bool) -> None:
    assert wants_engine(ChatSettings(**settings)) is expected


async def never() -> Any:
    raise AssertionError("not started")


def chatting() -> EmbeddedEngine:
    return EmbeddedEngine(replace(SCRIPTED_INFO, name="chatty"), never, chats=True)


@pytest.mark.parametrize(
    ("settings", "engine", "kind"),
    [
        ({}, chatting, EmbeddedEndpoint),
        ({}, ScriptedEngine, type(None)),
        ({"kind": "scripted"}, ScriptedEngine, ScriptedEndpoint),
        ({"url": URL}, chatting, RemoteEndpoint),
        ({"url": URL, "fallback": "embedded"}, chatting, FallbackEndpoint),
    ],
)
def test_the_endpoint_is_the_one_that_is_meant(settings: Any, engine: type[Engine], kind: type) -> None:
    made = open_endpoint(Settings(chat=ChatSettings(**settings)), engine(), Turns(1).seat)
    assert type(made) is kind


def test_a_fallback_needs_a_model() -> None:
    with pytest.raises(ConfigError, match=r"chat\.template"):
        open_endpoint(Settings(chat=ChatSettings(url=URL, fallback="embedded")), ScriptedEngine(), Turns(1).seat)


def test_a_directory_without_a_template_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"chat\.directory"):
        open_endpoint(Settings(chat=ChatSettings(directory=str(tmp_path / "none"))), ScriptedEngine(), Turns(1).seat)


@pytest.mark.parametrize("text", ["", "nonsense", "{}", "[1]\n"])
def test_a_script_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    script = tmp_path / "script"
    script.write_text(text)
    with pytest.raises(ModelError, match="is no script"):
        open_endpoint(Settings(chat=ChatSettings(kind="scripted", model=str(script))), ScriptedEngine(), Turns(1).seat)


@pytest.mark.parametrize(
    ("content", "is_refused"),
    [
        ("https://example.org/a.png", False),
        ([{"type": "text", "text": "https://example.org"}], False),
        ([{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}], False),
        ([{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}], True),
        ([{"type": "image_url", "image_url": "file:///etc/passwd"}], True),
        ([{"type": "video_url", "video_url": {"url": 3}}, None, 7], False),
        (None, False),
    ],
)
def test_nothing_is_fetched_for_a_message(content: Any, is_refused: bool) -> None:
    body = {"messages": [{"role": "user", "content": content}, "no message"]}
    if is_refused:
        with pytest.raises(RequestRejected, match="data: URL"):
            refuse_fetching(body)
    else:
        refuse_fetching(body)


def test_a_template_is_advised_only_where_the_model_is_ours_to_give_one() -> None:
    assert "chat.template to a chat template for chatty" in no_chat(chatting())
    assert "chat.template" not in no_chat(ScriptedEngine())
