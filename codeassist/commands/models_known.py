"""`codeassist models known`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.text import Text

from codeassist.commands.front import front_of
from codeassist.commands.model_places import models_of
from codeassist.commands.options import AsJson, Overrides

if TYPE_CHECKING:
    from codeassist.models.known import KnownModel


def known(context: typer.Context, as_json: AsJson = False, overrides: Overrides = None) -> None:
    """Show the published models that have a name here: size, licence, and whether their revision is pinned.

    A name stands for a model wherever settings take a directory (`engine.model`, `chat.directory`, `shadow.model`).
    Pinned is a commit of the hub's that is always fetched; for the others the first fetch takes the newest and writes
    down which that was. Nothing is asked of a network here, and sizes are computed: `fetch` tells the exact one.

    [bold]Examples[/bold]

      codeassist models known

      codeassist models known --json | jq -r '.models[] | select(.fills_gaps) | .name'
    """
    from codeassist.models.known import KNOWN

    front = front_of(context)
    models = models_of(front, overrides)
    if as_json:
        front.print_json({"models": [_entry(model, models) for model in KNOWN]})
        return
    for model in KNOWN:
        front.console.print(_description(model, models))


def _entry(model: KnownModel, models: Path) -> dict[str, Any]:
    return {
        "name": model.name,
        "hub_id": model.hub_id,
        "revision": model.revision,
        "licence": model.licence,
        "fills_gaps": model.fills_gaps,
        "chats": model.chats,
        "is_gated": model.is_gated,
        "download_bytes": model.download_bytes,
        "is_here": (models / model.name).exists(),
    }


def _description(model: KnownModel, models: Path) -> Text:
    from codeassist.models.published import told_bytes

    does = " and ".join([*(["fills gaps"] if model.fills_gaps else []), *(["chats"] if model.chats else [])])
    pin = f"pinned at {model.revision[:12]}" if model.revision else "newest revision"
    gate = " · gated, needs HF_TOKEN" if model.is_gated else ""
    here = ("   on this machine", "green") if (models / model.name).exists() else ""
    facts = f"{told_bytes(model.download_bytes)} · {does} · {pin}{gate}"
    where = f"{model.hub_id} · {model.licence}"
    return Text.assemble((model.name, "bold"), here, "\n    ", facts, "\n    ", (where, "dim"))
