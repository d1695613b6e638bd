"""`codeassist models import`, `export` and `remove`: models without a network, and away with them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from codeassist.commands.agreeing import Yes, require_agreement
from codeassist.commands.bars import transfer_bar
from codeassist.commands.front import Front, front_of
from codeassist.commands.model_places import models_of
from codeassist.commands.options import AsJson, Overrides
from codeassist.errors import ConfigError, ModelError

Given = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER_OR_TAR", help="A model's folder, or what `models export` wrote.", show_default=False
    ),
]
As = Annotated[
    str,
    typer.Option(
        "--name", metavar="NAME", help="How to call it; otherwise as it is known or called.", show_default=False
    ),
]
Link = Annotated[
    bool,
    typer.Option("--link/--copy", help="Leave the folder where it is and link to it, or copy it (as is usual)."),
]
Stored = Annotated[str, typer.Argument(metavar="NAME", help="A model of `models list`.", show_default=False)]
Target = Annotated[Path, typer.Argument(metavar="FILE.tar", help="A file that is not there yet.", show_default=False)]


def import_model(
    context: typer.Context,
    given: Given,
    name: As = "",
    link: Link = False,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Take a model from a folder or a tar, for machines without a network; nothing is fetched.

    A folder may be a git clone, a snapshot of the hub's cache (`models--org--name`), or a stick. It is verified by its
    SHA256SUMS or by the cache's own hashes, checked as `models verify` does, and put under a name. What broke off
    leaves nothing behind.

    [bold]Examples[/bold]

      codeassist models import /media/stick/deepseek-coder-v2-lite.tar

      codeassist models import ~/DeepSeek-Coder-V2-Lite-Base --name deepseek-coder-v2-lite

      codeassist models import ~/.cache/huggingface/hub/models--Qwen--Qwen2.5-Coder-7B --link
    """
    front = front_of(context)
    models, source = models_of(front, overrides), front.cwd / given.expanduser()
    if source.is_file():
        if link:
            raise ConfigError(f"{source} is a tar, which cannot be linked to; leave out --link, or unpack it first")
        path = _unpacked(front, source, models, name)
    else:
        path = _taken(front, source, models, name, link=link)
    if as_json:
        front.print_json({"name": path.name, "path": str(path)})
    else:
        front.console.print(
            Text.assemble((path.name, "bold"), f" is in {path}\n", (f"  use it: -o engine.model={path.name}", "dim"))
        )


def export(
    context: typer.Context, name: Stored, file: Target, as_json: AsJson = False, overrides: Overrides = None
) -> None:
    """Write a model that was fetched or imported into one tar with its SHA256SUMS, for `models import` elsewhere.

    [bold]Examples[/bold]

      codeassist models export deepseek-coder-v2-lite /media/stick/deepseek-coder-v2-lite.tar
    """
    from codeassist.models.archive import packed
    from codeassist.models.checksums import model_files
    from codeassist.models.room import require_room

    front = front_of(context)
    folder = _stored(models_of(front, overrides), name)
    target = front.cwd / file.expanduser()
    if not target.parent.is_dir():
        raise ConfigError(f"{target.parent} is no folder; make it, or name another file")
    n_bytes = sum((folder / each).stat().st_size for each in model_files(folder))
    require_room(target.parent, name, n_bytes, "name a file on another disk")
    with transfer_bar(front, name, n_bytes) as bar:
        packed(folder.resolve(), name, target, bar)
    if as_json:
        front.print_json({"name": name, "file": str(target), "bytes": target.stat().st_size})
    else:
        front.console.print(f"{target} holds {name}; there: codeassist models import {target.name}", markup=False)


def remove(
    context: typer.Context, name: Stored, yes: Yes = False, as_json: AsJson = False, overrides: Overrides = None
) -> None:
    """Take a model away that was fetched or imported, after asking; of one that is linked to, only the link.

    [bold]Examples[/bold]

      codeassist models remove starcoder2-3b
    """
    from codeassist.models.store import remove_model, require_name, unfinished_fetch

    front = front_of(context)
    models = models_of(front, overrides)
    path = models / require_name(name)
    if not unfinished_fetch(models, name).exists():
        _stored(models, name)
    what = f"the link {path} to {path.readlink()}" if path.is_symlink() else f"{path} and all that is in it"
    require_agreement(front, f"Remove {what}?", yes=yes)
    remove_model(models, name)
    if as_json:
        front.print_json({"name": name, "path": str(path)})
    else:
        front.console.print(f"{name} is removed", markup=False)


def _unpacked(front: Front, file: Path, models: Path, name: str) -> Path:
    from codeassist.models.importing import archive_name, import_archive
    from codeassist.models.room import require_room

    called = archive_name(file, name)
    n_bytes = file.stat().st_size
    require_room(models, called, n_bytes)
    with transfer_bar(front, called, n_bytes) as bar:
        return import_archive(file, models, called, bar)


def _taken(front: Front, folder: Path, models: Path, name: str, *, link: bool) -> Path:
    from codeassist.models.importing import import_folder, link_folder, plan_folder
    from codeassist.models.room import require_room

    plan = plan_folder(folder, name)
    if link:
        return link_folder(plan, models)
    require_room(models, plan.name, plan.n_bytes)
    with transfer_bar(front, plan.name, plan.n_bytes) as bar:
        return import_folder(plan, models, bar)


def _stored(models: Path, name: str) -> Path:
    """Where a model lies by its name, or the link to it. Raises ModelError when there is none."""
    from codeassist.models.store import require_name, stored_models

    path = models / require_name(name)
    if path not in stored_models(models):
        there = ", ".join(each.name for each in stored_models(models)) or "none"
        raise ModelError(f"there is no model {name} in {models}; there are: {there}")
    return path
