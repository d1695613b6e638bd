"""`codeassist search`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from codeassist.commands.answers import hits_answer, span
from codeassist.commands.front import Front, front_of
from codeassist.commands.json_lines import Fields, answer_lines
from codeassist.commands.opening import refreshed_index, run_async
from codeassist.commands.options import AsJson, FromStdin, Overrides, WorkspaceArgument
from codeassist.commands.places import given_workspace
from indexer.types import Hit
from indexer.types import Query as IndexQuery

MAX_LINES_SHOWN = 12
MAX_LIMIT = 1000

_FIELDS: Fields = {"query": (str, True), "limit": (int, False)}

Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=MAX_LIMIT, help="How many hits at most.")]
Query = Annotated[
    str | None, typer.Argument(help="Words, names, or a sentence that says what the code does.", show_default=False)
]


def search(
    context: typer.Context,
    query: Query = None,
    path: WorkspaceArgument = None,
    limit: Limit = 10,
    as_json: AsJson = False,
    from_stdin: FromStdin = False,
    overrides: Overrides = None,
) -> None:
    """Find code by name, by words and by meaning.

    [bold]Examples[/bold]

      codeassist search "where are tokens counted"

      codeassist search parse_config ~/src/project --limit 3 --json

      echo '{"query": "retry with back-off", "limit": 5}' | codeassist search --stdin
    """
    front = front_of(context)
    if from_stdin:
        # With --stdin the queries come from there, so that a lone argument is the path.
        workspace = given_workspace(path or (Path(query) if query else None), front.cwd)
        run_async(_search_lines(front, workspace, limit, overrides))
        return
    if not query or not query.strip():
        raise typer.BadParameter('say what to look for, for example: codeassist search "open a file"')
    if any("\ud800" <= character <= "\udfff" for character in query):
        raise typer.BadParameter("the query is not UTF-8")
    hits = run_async(_search(front, given_workspace(path, front.cwd), query, limit, overrides))
    if as_json:
        front.print_json(hits_answer(hits))
    else:
        _show(front, hits)


async def _search(front: Front, workspace: Path, query: str, limit: int, overrides: list[str] | None) -> list[Hit]:
    async with refreshed_index(front, workspace, overrides) as index:
        return await asyncio.to_thread(index.search, IndexQuery(query), limit)


async def _search_lines(front: Front, workspace: Path, limit: int, overrides: list[str] | None) -> None:
    async with refreshed_index(front, workspace, overrides) as index:

        async def answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
            n_wanted = min(request.get("limit", limit), MAX_LIMIT)
            return hits_answer(await asyncio.to_thread(index.search, IndexQuery(request["query"]), n_wanted))

        await answer_lines(front, _FIELDS, answer)


def _show(front: Front, hits: Sequence[Hit]) -> None:
    console = front.console
    if not hits:
        console.print("nothing found", style="dim")
    for hit in hits:
        heading = Text.assemble((hit.path, "bold cyan"), (f":{span(hit.start_line, hit.end_line)}", "cyan"))
        heading.append(f"  {hit.why}  {hit.score:.3f}", style="dim")
        console.print(heading)
        console.print(_code(hit))


def _code(hit: Hit) -> Group:
    from rich.syntax import Syntax

    lines = hit.text.rstrip("\n").split("\n")
    shown, n_more = "\n".join(lines[:MAX_LINES_SHOWN]), len(lines) - MAX_LINES_SHOWN
    code = Syntax(
        shown,
        Syntax.guess_lexer(hit.path, shown),
        line_numbers=not hit.is_skeleton,  # a skeleton leaves lines out, so that numbers would be wrong
        start_line=hit.start_line,
        background_color="default",
    )
    return Group(code, Text(f"     … {n_more} more lines" if n_more > 0 else "", style="dim"))
