"""`codeassist explain`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from codeassist.commands.answers import explanation_answer
from codeassist.commands.bars import bars
from codeassist.commands.complete import PositionArgument, require_position
from codeassist.commands.front import Front, front_of
from codeassist.commands.json_lines import answer_lines
from codeassist.commands.opening import opened, refresh_or_warn, run_async
from codeassist.commands.options import AsJson, FromStdin, Invoked, Overrides, WorkspaceOption
from codeassist.commands.places import Position, find_file, given_workspace, workspace_of
from codeassist.commands.requests import CURSOR_FIELDS, requested_place
from codeassist.commands.show import show_explanation
from codeassist.documents import offset_of
from codeassist.types import Explanation


def explain(
    context: typer.Context,
    position: PositionArgument = None,
    workspace: WorkspaceOption = None,
    invoked: Invoked = False,
    as_json: AsJson = False,
    from_stdin: FromStdin = False,
    overrides: Overrides = None,
) -> None:
    """Show the prompt that `complete` would send from a cursor: which code, why, and what was left out.

    No model is loaded and nothing is generated.

    [bold]Examples[/bold]

      codeassist explain src/app.py:42:9

      codeassist explain src/app.py:42:9 --json | jq .budgets
    """
    front = front_of(context)
    if from_stdin:
        run_async(_explain_lines(front, given_workspace(workspace, front.cwd), overrides, invoked=invoked))
        return
    place = require_position(position, "explain")
    file = find_file(place.file, front.cwd, workspace and front.cwd / workspace)
    root = given_workspace(workspace, front.cwd) if workspace else workspace_of(file)
    explanation = run_async(_explain(front, root, file, place, overrides, invoked=invoked))
    if as_json:
        front.print_json(explanation_answer(explanation))
    else:
        show_explanation(front.console, place, explanation)


async def _explain(
    front: Front, workspace: Path, file: Path, place: Position, overrides: list[str] | None, *, invoked: bool
) -> Explanation:
    async with opened(front, workspace, overrides) as assistant:
        document = assistant.read_document(file)
        offset_of(document, place.cursor)  # a cursor that is nowhere is told before a model is loaded
        with bars(front) as shown:
            await refresh_or_warn(front, assistant, shown)
        return await assistant.explain(document, place.cursor, invoked=invoked)


async def _explain_lines(front: Front, workspace: Path, overrides: list[str] | None, *, invoked: bool) -> None:
    async with opened(front, workspace, overrides) as assistant:
        with bars(front) as shown:
            await refresh_or_warn(front, assistant, shown)

        async def answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
            document, cursor = requested_place(request, front, assistant)
            is_invoked = request.get("invoked", invoked)
            return explanation_answer(await assistant.explain(document, cursor, invoked=is_invoked))

        await answer_lines(front, CURSOR_FIELDS, answer)
