"""Answers in the shape of OpenAI's text completions, which DeepSeek's are, too."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from codeassist.server.asking import Asking, ask
from codeassist.server.caller import caller_of
from codeassist.server.choices import Choice, collected, headers_of, n_context, streamed, total
from codeassist.server.completion_request import CompletionRequest, read_completion_request
from codeassist.server.connection import EventStream, WhileConnected, compact_json
from codeassist.server.deltas import Answer
from codeassist.server.logprobs import LogprobsWriter
from codeassist.server.problems import error_event
from codeassist.server.reply import Reply, standard_reason
from codeassist.server.service import Service
from codeassist.types import Delta, FinishReason, Token, Usage

# Which usage the last events of a stream carry: of the last choice's end, and of an event of its own.
UsagePlaces = Callable[[CompletionRequest], tuple[bool, bool]]


def usage_afterwards(asked: CompletionRequest) -> tuple[bool, bool]:
    """As OpenAI has it: where it is asked for, in an event without choices."""
    return False, asked.include_usage


def usage_at_the_end(_: CompletionRequest) -> tuple[bool, bool]:
    """As DeepSeek has it: always, with the last choice; its clients read `choices[0]` of every event."""
    return True, False


async def answer(
    service: Service, request: Request, body: Mapping[str, Any], route: str, places: UsagePlaces
) -> Response:
    """The response to a completion request. Raises Problem for what would not be honoured."""
    asked = read_completion_request(body)
    reply = Reply("cmpl", "text_completion", service.assistant.engine.info.name)
    choices = await ask(service, Asking(asked, reply.id, route, caller_of(request)))
    if asked.stream:
        return EventStream(_events(reply, choices, asked, places(asked)), error_event, lambda: headers_of(choices))

    async def make() -> Response:
        answers = await collected(choices)
        usage = total(choices, [made.usage for made in answers])
        told = _whole_choices(choices, answers, asked.top_logprobs)
        return JSONResponse(reply.part(told, usage, n_context(choices)), headers=headers_of(choices))

    return WhileConnected(make)


def _whole_choices(choices: list[Choice], answers: list[Answer], n_top: int | None) -> list[dict[str, Any]]:
    told = []
    for choice, made in zip(choices, answers, strict=True):
        for index in choice.indexes:
            logprobs = LogprobsWriter(n_top).write(_within(made.tokens, len(made.text)))
            told.append(_choice(index, made.text, logprobs, made.finish_reason))
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
    reply: Reply, choices: list[Choice], asked: CompletionRequest, places: tuple[bool, bool]
) -> AsyncGenerator[str, None]:
    is_told_with_last, is_told_afterwards = places
    writers = {index: LogprobsWriter(asked.top_logprobs) for choice in choices for index in choice.indexes}
    usages = dict.fromkeys(choices, Usage())
    n_running = len(choices)
    async with aclosing(streamed(choices)) as pairs:
        async for choice, delta in pairs:
            usages[choice] = delta.usage
            n_running -= delta.finish_reason is not None
            is_told = asked.continuous_usage or (is_told_with_last and n_running == 0)
            usage = total(choices, list(usages.values())) if is_told else None
            for told in _parts(choice, delta, writers):
                yield compact_json(reply.part([told], usage, n_context(choices)))
    if is_told_afterwards:
        yield compact_json(reply.part([], total(choices, list(usages.values())), n_context(choices)))
    yield "[DONE]"


def _parts(choice: Choice, delta: Delta, writers: Mapping[int, LogprobsWriter]) -> Iterator[dict[str, Any]]:
    if delta.text or delta.tokens or delta.finish_reason:
        for index in choice.indexes:
            yield _choice(index, delta.text, writers[index].write(delta.tokens), delta.finish_reason)


def _choice(
    index: int, text: str, logprobs: dict[str, Any] | None, finish_reason: FinishReason | None
) -> dict[str, Any]:
    return {"index": index, "text": text, "logprobs": logprobs, "finish_reason": standard_reason(finish_reason)}
