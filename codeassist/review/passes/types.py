"""What a pass is given, and what it gives."""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from codeassist.chat.model import OpenChat, open_chat
from codeassist.findings.types import Finding
from codeassist.review.changes import ChangedFile, Changes
from codeassist.review.tree import ReviewedTree
from codeassist.settings import ChatSettings, ReviewSettings
from indexer.rules import SECRET

if TYPE_CHECKING:
    from codeassist.assistant import Assistant
    from indexer.index import CodeIndex

PassName = Literal["static", "vulnerabilities", "surprise", "model"]
# In the order in which they run.
PASS_NAMES: tuple[PassName, ...] = ("static", "vulnerabilities", "surprise", "model")
_PROMPT_TOKENS = ReviewSettings().prompt_tokens


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment of the monotonic clock after which no new work is begun; or before that, once nobody waits any more."""

    at: float
    given_up: threading.Event = field(default_factory=threading.Event)

    @property
    def seconds_left(self) -> float:
        """How much time there still is; never less than 0."""
        return 0.0 if self.given_up.is_set() else max(0.0, self.at - time.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether time is up."""
        return self.seconds_left == 0.0


@dataclass(frozen=True, slots=True)
class ChatAccess:
    """The chat model that a review may ask. open: with these settings; raises NoChatModel where there is none.
    prompt_tokens: longest question, estimated."""

    settings: ChatSettings = field(default_factory=ChatSettings)
    open: OpenChat = open_chat
    prompt_tokens: int = _PROMPT_TOKENS


@dataclass(frozen=True, slots=True)
class Review:
    """What is looked at. assistant: the workspace, for its engine, chat model and settings; None where the index alone
    is open. chat: another way to a chat model than the assistant's."""

    changes: Changes
    tree: ReviewedTree
    index: CodeIndex
    deadline: Deadline
    assistant: Assistant | None = None
    settings: ReviewSettings = field(default_factory=ReviewSettings)
    chat: ChatAccess | None = None

    @property
    def chat_access(self) -> ChatAccess:
        """The chat model that may be asked: the given one, else the assistant's; else one that is none."""
        if self.chat is not None:
            return self.chat
        if self.assistant is None:
            return ChatAccess(prompt_tokens=self.settings.prompt_tokens)
        return ChatAccess(self.assistant.settings.chat, self.assistant.open_chat, self.settings.prompt_tokens)

    @property
    def readable(self) -> tuple[ChangedFile, ...]:
        """The files that any pass may look at: those with a new text that is source, in the order of the change."""
        return tuple(file for file in self.with_text if not file.set_aside)

    @property
    def local(self) -> tuple[ChangedFile, ...]:
        """The same and source that holds what looks like a secret: for passes that ask no model."""
        return tuple(file for file in self.with_text if file.set_aside in ("", SECRET))

    @property
    def with_text(self) -> tuple[ChangedFile, ...]:
        """All with a new text, lock files and generated ones, too: for detectors of secrets and of dependencies."""
        return tuple(file for file in self.changes.files if file.new_text is not None and not file.skipped)


@dataclass(frozen=True, slots=True)
class Found:
    """What a pass found. note: why it did not look, or not at everything; "" where it did.
    is_complete: False where time was up or something broke, not where what the pass needs is not here."""

    findings: tuple[Finding, ...] = ()
    note: str = ""
    is_complete: bool = field(default=True)


# A pass is a coroutine function: threads and engines are its own affair. It may raise CodeassistError, which costs its
# findings and nothing else.
Pass = Callable[[Review], Awaitable[Found]]
