"""`codeassist keys`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.text import Text

from codeassist.commands.front import front_of
from codeassist.commands.options import AsJson

keys = typer.Typer(name="keys", invoke_without_command=True, rich_markup_mode="rich")

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Whose key it is: letters, digits and . _ @ -", show_default=False)
]


@keys.callback()
def root(context: typer.Context) -> None:
    """Make, list and remove the API keys of `codeassist serve`.

    A server that other machines may reach answers nobody without one; on loopback, `server.require_key` asks for it. A
    running server takes a new key, and drops a removed one, at once.

    [bold]Examples[/bold]

      codeassist keys add laptop

      codeassist keys list

      codeassist keys remove laptop
    """
    if context.invoked_subcommand is None:
        front_of(context).stdout.write(context.get_help() + "\n")


@keys.command()
def add(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Make a key and print it. It is shown this once; only its hash is kept.

    Clients send it as `Authorization: Bearer KEY` (what they call an API key), `x-api-key` or `api-key`.

    [bold]Examples[/bold]

      codeassist keys add laptop

      OPENAI_API_KEY=$(codeassist keys add ci) aider
    """
    from codeassist.server.keys import add_key, keys_file

    front = front_of(context)
    path = keys_file(front.environ)
    key = add_key(path, name, datetime.now(UTC).isoformat(timespec="seconds"))
    if as_json:
        front.print_json({"name": name, "key": key})
        return
    front.stdout.write(f"{key}\n")
    front.error_console.print(f"This is the key of {name}. Copy it now: only its hash is kept, in {path}", style="dim")


@keys.command(name="list")
def list_keys(context: typer.Context, as_json: AsJson = False) -> None:
    """Show whose keys there are and when they were made."""
    from codeassist.server.keys import keys_file, read_keys

    front = front_of(context)
    path = keys_file(front.environ)
    known = read_keys(path)
    if as_json:
        entries = [{"name": key.name, "created": key.created} for key in known]
        front.print_json({"file": str(path), "keys": entries})
        return
    for key in known:
        front.console.print(Text.assemble((f"{key.name:<24}", "bold"), (key.created, "dim")))
    if not known:
        front.console.print("There are no keys; `codeassist keys add NAME` makes one.")


@keys.command()
def remove(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Forget a key: whoever still sends it is refused from now on, where keys are required."""
    from codeassist.server.keys import keys_file, remove_key

    front = front_of(context)
    remove_key(keys_file(front.environ), name)
    if as_json:
        front.print_json({"removed": name})
    else:
        front.console.print(Text(f"the key of {name} is removed"))
