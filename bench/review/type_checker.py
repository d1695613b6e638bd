"""What a type checker says of a repository: which calls mean a function, told apart by names that nothing else has.

Every function that is asked about gets a required keyword of a name of its own; pyright then says of each call that it
does not give it. That is its own understanding of imports, classes and types, none of it shared with the review.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_MISSING = re.compile(r"Arguments? missing for parameters? ")
# How it complains of a name that is nowhere, and the first quoted word is that name.
_IS_MISSED = re.compile(
    r"is not defined|is unknown import symbol|Cannot access attribute|is not a known attribute of module"
)
_PLACE = re.compile(r'"(\w+)"')
TIMEOUT_S = 400


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, 1-based: of a call, that of the name which is called."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Message:
    """One complaint, at 0-based lines and columns."""

    path: str
    text: str
    line: int
    column: int


def messages(pyright: Sequence[str], root: Path) -> list[Message]:
    """Everything that pyright says. pyright: the command that runs it."""
    ran = subprocess.run(
        [*pyright, "--outputjson", str(root)], capture_output=True, text=True, timeout=TIMEOUT_S, cwd=root
    )
    found = json.loads(ran.stdout)["generalDiagnostics"]
    return [
        Message(
            Path(item["file"]).relative_to(root).as_posix(),
            item["message"],
            item["range"]["start"]["line"],
            item["range"]["start"]["character"],
        )
        for item in found
    ]


def keyword_of(number: int) -> str:
    """The keyword that tells which of the functions a call means."""
    return f"asked_for_{number}_in_the_test"


def with_keyword(text: str, function: ast.FunctionDef | ast.AsyncFunctionDef, keyword: str) -> str:
    """The text with a required keyword in one function."""
    arguments = function.args
    keywords = [*arguments.kwonlyargs, ast.arg(keyword)]
    defaults: list[ast.expr | None] = [*arguments.kw_defaults, None]
    changed = ast.arguments(
        arguments.posonlyargs, arguments.args, arguments.vararg, keywords, defaults, arguments.kwarg, arguments.defaults
    )
    return with_arguments(text, function, changed)


def with_arguments(text: str, function: ast.FunctionDef | ast.AsyncFunctionDef, arguments: ast.arguments) -> str:
    """The text with other parameters in one function; its lines stay where they are."""
    start, end = parameter_span(text, function)
    new = ast.unparse(arguments)
    return text[:start] + new + "\n" * text.count("\n", start, end) + text[end:]


def parameter_span(text: str, function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[int, int]:
    """What stands between the brackets of a `def`."""
    lines = text.split("\n")
    at = sum(len(line) + 1 for line in lines[: function.lineno - 1])
    start = text.index("(", at) + 1
    depth, place = 1, start
    while depth:
        found = re.compile(r"[()\[\]{}]|\"[^\"\n]*\"|'[^'\n]*'|#[^\n]*").search(text, place)
        if found is None:
            raise ValueError(f"the brackets of {function.name} do not close")
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(found.group(), 0)
        place = found.end()
    return start, place - 1


def calls_by_number(found: Sequence[Message], texts: dict[str, str]) -> dict[int, list[tuple[Place, ast.Call]]]:
    """The calls of each function, by its number."""
    calls: dict[int, list[tuple[Place, ast.Call]]] = {}
    trees: dict[str, dict[tuple[int, int], list[ast.Call]]] = {}
    for message in found:
        if not _MISSING.search(message.text):
            continue
        for number in map(int, re.findall(r"asked_for_(\d+)_in_the_test", message.text)):
            known = trees.setdefault(message.path, {}) or _calls(texts.get(message.path, ""))
            trees[message.path] = known
            for call in known.get((message.line + 1, message.column), [])[:1]:
                calls.setdefault(number, []).append((Place(message.path, call.func.end_lineno or call.lineno), call))
    return calls


def _calls(text: str) -> dict[tuple[int, int], list[ast.Call]]:
    """Calls by where they start, the outermost first."""
    found: dict[tuple[int, int], list[ast.Call]] = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            found.setdefault((node.lineno, node.col_offset), []).append(node)
    return found


def renamed_uses(
    found: Sequence[Message], before: Sequence[Message], functions: dict[int, tuple[str, str]]
) -> dict[int, frozenset[Place]]:
    """The lines that miss a function under its old name, by its number: those that complain of the name, and did not
    before. functions: path and name of each; a name that several of them have is nobody's."""
    known = {(one.path, one.line, one.text) for one in before}
    names = [name for _, name in functions.values()]
    numbers = {name: number for number, (_, name) in functions.items() if names.count(name) == 1}
    uses: dict[int, set[Place]] = {}
    for message in found:
        if (message.path, message.line, message.text) in known or not _IS_MISSED.search(message.text):
            continue
        for name in _PLACE.findall(message.text)[:1]:
            if name in numbers:
                uses.setdefault(numbers[name], set()).add(Place(message.path, message.line + 1))
    return {number: frozenset(places) for number, places in uses.items()}
