"""`codeassist map`."""

from __future__ import annotations

import asyncio
import os
from bisect import bisect_left
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codeassist.commands.answers import map_answer
from codeassist.commands.front import Front, front_of
from codeassist.commands.opening import refreshed_index, run_async
from codeassist.commands.options import AsJson, Overrides, WorkspaceArgument
from codeassist.commands.places import given_workspace
from indexer.symbol_search import split_question

if TYPE_CHECKING:
    from indexer.importance import Ranked
    from indexer.index import CodeIndex

MIN_TOKENS, MAX_TOKENS = 50, 20_000

Tokens = Annotated[
    int,
    typer.Option(
        "--tokens", metavar="N", min=MIN_TOKENS, max=MAX_TOKENS, help="How many tokens of a model the map may cost."
    ),
]
Focus = Annotated[
    list[str] | None,
    typer.Option(
        "--focus",
        metavar="FILE",
        help="What matters to this file of the workspace, not to all. May be given several times.",
    ),
]
Mentions = Annotated[
    list[str] | None,
    typer.Option("--mention", metavar="NAME", help="A name that counts more. May be given several times."),
]


def map(
    context: typer.Context,
    path: WorkspaceArgument = None,
    tokens: Tokens = 1024,
    focus: Focus = None,
    mentions: Mentions = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """The definitions that matter most, by file: what a newcomer, or a model, should see of a repository first.

    [bold]Examples[/bold]

      codeassist map

      codeassist map ~/src/project --tokens 4000 --json

      codeassist map --focus src/app.py --mention parse_config
    """
    front = front_of(context)
    workspace = given_workspace(path, front.cwd)
    files = [_path_in(workspace, file, front.cwd) for file in focus or ()]
    mentioned = frozenset(split_question(name)[1] for name in mentions or ())
    ranked = run_async(_rank(front, workspace, files, mentioned, overrides))
    text, shown = _drawn(ranked, tokens)
    if as_json:
        front.print_json(map_answer(text, shown))
    elif text:
        front.stdout.write(text + "\n")
    else:
        why = f"no definition fits into {tokens} tokens" if ranked else "a map shows what files use of one another"
        front.console.print(f"nothing found: {why}", style="dim")


async def _rank(
    front: Front, workspace: Path, focus: Sequence[str], mentioned: AbstractSet[str], overrides: list[str] | None
) -> list[Ranked]:
    from codeassist.agents.tools import MAX_RANKED

    async with refreshed_index(front, workspace, overrides) as index:
        await asyncio.to_thread(_require_indexed, index, focus)
        return await asyncio.to_thread(index.important, MAX_RANKED, focus=focus, mentioned=mentioned)


def _path_in(workspace: Path, file: str, cwd: Path) -> str:
    """A file as the index knows it; one that is not in the workspace is looked for in the working directory.

    Raises typer.BadParameter.
    """
    place = next((folder / file for folder in (workspace, cwd) if (folder / file).is_file()), None)
    if place is None:
        raise typer.BadParameter(f"--focus {file}: no such file in {workspace}; write its path as seen from there")
    try:
        return Path(os.path.realpath(place)).relative_to(os.path.realpath(workspace)).as_posix()
    except ValueError:
        problem = f"--focus {file} is outside of the workspace {workspace}"
        raise typer.BadParameter(f"{problem}; name a file in it, or the file's own repository as PATH") from None


def _require_indexed(index: CodeIndex, paths: Sequence[str]) -> None:
    """Raises typer.BadParameter for a file that the index leaves out."""
    known = index.versions(paths)
    missing = next((path for path in paths if path not in known), None)
    if missing is None:
        return
    reason = next((file.reason for file in index.skipped() if file.path == missing), "ignored or excluded")
    raise typer.BadParameter(f"--focus {missing} is not in the index: {reason}; name another file")


def _drawn(ranked: Sequence[Ranked], tokens: int) -> tuple[str, Sequence[Ranked]]:
    """The map, and the definitions in it: it takes them in their order until one does not fit."""
    from codeassist.agents.outline import outline

    text = outline(ranked, tokens)
    n_shown = bisect_left(range(len(ranked)), True, key=lambda n_taken: outline(ranked[:n_taken], tokens) == text)
    return text, ranked[:n_shown]
