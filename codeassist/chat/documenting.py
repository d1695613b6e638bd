"""Documentation for a definition: which one, what is asked, and what of the answer goes into the file. For a thread."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace

from codeassist.chat.answers import code_block
from codeassist.chat.context import Repository, callers_of, context_of, documented_examples
from codeassist.chat.edits import FileEdit, LineEdit, Lines, check_same_code
from codeassist.chat.model import Message
from codeassist.chat.prompts import MAX_CODE, Question, docstring_prompt
from codeassist.errors import AnswerUnusable, DocumentError
from codeassist.types import Document
from indexer.outline import Outlined, Syntax, innermost, read_syntax

_STRING_STARTS = ('"', "'", 'r"', "r'", 'R"')
_COMMENT_STARTS = ("//", "/*", "*", "#", "--", ";", "%", "<!--")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A definition that is to be documented, and the question about it."""

    definition: Outlined
    messages: list[Message]


def prepare(repository: Repository, document: Document, lines: Lines) -> Wanted:
    """The definition and the question. Raises DocumentError where there is nothing to document."""
    repository.require_shown(document)
    syntax = read_syntax(document.path, document.text, document.language)
    definition = undocumented_at(syntax, lines)
    assert syntax is not None
    code = "\n".join(document.text.split("\n")[definition.start_line - 1 : definition.end_line])[:MAX_CODE]
    context = replace(
        context_of(repository, document, (definition.start_line, definition.end_line)),
        callers=callers_of(repository, definition.name, document.path),
        examples=documented_examples(repository, document, syntax, definition),
    )
    question = Question(document.path, document.language, code, context=context)
    return Wanted(definition, docstring_prompt(question, definition.name))


def undocumented_at(syntax: Syntax | None, lines: Lines) -> Outlined:
    """The innermost definition that has these lines. Raises DocumentError where none is that can be documented."""
    if syntax is None:
        raise DocumentError("nothing is known of this file's language, so there is nothing to document")
    definition = innermost(syntax.outline, *lines.numbers)
    if definition is None:
        raise DocumentError("there is no definition here: put the cursor into a function or a class")
    if definition.doc:
        raise DocumentError(f"`{definition.name}` is documented already")
    if not definition.doc_line:
        raise DocumentError(f"`{definition.name}` is one line with its body: there is no place for documentation")
    return definition


def finish(document: Document, wanted: Wanted, answer: str) -> FileEdit:
    """The edit that puts the documentation in. Raises AnswerUnusable."""
    definition = wanted.definition
    text = textwrap.dedent(_documentation(document, definition, code_block(answer))).strip("\n")
    at = definition.doc_line - 1
    edit = LineEdit(Lines(at, at), textwrap.indent(text, definition.doc_indent))
    check_same_code(document, (edit,))
    return FileEdit(document.path, (edit,), document.text)


def _documentation(document: Document, definition: Outlined, code: str) -> str:
    """The documentation in a code block: all of it, or what documents the definition that the model gave back."""
    is_python = document.language == "python"
    bare = textwrap.dedent(code).strip("\n")
    if is_python and bare.lower().startswith(_STRING_STARTS):
        return _dedented(bare)
    if not is_python and all(line.strip().startswith(_COMMENT_STARTS) or not line.strip() for line in bare.split("\n")):
        return bare
    if not is_python and bare.startswith("/*") and bare.endswith("*/"):
        return bare
    syntax = read_syntax(document.path, bare, document.language)
    given = [item for item in syntax.outline if item.name == definition.name and item.doc] if syntax is not None else []
    if not given:
        raise AnswerUnusable(f"the chat model wrote no documentation of `{definition.name}`; nothing was changed")
    return _dedented(given[0].doc)


def _dedented(doc: str) -> str:
    """Documentation whose first line lost its indentation while the others kept theirs."""
    first, newline, rest = doc.partition("\n")
    if not newline:
        return doc
    block = textwrap.dedent(rest)
    is_star = block.lstrip().startswith("*")
    return f"{first}\n{textwrap.indent(block, ' ') if is_star else block}"
