"""Functions of a repository, and one fault in each: made with `ast`, and so not by the code that looks for them.

A function counts when it has 8 to 30 lines, decorators included, is all ASCII, and is neither a test nor documentation.
Which functions, which place and which wrong thing is drawn by a seeded generator; a function has at most one fault.
"""

from __future__ import annotations

import ast
import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.variants import VariantKind

KINDS: tuple[VariantKind, ...] = ("variable", "arguments", "negation", "operator", "constant", "await")
_LEAST_LINES, _MOST_LINES = 8, 30
_LEFT_OUT = frozenset({
    "test", "tests", "testing", "docs", "doc", "examples", "scripts", "migrations", "vendor",
    "contrib", "devtools",
})  # fmt: skip
_COMPARED: Mapping[type[ast.cmpop], tuple[str, str, str]] = {
    ast.Lt: ("operator", "<", "<="),
    ast.LtE: ("operator", "<=", "<"),
    ast.Gt: ("operator", ">", ">="),
    ast.GtE: ("operator", ">=", ">"),
    ast.Eq: ("negation", "==", "!="),
    ast.NotEq: ("negation", "!=", "=="),
    ast.In: ("negation", "in", "not in"),
    ast.NotIn: ("negation", "not in", "in"),
    ast.Is: ("negation", "is", "is not"),
    ast.IsNot: ("negation", "is not", "is"),
}
Node = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Case:
    """A function (rows first..last, 0-based) of a file as it is, and the whole text with one fault in it.

    row: where the fault is; was, became: the code there, and what was put in its place.
    """

    repository: str
    path: str
    kind: str
    first: int
    last: int
    clean: str
    faulty: str
    row: int
    was: str
    became: str


@dataclass(frozen=True, slots=True)
class _Edit:
    kind: str
    start: int
    end: int
    text: str


def cases(root: Path, seed: int, per_kind: int) -> list[Case]:
    """Up to so many faults of each kind, none in the same function as another."""
    generator = random.Random(f"{seed} {root.name}")
    known: list[tuple[str, str, Node, list[_Edit]]] = []
    for file in sorted(root.rglob("*.py")):
        inside = file.relative_to(root)
        if not _LEFT_OUT.intersection(inside.parts[:-1]) and not file.name.startswith(("test_", "conftest", "setup")):
            known += _functions(file, inside.as_posix())
    generator.shuffle(known)
    used: set[tuple[str, int]] = set()
    found: list[Case] = []
    for kind in reversed(KINDS):  # the rarest first
        n_made = 0
        for path, text, node, edits in known:
            fitting = [edit for edit in edits if edit.kind == kind]
            if n_made == per_kind or not fitting or (path, node.lineno) in used:
                continue
            drawn = generator.sample(fitting, len(fitting))
            sound = next((edit for edit in drawn if _is_sound(text, edit)), None)
            if sound is not None:
                used.add((path, node.lineno))
                found.append(_case(root.name, path, text, node, sound))
                n_made += 1
    return found


def _functions(file: Path, path: str) -> Iterator[tuple[str, str, Node, list[_Edit]]]:
    try:
        text = file.read_text(encoding="utf-8")
        tree = ast.parse(text)
    except (OSError, ValueError, SyntaxError):
        return
    if not text.isascii() or "\r" in text or "\f" in text:
        return
    starts = _starts(text)
    for node in ast.walk(tree):
        if isinstance(node, Node) and _LEAST_LINES <= _last(node) - _first(node) + 1 <= _MOST_LINES:
            edits = list(_edits(text, starts, node))
            if edits:
                yield path, text, node, edits


def _case(repository: str, path: str, text: str, node: Node, edit: _Edit) -> Case:
    faulty = text[: edit.start] + edit.text + text[edit.end :]
    row = text.count("\n", 0, edit.start)
    was = text[edit.start : edit.end]
    return Case(repository, path, edit.kind, _first(node), _last(node), text, faulty, row, was, edit.text)


def _first(node: Node) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1


def _last(node: Node) -> int:
    return (node.end_lineno or node.lineno) - 1


def _is_sound(text: str, edit: _Edit) -> bool:
    """Whether it is another program, and on one line."""
    if "\n" in text[edit.start : edit.end] or "\n" in edit.text or text[edit.start : edit.end] == edit.text:
        return False
    try:
        ast.parse(text[: edit.start] + edit.text + text[edit.end :])
    except (SyntaxError, ValueError):
        return False
    return True


def _starts(text: str) -> list[int]:
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return starts


def _edits(text: str, starts: Sequence[int], function: Node) -> Iterator[_Edit]:
    bound = _bound(function)
    called = {id(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
    for statement in function.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.expr | ast.stmt):
                yield from _edits_at(text, starts, node, bound, called)


def _edits_at(
    text: str, starts: Sequence[int], node: ast.expr | ast.stmt, bound: Sequence[tuple[int, str]], called: set[int]
) -> Iterator[_Edit]:
    span = _span(starts, node)
    match node:
        case ast.Name(id=name, ctx=ast.Load()) if id(node) not in called and any(name == one for _, one in bound):
            others = sorted({one for line, one in bound if line < node.lineno and one not in (name, "self", "cls")})
            yield from (_Edit("variable", *span, other) for other in others if name not in ("self", "cls"))
        case ast.Call(args=arguments):
            for one, other in itertools.pairwise(arguments):
                if not isinstance(one, ast.Starred) and not isinstance(other, ast.Starred):
                    yield _swapped(text, _span(starts, one), _span(starts, other))
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            yield from _negated(text, starts, test)
        case ast.Await(value=value):
            yield _Edit("await", span[0], _span(starts, value)[0], "")
        case ast.Constant():
            yield from _other_constants(text, span, node.value)
        case ast.expr():
            yield from _other_operators(text, starts, node)


def _other_operators(text: str, starts: Sequence[int], node: ast.expr) -> Iterator[_Edit]:
    match node:
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARED:
            kind, was, becomes = _COMPARED[type(op)]
            yield from _between(text, _span(starts, left)[1], _span(starts, right)[0], was, becomes, kind)
        case ast.BoolOp(op=op, values=[one, other]):
            was, becomes = ("and", "or") if isinstance(op, ast.And) else ("or", "and")
            yield from _between(text, _span(starts, one)[1], _span(starts, other)[0], was, becomes, "operator")
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            was, becomes = ("+", "-") if isinstance(op, ast.Add) else ("-", "+")
            yield from _between(text, _span(starts, left)[1], _span(starts, right)[0], was, becomes, "operator")


def _other_constants(text: str, span: tuple[int, int], value: object) -> Iterator[_Edit]:
    if isinstance(value, bool):
        yield _Edit("constant", *span, str(not value))
    elif isinstance(value, int) and text[slice(*span)] == str(value):
        yield from (_Edit("constant", *span, str(other)) for other in (value - 1, value + 1) if other >= 0)


def _swapped(text: str, one: tuple[int, int], other: tuple[int, int]) -> _Edit:
    between = text[one[1] : other[0]]
    return _Edit("arguments", one[0], other[1], f"{text[slice(*other)]}{between}{text[slice(*one)]}")


def _between(text: str, start: int, end: int, was: str, becomes: str, kind: str) -> Iterator[_Edit]:
    at = text[start:end].find(was)
    if at >= 0 and text[start:end].strip(" ()\n\\") == was:
        yield _Edit(kind, start + at, start + at + len(was), becomes)


def _negated(text: str, starts: Sequence[int], test: ast.expr) -> Iterator[_Edit]:
    span = _span(starts, test)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield _Edit("negation", *span, text[slice(*_span(starts, test.operand))])
    elif isinstance(test, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
        yield _Edit("negation", *span, f"not {text[slice(*span)]}")


def _bound(function: Node) -> list[tuple[int, str]]:
    """Parameters and variables, with the lines in which they are bound."""
    listed = function.args
    arguments = [*listed.posonlyargs, *listed.args, *listed.kwonlyargs, *filter(None, (listed.vararg, listed.kwarg))]
    found = [(function.lineno, argument.arg) for argument in arguments]
    names = (node for statement in function.body for node in ast.walk(statement) if isinstance(node, ast.Name))
    return found + [(node.lineno, node.id) for node in names if isinstance(node.ctx, ast.Store)]


def _span(starts: Sequence[int], node: ast.expr | ast.stmt) -> tuple[int, int]:
    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
    return starts[node.lineno - 1] + node.col_offset, starts[end_line - 1] + end_column
