"""Which chat the endpoint's clients reach, by the settings and the engine that is there."""

from __future__ import annotations

from pathlib import Path

from codeassist.chat.embedded import EmbeddedEndpoint, OwnEngineEndpoint, TakeTurn
from codeassist.chat.endpoint import ChatEndpoint, ChatSource, chat_source, embedded_source
from codeassist.chat.fallback import FallbackEndpoint
from codeassist.chat.scripted_endpoint import ScriptedEndpoint, echo_message, read_chat_script
from codeassist.engine.backed import embedded_of
from codeassist.engine.embedded import EmbeddedEngine
from codeassist.engine.turns import Turns
from codeassist.errors import ConfigError
from codeassist.protocols import Engine
from codeassist.settings import ChatSettings, Settings


def open_endpoint(settings: Settings, engine: Engine, turn: TakeTurn) -> ChatEndpoint | None:
    """The chat, not started yet; None where there is none. turn: on `engine`. Reads files. Raises ModelError or
    ConfigError."""
    chat, engine_chats = settings.chat, _chats(engine) is not None
    source = chat_source(chat, engine_chats=engine_chats)
    if source == "scripted":
        return _scripted(chat)
    if source != "remote":
        return _embedded(source, settings, engine, turn)
    from codeassist.engine.remote_endpoint import RemoteEndpoint

    remote = RemoteEndpoint(chat)
    if chat.fallback == "none":
        return remote
    second = embedded_source(chat, engine_chats=engine_chats)
    if second == "none":
        raise ConfigError(
            "chat.fallback is `embedded`, and there is no model for it: set chat.directory to a model with a chat "
            "template, or chat.template for the model of the engine"
        )
    return FallbackEndpoint(remote, lambda: _required(_embedded(second, settings, engine, turn)))


def no_chat(engine: Engine) -> str:
    """What a client is told that wants to chat where nobody does."""
    remedies = "set chat.url to an OpenAI-compatible server, or chat.directory to a model directory"
    if embedded_of(engine) is not None:  # the model of another server is given no template by us
        remedies += f", or chat.template to a chat template for {engine.info.name}, which has none of its own"
    return f"no chat model is configured: {remedies}"


def _embedded(source: ChatSource, settings: Settings, engine: Engine, turn: TakeTurn) -> ChatEndpoint | None:
    chatting = _chats(engine)
    if source == "engine" and chatting is not None:
        return EmbeddedEndpoint(chatting, turn)
    if source != "directory":
        return None
    from codeassist.engine.choose import open_chat_engine, seats_of

    own = open_chat_engine(settings.engine, settings.chat)
    return OwnEngineEndpoint(own, Turns(*seats_of(own)).seat)


def _chats(engine: Engine) -> EmbeddedEngine | None:
    """The engine, where its model chats as well."""
    embedded = embedded_of(engine)
    return embedded if embedded is not None and embedded.chats else None


def _scripted(settings: ChatSettings) -> ScriptedEndpoint:
    script = read_chat_script(Path(settings.model).expanduser()) if settings.model else echo_message
    return ScriptedEndpoint(script)


def _required(endpoint: ChatEndpoint | None) -> ChatEndpoint:
    assert endpoint is not None
    return endpoint
