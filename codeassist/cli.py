"""The `codeassist` command: where everything is wired, and where errors become one line and an exit code.

Exit codes: 0 done, 1 failed, 2 asked or configured wrongly, 130 interrupted, 143 terminated.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from codeassist import __version__
from codeassist.commands.adapt import adapt
from codeassist.commands.adapters import adapters
from codeassist.commands.answers import error_answer, told
from codeassist.commands.complete import complete
from codeassist.commands.config import config
from codeassist.commands.demo import demo
from codeassist.commands.doctor import doctor
from codeassist.commands.explain import explain
from codeassist.commands.front import Front, front_of, process_front
from codeassist.commands.hook import hook
from codeassist.commands.index import index
from codeassist.commands.keys import keys
from codeassist.commands.lsp import lsp
from codeassist.commands.map import map
from codeassist.commands.mcp import mcp
from codeassist.commands.models import models
from codeassist.commands.mtp import mtp
from codeassist.commands.opening import INTERRUPTED, TERMINATED, leave_threads
from codeassist.commands.review import review
from codeassist.commands.search import search
from codeassist.commands.serve import serve
from codeassist.commands.shadow import shadow
from codeassist.commands.stats import stats
from codeassist.commands.status import status
from codeassist.commands.writing import commit_message, generate_documentation, generate_tests
from codeassist.errors import ConfigError
from codeassist.printable import printable
from indexer.errors import WorkspaceError

app = typer.Typer(
    name="codeassist",
    add_completion=False,
    invoke_without_command=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_COMMANDS = (
    index, search, map, complete, explain, review, serve, status, lsp, mcp, stats, shadow, config, doctor, adapt, demo,
)  # fmt: skip
for command in _COMMANDS:
    app.command()(command)
app.command("testgen")(generate_tests)
app.command("docgen")(generate_documentation)
app.command("commit-message")(commit_message)
app.add_typer(models)
app.add_typer(mtp)
app.add_typer(keys)
app.add_typer(adapters)
app.add_typer(hook)


def main() -> None:
    """Entry point of the `codeassist` script."""
    arguments = sys.argv[1:]
    try:
        cwd = Path.cwd()
    except OSError as error:
        gone = WorkspaceError(f"the folder that you are in cannot be found ({error.strerror}); change to another one")
        sys.exit(_fail(arguments, process_front(Path()), gone))
    front = process_front(cwd)
    code = run(arguments, front)
    front.stderr.flush()
    leave_threads(code)
    sys.exit(code)


def run(arguments: Sequence[str], front: Front) -> int:
    """Run one command; the exit code."""
    try:
        code = app(list(arguments), prog_name="codeassist", standalone_mode=False, obj=front)
        front.stdout.flush()
    except BrokenPipeError:
        return 1  # the reader of our answer has gone, as `| head` does
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except asyncio.CancelledError:
        return TERMINATED
    except Exception as error:  # noqa: BLE001  the border: whatever it is, the user gets one line
        return _fail(arguments, front, error)
    return code if isinstance(code, int) else 0


@app.callback()
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.", is_eager=True)] = False,
) -> None:
    """Ghost text and code search that know your whole repository and never leave your machine.

    [bold]First steps[/bold]

      codeassist doctor                          what this machine can run, and what suits it best

      codeassist index                           see what is in the index of this repository

      codeassist search "parse the config"       find code by name, words or meaning

      codeassist map --focus src/app.py          the definitions that matter most to a file, or to all

      codeassist complete src/app.py:42:9        what comes next at line 42, column 9

      codeassist review                          what is wrong with the staged changes

      codeassist serve                           an OpenAI-compatible endpoint for Continue and others

      codeassist status                          how that endpoint is, and who asks

      codeassist lsp                             the language server that your editor starts

      codeassist mcp                             code search for coding agents (Model Context Protocol)

      codeassist stats                           what became of the suggestions in your editor
    """
    if version:
        front_of(context).stdout.write(f"codeassist {__version__}\n")
        raise typer.Exit
    if context.invoked_subcommand is None:
        front_of(context).stdout.write(context.get_help() + "\n")


def _fail(arguments: Sequence[str], front: Front, error: Exception) -> int:
    if "--json" in arguments:
        front.print_json(error_answer(error))
    else:
        front.stderr.write(f"codeassist: {printable(told(error))}\n")
    return 2 if isinstance(error, typer.TyperException | ConfigError) else 1


if __name__ == "__main__":
    main()
