"""vLLM's own chat serving, over the engine that `vllm_adapter.py` holds; the one file that knows that part of vLLM.

Imported in the host process on the first chat, for it takes a second or two. Templates, tools, structured outputs,
log-probabilities and streaming are vLLM's: what it refuses it says itself, in OpenAI's shape.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pydantic import ValidationError
from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest
from vllm.entrypoints.openai.chat_completion.serving import OpenAIServingChat
from vllm.entrypoints.openai.models.protocol import BaseModelPath
from vllm.entrypoints.openai.models.serving import OpenAIServingModels
from vllm.renderers.online_renderer import OnlineRenderer
from vllm.v1.engine.async_llm import AsyncLLM
from vllm.v1.engine.exceptions import EngineDeadError

from codeassist.engine.chat_events import head_event, text_event, usage_event
from codeassist.engine.wire import DEAD, Json
from codeassist.errors import EngineCrashed, RequestRejected
from codeassist.types import Usage

logger = logging.getLogger(__name__)

_JSON = "application/json"
_EVENTS = "text/event-stream; charset=utf-8"


class VllmChat:
    """The chat of one loaded model."""

    def __init__(self, llm: AsyncLLM, name: str, template: str, tool_parser: str, n_seats: int) -> None:
        """template: path of a Jinja file, "" for the model's own. tool_parser: vLLM's name of it, "" for none.
        n_seats: answers at the same time, which whoever asks sees to (`chat/embedded.py`): vLLM's priorities send
        nobody away who is seated.
        Raises what vLLM raises where it is laid out in another way than we know."""
        self._name = name
        self._n_seats = n_seats
        text = Path(template).read_text(encoding="utf-8") if template else None
        rendering: dict[str, Any] = {
            "request_logger": None,
            "chat_template": text,
            "chat_template_content_format": "auto",
            "enable_auto_tools": bool(tool_parser),
            "tool_parser": tool_parser or None,
        }
        models = OpenAIServingModels(llm, [BaseModelPath(name=name, model_path=llm.model_config.model)])
        renderer = OnlineRenderer(llm.model_config, llm.renderer, **rendering)
        self._serving = OpenAIServingChat(
            llm, models, "assistant", online_renderer=renderer, enable_prompt_tokens_details=True, **rendering
        )

    async def answer(self, body: dict[str, Any], priority: int) -> AsyncGenerator[Json]:
        """Events of `chat_events.py`. Leaving the loop aborts. Raises EngineCrashed, RequestRejected."""
        n_choices = body.get("n") or 1
        n_choices = n_choices if isinstance(n_choices, int) else 1  # vLLM says what is wrong with it
        if n_choices > self._n_seats:
            raise RequestRejected(f"`n` must be at most {self._n_seats}: so many answers are written at the same time")
        async with aclosing(self._answer(body, priority)) as events:
            async for event in events:
                yield event

    async def _answer(self, body: dict[str, Any], priority: int) -> AsyncGenerator[Json]:
        raw = SimpleNamespace(headers={}, state=SimpleNamespace())
        try:
            request = ChatCompletionRequest.model_validate(body | {"model": self._name, "priority": priority})
            made = await self._serving.create_chat_completion(request, raw)
        except ValidationError as error:
            made = self._serving.create_error_response(_told(error))
        except EngineDeadError:
            raise EngineCrashed(DEAD) from None
        except Exception as error:
            # vLLM's own server turns whatever is raised here into a response as well.
            made = self._serving.create_error_response(error)
            if made.error.code >= 500:
                logger.exception("vLLM could not answer a chat")
        if not hasattr(made, "__aiter__"):
            fault = getattr(made, "error", None)
            yield head_event(200 if fault is None else int(fault.code), _JSON)
            yield text_event(made.model_dump_json())
        else:
            yield head_event(200, _EVENTS)
            async with aclosing(made) as events:
                async for event in events:
                    yield text_event(event)
        usage = _usage(raw.state)
        if usage is not None:
            yield usage_event(usage)


def _told(error: ValidationError) -> str:
    """The first fault: its field and what is wrong with it."""
    first = error.errors()[0]
    field = ".".join(map(str, first["loc"]))
    return f"{field}: {first['msg']}" if field else str(first["msg"])


def _usage(state: Any) -> Usage | None:
    counted = getattr(getattr(state, "request_metadata", None), "final_usage_info", None)
    if counted is None:
        return None
    cached = getattr(getattr(counted, "prompt_tokens_details", None), "cached_tokens", None)
    return Usage(counted.prompt_tokens or 0, cached or 0, counted.completion_tokens or 0)
