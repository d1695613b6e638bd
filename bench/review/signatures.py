"""Changed signatures in real repositories: does the review name every call that they leave behind, and no other?

    python -m bench.review.signatures REPOSITORY ... --pyright COMMAND [--functions N] [--out FILE]

In each repository (a git work tree, used as it is and left as it is) functions are drawn: of files that are no tests,
with parameters, without decorators but `staticmethod` and `classmethod`, whose name is written before a bracket
somewhere else. Half of them get four changes, one at a time: a required keyword is added, the last parameter is
removed, renamed, the first two swap places; the other half get another name. Which calls mean a function is what
pyright says (`type_checker.py`); which of them a change leaves behind is what `inspect.Signature.bind` says. Precision
and recall are those of lines, with 95 % intervals by bootstrap over functions.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.quality.intervals import ratio_interval
from bench.review.type_checker import (
    Message,
    Place,
    calls_by_number,
    keyword_of,
    messages,
    parameter_span,
    renamed_uses,
    with_arguments,
    with_keyword,
)
from codeassist.review.changes import ChangedFile, Changes
from codeassist.review.passes.static import look
from codeassist.review.passes.types import Deadline, Review
from codeassist.review.tree import ReviewedTree
from indexer.index import CodeIndex
from indexer.ranking import is_test_path

KINDS = ("add", "remove", "rename keyword", "reorder", "rename function")
_SEED = 8
# The repository's own would leave out files; what a comment excuses, and code of another platform, calls all the same.
_CONFIGURATION = {"typeCheckingMode": "basic", "enableTypeIgnoreComments": False, "pythonPlatform": "All"}
_NEW_NAME = "renamed_for_the_test"
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Drawn:
    """One function of a repository. owner: its class, "" at the top."""

    number: int
    path: str
    node: Function
    owner: str

    @property
    def called(self) -> str:
        """The name it is called by."""
        return self.owner if self.node.name == "__init__" else self.node.name

    @property
    def has_object(self) -> bool:
        """Whether its first parameter is what it is called on."""
        is_static = any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in self.node.decorator_list)
        return bool(self.owner) and not is_static


@dataclass(frozen=True)
class Outcome:
    """One change of one function: lines that were right, found too many, missed. seconds: of a processor."""

    repository: str
    kind: str
    function: str
    n_right: int
    extra: tuple[str, ...]
    missed: tuple[str, ...]
    seconds: float


def python_files(root: Path) -> dict[str, str]:
    """Texts of the repository's Python files that parse, by path."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "*.py"], capture_output=True, text=True, check=True)
    texts = {}
    for path in listed.stdout.splitlines():
        text = (root / path).read_text(encoding="utf-8", errors="replace")
        try:
            ast.parse(text)
        except (SyntaxError, ValueError):
            continue
        texts[path] = text
    return texts


def drawn(texts: dict[str, str], n_functions: int) -> list[Drawn]:
    """Functions that are called, drawn at random, the same every time."""
    n_called = Counter(name for text in texts.values() for name in re.findall(r"(\w+)\s*\(", text))
    found = [one for path, text in sorted(texts.items()) if not is_test_path(path) for one in _functions(path, text)]
    called = [one for one in found if n_called[one[2]] > 1]
    random.Random(_SEED).shuffle(called)
    return [Drawn(number, path, node, owner) for number, (path, node, _, owner) in enumerate(called[:n_functions])]


def _functions(path: str, text: str) -> Iterator[tuple[str, Function, str, str]]:
    tree = ast.parse(text)
    holders: list[ast.Module | ast.ClassDef] = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
    for holder in holders:
        owner = holder.name if isinstance(holder, ast.ClassDef) else ""
        own = [node for node in holder.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        for node in own:
            is_alone = sum(other.name == node.name for other in own) == 1
            is_plain = all(
                isinstance(one, ast.Name) and one.id in ("staticmethod", "classmethod") for one in node.decorator_list
            )
            is_named = node.name == "__init__" if node.name.startswith("__") else True
            is_class_plain = not isinstance(holder, ast.ClassDef) or not (holder.decorator_list or holder.keywords)
            if is_alone and is_plain and is_named and is_class_plain and _has_parameters(node, owner):
                yield path, node, owner if node.name == "__init__" else node.name, owner


def _has_parameters(node: Function, owner: str) -> bool:
    return len(node.args.args) > bool(owner) and "(" in ast.unparse(node)


def changed_arguments(function: Drawn, kind: str) -> ast.arguments | None:
    """The parameters after a change; None where it cannot be made."""
    old = function.node.args
    names, n_first = list(old.args), int(function.has_object)
    defaults = list(old.defaults)
    if kind == "remove":
        return _arguments(old, names[:-1], defaults[:-1]) if len(names) > n_first else None
    if kind == "rename keyword":
        renamed = [*names[:-1], ast.arg(f"{names[-1].arg}_{_NEW_NAME}", names[-1].annotation)]
        return _arguments(old, renamed, defaults) if len(names) > n_first else None
    if len(names) - len(defaults) < n_first + 2:
        return None
    names[n_first], names[n_first + 1] = names[n_first + 1], names[n_first]
    return _arguments(old, names, defaults)


def _arguments(old: ast.arguments, names: list[ast.arg], defaults: list[ast.expr]) -> ast.arguments:
    return ast.arguments(old.posonlyargs, names, old.vararg, old.kwonlyargs, old.kw_defaults, old.kwarg, defaults)


def is_left_behind(call: ast.Call, function: Drawn, after: ast.arguments, kind: str, n_on: int) -> bool:
    """Whether a call that fitted does not any more, or gives its arguments to other parameters.

    n_on: how many of the first parameters the call does not give itself.
    """
    before = _bound(function.node.args, call, n_on)
    now = _bound(after, call, n_on)
    if before is None:
        return False
    return now is None or (kind == "reorder" and now != before and not _is_spread(call))


def _bound(arguments: ast.arguments, call: ast.Call, n_on: int) -> dict[str, object] | None:
    parameters = []
    positional = [*arguments.posonlyargs, *arguments.args]
    n_plain = len(positional) - len(arguments.defaults)
    for place, one in enumerate(positional):
        kind = (
            inspect.Parameter.POSITIONAL_ONLY
            if place < len(arguments.posonlyargs)
            else inspect.Parameter.POSITIONAL_OR_KEYWORD
        )
        parameters.append(
            inspect.Parameter(one.arg, kind, default=None if place >= n_plain else inspect.Parameter.empty)
        )
    if arguments.vararg:
        parameters.append(inspect.Parameter(arguments.vararg.arg, inspect.Parameter.VAR_POSITIONAL))
    for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        empty = inspect.Parameter.empty
        parameters.append(
            inspect.Parameter(one.arg, inspect.Parameter.KEYWORD_ONLY, default=empty if default is None else None)
        )
    if arguments.kwarg:
        parameters.append(inspect.Parameter(arguments.kwarg.arg, inspect.Parameter.VAR_KEYWORD))
    given = [*range(-n_on, 0), *(place for place, one in enumerate(call.args) if not isinstance(one, ast.Starred))]
    signature = inspect.Signature(parameters)
    bind = signature.bind_partial if _is_spread(call) else signature.bind  # What is spread nobody knows.
    try:
        bound = bind(*given, **{one.arg: one.arg for one in call.keywords if one.arg})
    except TypeError:
        return None
    return dict(bound.arguments)


def change(function: Drawn, text: str, kind: str) -> str | None:
    """The text of the function's file with one change."""
    if kind == "add":
        return with_keyword(text, function.node, keyword_of(function.number))
    if kind == "rename function":
        if function.node.name == "__init__":
            return None
        start, _ = parameter_span(text, function.node)
        at = text.rindex(function.node.name, 0, start)
        return f"{text[:at]}{_NEW_NAME}_{function.number}{text[at + len(function.node.name) :]}"
    arguments = changed_arguments(function, kind)
    return with_arguments(text, function.node, arguments) if arguments is not None else None


def kinds_of(function: Drawn) -> tuple[str, ...]:
    """The changes that a function gets: one run of the type checker serves all of them, and both halves."""
    return KINDS[:-1] if function.number % 2 == 0 else KINDS[-1:]


def _tellable(functions: Sequence[Drawn]) -> list[Drawn]:
    """Without those that are renamed and share their name with another one that is: a complaint names no more."""
    n_named = Counter(one.node.name for one in functions if kinds_of(one) == KINDS[-1:])
    return [one for one in functions if kinds_of(one) != KINDS[-1:] or n_named[one.node.name] == 1]


def expected(
    functions: Sequence[Drawn], texts: dict[str, str], found: Sequence[Message]
) -> dict[tuple[int, str], frozenset[Place]]:
    """The lines that each change leaves behind, by function and kind."""
    calls = calls_by_number(found, texts)
    renamed = [function for function in functions if kinds_of(function) == KINDS[-1:]]
    uses = renamed_uses(found, {function.number: function.node.name for function in renamed})
    places: dict[tuple[int, str], frozenset[Place]] = {}
    for function in functions:
        own = calls.get(function.number, [])
        places[function.number, "add"] = frozenset(place for place, call in own if not _is_spread(call))
        places[function.number, "rename function"] = uses.get(function.number, frozenset())
        for kind in ("remove", "rename keyword", "reorder"):
            after = changed_arguments(function, kind)
            places[function.number, kind] = frozenset(
                place
                for place, call in own
                if after is not None and is_left_behind(call, function, after, kind, _n_on(function, call))
            )
    return places


def _is_spread(call: ast.Call) -> bool:
    return any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords)


def _n_on(function: Drawn, call: ast.Call) -> int:
    """How many parameters a call leaves to what it is called on: none where it names the class."""
    if not isinstance(call.func, ast.Attribute) or not isinstance(call.func.value, ast.Name):
        return int(function.has_object)
    is_class = call.func.value.id[:1].isupper()
    is_method = not function.node.decorator_list
    is_whole = is_class and is_method and (function.node.name != "__init__" or call.func.attr == "__init__")
    return 0 if is_whole else int(function.has_object)


def checked(functions: Sequence[Drawn], texts: dict[str, str], root: Path, pyright: Sequence[str]) -> list[Message]:
    """What pyright says of a copy with all functions changed at once, each where its name tells it apart."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / root.name
        shutil.copytree(root, copy, ignore=shutil.ignore_patterns(".git", "node_modules"))
        by_path: dict[str, list[Drawn]] = {}
        for function in functions:
            by_path.setdefault(function.path, []).append(function)
        for path, several in by_path.items():
            text = texts[path]
            for function in sorted(several, key=lambda one: -one.node.lineno):
                text = change(function, text, kinds_of(function)[0]) or text
            (copy / path).write_text(text, encoding="utf-8")
        (copy / "pyrightconfig.json").write_text(json.dumps(_CONFIGURATION), encoding="utf-8")
        return messages(pyright, copy)


def found_by_review(
    root: Path, index: CodeIndex, path: str, old: str, new: str, kind: str
) -> tuple[frozenset[Place], float]:
    """The lines that the review names, and how long all of its static pass kept a processor."""
    changes = Changes("a change", (ChangedFile(path, "modified", "", old, new),))
    review = Review(changes, ReviewedTree(root, changes), index, Deadline(time.monotonic() + 60))
    started = time.thread_time()
    findings = look(review).findings
    seconds = time.thread_time() - started
    wanted = "removed-symbol" if kind == "rename function" else "stale-call"
    places = (place for one in findings if one.category == wanted for place in one.places)
    return frozenset(Place(parts[0], int(parts[1])) for parts in (place.split(":", 2) for place in places)), seconds


def outcomes(root: Path, pyright: Sequence[str], n_functions: int, kept: Path | None = None) -> list[Outcome]:
    """Every change of every function that was drawn of a repository. kept: a folder for what the type checker says."""
    texts = python_files(root)
    functions = _tellable(drawn(texts, n_functions))
    said = kept / f"{root.name}_{n_functions}.json" if kept is not None else None
    if said is not None and said.is_file():
        found_errors = [Message(**one) for one in json.loads(said.read_text())]
    else:
        found_errors = checked(functions, texts, root, pyright)
        if said is not None:
            said.write_text(json.dumps([asdict(one) for one in found_errors]))
    truth = expected(functions, texts, found_errors)
    found: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder:
        index = CodeIndex.open(root, directory=Path(folder), embedder=None)
        index.refresh()
        for function in functions:
            for kind in kinds_of(function):
                text = change(function, texts[function.path], kind)
                if text is None:
                    continue
                named, seconds = found_by_review(root, index, function.path, texts[function.path], text, kind)
                found.append(_outcome(root.name, kind, function, truth[function.number, kind], named, seconds))
        index.close()
    return found


def _outcome(
    repository: str, kind: str, function: Drawn, true: frozenset[Place], named: frozenset[Place], seconds: float
) -> Outcome:
    def shown(places: frozenset[Place]) -> tuple[str, ...]:
        return tuple(sorted(f"{place.path}:{place.line}" for place in places))

    qualified = f"{function.path}::{function.owner}.{function.node.name}".replace("::.", "::")
    return Outcome(repository, kind, qualified, len(true & named), shown(named - true), shown(true - named), seconds)


def summary(found: Sequence[Outcome]) -> dict[str, object]:
    """Precision and recall by kind of change and for all, with the time of the static pass."""
    kinds = {kind: [one for one in found if one.kind == kind] for kind in KINDS} | {"all": list(found)}
    return {kind: _figures(several) for kind, several in kinds.items() if several}


def _figures(several: Sequence[Outcome]) -> dict[str, object]:
    clusters = [(one.repository, one.function) for one in several]
    right = [one.n_right for one in several]
    seconds = sorted(one.seconds for one in several)
    return {
        "n_changes": len(several),
        "n_places": sum(right) + sum(len(one.missed) for one in several),
        "precision": ratio_interval(right, [one.n_right + len(one.extra) for one in several], clusters),
        "recall": ratio_interval(right, [one.n_right + len(one.missed) for one in several], clusters),
        "cpu_seconds_p50": round(seconds[len(seconds) // 2], 3),
        "cpu_seconds_p95": round(seconds[int(len(seconds) * 0.95)], 3),
    }


def main() -> None:
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--pyright", default="pyright", help="the command that runs pyright")
    parser.add_argument("--functions", type=int, default=60, help="functions drawn of each repository")
    parser.add_argument("--kept", type=Path, help="a folder where what pyright says is kept from run to run")
    parser.add_argument("--out", type=Path, default=Path("bench/results/review_signatures.json"))
    given = parser.parse_args()
    found = [
        one
        for root in given.repositories
        for one in outcomes(root.resolve(), given.pyright.split(), given.functions, given.kept)
    ]
    names = " ".join(path.name for path in given.repositories)
    version = subprocess.run([*given.pyright.split(), "--version"], capture_output=True, text=True, check=True)
    result = {
        "command": f"python -m bench.review.signatures {names} --functions {given.functions}",
        "oracle": version.stdout.strip(),
        "repositories": {
            path.name: summary([one for one in found if one.repository == path.resolve().name])
            for path in given.repositories
        },
        "all": summary(found),
        "wrong": [
            {
                "repository": one.repository,
                "kind": one.kind,
                "function": one.function,
                "extra": one.extra,
                "missed": one.missed,
            }
            for one in found
            if one.extra or one.missed
        ],
    }
    given.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    json.dump(result["all"], sys.stdout, indent=1)


if __name__ == "__main__":
    main()
