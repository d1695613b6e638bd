"""Ollama's `/api/chat`, and prompts of `/api/generate` that a model that chats answers.

The chat goes where `/v1/chat/completions` goes, in OpenAI's dialect, and its answer is told in this one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from codeassist.chat.choose import no_chat
from codeassist.chat.endpoint import ChatEndpoint
from codeassist.errors import CodeassistError
from codeassist.server.caller import Caller, caller_of
from codeassist.server.chat import fallback_header, open_entry
from codeassist.server.connection import NDJSON, EventStream, WhileConnected, compact_json, read_as
from codeassist.server.journal import Entry
from codeassist.server.ollama_answer import chatted, ended
from codeassist.server.ollama_chat_request import ChatAsked, read_chat
from codeassist.server.ollama_reply import Heard, Piece, pieces
from codeassist.server.problems import Problem, error_event
from codeassist.server.service import Service
from codeassist.server.watch import Watch
from codeassist.types import Delta, FinishReason, Priority, Usage

CHAT = "/api/chat"

Json = dict[str, Any]
Tell = Callable[[str, str, str, list[Json] | None], Json]


def ollama_chat_routes(service: Service) -> list[Route]:
    """The route."""

    async def chat(request: Request) -> Response:
        asked = await read_as(request, read_chat)
        return chat_response(service, asked, caller_of(request), CHAT, chatted)

    return [Route(CHAT, chat, methods=["POST"])]


def chat_response(service: Service, asked: ChatAsked, caller: Caller, route: str, tell: Tell) -> Response:
    """The response, in pieces where the client wants them. tell: how a piece is told (model, text, thinking, calls).
    Raises Problem where no model chats."""
    if service.chat is None:
        raise Problem(400, no_chat(service.assistant.engine), code="no_chat_model")
    chat = _Chat(service, service.chat, asked, caller, route, tell)
    if asked.stream:
        return EventStream(chat.lines(), lambda error: error_event(error, route), lambda: chat.headers, NDJSON)

    async def make() -> Response:
        return JSONResponse(await chat.whole(), headers=chat.headers)

    return WhileConnected(make)


class _Chat:
    """One chat. headers: of the response, once its first piece is there."""

    def __init__(
        self, service: Service, endpoint: ChatEndpoint, asked: ChatAsked, caller: Caller, route: str, tell: Tell
    ) -> None:
        self.headers: dict[str, str] = {}
        self._service = service
        self._endpoint = endpoint
        self._asked = asked
        self._caller = caller
        self._route = route
        self._tell = tell
        self._watch = Watch()
        self._model = endpoint.name

    async def lines(self) -> AsyncGenerator[str, None]:
        """What is told, piece by piece. Calls of tools come whole, before the last line. Raises Problem and EngineError
        before the first line, EngineError after it."""
        heard = Heard()
        async with aclosing(self._answer(heard)) as answer:
            async for piece in answer:
                if (piece.text or piece.thinking) and not self._asked.is_prompt_alone:
                    yield compact_json(self._tell(self._model, piece.text, piece.thinking, None))
        if calls := heard.calls():
            yield compact_json(self._tell(self._model, "", "", calls))
        yield compact_json(self._last(self._tell(self._model, "", "", None), heard))

    async def whole(self) -> Json:
        """All of it at once. Raises Problem and EngineError."""
        heard = Heard()
        async with aclosing(self._answer(heard)) as answer:
            async for _ in answer:
                pass
        said = ("", "") if self._asked.is_prompt_alone else (heard.text, heard.thinking)
        return self._last(self._tell(self._model, *said, heard.calls()), heard)

    async def _answer(self, heard: Heard) -> AsyncGenerator[Piece, None]:
        """The pieces of the answer, which `heard` gathers; none where the model is only to be loaded."""
        body = self._asked.body
        if body is None:
            return
        asked_of, is_streamed = self._endpoint.name, self._asked.stream
        entry = open_entry(self._service, self._endpoint, self._route, self._caller, is_streamed=is_streamed)
        entry.asks(body)
        priority = Priority.AHEAD if self._asked.is_prompt_alone else Priority.CHAT
        with _recorded(entry):
            async with self._endpoint.answer(body, priority=priority, client=self._caller.name) as reply:
                self._model = reply.model
                self.headers = fallback_header(reply, asked_of, self._endpoint)
                entry.note(model=reply.model)
                async with aclosing(pieces(reply)) as found:
                    async for piece in found:
                        self._see(piece, entry)
                        heard.add(piece)
                        yield piece
            self._watch.end()
            entry.mark("decode")
            entry.note(usage=heard.usage, finish_reason=_reason(heard))

    def _see(self, piece: Piece, entry: Entry) -> None:
        if self._watch.first_text is None and (piece.text or piece.thinking or piece.calls):
            self._watch.see(Delta(text="-", usage=Usage()))
            entry.mark("first_token")
        entry.hear(piece.text)

    def _last(self, piece: Json, heard: Heard) -> Json:
        usage = heard.usage
        if self._asked.body is None:
            return ended(piece, "load", usage, self._watch)
        if self._asked.is_prompt_alone:
            return ended(piece, "length", usage, self._watch) | {"eval_count": 0}
        return ended(piece, _reason(heard), usage, self._watch)


@contextmanager
def _recorded(entry: Entry) -> Iterator[None]:
    """Tell the journal how the block ends."""
    try:
        yield
    except (GeneratorExit, asyncio.CancelledError):
        entry.end("left")
        raise
    except (CodeassistError, Problem) as error:
        entry.end("failed", str(error))
        raise
    entry.end("done")


def _reason(heard: Heard) -> FinishReason:
    """Ollama's word, and the journal's: a call of a tool is a complete answer."""
    return "length" if heard.finish_reason == "length" else "stop"
