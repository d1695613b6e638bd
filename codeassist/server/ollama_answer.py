"""The answers of Ollama's dialect (pure, but for the time of day)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from codeassist.server.watch import Watch
from codeassist.types import Usage

Json = dict[str, Any]


def generated(model: str, text: str, thinking: str = "", calls: list[Json] | None = None) -> Json:
    """A piece of an answer to `/api/generate`, where no tools are called."""
    return _head(model) | {"response": text} | ({"thinking": thinking} if thinking else {})


def chatted(model: str, text: str, thinking: str = "", calls: list[Json] | None = None) -> Json:
    """A piece of an answer to `/api/chat`."""
    message: Json = {"role": "assistant", "content": text}
    message |= {"thinking": thinking} if thinking else {}
    return _head(model) | {"message": message | ({"tool_calls": calls} if calls else {})}


def ended(piece: Json, reason: str, usage: Usage, watch: Watch) -> Json:
    """The last piece, which may be all of the answer."""
    return piece | {"done": True, "done_reason": reason} | durations(usage, watch)


def durations(usage: Usage, watch: Watch) -> dict[str, int]:
    """What took how long, in nanoseconds. Nothing is loaded for a request."""
    return {
        "total_duration": _ns(watch.prompt_ms + watch.predict_ms),
        "load_duration": 0,
        "prompt_eval_count": usage.prompt_tokens,
        "prompt_eval_duration": _ns(watch.prompt_ms),
        "eval_count": usage.completion_tokens,
        "eval_duration": _ns(watch.predict_ms),
    }


def now() -> str:
    """The time of day, as the dialect writes it."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def _head(model: str) -> Json:
    return {"model": model, "created_at": now(), "done": False}


def _ns(ms: float) -> int:
    return round(ms * 1_000_000)
