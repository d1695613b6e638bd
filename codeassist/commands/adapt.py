"""`codeassist adapt`."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from codeassist.commands.bars import bars
from codeassist.commands.devices import chosen_device, require_libraries
from codeassist.commands.front import Front, front_of
from codeassist.commands.model_places import settings_model
from codeassist.commands.opening import opened_index, run_async, settings_for
from codeassist.commands.options import AsJson, Overrides
from codeassist.commands.places import given_workspace
from codeassist.errors import EngineUnavailable
from codeassist.models.store import resolve_model
from codeassist.settings import Settings
from indexer.errors import IndexerError

if TYPE_CHECKING:
    from codeassist.adapt.adaptation import Adaptation, Wishes
    from codeassist.adapt.adapted import Adapted
    from codeassist.adapt.evaluation import Evaluation
    from codeassist.adapt.keeping import Identity
    from codeassist.adapt.training import Look
    from codeassist.adapt.verdict import Figure, Verdict
    from codeassist.models.directory import ModelDirectory
    from indexer.index import CodeIndex

Repository = Annotated[
    Path | None,
    typer.Argument(metavar="[REPOSITORY]", help="Its folder; otherwise the one that you are in.", show_default=False),
]
Model = Annotated[
    str, typer.Option("--model", help="Folder or name of the model; otherwise `engine.model`.", show_default=False)
]
Rank = Annotated[int, typer.Option("--rank", min=1, max=64, help="Rank of the matrices: how much can be learned.")]
Steps = Annotated[int, typer.Option("--steps", min=0, help="Steps at most; 0 for three times through the repository.")]
Minutes = Annotated[float, typer.Option("--minutes", min=0.0, help="Training time at most; 0 for no limit.")]
Rate = Annotated[float, typer.Option("--rate", min=0.0, help="Highest learning rate; 0 for one by the model's width.")]
Length = Annotated[int, typer.Option("--length", min=0, help="Longest row in tokens; 0 for the model's own prompts.")]
Device = Annotated[str, typer.Option("--device", help="As PyTorch calls it; empty for the GPU where there is one.")]
Out = Annotated[Path | None, typer.Option("--out", help="Folder of the adapter; otherwise one of codeassist's own.")]
Enable = Annotated[
    bool,
    typer.Option("--enable/--no-enable", help="Whether the repository is completed with an adapter that improves."),
]


def adapt(
    context: typer.Context,
    repository: Repository = None,
    model: Model = "",
    steps: Steps = 0,
    minutes: Minutes = 20.0,
    rank: Rank = 16,
    rate: Rate = 0.0,
    length: Length = 0,
    device: Device = "",
    out: Out = None,
    enable: Enable = True,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Fine-tune the completion model on a repository: an adapter (LoRA) for this repository alone.

    Some files are held out, by chance and those that were changed last. The adapter is enabled only if it makes their
    code surely likelier and answers no fewer of their lines; otherwise the exit code is 1. Training goes on where it
    was broken off. Nothing leaves this machine.

    [bold]Examples[/bold]

      codeassist adapt ~/src/api --minutes 60

      codeassist adapt ~/src/api --model ~/models/DeepSeek-Coder-V2-Lite-Base --device cuda
    """
    front = front_of(context)
    require_libraries("torch", "transformers", "safetensors", "peft")
    from codeassist.adapt.adaptation import Wishes

    workspace = given_workspace(repository, front.cwd)
    chosen = chosen_device(device)
    wishes = Wishes(rank, steps, minutes * 60, rate, length, (front.cwd / out).resolve() if out else None)
    settings = settings_for(front, workspace, overrides).settings
    if model:
        folder = resolve_model(model, settings.engine.models, "--model", front.cwd).resolve()
        settings = replace(settings, engine=replace(settings.engine, model=str(folder)))
    command = _Command(front, workspace, settings, wishes, chosen, enables=enable, as_json=as_json)
    raise typer.Exit(run_async(command.run(overrides)))


class _Command:
    """One run of the command: what it has of the outside world, and what it shows."""

    def __init__(
        self,
        front: Front,
        workspace: Path,
        settings: Settings,
        wishes: Wishes,
        device: str,
        *,
        enables: bool,
        as_json: bool,
    ) -> None:
        self._front, self._workspace, self._settings = front, workspace.resolve(), settings
        self._wishes, self._device = wishes, device
        self._enables, self._as_json = enables, as_json

    async def run(self, overrides: list[str] | None) -> int:
        """The exit code. Raises ModelError, EngineError, WorkspaceError."""
        from codeassist.adapt.adapted import require_adaptable
        from codeassist.adapt.keeping import Identity
        from codeassist.adapters.fingerprint import base_fingerprint
        from codeassist.models.directory import read_model

        model = read_model(settings_model(self._settings.engine))
        require_adaptable(model.path)
        identity = Identity(base_fingerprint(model.path), model.info.name, self._workspace, self._wishes.rank)
        with _out_of_memory(self._device, model):
            async with opened_index(self._front, self._workspace, overrides) as index:
                adaptation = await self._begin(identity, model, index)
                adapted = await self._trained(adaptation)
            evaluation = await self._evaluated(adaptation, adapted, model)
        return await asyncio.to_thread(self._end, adaptation, identity, evaluation)

    async def _begin(self, identity: Identity, model: ModelDirectory, index: CodeIndex) -> Adaptation:
        from codeassist.adapt.adaptation import Adaptation
        from codeassist.adapt.rows import Shares

        completion = self._settings.completion
        shares = Shares(completion.context_share, completion.suffix_share)
        retriever = index if await self._refreshed(index) else None
        exclude = self._settings.index.exclude
        made = await asyncio.to_thread(Adaptation, identity, model, retriever, shares, exclude, self._wishes)
        split = made.split
        self._say(
            f"{len(split.train)} files to learn from, {len(split.tune)} that tell when to stop, {len(split.test)} to "
            f"judge on ({len(split.recent)} of them changed last); {model.info.name} on {self._device}"
        )
        self._say(f"{'going on' if made.is_resumed else 'training'} in {made.folder}")
        if not made.is_resumed:
            self._say("first the model is looked at as it is, which may take minutes on a CPU")
        return made

    async def _refreshed(self, index: CodeIndex) -> bool:
        try:
            with bars(self._front) as shown:
                await asyncio.to_thread(index.refresh, shown.on_index)
        except (IndexerError, OSError) as error:
            self._front.warn(f"prompts are without code of other files: {error}")
            return False
        return True

    async def _trained(self, adaptation: Adaptation) -> Adapted:
        try:
            return await asyncio.to_thread(adaptation.train, self._device, self._tell)
        except asyncio.CancelledError:
            self._say("\n" + told_broken_off(adaptation.folder))
            raise

    async def _evaluated(self, adaptation: Adaptation, adapted: Adapted, model: ModelDirectory) -> Evaluation:
        from codeassist.adapt.evaluation import evaluate

        engine = replace(self._settings.engine, model=str(model.path), speculative_tokens=0)
        with bars(self._front) as shown:
            return await evaluate(adaptation, adapted, engine, self._tell_judged, shown.on_status)

    def _end(self, adaptation: Adaptation, identity: Identity, evaluation: Evaluation) -> int:
        from codeassist.adapt.keeping import describe
        from codeassist.adapt.training import STATE
        from codeassist.adapters.registry import enable

        verdict = evaluation.verdict
        is_enabled = verdict.improves and self._enables
        described = {**verdict.described(), "answered_by": evaluation.answered_by}
        describe(adaptation.folder, identity, described, enabled=is_enabled)
        (adaptation.folder / STATE).unlink(missing_ok=True)
        if is_enabled:
            enable(identity.root, identity.base, adaptation.folder)
        if self._as_json:
            self._front.print_json({"folder": str(adaptation.folder), "enabled": is_enabled, **described})
        else:
            self._show(adaptation, verdict, evaluation.answered_by, is_enabled=is_enabled)
        return 0 if verdict.improves else 1

    def _show(self, adaptation: Adaptation, verdict: Verdict, by: str, *, is_enabled: bool) -> None:
        console = self._front.console
        console.print(_line("loss on held-out gaps, nats a token", verdict.loss))
        if verdict.recent:
            console.print(_line("  in files that were changed last", verdict.recent))
        if verdict.exact and verdict.similarity:
            console.print(_line(f"rest of the line answered rightly (by {by})", verdict.exact))
            console.print(_line("  likeness to what stands there", verdict.similarity))
        folder = escape(str(adaptation.folder))
        if is_enabled:
            console.print(f"[bold]enabled[/] for {escape(str(self._workspace))}: {verdict.reason}\n[dim]{folder}[/]")
        elif verdict.improves:
            console.print(f"it improves; `codeassist adapters enable {folder}` uses it")
        else:
            console.print(f"[bold]did not improve: not enabled[/] ({verdict.reason})\n[dim]{folder}[/]")

    def _tell(self, look: Look) -> None:
        if math.isnan(look.loss):  # nothing has been learned from yet
            self._say(f"before step {look.step + 1}: held out {look.held_out:.3f}")
            return
        speed = look.tokens / max(look.seconds, 1e-9)
        self._say(
            f"step {look.step:>5}  {look.done:4.0%}   loss {look.loss:6.3f}   held out {look.held_out:6.3f}   "
            f"{look.seconds / 60:5.1f} min   {speed:6.0f} tokens/s"
        )

    def _tell_judged(self, n_done: int, n_all: int) -> None:
        if n_done in (1, n_all // 2, n_all):
            self._say(f"judged {n_done} of {n_all} held-out gaps")

    def _say(self, text: str) -> None:
        self._front.stderr.write(text + "\n")
        self._front.stderr.flush()


def told_broken_off(folder: Path) -> str:
    """What is left of a training that was interrupted."""
    from codeassist.adapters.checks import WEIGHTS

    has_adapter = (folder / WEIGHTS).exists()
    best = f" The best adapter so far lies in {folder}" if has_adapter else " Nothing has been learned yet"
    return f"broken off; the same command goes on.{best}"


def _line(what: str, figure: Figure) -> str:
    better = figure.better_by
    return (
        f"{what:<48} {figure.before:.3f} -> {figure.after:.3f}   better by {better.mean:+.3f} "
        f"[dim]\\[{better.low:+.3f}, {better.high:+.3f}], {figure.n} in {figure.files} files[/]"
    )


@contextmanager
def _out_of_memory(device: str, model: ModelDirectory) -> Iterator[None]:
    """Says what to do where memory does not suffice."""
    import torch

    remedy = "give a smaller --length or --rank, and end what else runs there"
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError):
        raise EngineUnavailable(f"{device} has not enough memory to train {model.info.name}; {remedy}") from None
    except RuntimeError as error:
        if "can't allocate memory" not in str(error):
            raise
        raise EngineUnavailable(f"{device} has not enough memory to train {model.info.name}; {remedy}") from None
