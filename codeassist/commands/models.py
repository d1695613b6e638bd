"""`codeassist models`: what is on this machine. The other subcommands have modules of their own."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from codeassist.commands.front import Front, front_of
from codeassist.commands.model_places import models_of
from codeassist.commands.models_fetch import fetch
from codeassist.commands.models_import import export, import_model, remove
from codeassist.commands.models_known import known
from codeassist.commands.opening import settings_for
from codeassist.commands.options import AsJson, Overrides
from codeassist.printable import printable, printable_name

if TYPE_CHECKING:
    from codeassist.engine.catalogue import Catalogue
    from codeassist.models.checksums import CheckedFile
    from codeassist.models.found import ModelPlace, ModelSummary
    from codeassist.models.verify import Verified

models = typer.Typer(name="models", invoke_without_command=True, rich_markup_mode="rich")
models.command()(known)
models.command()(fetch)
models.command(name="import")(import_model)
models.command()(export)
models.command()(remove)

Directories = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="MODEL", help="Model directories or names; otherwise all that `models list` shows.", show_default=False
    ),
]

# Engines that load `engine.model`; for the scripted one it is a file of answers.
_EMBEDDING_KINDS = ("auto", "embedded")
_STYLES = {"ok": "green", "changed": "bold red", "missing": "bold red", "unexpected": "yellow"}


@models.callback()
def root(context: typer.Context) -> None:
    """Models by name: fetch them or take them from a folder, see which are here, and verify that they are whole.

    [bold]Examples[/bold]

      codeassist models known

      codeassist models fetch deepseek-coder-v2-lite

      codeassist models list

      codeassist models verify deepseek-coder-v2-lite
    """
    if context.invoked_subcommand is None:
        front_of(context).stdout.write(context.get_help() + "\n")


@models.command(name="list")
def list_models(context: typer.Context, as_json: AsJson = False, overrides: Overrides = None) -> None:
    """Show the models in the package, fetched, imported, and named by settings: size, architecture, context."""
    from codeassist.models.found import summarise

    front = front_of(context)
    found = [(place, summarise(place)) for place in _places(front, overrides)]
    if as_json:
        front.print_json({"models": [_entry(place, summary) for place, summary in found]})
        return
    for place, summary in found:
        front.console.print(_description(place, summary))


@models.command()
def verify(
    context: typer.Context, directories: Directories = None, as_json: AsJson = False, overrides: Overrides = None
) -> None:
    """Check a model's files against its SHA256SUMS, and that the engine could load it; exit code 1 when not.

    A model without a SHA256SUMS has no hashes to compare with. Its configuration, its tokenizer, and the sizes and
    shapes of its weights are checked even so.
    """
    from codeassist.engine.catalogue import read_catalogue

    front = front_of(context)
    paths = [_path(front, directory, overrides) for directory in directories or ()]
    paths = paths or [place.path for place in _places(front, overrides)]
    catalogue = read_catalogue()
    verdicts = [_verify(path, catalogue) if as_json else _verify_aloud(front, path, catalogue) for path in paths]
    is_whole = not any(verified.problems for verified in verdicts)
    if as_json:
        front.print_json({"ok": is_whole, "models": [_verdict(verified) for verified in verdicts]})
    if not is_whole:
        raise typer.Exit(1)


def _places(front: Front, overrides: list[str] | None) -> list[ModelPlace]:
    from codeassist.models.found import find_models

    settings = settings_for(front, None, overrides).settings
    model = settings.engine.model if settings.engine.kind in _EMBEDDING_KINDS else ""
    return find_models(model, settings.index.embedder, settings.engine.models)


def _path(front: Front, given: Path, overrides: list[str] | None) -> Path:
    """A folder as it was given, or that of a name."""
    named = models_of(front, overrides) / given
    return named if len(given.parts) == 1 and named.exists() else front.cwd / given


def _entry(place: ModelPlace, summary: ModelSummary) -> dict[str, Any]:
    return asdict(place) | {"path": str(place.path)} | asdict(summary)


def _description(place: ModelPlace, summary: ModelSummary) -> Text:
    origin = "in the package" if place.is_shipped else "yours"
    use = f"   {place.use}, {origin}{'' if place.is_in_use else ', not in use'}"
    context = f"{summary.context_tokens} tokens of context" if summary.context_tokens else "any length"
    called = place.called or summary.name
    own = "" if called == summary.name else f"{printable_name(summary.name)} · "
    facts = f"{own}{printable_name(summary.architecture)} · {context} · {summary.weight_bytes / 1e6:.0f} MB"
    told = (facts, "") if not summary.problem else (printable(summary.problem), "red")
    path = (printable_name(str(place.path)), "dim")
    return Text.assemble((printable_name(called), "bold"), (use, "dim"), "\n    ", told, "\n    ", path)


def _verify(path: Path, catalogue: Catalogue) -> Verified:
    from codeassist.models.verify import verify_model

    return verify_model(path, catalogue, lambda file: None)


def _verify_aloud(front: Front, path: Path, catalogue: Catalogue) -> Verified:
    from codeassist.models.verify import verify_model

    console = front.console
    console.print(Text(printable_name(str(path)), style="bold"))
    verified = verify_model(path, catalogue, lambda file: console.print(_file_line(file)))
    if not verified.has_checksums:
        console.print("  no SHA256SUMS here, so no hashes to compare with; structure only", style="dim")
    for problem in verified.problems:
        console.print(Text(f"  {printable(problem)}", style="red"))
    if not verified.problems:
        console.print(f"  whole{'' if verified.has_checksums else ', as far as its structure tells'}", style="green")
    return verified


def _file_line(file: CheckedFile) -> Text:
    return Text.assemble(f"  {file.state:<11}", printable_name(file.name), style=_STYLES[file.state])


def _verdict(verified: Verified) -> dict[str, Any]:
    return {
        "path": str(verified.path),
        "ok": not verified.problems,
        "has_checksums": verified.has_checksums,
        "files": [asdict(file) for file in verified.files],
        "problems": list(verified.problems),
    }
