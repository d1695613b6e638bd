"""A chat's answer as it travels between the host process and its parent: an HTTP response in pieces (pure).

{"head": {"status", "media_type"}}, then {"text"} as often as needed, {"usage": [prompt, cached, completion]} where
it is known, and {"end": true}; an error of the engine (`wire.error_event`) at any time
"""

from __future__ import annotations

from codeassist.engine.wire import Json
from codeassist.types import Usage

END: Json = {"end": True}


def head_event(status: int, media_type: str) -> Json:
    """What comes first."""
    return {"head": {"status": status, "media_type": media_type}}


def text_event(text: str) -> Json:
    """A piece of the body."""
    return {"text": text}


def usage_event(usage: Usage) -> Json:
    """What the answer took."""
    return {"usage": [usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens]}


def is_last(event: Json) -> bool:
    """Whether nothing follows this event of an answer, to a chat or to another request."""
    return "error" in event or "end" in event or bool(event.get("delta", {}).get("finish_reason"))
