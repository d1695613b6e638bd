"""What all dialects ask: gaps to be filled and prompts to be continued, each with its line in the journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from functools import partial
from urllib.parse import quote

from codeassist.assistant import Assistant
from codeassist.behind import without_what_stands_behind
from codeassist.chat.endpoint import ChatEndpoint
from codeassist.engine.choose import seats_of
from codeassist.engine.shared import SharedEngine
from codeassist.engine.streams import closing
from codeassist.errors import CodeassistError, EngineUnavailable
from codeassist.server.caller import Caller
from codeassist.server.deltas import limited
from codeassist.server.headers import FALLBACK_HEADER, context_headers
from codeassist.server.journal import Entry, Journal, Record
from codeassist.server.outcomes import Outcomes
from codeassist.server.superseding import Superseding
from codeassist.shadow.asking import Shadow
from codeassist.types import Delta, EngineStatus, FimRequest, GenerationRequest, Usage


class Answering:
    """One answer that a client waits for. Leaving the loop, or `aclose`, aborts it."""

    def __init__(self, entry: Entry, deltas: AsyncGenerator[Delta]) -> None:
        self._entry = entry
        self._model = entry.record.model
        self._deltas = deltas

    def __aiter__(self) -> Answering:
        return self

    async def __anext__(self) -> Delta:
        return await anext(self._deltas)

    async def aclose(self) -> None:
        """Abort what still runs, and wait for that."""
        await self._deltas.aclose()
        self._entry.end("left")  # where nothing was ever read

    async def finish(self) -> None:
        """Abort what still runs because a limit of the client's is reached: the answer is done."""
        self._entry.mark("decode")
        self._entry.note(finish_reason="length")
        self._entry.end("done")
        await self._deltas.aclose()

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the response: what was added to the prompt, and who answers in place of the model that was asked.
        Known once the first delta is there."""
        record = self._entry.record
        fallback = {FALLBACK_HEADER: quote(record.model)} if record.model != self._model else {}
        return context_headers(record.context) | fallback

    @property
    def n_context(self) -> int:
        """Tokens that were added to the prompt; 0 before that is known."""
        context = self._entry.record.context
        return context.n_tokens if context else 0


class Service:
    """One workspace and its models, as the dialects see it. chat: None where no model chats."""

    def __init__(self, assistant: Assistant, journal: Journal | None = None, chat: ChatEndpoint | None = None) -> None:
        """Makes the assistant's engine one that clients share."""
        self.assistant = assistant
        self.chat = chat
        self.journal = journal or Journal()
        self.outcomes = Outcomes()
        self.shadow: Shadow | None = None
        self.shared = SharedEngine(assistant.engine, *seats_of(assistant.engine))
        assistant.engine = self.shared
        self._superseding = Superseding()
        self._entries: dict[str, Entry] = {}
        self.journal.on_change(self._forget_ended)
        self.shared.on_turn(self._on_turn)

    def fim(self, asked: FimRequest, caller: Caller, route: str, *, is_streamed: bool) -> Answering:
        """Fill a gap, at most `max_tokens` of text. Raises EngineUnavailable at once where no answer can come."""
        entry = self._open(asked, route, caller, is_streamed=is_streamed)
        self._superseding.begin(asked, caller, partial(self._supersede, entry))
        return Answering(entry, _recorded(entry, self._filled(asked, entry)))

    def generate(self, asked: GenerationRequest, caller: Caller, route: str, *, is_streamed: bool) -> Answering:
        """Answer one of our own processes. Raises EngineUnavailable at once where no answer can come."""
        entry = self._open(asked, route, caller, is_streamed=is_streamed)
        return Answering(entry, _recorded(entry, self.assistant.generate(asked)))

    def continue_prompt(self, asked: GenerationRequest, caller: Caller, route: str, *, is_streamed: bool) -> Answering:
        """Continue a prompt as it is, with the workspace's adapter. Raises EngineUnavailable at once where none can."""
        entry = self._open(asked, route, caller, is_streamed=is_streamed)
        return Answering(entry, _recorded(entry, self.assistant.continue_prompt(asked)))

    @property
    def n_open(self) -> int:
        """What is kept of requests that have not ended."""
        return len(self._entries) + self._superseding.n_running

    def _open(self, asked: FimRequest | GenerationRequest, route: str, caller: Caller, *, is_streamed: bool) -> Entry:
        _require_loaded(self.assistant.engine.status)
        model = self.assistant.engine.info.name
        entry = self.journal.open(asked.id, route, caller, model, is_streamed=is_streamed)
        self._entries[asked.id] = entry
        entry.asks(asked)
        return entry

    def _forget_ended(self, record: Record) -> None:
        if record.state != "running":
            self._entries.pop(record.id, None)
            self._superseding.over(record.caller.name, record.id)

    def _on_turn(self, request_id: str, is_joined: bool) -> None:
        entry = self._entries.get(request_id)
        if entry is not None:
            entry.mark("queue")
            entry.note(shared=is_joined)

    def _supersede(self, entry: Entry) -> None:
        """The answer ends as a finished one, with what it has."""
        entry.note(finish_reason="stop")
        entry.end("superseded")
        self.shared.finish(entry.record.id)

    async def _filled(self, asked: FimRequest, entry: Entry) -> AsyncGenerator[Delta]:
        prepared = await self.assistant.prepare_gap(asked)
        entry.note(context=prepared.context)
        entry.mark("context")
        if entry.record.state == "superseded":
            yield Delta("", Usage(), finish_reason="stop")
            return
        deltas = limited(self.assistant.fill_gap(prepared), asked.max_tokens)
        # Who asks for the log-probability of each token is given all of them.
        told = deltas if asked.top_logprobs is not None else without_what_stands_behind(deltas, prepared.window)
        async with aclosing(told):
            async for delta in told:
                yield delta


async def _recorded(entry: Entry, deltas: AsyncIterator[Delta]) -> AsyncGenerator[Delta]:
    has_text = False
    try:
        async with closing(deltas):
            async for delta in deltas:
                if delta.text and not has_text:
                    has_text = True
                    entry.mark("first_token")
                entry.hear(delta.text)
                if delta.finish_reason:
                    entry.mark("decode" if has_text else "first_token")
                if delta.model:
                    entry.note(model=delta.model)
                entry.note(usage=delta.usage, finish_reason=delta.finish_reason)
                yield delta
                if delta.finish_reason:
                    entry.end("done")
        entry.end("done")
    except (GeneratorExit, asyncio.CancelledError):
        entry.end("left")
        raise
    except CodeassistError as error:
        entry.end("failed", str(error))
        raise


def _require_loaded(status: EngineStatus) -> None:
    """Before anything is tokenised: a tokenizer that is read for an answer that cannot come would stop the loop.

    An engine that has been ready once judges for itself: after a failure, a remote one finds out by trying.
    """
    if status.state in ("stopped", "starting"):
        said = f" ({status.message})" if status.message else ""
        raise EngineUnavailable(f"the engine is {status.state}{said}; GET /health tells when it is ready")
