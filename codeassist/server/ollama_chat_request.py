"""The body of Ollama's `/api/chat`, as docs/api.md of Ollama describes it, and what OpenAI's dialect makes of it.

What is not given is left to the model that chats, temperature and all. What else may be sent and has no effect is
`IGNORED` and, of the options, what `ollama_request.py` says; `NEUTRAL` is refused unless it asks for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from codeassist.engine.fields import flag, mapping
from codeassist.server.body import Body
from codeassist.server.completion_fields import characters
from codeassist.server.ollama_messages import Json, messages, response_format, tools
from codeassist.server.ollama_options import Sampling, read_options

IGNORED = ("keep_alive", "shift", "truncate")
NEUTRAL: Mapping[str, tuple[object, ...]] = {"logprobs": (False,), "think": (False,), "top_logprobs": (0,)}


@dataclass(frozen=True, slots=True)
class ChatAsked:
    """body: of OpenAI's dialect; None to have the model loaded, which it is. stream: whether the client wants the
    answer in pieces. is_prompt_alone: whether the prompt is to be computed and nothing to be said."""

    body: Json | None
    stream: bool = True
    is_prompt_alone: bool = False


def read_chat(fields: Mapping[str, Any]) -> ChatAsked:
    """What is asked for. Raises Problem."""
    body = Body(fields)
    said = body.take("messages", messages, [])
    offered = body.take("tools", tools, [])
    wanted_format = body.take("format", response_format, None)
    sampling = read_options(body.take("options", mapping, {}))
    stream = body.take("stream", flag, True)
    body.take("model", characters, "")
    body.ignore(IGNORED)
    body.require_neutral(NEUTRAL)
    body.finish()
    return chat_asked(said, sampling, stream=stream, offered=offered, wanted_format=wanted_format)


def chat_asked(
    said: list[Json],
    sampling: Sampling,
    *,
    stream: bool,
    offered: list[Json] | None = None,
    wanted_format: Json | None = None,
) -> ChatAsked:
    """The chat of these messages. It is asked for in pieces, by which one sees what takes how long, also where the
    client wants all of it at once; but for calls of tools, whose pieces servers get wrong now and then."""
    if not said:
        return ChatAsked(None, stream)
    is_prompt_alone = sampling.num_predict == 0
    in_pieces: Json = {"stream": True, "stream_options": {"include_usage": True}}
    optional: Json = {
        "tools": offered or None,
        "response_format": wanted_format,
        "max_tokens": 1 if is_prompt_alone else sampling.num_predict,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": sampling.seed,
        "stop": list(sampling.stop) or None,
    }
    given = {name: value for name, value in optional.items() if value is not None}
    body = {"messages": said, **given, **(in_pieces if stream or not offered else {"stream": False})}
    return ChatAsked(body, stream, is_prompt_alone)
