"""`codeassist testgen`, `codeassist docgen` and `codeassist commit-message`."""

from __future__ import annotations

import asyncio
import difflib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from codeassist.commands.front import Front, front_of
from codeassist.commands.opening import refreshed_index, run_async, settings_for
from codeassist.commands.options import AsJson, Overrides, WorkspaceArgument, WorkspaceOption
from codeassist.commands.places import find_file, git_root, given_workspace, workspace_of
from codeassist.printable import printable

if TYPE_CHECKING:
    from codeassist.chat.context import Repository
    from codeassist.chat.edits import FileEdit
    from codeassist.review.changes import ChangedFile
    from codeassist.settings import Settings
    from codeassist.writing.checks import Check

SymbolArgument = Annotated[
    str, typer.Argument(metavar="FILE::SYMBOL", help="A definition, as src/app.py::Account.close.", show_default=False)
]
Write = Annotated[bool, typer.Option("--write", "-w", help="Write it into the file; else the difference is shown.")]
Run = Annotated[
    bool, typer.Option("--run/--no-run", help="Run the tests under pytest, in a sandboxed copy of the repository.")
]
Attempts = Annotated[
    int, typer.Option("--attempts", min=1, max=10, help="How often the model may try until its tests pass.")
]


def generate_tests(
    context: typer.Context,
    symbol: SymbolArgument,
    workspace: WorkspaceOption = None,
    write: Write = False,
    run: Run = True,
    attempts: Attempts = 3,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Write tests for a definition, where and how this repository keeps its tests.

    The chat model at chat.url writes them. What does not parse, imports what is not there, or fails is asked for again.

    They run in a copy of the repository without network. Your files change with --write alone.

    [bold]Examples[/bold]

      codeassist testgen src/app.py::Account.close

      codeassist testgen src/app.py::parse --write --attempts 5
    """
    front = front_of(context)
    place = _place(front, symbol, workspace)
    outcome = run_async(_testgen(front, place, run, attempts, overrides))
    _give(front, place.workspace, outcome, write=write, as_json=as_json)


def generate_documentation(
    context: typer.Context,
    symbol: SymbolArgument,
    workspace: WorkspaceOption = None,
    write: Write = False,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Write the documentation of a definition, in the style of those around it.

    The chat model at chat.url writes it. Only comments and docstrings may change, and only with --write.

    [bold]Examples[/bold]

      codeassist docgen src/app.py::Account.close

      codeassist docgen src/app.py::parse --write
    """
    front = front_of(context)
    place = _place(front, symbol, workspace)
    outcome = run_async(_docgen(front, place, overrides))
    _give(front, place.workspace, outcome, write=write, as_json=as_json)


def commit_message(
    context: typer.Context,
    path: WorkspaceArgument = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Write the message for what is staged.

    The chat model at chat.url writes it, in the manner of the messages before. Nothing is committed.

    [bold]Examples[/bold]

      codeassist commit-message

      git commit -e -m "$(codeassist commit-message)"
    """
    front = front_of(context)
    message = run_async(_commit_message(front, given_workspace(path, front.cwd), overrides))
    if as_json:
        front.print_json({"message": message})
    else:
        front.stdout.write(message)


@dataclass(frozen=True, slots=True)
class _Place:
    workspace: Path
    file: Path
    name: str


@dataclass(frozen=True, slots=True)
class _Outcome:
    edit: FileEdit
    checks: tuple[Check, ...]
    n_attempts: int = 1

    @property
    def is_sound(self) -> bool:
        return all(check.is_passed is not False for check in self.checks)


def _place(front: Front, symbol: str, workspace: Path | None) -> _Place:
    from codeassist.writing.symbols import parse_symbol

    try:
        named, name = parse_symbol(symbol)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    file = find_file(named, front.cwd, workspace and front.cwd / workspace)
    root = given_workspace(workspace, front.cwd) if workspace else workspace_of(file)
    return _Place(root, file.resolve(), name)


@asynccontextmanager
async def _asking(
    front: Front, workspace: Path, overrides: list[str] | None
) -> AsyncIterator[tuple[Repository, Settings]]:
    """The repository and the settings; that there is a chat model is seen before anything is indexed."""
    from codeassist.chat.context import Repository
    from codeassist.chat.model import is_configured
    from codeassist.errors import NoChatModel

    settings = settings_for(front, workspace, overrides).settings
    if not is_configured(settings.chat):
        raise NoChatModel
    async with refreshed_index(front, workspace, overrides) as index:
        yield Repository(workspace, index, {}), settings


async def _testgen(front: Front, place: _Place, run: bool, attempts: int, overrides: list[str] | None) -> _Outcome:
    from codeassist.chat.model import open_chat
    from codeassist.directories import active_environment
    from codeassist.documents import read_document
    from codeassist.writing.checks import python_of, tests_pass
    from codeassist.writing.symbols import lines_of_symbol
    from codeassist.writing.tests import write_tests

    async with _asking(front, place.workspace, overrides) as (repository, settings):
        document = read_document(place.file, _relative(place))
        lines = lines_of_symbol(document, place.name)
        python = python_of(place.workspace, settings.index.environment, active_environment())

        def passes(path: str, text: str) -> Check:
            return tests_pass(place.workspace, {path: text}, path, python, front.environ)

        found = await write_tests(
            repository, open_chat, settings.chat, document, lines, passes if run else None, attempts
        )
        return _Outcome(found.edit, found.checks, found.n_attempts)


async def _docgen(front: Front, place: _Place, overrides: list[str] | None) -> _Outcome:
    from codeassist.chat.model import open_chat
    from codeassist.chat.tasks import Tasks
    from codeassist.documents import read_document
    from codeassist.writing.checks import Check
    from codeassist.writing.symbols import lines_of_symbol

    async with _asking(front, place.workspace, overrides) as (repository, settings):
        document = read_document(place.file, _relative(place))
        tasks = Tasks(repository, open_chat, settings.chat)
        edit = await tasks.docstring(document, lines_of_symbol(document, place.name))
        return _Outcome(edit, (Check("changes no code", is_passed=True), Check("parses", is_passed=True)))


async def _commit_message(front: Front, workspace: Path, overrides: list[str] | None) -> str:
    from codeassist.chat.model import open_chat, opened, whole_answer
    from codeassist.errors import ReviewImpossible
    from codeassist.review.gathering import staged
    from codeassist.writing.commit_message import commit_prompt, message_of
    from indexer.revisions import subjects

    if git_root(workspace) is None:
        raise ReviewImpossible(f"{workspace} is no git repository, and has nothing staged")
    async with _asking(front, workspace, overrides) as (repository, settings):
        changes = await asyncio.to_thread(staged, workspace)
        if not changes.files:
            raise ReviewImpossible("nothing is staged; `git add` what the commit is to hold")
        withheld = [one.path for one in changes.files if _is_withheld(repository, one)]
        earlier = await asyncio.to_thread(subjects, workspace)
        async with opened(open_chat, settings.chat) as chat:
            return message_of(await whole_answer(chat, commit_prompt(changes, earlier, withheld)))


def _is_withheld(repository: Repository, file: ChangedFile) -> bool:
    """Whether a model may not see what a file is, or what it was: lines that go away are shown as well."""
    sides = ((file.path, file.new_text), (file.former or file.path, file.old_text))
    return any(text is not None and repository.index.withheld(path, text) is not None for path, text in sides)


def _relative(place: _Place) -> str:
    if not place.file.is_relative_to(place.workspace):
        raise typer.BadParameter(f"{place.file} lies outside of {place.workspace}")
    return place.file.relative_to(place.workspace).as_posix()


def _give(front: Front, workspace: Path, outcome: _Outcome, *, write: bool, as_json: bool) -> None:
    """Show what was written, or put it into its file where it is sound. Exits with 1 where a check failed."""
    edit, after = outcome.edit, _after(outcome.edit)
    is_written = write and outcome.is_sound
    if is_written:
        _write(workspace / edit.path, edit, after)
    if as_json:
        front.print_json(_answer(outcome, after, is_written=is_written))
    else:
        if not is_written:
            front.stdout.write(_difference(edit, after))
        for check in outcome.checks:
            mark = {True: "passed", False: "failed", None: "not checked"}[check.is_passed]
            front.stderr.write(f"{check.name}: {mark}{f' ({printable(check.told)})' if check.told else ''}\n")
        if is_written:
            front.stderr.write(f"written to {edit.path}\n")
        elif write:
            front.stderr.write("nothing was written, since not everything passed\n")
    if not outcome.is_sound:
        raise typer.Exit(1)


def _after(edit: FileEdit) -> str:
    from codeassist.chat.edits import edited

    return edited(edit.before, edit.edits)


def _write(file: Path, edit: FileEdit, after: str) -> None:
    """Raises DocumentError where the file is another one by now."""
    from codeassist.documents import make_document
    from codeassist.errors import DocumentError

    there = file.read_bytes().decode("utf-8", "surrogateescape") if file.exists() else ""
    document = make_document(edit.path, there)
    if (document.text if there or not edit.is_new else edit.before) != edit.before:
        raise DocumentError(f"{edit.path} has changed meanwhile; nothing was written")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(after.replace("\n", document.newline).encode("utf-8", "surrogateescape"))


def _difference(edit: FileEdit, after: str) -> str:
    before = [] if edit.is_new else _kept(edit.before)
    lines = difflib.unified_diff(
        before, _kept(after), "/dev/null" if edit.is_new else f"a/{edit.path}", f"b/{edit.path}"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _kept(text: str) -> list[str]:
    """Lines with their ends, as git counts them: a form feed ends none."""
    return [line for line in re.split(r"(?<=\n)", text) if line]


def _answer(outcome: _Outcome, after: str, *, is_written: bool) -> dict[str, Any]:
    checks = [{"name": one.name, "passed": one.is_passed, "told": one.told} for one in outcome.checks]
    return {
        "path": outcome.edit.path,
        "text": after,
        "is_new": outcome.edit.is_new,
        "checks": checks,
        "attempts": outcome.n_attempts,
        "written": is_written,
    }
