"""The tasks of a chat model: each prepares its question, asks once, and gives edits that were checked.

Preparing and checking parse and read files, and so run in threads. All raise NoChatModel, DocumentError for code that
no model may see or that is too much, AnswerUnusable, and EngineError.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from codeassist.chat import documenting, testing
from codeassist.chat.answers import code_block
from codeassist.chat.context import Repository
from codeassist.chat.edits import FileEdit, Lines
from codeassist.chat.model import OpenChat, opened, read_answer, whole_answer
from codeassist.chat.prompts import explain_prompt, fix_prompt, rewrite_prompt
from codeassist.chat.rewriting import question_about, region_around, replacement
from codeassist.errors import AnswerCutOff
from codeassist.settings import ChatSettings
from codeassist.types import Document

OnLength = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Tasks:
    """What may be asked of the chat model of one workspace. on_length: told how many characters there are."""

    repository: Repository
    open_chat: OpenChat
    settings: ChatSettings
    on_length: OnLength | None = None

    async def docstring(self, document: Document, lines: Lines) -> FileEdit:
        """Document the innermost definition that has these lines."""
        async with opened(self.open_chat, self.settings) as chat:
            wanted = await asyncio.to_thread(documenting.prepare, self.repository, document, lines)
            answer = await whole_answer(chat, wanted.messages, self.on_length)
        return await asyncio.to_thread(documenting.finish, document, wanted, answer)

    async def tests(self, document: Document, lines: Lines) -> FileEdit:
        """Test the definition that has these lines, or the lines themselves."""
        async with opened(self.open_chat, self.settings) as chat:
            wanted = await asyncio.to_thread(testing.prepare, self.repository, document, lines)
            answer = await whole_answer(chat, wanted.messages, self.on_length)
        return await asyncio.to_thread(testing.finish, wanted, answer)

    async def rewrite(self, document: Document, lines: Lines, instruction: str) -> FileEdit:
        """Rewrite these lines as somebody says."""
        async with opened(self.open_chat, self.settings) as chat:
            question = await asyncio.to_thread(question_about, self.repository, document, lines)
            answer = await whole_answer(chat, rewrite_prompt(question, instruction), self.on_length)
        return await asyncio.to_thread(replacement, document, lines, code_block(answer))

    async def fix(self, document: Document, lines: Lines, problem: str) -> FileEdit:
        """Change what stands around these lines so that a problem is gone that was reported for them."""
        async with opened(self.open_chat, self.settings) as chat:
            region = await asyncio.to_thread(region_around, document, lines)
            question = await asyncio.to_thread(question_about, self.repository, document, region)
            told = f"{problem}\n(in line {lines.start - region.start + 1} of the selected lines)"
            answer = await whole_answer(chat, fix_prompt(question, told), self.on_length)
        return await asyncio.to_thread(replacement, document, region, code_block(answer))

    async def explain(self, document: Document, line: int, suggestion: str) -> str:
        """What a suggestion on a 0-based line does, as Markdown; as much of it as the model had room for."""
        async with opened(self.open_chat, self.settings) as chat:
            question = await asyncio.to_thread(question_about, self.repository, document, Lines(line, line + 1))
            pieces: list[str] = []
            try:
                await read_answer(chat, explain_prompt(replace(question, code=suggestion)), pieces)
            except AnswerCutOff as error:
                pieces.append(f"\n\n({error})")
        return "".join(pieces).strip()
