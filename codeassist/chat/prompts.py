"""What a chat model is asked. Pure: a question in, messages out; golden files hold every layout."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from codeassist.chat.model import Message

# Characters. A prompt of all of these has some 8,000 tokens, which any chat model of today holds.
MAX_DEFINITIONS = 6_000
MAX_CALLERS = 1_500
MAX_EXAMPLES = 3_000
MAX_AROUND = 4_000
MAX_CODE = 16_000

_SYSTEM = (
    "You are a careful programmer at work in an existing repository. You keep to its style, you use only names that "
    "exist, and you change nothing that you are not asked to change. You answer with exactly one fenced code block and "
    "nothing outside of it."
)
_EXPLAINING = "You explain code to the programmer who is writing it: briefly, exactly, in Markdown, without praise."


@dataclass(frozen=True, slots=True)
class Snippet:
    """Code from the repository. Lines are 1-based, inclusive."""

    path: str
    start_line: int
    end_line: int
    text: str


@dataclass(frozen=True, slots=True)
class Context:
    """What the repository says of the names in the code. callers: lines `path:line: code`. examples: how such things
    are written here."""

    definitions: tuple[Snippet, ...] = ()
    callers: tuple[str, ...] = ()
    examples: tuple[Snippet, ...] = ()

    def with_callers(self, callers: tuple[str, ...]) -> Context:
        """The same with lines that use the code."""
        return replace(self, callers=callers)


@dataclass(frozen=True, slots=True)
class Question:
    """Code that something is asked about. above, below: what stands around it in its file."""

    path: str
    language: str
    code: str
    above: str = ""
    below: str = ""
    context: Context = Context()


def docstring_prompt(question: Question, name: str) -> list[Message]:
    """Ask for the documentation of a definition."""
    kind = "docstring" if question.language == "python" else "documentation comment"
    task = (
        f"Write the {kind} of `{name}`. The first line says what it gives or does; what follows, where it is needed, "
        "says what a caller must know and the signature does not tell. Keep to the style of the examples. The code "
        f"block holds the {kind} alone, in the form in which it stands in the file."
    )
    return _messages(_SYSTEM, _context(question, "How this repository documents its code"), _code(question), task)


def rewrite_prompt(question: Question, instruction: str) -> list[Message]:
    """Ask for other code in the place of the selected lines."""
    task = (
        f"Rewrite the selected lines: {instruction.strip()}\n\nThe code block holds what stands in the place of the "
        "selected lines, and no line from above or below them."
    )
    return _messages(_SYSTEM, _context(question), _around(question), task)


def fix_prompt(question: Question, problem: str) -> list[Message]:
    """Ask for the selected lines without a problem that was reported for them."""
    task = (
        f"This problem is reported:\n\n{_quoted(problem)}\n\nFix it with as small a change as possible. The code block "
        "holds the selected lines as they are to be, all of them, and no line from above or below them."
    )
    return _messages(_SYSTEM, _context(question), _around(question), task)


def prompt_for_tests(question: Question, test_path: str, existing: str) -> list[Message]:
    """Ask for tests of the code. existing: the text of the test file, "" for a new one."""
    there = f"The test file {test_path} is so far:\n\n{_fenced(_cut(existing, MAX_AROUND))}" if existing else ""
    what = "is added at the end of it, with the imports that are not there yet first" if existing else "is all of it"
    task = (
        f"Write tests for the code above in {test_path}: the usual case, the edges, and what must fail. Keep to the "
        f"way in which tests are written here. The code block {what}."
    )
    parts = (_context(question, "How tests are written here"), _code(question), there)
    return _messages(_SYSTEM, *parts, task)


def explain_prompt(question: Question) -> list[Message]:
    """Ask what the suggestion, which is the question's code, does where it stands."""
    task = "Say in a few sentences what the suggested code does here, and what a reader should check before taking it."
    suggested = f"Suggested next:\n\n{_fenced(_cut(question.code, MAX_CODE), question.language)}"
    above = f"File {question.path}, up to the suggestion:\n\n{_fenced(_tail(question.above), question.language)}"
    return _messages(_EXPLAINING, _context(question), above, suggested, task)


def _messages(system: str, *parts: str) -> list[Message]:
    return [Message("system", system), Message("user", "\n\n".join(part for part in parts if part))]


def _context(question: Question, examples_title: str = "") -> str:
    context = question.context
    parts = [
        _snippets("Definitions of names that the code uses", context.definitions, MAX_DEFINITIONS),
        _listed("Lines that use it", context.callers, MAX_CALLERS),
        _snippets(examples_title, context.examples, MAX_EXAMPLES) if examples_title else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _code(question: Question) -> str:
    return f"File {question.path}:\n\n{_fenced(question.code, question.language)}"


def _around(question: Question) -> str:
    """The file around the code, with the lines marked that are to be replaced."""
    parts = [
        f"File {question.path}.",
        f"Above the selected lines:\n\n{_fenced(_tail(question.above), question.language)}" if question.above else "",
        f"The selected lines:\n\n{_fenced(question.code, question.language)}",
        f"Below the selected lines:\n\n{_fenced(_cut(question.below, MAX_AROUND), question.language)}"
        if question.below
        else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _snippets(title: str, snippets: Sequence[Snippet], room: int) -> str:
    shown = [f"{item.path}:{item.start_line}-{item.end_line}\n{_fenced(item.text)}" for item in snippets]
    kept = _fitting(shown, room)
    return "\n\n".join([f"{title}:", *kept]) if kept else ""


def _listed(title: str, lines: Sequence[str], room: int) -> str:
    kept = _fitting(lines, room)
    return "\n".join([f"{title}:", "", *kept]) if kept else ""


def _fitting(texts: Iterable[str], room: int) -> list[str]:
    """The texts, in order, that have room together."""
    kept: list[str] = []
    for text in texts:
        room -= len(text)
        if room >= 0:
            kept.append(text)
    return kept


def _fenced(text: str, language: str = "") -> str:
    """A code block whose fence is longer than any in the text."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.strip().split("\n"))


def _cut(text: str, room: int) -> str:
    """The first lines that have room."""
    return text if len(text) <= room else text[: text.rfind("\n", 0, room) + 1 or room]


def _tail(text: str) -> str:
    """The last lines that have room."""
    if len(text) <= MAX_AROUND:
        return text
    cut = text[-MAX_AROUND:]
    return cut[cut.find("\n") + 1 :]
