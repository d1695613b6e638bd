"""What the journal learns of a chat from the bytes that pass."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from codeassist.chat.endpoint import ChatReply
from codeassist.errors import CodeassistError
from codeassist.server.journal import Entry
from codeassist.types import FinishReason, Usage

# A whole answer is kept up to here for its usage; a longer one is passed on without being understood.
_KEPT_BYTES = 4 * 1024 * 1024
# Of a stream only the end is kept, where nobody wants its text: the last events tell reason and usage.
_KEPT_STREAM_BYTES = 16 * 1024

# The first event with text, with a tool call or with reasoning; what comes before names the role alone.
_FIRST_TEXT = re.compile(
    rb'"(?:content|reasoning|reasoning_content)"\s*:\s*"[^"]|"(?:arguments|tool_calls)"\s*:\s*[\["]'
)


class ChatWatch:
    """Watches one answer. is_stream: whether it comes as server-sent events."""

    def __init__(self, entry: Entry, *, is_stream: bool) -> None:
        self.is_stream = is_stream
        self._entry = entry
        self._tail = bytearray()
        self._has_text = False

    def saw(self, chunk: bytes) -> None:
        """Some bytes have passed."""
        if not self._has_text and (not self.is_stream or _FIRST_TEXT.search(chunk)):
            self._has_text = True
            self._entry.mark("first_token")
        self._tail += chunk
        kept = _KEPT_STREAM_BYTES if self.is_stream and not self._entry.wants_texts else _KEPT_BYTES
        if len(self._tail) > kept:
            del self._tail[:-kept]

    def broke(self, error: CodeassistError) -> None:
        """The answer will not go on."""
        self._entry.end("failed", str(error))

    async def ended(self, reply: ChatReply) -> None:
        """The answer is complete: note what it took and why it ended."""
        if self._has_text:
            self._entry.mark("decode")
        tail = bytes(self._tail)
        usage, reason, said = await asyncio.to_thread(_read_stream if self.is_stream else _read_whole, tail)
        self._entry.hear(said)
        usage = reply.tally.usage or usage
        if usage is not None:
            self._entry.note(usage=usage)
        if reply.status == 200:
            self._entry.note(finish_reason=_standard(reason))
            self._entry.end("done")
        else:
            self._entry.end("failed", f"answered {reply.status}")


def _read_whole(body: bytes) -> tuple[Usage | None, str, str]:
    """Usage, reason and text of an answer."""
    value = _parsed(body)
    first = _first_choice(value)
    return usage_of(value), str(first.get("finish_reason") or ""), _content(first.get("message"))


def _read_stream(tail: bytes) -> tuple[Usage | None, str, str]:
    """The last usage and the last reason among the events at the end of a stream, and their text."""
    usage, reason, texts = None, "", list[str]()
    for line in tail.splitlines():
        value = _parsed(line[5:]) if line.startswith(b"data:") else None
        first = _first_choice(value)
        usage, reason = usage_of(value) or usage, str(first.get("finish_reason") or "") or reason
        texts.append(_content(first.get("delta")))
    return usage, reason, "".join(texts)


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _first_choice(value: object) -> dict[str, Any]:
    choices = value.get("choices") if isinstance(value, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else {}


def _content(message: object) -> str:
    content = message.get("content") if isinstance(message, dict) else None
    return content if isinstance(content, str) else ""


def usage_of(value: object) -> Usage | None:
    """The `usage` of an answer in OpenAI's shape, where it has one that makes sense."""
    counted = value.get("usage") if isinstance(value, dict) else None
    if not isinstance(counted, dict):
        return None
    details = counted.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else 0
    return Usage(_count(counted.get("prompt_tokens")), _count(cached), _count(counted.get("completion_tokens")))


def _count(value: Any) -> int:
    return value if type(value) is int and value >= 0 else 0


def _standard(reason: str) -> FinishReason | None:
    """The journal's word: a tool call is a complete answer."""
    if not reason:
        return None
    return "length" if reason == "length" else "stop"
