"""`codeassist models fetch`: the one command that brings a model over the network, and asks first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from codeassist.commands.agreeing import Yes, require_agreement
from codeassist.commands.bars import transfer_bar
from codeassist.commands.front import Front, front_of
from codeassist.commands.model_places import models_of
from codeassist.commands.options import AsJson, Overrides
from codeassist.errors import ConfigError

if TYPE_CHECKING:
    from codeassist.models.fetching import Plan
    from codeassist.models.known import KnownModel

Name = Annotated[str, typer.Argument(metavar="NAME", help="A name of `models known`.", show_default=False)]
Revision = Annotated[
    str,
    typer.Option(
        "--revision",
        metavar="COMMIT",
        help="Commit, tag or branch; otherwise the one of the last fetch, else the pinned one, else the newest.",
        show_default=False,
    ),
]
Directory = Annotated[
    Path | None,
    typer.Option(
        "--dir",
        metavar="FOLDER",
        help="Folder of models, in place of engine.models; the model gets a folder of its name in it.",
        show_default=False,
    ),
]


def fetch(
    context: typer.Context,
    name: Name,
    revision: Revision = "",
    directory: Directory = None,
    yes: Yes = False,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Fetch a published model from its hub, after telling what, how much, from where and under which licence.

    Each file is verified by the hash that the hub has of it, and SHA256SUMS is written for `models verify`. A fetch
    that broke off goes on where it was; one of a model that is there verifies it and fetches only what is damaged.

    HF_ENDPOINT names a mirror, HF_TOKEN an account for gated models. Without a network, see `models import`.

    [bold]Examples[/bold]

      codeassist models fetch deepseek-coder-v2-lite

      codeassist models fetch qwen2.5-coder-7b --dir /data/models --yes

      codeassist models fetch qwen2.5-coder-7b --revision main

      HF_TOKEN=hf_... codeassist models fetch codestral-22b
    """
    front = front_of(context)
    models = front.cwd / directory.expanduser() if directory else models_of(front, overrides)
    plan, folder = _fetched(front, _known(name), models, revision, yes=yes)
    problems = _problems(folder)
    for problem in problems:
        front.warn(problem)
    if as_json:
        told = {"name": folder.name, "path": str(folder), "hub_id": plan.model.hub_id}
        front.print_json({**told, "revision": plan.listing.revision, "bytes": plan.n_bytes, "problems": problems})
    else:
        front.console.print(_ending(plan, folder, is_elsewhere=directory is not None))


def _known(name: str) -> KnownModel:
    from codeassist.models.known import find_known, guesses

    if model := find_known(name):
        return model
    raise ConfigError(
        f"no published model is called {name!r} here; {guesses(name)}`codeassist models known` lists the names. Any "
        "other model: clone it yourself and `codeassist models import FOLDER`"
    )


def _announcement(plan: Plan, address: str) -> Text:
    from codeassist.models.published import told_bytes

    model = plan.model
    begun = "" if plan.missing_bytes == plan.n_bytes else f", {told_bytes(plan.missing_bytes)} of them still to come"
    return Text.assemble(
        (model.name, "bold"),
        f": {len(plan.files)} files, {told_bytes(plan.n_bytes)}{begun}\n",
        f"  from     {address}/{model.hub_id}, revision {plan.listing.revision}\n",
        f"  to       {plan.folder}\n",
        f"  licence  {model.licence}",
    )


def _fetched(front: Front, model: KnownModel, models: Path, revision: str, *, yes: bool) -> tuple[Plan, Path]:
    """What was fetched, and where it is now."""
    from codeassist.models.fetching import fetch as bring
    from codeassist.models.fetching import inspected, plan_fetch
    from codeassist.models.hub import Hub
    from codeassist.models.room import require_room
    from codeassist.models.transfer import Watch

    hub = Hub(front.environ.get("HF_ENDPOINT", ""), front.environ.get("HF_TOKEN", ""))
    plan = plan_fetch(hub, model, models, revision)
    if not plan.missing_bytes:
        front.error_console.print(f"{model.name} is in {plan.folder}; what is there is verified", markup=False)
        with transfer_bar(front, model.name, plan.n_bytes) as bar:
            plan = inspected(plan, bar)
    if plan.is_whole:
        return plan, plan.folder
    require_room(models, model.name, plan.missing_bytes, "choose another disk with engine.models or --dir")
    front.error_console.print(_announcement(plan, hub.address))
    if plan.missing_bytes:
        require_agreement(front, "Fetch it?", yes=yes)
    with transfer_bar(front, model.name, plan.n_bytes) as bar:
        return plan, bring(hub, plan, Watch(on_bytes=bar))


def _problems(folder: Path) -> list[str]:
    """What would keep the engine from using what has arrived as published."""
    from codeassist.engine.catalogue import read_catalogue
    from codeassist.models.verify import structure_problems

    return list(structure_problems(folder, read_catalogue()))


def _ending(plan: Plan, folder: Path, *, is_elsewhere: bool) -> Text:
    use = f"engine.model={folder}" if is_elsewhere else f"engine.model={plan.model.name}"
    return Text.assemble(
        (plan.model.name, "bold"), f" is whole in {folder}\n", (f"  use it: codeassist serve -o {use}", "dim")
    )
