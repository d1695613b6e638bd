"""Answers to completion requests in the shapes of OpenAI's dialect and of those that descend from it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from codeassist.server.asking import Asking, ask
from codeassist.server.caller import caller_of
from codeassist.server.choices import Choice, collected, headers_of, n_context, streamed, total
from codeassist.server.completion_request import CompletionRequest
from codeassist.server.connection import EventStream, WhileConnected, compact_json
from codeassist.server.deltas import Answer
from codeassist.server.logprobs import LogprobsWriter
from codeassist.server.problems import error_event
from codeassist.server.reply import Reply
from codeassist.server.service import Service
from codeassist.server.shapes import Shape
from codeassist.types import Delta, Token, Usage


async def answer(service: Service, request: Request, asked: CompletionRequest, route: str, shape: Shape) -> Response:
    """The response to a completion request. Raises Problem for what would not be honoured."""
    reply = Reply(shape.prefix, shape.event if asked.stream else shape.whole, service.assistant.engine.info.name)
    choices = await ask(service, Asking(asked, reply.id, route, caller_of(request)))
    if asked.stream:
        return EventStream(_events(reply, choices, asked, shape), error_event, lambda: headers_of(choices))

    async def make() -> Response:
        answers = await collected(choices)
        usage = total(choices, [made.usage for made in answers])
        told = _whole_choices(shape, choices, answers, asked.top_logprobs)
        return JSONResponse(reply.part(told, usage, n_context(choices)), headers=headers_of(choices))

    return WhileConnected(make)


def _whole_choices(
    shape: Shape, choices: list[Choice], answers: list[Answer], n_top: int | None
) -> list[dict[str, Any]]:
    told = []
    for choice, made in zip(choices, answers, strict=True):
        for index in choice.indexes:
            logprobs = LogprobsWriter(n_top).write(_within(made.tokens, len(made.text)))
            told.append(shape.choice(index, made.text, logprobs, made.finish_reason, is_event=False))
    return told


def _within(tokens: tuple[Token, ...], n_characters: int) -> tuple[Token, ...]:
    """The tokens that begin inside of a text: behind it may be a stop text, which is no part of it."""
    kept, at = [], 0
    for token in tokens:
        if at >= n_characters:
            break
        kept.append(token)
        at += len(token.text)
    return tuple(kept)


async def _events(
    reply: Reply, choices: list[Choice], asked: CompletionRequest, shape: Shape
) -> AsyncGenerator[str, None]:
    is_told_with_last, is_told_afterwards = shape.places(asked)
    writers = {index: LogprobsWriter(asked.top_logprobs) for choice in choices for index in choice.indexes}
    usages = dict.fromkeys(choices, Usage())
    n_running = len(choices)
    async with aclosing(streamed(choices)) as pairs:
        async for choice, delta in pairs:
            usages[choice] = delta.usage
            n_running -= delta.finish_reason is not None
            is_told = asked.continuous_usage or (is_told_with_last and n_running == 0)
            usage = total(choices, list(usages.values())) if is_told else None
            for told in _parts(shape, choice, delta, writers):
                yield compact_json(reply.part([told], usage, n_context(choices)))
    if is_told_afterwards:
        yield compact_json(reply.part([], total(choices, list(usages.values())), n_context(choices)))
    yield "[DONE]"


def _parts(
    shape: Shape, choice: Choice, delta: Delta, writers: Mapping[int, LogprobsWriter]
) -> Iterator[dict[str, Any]]:
    if delta.text or delta.tokens or delta.finish_reason:
        for index in choice.indexes:
            logprobs = writers[index].write(delta.tokens)
            yield shape.choice(index, delta.text, logprobs, delta.finish_reason, is_event=True)
