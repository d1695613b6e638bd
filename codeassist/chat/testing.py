"""Tests for code: where they go, what is asked, and how the answer is put there. For a thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from codeassist.chat.answers import code_block
from codeassist.chat.context import Repository, context_of, tests_of
from codeassist.chat.edits import FileEdit, LineEdit, Lines, adds_errors
from codeassist.chat.model import Message
from codeassist.chat.prompts import MAX_CODE, Question, prompt_for_tests
from codeassist.documents import make_document
from codeassist.errors import AnswerUnusable, DocumentError
from codeassist.types import Document
from indexer.outline import innermost, read_syntax


@dataclass(frozen=True, slots=True)
class Wanted:
    """The test file as it is, and the question."""

    target: Document
    is_new: bool
    messages: list[Message]


def prepare(repository: Repository, document: Document, lines: Lines) -> Wanted:
    """Where the tests go, and the question. Raises DocumentError."""
    repository.require_shown(document)
    first, last = _tested(document, lines)
    code = "\n".join(document.text.split("\n")[first - 1 : last])
    if len(code) > MAX_CODE:
        raise DocumentError(f"the selection has {len(code)} characters; select at most {MAX_CODE}")
    place, existing, examples = tests_of(repository, document.path)
    context = replace(context_of(repository, document, (first, last)), examples=examples)
    question = Question(document.path, document.language, code, context=context)
    target = make_document(place.path, existing)
    return Wanted(target, place.is_new, prompt_for_tests(question, place.path, existing))


def finish(wanted: Wanted, answer: str) -> FileEdit:
    """The edits of the test file. Raises AnswerUnusable."""
    target, code = wanted.target, code_block(answer)
    if wanted.is_new or not target.text.strip():
        edits: tuple[LineEdit, ...] = (LineEdit(Lines(0, target.text.count("\n") + 1), f"{code}\n"),)
    else:
        edits = _added(target, code)
    before = read_syntax(target.path, target.text)
    if adds_errors(before, target, edits):
        raise AnswerUnusable(f"what the chat model wrote would break the syntax of {target.path}; nothing was changed")
    return FileEdit(target.path, edits, target.text, wanted.is_new)


def _tested(document: Document, lines: Lines) -> tuple[int, int]:
    """The outermost code that is meant: a definition for a cursor, the selected lines for a selection."""
    syntax = read_syntax(document.path, document.text, document.language)
    around = innermost(syntax.outline, *lines.numbers) if syntax is not None else None
    return (around.start_line, around.end_line) if around is not None else lines.numbers


def _added(target: Document, code: str) -> tuple[LineEdit, ...]:
    """The tests at the end of the file, their imports below those of the file where they are not there yet."""
    there, given = read_syntax(target.path, target.text), read_syntax(target.path, code)
    lines, code_lines = target.text.split("\n"), code.split("\n")
    known, new = (syntax.imports() if syntax is not None else [] for syntax in (there, given))
    have = {_statement(lines, span) for span in known}
    fresh = [statement for span in new if (statement := _statement(code_lines, span)) not in have]
    dropped = {number for first, last in new for number in range(first, last + 1)}
    body = "\n".join(line for number, line in enumerate(code_lines, 1) if number not in dropped).strip("\n")
    n_kept = len(target.text.rstrip("\n").split("\n"))
    gap = "\n\n" if target.language == "python" else "\n"
    at_end = LineEdit(Lines(n_kept, len(lines)), f"{gap}{body}\n")
    if not fresh:
        return (at_end,)
    below = known[-1][1] if known else 0
    return at_end, LineEdit(Lines(below, below), "\n".join(fresh))


def _statement(lines: Sequence[str], span: tuple[int, int]) -> str:
    return "\n".join(lines[span[0] - 1 : span[1]])
