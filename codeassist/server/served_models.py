"""The models that answer here, and which of them answers a request (pure, but for reading what there is)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from codeassist.server.service import Service

# What a request wants: a gap filled, a prompt continued as it is, or a chat.
Want = Literal["gap", "text", "chat"]


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One model. can: what it may be asked for. context_tokens: 0 where that is not known. calls_tools: in chats."""

    name: str
    context_tokens: int
    can: frozenset[Want]
    calls_tools: bool = False


def served_models(service: Service) -> tuple[ServedModel, ...]:
    """All models: the one that fills gaps, and the one that chats where that is another."""
    info, chat = service.assistant.engine.info, service.chat
    fills: frozenset[Want] = frozenset({"gap", "text"})
    if chat is None:
        return (ServedModel(info.name, info.context_tokens, fills),)
    chats: frozenset[Want] = frozenset({"chat"})
    if chat.name == info.name:
        return (ServedModel(info.name, info.context_tokens, fills | chats, chat.calls_tools),)
    return (
        ServedModel(info.name, info.context_tokens, fills),
        ServedModel(chat.name, chat.context_tokens, chats, chat.calls_tools),
    )


def route(name: str, wants: Want, models: Sequence[ServedModel]) -> ServedModel | None:
    """The model that a request names, where it can do what is asked; else the first that can; None where none can."""
    able = [model for model in models if wants in model.can]
    return next((model for model in able if model.name == name), able[0] if able else None)


def model_json(model: ServedModel, created: int) -> dict[str, Any]:
    """An entry of `/v1/models`. created: seconds since 1970."""
    known = {"max_model_len": model.context_tokens} if model.context_tokens else {}
    return {"id": model.name, "object": "model", "created": created, "owned_by": "codeassist"} | known
