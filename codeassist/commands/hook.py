"""`codeassist hook`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from codeassist.commands.front import front_of
from codeassist.commands.options import AsJson, WorkspaceArgument
from codeassist.commands.places import given_workspace

hook = typer.Typer(name="hook", invoke_without_command=True, rich_markup_mode="rich")

FailOn = Annotated[
    str | None,
    typer.Option(
        "--fail-on",
        metavar="LEVEL",
        help="What stops a commit: error, warning, note or never (review.fail_on).",
        show_default=False,
    ),
]
MaxSeconds = Annotated[
    float | None,
    typer.Option(
        "--max-seconds", metavar="S", help="The commit goes on after so many; 10 unless set.", show_default=False
    ),
]
Passes = Annotated[
    str | None,
    typer.Option(
        "--passes",
        metavar="NAMES",
        help="Which passes look at it, as static,vulnerabilities (review.passes); `codeassist review --help` has all.",
        show_default=False,
    ),
]


@hook.callback()
def root(context: typer.Context) -> None:
    """Review what is staged before each commit, by a plain git hook.

    It asks the running `codeassist serve` of the repository, or reviews by itself without a model.

    Only what it finds stops a commit. Out of time, or in trouble, it says so in a line and the commit goes on.

    [bold]Examples[/bold]

      codeassist hook install                    errors stop a commit

      codeassist hook install --fail-on warning  warnings, too

      SKIP=codeassist-review git commit          leaves it out once

      codeassist hook remove
    """
    if context.invoked_subcommand is None:
        front_of(context).stdout.write(context.get_help() + "\n")


@hook.command()
def install(
    context: typer.Context,
    path: WorkspaceArgument = None,
    fail_on: FailOn = None,
    max_seconds: MaxSeconds = None,
    passes: Passes = None,
    as_json: AsJson = False,
) -> None:
    """Write the hook into this repository; another hook is left as it is."""
    from codeassist.commands import git_hooks
    from codeassist.commands.pre_commit import checked_arguments

    front = front_of(context)
    given = {"--fail-on": fail_on, "--max-seconds": max_seconds, "--passes": passes}
    arguments = [f"{name}={value}" for name, value in given.items() if value is not None]
    if problem := checked_arguments(arguments):
        raise typer.BadParameter(problem)
    place = git_hooks.place_of(given_workspace(path, front.cwd))
    git_hooks.install(place, sys.executable, arguments)
    _tell(context, as_json, {"installed": str(place.file)}, f"{place.file} reviews each commit from now on")


@hook.command()
def remove(context: typer.Context, path: WorkspaceArgument = None, as_json: AsJson = False) -> None:
    """Take the hook away again; another hook is left as it is."""
    from codeassist.commands import git_hooks

    place = git_hooks.place_of(given_workspace(path, front_of(context).cwd))
    was_there = git_hooks.remove(place)
    told = f"{place.file} is removed" if was_there else "there is no hook of codeassist here"
    _tell(context, as_json, {"removed": str(place.file) if was_there else None}, told)


@hook.command()
def status(context: typer.Context, path: WorkspaceArgument = None, as_json: AsJson = False) -> None:
    """Say whether commits are reviewed here."""
    from codeassist.commands import git_hooks

    place = git_hooks.place_of(given_workspace(path, front_of(context).cwd))
    told = {
        "none": "commits are not reviewed here; `codeassist hook install` has them reviewed",
        "ours": f"{place.file} reviews each commit",
        "foreign": f"{place.file} is another hook; whether it asks for reviews is up to it",
    }
    _tell(context, as_json, {"hook": place.state, "file": str(place.file)}, told[place.state])


def _tell(context: typer.Context, as_json: bool, answer: dict[str, str | None], words: str) -> None:
    front = front_of(context)
    if as_json:
        front.print_json(answer)
    else:
        front.console.print(words, markup=False)
