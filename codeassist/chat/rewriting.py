"""Other lines in the place of some: which ones, what is asked about them, and what the answer becomes. For a thread."""

from __future__ import annotations

from codeassist.chat.answers import fitted
from codeassist.chat.context import Repository, callers_of, context_of
from codeassist.chat.edits import FileEdit, Lines, first_that_parses
from codeassist.chat.prompts import MAX_CODE, Question
from codeassist.errors import AnswerUnusable, DocumentError
from codeassist.types import Document
from indexer.outline import innermost, read_syntax

# A definition of more lines is not given to a model as a whole: the lines around the place are enough.
MAX_REGION_LINES = 80
NEAR_LINES = 10


def question_about(repository: Repository, document: Document, lines: Lines) -> Question:
    """The lines, what stands around them, and what the repository says of them. Raises DocumentError."""
    repository.require_shown(document)
    all_lines = document.text.split("\n")
    code = "\n".join(all_lines[lines.start : lines.end])
    if len(code) > MAX_CODE:
        raise DocumentError(f"the selection has {len(code)} characters; select at most {MAX_CODE}")
    context = context_of(repository, document, lines.numbers)
    return Question(
        path=document.path,
        language=document.language,
        code=code,
        above="\n".join(all_lines[: lines.start]),
        below="\n".join(all_lines[lines.end :]),
        context=context.with_callers(callers_of(repository, _defined_name(document, lines), document.path)),
    )


def region_around(document: Document, lines: Lines) -> Lines:
    """The definition around a place, else the statements there; a few lines where that is too much."""
    syntax = read_syntax(document.path, document.text, document.language)
    first, last = lines.numbers
    if syntax is not None:
        around = innermost(syntax.outline, first, last)
        found = (around.start_line, around.end_line) if around else syntax.statement_at(first, last)
        if found[1] - found[0] < MAX_REGION_LINES:
            return Lines(found[0] - 1, found[1])
    n_lines = document.text.count("\n") + 1
    return Lines(max(0, lines.start - NEAR_LINES), min(n_lines, lines.end + NEAR_LINES))


def replacement(document: Document, lines: Lines, code: str) -> FileEdit:
    """The edit that puts code in the place of lines. Raises AnswerUnusable."""
    all_lines = document.text.split("\n")
    place = _meant(document, lines, code)
    old = all_lines[place.start : place.end]
    edit = first_that_parses(document, place, fitted(code, old or [all_lines[min(place.start, len(all_lines) - 1)]]))
    if edit.text == "\n".join(old):
        raise AnswerUnusable("the chat model changed nothing")
    return FileEdit(document.path, (edit,), document.text)


def _meant(document: Document, lines: Lines, code: str) -> Lines:
    """The lines that the code stands for: models like to answer with the whole definition of which a part was asked."""
    syntax = read_syntax(document.path, document.text, document.language)
    around = innermost(syntax.outline, *lines.numbers) if syntax is not None else None
    if around is None:
        return lines
    selected = [line.strip() for line in document.text.split("\n")[lines.start : lines.end]]
    begins_with_head = any(line.strip() == around.head for line in code.split("\n")[:4])
    if begins_with_head and around.head not in selected:
        return Lines(around.start_line - 1, around.end_line)
    return lines


def _defined_name(document: Document, lines: Lines) -> str:
    """The name of the definition that the lines are, "" where they are something else."""
    syntax = read_syntax(document.path, document.text, document.language)
    around = innermost(syntax.outline, *lines.numbers) if syntax is not None else None
    return around.name if around is not None and around.start_line >= lines.start + 1 else ""
