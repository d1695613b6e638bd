"""`codeassist complete`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from codeassist.commands.answers import suggestion_answer
from codeassist.commands.bars import bars
from codeassist.commands.front import Front, front_of
from codeassist.commands.json_lines import answer_lines
from codeassist.commands.opening import opened, run_async, warm_up
from codeassist.commands.options import AsJson, FromStdin, Invoked, Overrides, WorkspaceOption
from codeassist.commands.places import Position, find_file, given_workspace, parse_position, workspace_of
from codeassist.commands.requests import CURSOR_FIELDS, requested_place
from codeassist.commands.show import show_suggestion
from codeassist.documents import offset_of
from codeassist.types import Document, Suggestion

PositionArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="FILE:LINE:COL", help="The cursor; column 1 stands before the first character.", show_default=False
    ),
]


@dataclass(frozen=True, slots=True)
class _Completed:
    document: Document
    suggestion: Suggestion


def complete(
    context: typer.Context,
    position: PositionArgument = None,
    workspace: WorkspaceOption = None,
    invoked: Invoked = False,
    as_json: AsJson = False,
    from_stdin: FromStdin = False,
    overrides: Overrides = None,
) -> None:
    """Suggest what comes next at a cursor, and say where the suggestion comes from.

    Lines and columns count from 1; a column is one character, whatever its width.

    [bold]Examples[/bold]

      codeassist complete src/app.py:42:9

      codeassist complete src/app.py:42:9 --json -o completion.max_lines=3

      echo '{"file": "src/app.py", "line": 42, "col": 9}' | codeassist complete --stdin
    """
    front = front_of(context)
    if from_stdin:
        run_async(_complete_lines(front, given_workspace(workspace, front.cwd), overrides, invoked=invoked))
        return
    place = require_position(position, "complete")
    file = find_file(place.file, front.cwd, workspace and front.cwd / workspace)
    root = given_workspace(workspace, front.cwd) if workspace else workspace_of(file)
    completed = run_async(_complete(front, root, file, place, overrides, invoked=invoked))
    if as_json:
        front.print_json(suggestion_answer(completed.suggestion))
    else:
        show_suggestion(front.console, completed.document, place, completed.suggestion)


def require_position(text: str | None, command: str) -> Position:
    """The position that was given. Raises typer.BadParameter."""
    if text is None:
        raise typer.BadParameter(f"say where the cursor is, for example: codeassist {command} src/app.py:42:9")
    return parse_position(text)


async def _complete(
    front: Front, workspace: Path, file: Path, place: Position, overrides: list[str] | None, *, invoked: bool
) -> _Completed:
    async with opened(front, workspace, overrides) as assistant:
        document = assistant.read_document(file)
        offset_of(document, place.cursor)  # a cursor that is nowhere is told before a model is loaded
        with bars(front) as shown:
            await warm_up(front, assistant, shown)
        return _Completed(document, await assistant.complete(document, place.cursor, invoked=invoked))


async def _complete_lines(front: Front, workspace: Path, overrides: list[str] | None, *, invoked: bool) -> None:
    async with opened(front, workspace, overrides) as assistant:
        with bars(front) as shown:
            await warm_up(front, assistant, shown)

        async def answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
            document, cursor = requested_place(request, front, assistant)
            is_invoked = request.get("invoked", invoked)
            return suggestion_answer(await assistant.complete(document, cursor, invoked=is_invoked))

        await answer_lines(front, CURSOR_FIELDS, answer)
