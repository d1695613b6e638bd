"""`codeassist mtp`."""

from __future__ import annotations

import math
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from codeassist.commands.devices import chosen_device, require_libraries
from codeassist.commands.front import Front, front_of
from codeassist.commands.model_places import model_folder
from codeassist.commands.mtp_measure import HELP, measure
from codeassist.commands.options import AsJson
from codeassist.errors import EngineUnavailable

if TYPE_CHECKING:
    from codeassist.mtp.loader import Plan
    from codeassist.mtp.training import Look

mtp = typer.Typer(name="mtp", invoke_without_command=True, rich_markup_mode="rich")

Model = Annotated[Path, typer.Option("--model", help="Folder or name of the base: a DeepSeek-V2 or -V3 checkpoint.")]
Data = Annotated[list[Path], typer.Option("--data", help="A repository to learn from; give it as often as you like.")]
Out = Annotated[Path, typer.Option("--out", help="Folder for the layer; a training that was broken off goes on there.")]
Steps = Annotated[int, typer.Option("--steps", min=1, help="Batches at most.")]
Minutes = Annotated[float, typer.Option("--minutes", min=0.0, help="Time at most; 0 for as long as the steps take.")]
Rows = Annotated[int, typer.Option("--rows", min=1, help="Rows of a batch; fewer need less memory.")]
Length = Annotated[int, typer.Option("--length", min=64, help="Tokens of a row.")]
Device = Annotated[str, typer.Option("--device", help="As PyTorch calls it; empty for the GPU where there is one.")]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", show_default=False)]


@mtp.callback()
def root(context: typer.Context) -> None:
    """Give a DeepSeek model a draft layer (multi-token prediction), by which it answers in fewer steps.

    DeepSeek-Coder-V2 has none. `train` makes one from your own repositories and leaves the model as it is, `attach`
    puts both together for vLLM, `detach` takes them apart, `measure` tells what it saves.

    [bold]Examples[/bold]

      codeassist mtp train --model ~/models/DeepSeek-Coder-V2-Lite-Base --data ~/src/api --data ~/src/web --out ~/mtp

      codeassist mtp attach --model ~/models/DeepSeek-Coder-V2-Lite-Base ~/mtp ~/models/lite-with-mtp

      codeassist mtp measure --model ~/models/lite-with-mtp --data ~/src/api --data ~/src/web

      codeassist serve -o engine.model=~/models/lite-with-mtp
    """
    if context.invoked_subcommand is None:
        front_of(context).stdout.write(context.get_help() + "\n")


@mtp.command()
def train(
    context: typer.Context,
    model: Model,
    data: Data,
    out: Out,
    steps: Steps = 3000,
    minutes: Minutes = 0.0,
    rows: Rows = 16,
    length: Length = 1024,
    device: Device = "",
    as_json: AsJson = False,
) -> None:
    """Train an MTP layer for a model, on completions cut from your repositories.

    It learns to say what the model itself will say. One file in twenty is held out; the training ends when the share of
    drafts that the model would accept there no longer grows, and the best layer is kept as mtp.safetensors.
    """
    front = front_of(context)
    require_libraries("torch", "transformers", "safetensors")
    from codeassist.mtp.loader import Plan

    plan = Plan(steps, rows, length, look_every=max(min(200, steps // 10), 1), seconds=minutes * 60, workers=_workers())
    best = _train(front, model, data, out, plan, device, as_json=as_json)
    if as_json:
        front.print_json({"out": str(out), **asdict(best)})
        return
    front.console.print(
        f"The model would accept [bold]{best.acceptance:.1%}[/] of the drafts in files that were held out, "
        f"after {best.tokens / 1e6:.1f} M tokens in {best.seconds / 60:.1f} min.\n"
        f"[dim]Next: codeassist mtp attach --model {escape(str(model))} {escape(str(out))} FOLDER[/]"
    )


@mtp.command()
def attach(
    context: typer.Context,
    model: Model,
    layer: Annotated[Path, typer.Argument(metavar="LAYER", help="Folder that `train` wrote, or an mtp.safetensors.")],
    folder: Folder,
    as_json: AsJson = False,
) -> None:
    """Put a model and its MTP layer together in FOLDER, for `engine.model`. The model's files are linked."""
    from codeassist.mtp.attach import attach as put_together

    front = front_of(context)
    made = put_together(model_folder(front, model), front.cwd / layer, front.cwd / folder)
    if as_json:
        front.print_json({"path": str(made.path), "bytes": made.n_bytes, "tensors": len(made.places)})
    else:
        front.console.print(f"{escape(str(made.path))} has an MTP layer; serve it with engine.model, or `detach` it")


@mtp.command()
def detach(context: typer.Context, folder: Folder, as_json: AsJson = False) -> None:
    """Remove what `attach` wrote into FOLDER. The model itself lies elsewhere and is not touched."""
    from codeassist.mtp.attach import detach as take_apart

    front = front_of(context)
    base = take_apart(front.cwd / folder)
    if as_json:
        front.print_json({"base": str(base)})
    else:
        front.console.print(f"removed; the model is {escape(str(base))} as before")


mtp.command(help=HELP)(measure)


def _train(front: Front, model: Path, data: list[Path], out: Path, plan: Plan, device: str, *, as_json: bool) -> Look:
    import torch

    from codeassist.mtp.checkpoint import read_checkpoint
    from codeassist.mtp.relabel import require_base
    from codeassist.mtp.samples import read_texts
    from codeassist.mtp.training import Trainer

    base = model_folder(front, model).resolve()
    require_base(read_checkpoint(base).config)
    chosen = chosen_device(device)
    train_on, held_out = read_texts([(front.cwd / folder).resolve() for folder in data])
    front.error_console.print(f"{len(train_on)} files to train on, {len(held_out)} held out; on {chosen}")
    try:
        trainer = Trainer(base, train_on, held_out, front.cwd / out, plan, chosen)
        return trainer.run(lambda look: _tell(front, look, plan))
    except torch.OutOfMemoryError:
        raise EngineUnavailable(
            f"{chosen} has not enough memory for batches of {plan.rows} rows of {plan.length} tokens beside the model; "
            "give fewer --rows or a smaller --length, and end what else runs there"
        ) from None


def _tell(front: Front, look: Look, plan: Plan) -> None:
    if math.isnan(look.loss):  # nothing has been learned from yet in this run
        told = f"held out {look.held_out_loss:.3f}   accepted {look.acceptance:.1%}"
        front.error_console.print(f"before step {look.step + 1}: {told}")
        return
    front.error_console.print(
        f"step {look.step:>6} of {plan.steps}   loss {look.loss:6.3f}   held out {look.held_out_loss:6.3f}   "
        f"accepted {look.acceptance:6.1%}   {look.tokens / max(look.seconds, 1e-9) / 1e3:7.1f} k tokens/s"
    )


def _workers() -> int:
    """Processes that draw batches; one core is left for the loop that feeds the accelerator."""
    return max(min((os.cpu_count() or 2) - 2, 12), 1)
