"""Tests for a definition: asked for, checked, and asked for again with what is wrong with them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from codeassist.chat import testing
from codeassist.chat.context import Repository
from codeassist.chat.edits import FileEdit, Lines, edited
from codeassist.chat.model import Message, OpenChat, opened, whole_answer
from codeassist.errors import AnswerUnusable
from codeassist.settings import ChatSettings
from codeassist.types import Document
from codeassist.writing.checks import Check, imports_resolve, parses

# Of what a run says, the end goes back to the model.
MAX_TOLD = 3_000

Runs = Callable[[str, str], Check]


@dataclass(frozen=True, slots=True)
class WrittenTests:
    """The edit of the test file, and what was found of it in the last attempt."""

    edit: FileEdit
    checks: tuple[Check, ...]
    n_attempts: int

    @property
    def text(self) -> str:
        """The whole test file with the tests in it."""
        return edited(self.edit.before, self.edit.edits)

    @property
    def is_sound(self) -> bool:
        """Whether no check has failed."""
        return all(check.is_passed is not False for check in self.checks)


async def write_tests(
    repository: Repository,
    open_chat: OpenChat,
    settings: ChatSettings,
    document: Document,
    lines: Lines,
    run: Runs | None,
    n_attempts: int,
) -> WrittenTests:
    """Tests that pass, or the last attempt with what is wrong with it. run: runs a file of tests, by path and text.

    Raises DocumentError, EngineError, NoChatModel; AnswerUnusable where no attempt was code.
    """
    async with opened(open_chat, settings) as chat:
        wanted = await asyncio.to_thread(testing.prepare, repository, document, lines)
        messages = list(wanted.messages)
        unusable: AnswerUnusable | None = None
        written: WrittenTests | None = None
        for attempt in range(1, n_attempts + 1):
            answer = await whole_answer(chat, messages)
            try:
                edit = await asyncio.to_thread(testing.finish, wanted, answer)
            except AnswerUnusable as error:
                unusable, problem = error, str(error)
            else:
                written = WrittenTests(edit, await asyncio.to_thread(_checked, repository, edit, run), attempt)
                if written.is_sound:
                    return written
                problem = _problem(written.checks)
            messages += [Message("assistant", answer), Message("user", _again(problem))]
    if written is None:
        assert unusable is not None, "there was an attempt"
        raise unusable
    return written


def _checked(repository: Repository, edit: FileEdit, run: Runs | None) -> tuple[Check, ...]:
    """The checks, cheapest first; what cannot run for want of an earlier one is not run."""
    text = edited(edit.before, edit.edits)
    checks = [parses(edit.path, text), imports_resolve(repository.root, edit.path, text)]
    if run is not None and all(check.is_passed is not False for check in checks):
        checks.append(run(edit.path, text))
    return tuple(checks)


def _problem(checks: Sequence[Check]) -> str:
    return "\n".join(f"{check.name}: {check.told[-MAX_TOLD:]}" for check in checks if check.is_passed is False)


def _again(problem: str) -> str:
    fence = "```"
    while fence in problem:
        fence += "`"
    return (
        f"That does not do. What was found:\n\n{fence}\n{problem}\n{fence}\n\nAnswer with one code block again, which "
        "takes the place of your last one. Where the code under test is at fault, keep the test that shows it."
    )
