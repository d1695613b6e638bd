"""`codeassist adapters`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from codeassist.commands.front import front_of
from codeassist.commands.options import AsJson
from codeassist.printable import printable_name

adapters = typer.Typer(name="adapters", invoke_without_command=True, rich_markup_mode="rich")

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of the adapter", show_default=False)]
Repository = Annotated[Path, typer.Argument(metavar="[REPOSITORY]", help="Root of the repository")]


@adapters.callback()
def root(context: typer.Context) -> None:
    """List, enable, disable and remove the adapters that repositories are completed with.

    An adapter is a small addition to the model's weights (LoRA). A running server takes another one with the next
    request; the first of all has it start its engine again, once nobody waits for an answer.

    [bold]Examples[/bold]

      codeassist adapters list

      codeassist adapters enable ~/.local/share/codeassist/adapters/shop/2

      codeassist adapters disable ~/src/shop
    """
    if context.invoked_subcommand is None:
        front_of(context).stdout.write(context.get_help() + "\n")


@adapters.command(name="list")
def list_adapters(context: typer.Context, as_json: AsJson = False) -> None:
    """Show which adapters there are, for which model, and which repositories use them."""
    from codeassist.adapters.registry import registry_file
    from codeassist.adapters.stored import stored_adapters

    front = front_of(context)
    found, problems = stored_adapters()
    if as_json:
        entries = [{**asdict(one), "folder": str(one.folder)} for one in found]
        front.print_json({"registry": str(registry_file()), "adapters": entries, "problems": problems})
        return
    for one in found:
        use = f"used by {', '.join(one.used_by)}" if one.used_by else "not in use"
        front.console.print(
            Text.assemble(
                (printable_name(str(one.folder)), "bold"),
                f"  {printable_name(one.base_name)}, rank {one.rank}  ",
                (printable_name(use), "dim"),
            )
        )
    for problem in problems:
        front.warn(problem)
    if not found:
        front.console.print("There are no adapters; `codeassist adapt` trains one for a repository.")


@adapters.command()
def enable(
    context: typer.Context,
    folder: Folder,
    repository: Annotated[
        Path | None,
        typer.Option("--repository", "-r", help="Whom to complete with it; by default the one that it was trained on"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Complete a repository with an adapter, from the next request on."""
    from codeassist.adapters.registry import enable as enable_for
    from codeassist.adapters.stored import read_adapter
    from codeassist.errors import ConfigError

    front = front_of(context)
    stored = read_adapter(front.cwd / folder)
    whose = front.cwd / (repository or stored.repository)
    if not (repository or stored.repository) or not whose.is_dir():
        raise ConfigError(f"{whose} is no repository; name the repository with --repository")
    _require_fitting(context, stored.folder, stored.base)
    enable_for(whose, stored.base, stored.folder)
    if as_json:
        front.print_json({"repository": str(whose.resolve()), "adapter": str(stored.folder)})
    else:
        front.console.print(Text(f"{whose.resolve()} is completed with {stored.folder}"))


@adapters.command()
def disable(context: typer.Context, repository: Repository = Path(), as_json: AsJson = False) -> None:
    """Complete a repository with the model as it is."""
    from codeassist.adapters.registry import disable as disable_for

    front = front_of(context)
    whose = (front.cwd / repository).resolve()
    had_one = disable_for(whose)
    if as_json:
        front.print_json({"repository": str(whose), "had_one": had_one})
    else:
        done = "is completed with the model as it is" if had_one else "had no adapter"
        front.console.print(Text(f"{whose} {done}"))


@adapters.command()
def remove(context: typer.Context, folder: Folder, as_json: AsJson = False) -> None:
    """Delete an adapter; who used it is completed with the model as it is."""
    from codeassist.adapters.stored import remove_adapter

    front = front_of(context)
    folder = front.cwd / folder
    remove_adapter(folder)
    if as_json:
        front.print_json({"removed": str(folder.resolve())})
    else:
        front.console.print(Text(f"{folder.resolve()} is removed"))


def _require_fitting(context: typer.Context, folder: Path, base: str) -> None:
    """Raises AdapterUnusable where the model of the settings is the adapter's and cannot be answered with it; for
    another model, a warning."""
    from codeassist.adapters.checks import require_usable
    from codeassist.adapters.fingerprint import base_fingerprint
    from codeassist.commands.model_places import settings_model
    from codeassist.commands.opening import settings_for
    from codeassist.models.directory import read_model

    front = front_of(context)
    engine = settings_for(front, None, None).settings.engine
    model = read_model(settings_model(engine))
    if base_fingerprint(model.path) == base:
        require_usable(model, folder)
    else:
        front.warn(f"{folder} is for another model than {model.path}, and waits for that")
