"""`codeassist mtp measure`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from codeassist.commands.front import Front, front_of
from codeassist.commands.model_places import model_folder
from codeassist.commands.opening import run_async, set_up_logging, set_up_quiet_logging, settings_for
from codeassist.commands.options import AsJson, Overrides
from codeassist.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from codeassist.engine.measured import Purpose
    from codeassist.engine.speculation import Drafter
    from codeassist.models.directory import ModelDirectory
    from codeassist.mtp.measure import Cases, Measurement
    from codeassist.protocols import Engine
    from codeassist.settings import EngineSettings

_MOST_TOKENS = 16

HELP = """Measure what drafting saves with a model on this machine, and choose by it.

Asks for gaps in files that `train` has held out: completions, and edits, where the code repeats what stands in its
prompt. One engine after the other runs with each method and number of tokens; leave the machine alone meanwhile.
For each kind it tells how many drafts were accepted, how fast answers came and how far greedy texts are the same,
and chooses what is faster by more than chance, or no drafting.

When one user asks, each step reads the active weights from memory once, however many tokens it checks: drafts pay
while reading takes longer than computing.

vLLM has one method for as long as it runs. Where engine.speculation is `auto` and engine.speculative_tokens is -1,
the engine of completions takes the choice for completions, that of `chat.directory` the one for edits; measure that
model, too. Settings such as engine.dtype and engine.quantization count, and a choice holds for them alone.

[bold]Examples[/bold]

  codeassist mtp measure --model ~/models/lite-with-mtp --data ~/src/api --data ~/src/web

  codeassist mtp measure --model ~/models/lite-with-mtp --data ~/src/api -o engine.quantization=fp8 --no-write
"""

Model = Annotated[Path, typer.Option("--model", help="Folder or name of the model.")]
Data = Annotated[list[Path], typer.Option("--data", help="A repository to measure on; give it as often as you like.")]
Tokens = Annotated[str, typer.Option("--tokens", help="Tokens per step to try, with commas; 0 for no drafting.")]
Methods = Annotated[
    str,
    typer.Option(
        "--methods", help="Methods to try, with commas: none, mtp, ngram, suffix; empty for those that can be had."
    ),
]
NCases = Annotated[int, typer.Option("--cases", min=2, help="Gaps of each kind.")]
MaxTokens = Annotated[int, typer.Option("--max-tokens", min=2, help="Longest answer in tokens.")]
Write = Annotated[bool, typer.Option("--write/--no-write", help="Keep the choice, for engine.speculation = auto.")]


def measure(
    context: typer.Context,
    model: Model,
    data: Data,
    tokens: Tokens = "0,1,2,3",
    methods: Methods = "",
    cases: NCases = 24,
    max_tokens: MaxTokens = 64,
    write: Write = True,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """What drafting saves on this machine, and the choice by it."""
    from codeassist.models.directory import read_model

    front = front_of(context)
    settings = settings_for(front, None, overrides).settings
    if settings.log.file:
        set_up_logging(front, settings.log)
    else:
        set_up_quiet_logging(front)
    front.guard_stdout()
    directory = read_model(model_folder(front, model, overrides).resolve())
    drafters = _drafters(methods, tokens, directory)
    found = _cases(front, directory.path, data, cases)
    measured = run_async(_measure(front, settings.engine, directory.path, drafters, found, max_tokens))
    written = _written(measured) if write else None
    if as_json:
        front.print_json(_document(measured, directory.path, written))
        return
    from codeassist.commands.show_drafting import show_measurement

    show_measurement(front.console, measured)
    front.console.print(f"Kept in {escape(written)}." if written else "The choice is not kept.", style="dim")


async def _measure(
    front: Front, settings: EngineSettings, model: Path, drafters: Sequence[Drafter], cases: Cases, max_tokens: int
) -> Measurement:
    from codeassist.engine.choose import open_embedded, open_scripted
    from codeassist.mtp.measure import measure as measured

    def open_engine(drafter: Drafter) -> Engine:
        asked = replace(settings, speculation=drafter.method, speculative_tokens=drafter.n_tokens)
        if settings.kind == "scripted":
            return open_scripted(asked)
        return open_embedded(replace(asked, model=str(model)))

    def tell(what: str) -> None:
        front.error_console.print(escape(what))

    return await measured(open_engine, drafters, cases, max_tokens, tell)


def _cases(front: Front, model: Path, data: Sequence[Path], n_cases: int) -> Cases:
    from codeassist.mtp.cases import draw_cases
    from codeassist.mtp.samples import split_texts

    _, held_out = split_texts([(front.cwd / folder).resolve() for folder in data])
    found = draw_cases(model, held_out, n_cases)
    counts = ", ".join(f"{len(cases)} for {purpose}" for purpose, cases in found.items())
    front.error_console.print(f"{len(held_out)} files held out; gaps: {counts}")
    if not any(found.values()):
        raise ModelError("the files that are held out have no gap to ask for; give more repositories with --data")
    return found


def _drafters(methods: str, tokens: str, model: ModelDirectory) -> list[Drafter]:
    """What is to be tried. Raises ConfigError."""
    from codeassist.engine.hardware import has_arctic_inference
    from codeassist.engine.speculation import METHODS, Drafter, require_drafting

    usual = ["mtp", "ngram"] if model.n_mtp_layers else ["ngram"]
    names = [name.strip() for name in methods.split(",")] if methods else usual
    for name in names:
        if name not in METHODS:
            raise ConfigError(f"--methods names {name!r}; there are {', '.join(METHODS)}")
    numbers = _numbers(tokens)
    drafters = [Drafter(name, n) for name in METHODS if name in names and name != "none" for n in numbers if n]
    for drafter in drafters:
        require_drafting(
            drafter.method, drafter.n_tokens, model.n_mtp_layers, model.path, has_suffix=has_arctic_inference()
        )
    return drafters


def _numbers(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) <= _MOST_TOKENS for part in parts):
        raise ConfigError(f"--tokens is {text!r}; write numbers from 0 to {_MOST_TOKENS} with commas, such as 0,1,2,3")
    return sorted({int(part) for part in parts})


def _written(measured: Measurement) -> str | None:
    """The file that the choices were written to; None where the engine does not tell what they hold for."""
    from codeassist.directories import speculation_file
    from codeassist.engine.measured import write_choices

    if measured.circumstances is None:
        return None
    choices: dict[Purpose, tuple[Drafter, dict[str, Any]]] = {}
    for purpose, result in measured.results.items():
        shown = next(one for one in result.figures if one.drafter == result.choice)
        told = {"plain": asdict(result.figures[0]), "chosen": asdict(shown), "noise": result.noise}
        choices[purpose] = (result.choice, told)
    file = speculation_file()
    try:
        write_choices(file, measured.circumstances, choices)
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be written ({error.strerror}); give --no-write, or make it writable"
        ) from None
    return str(file)


def _document(measured: Measurement, model: Path, written: str | None) -> dict[str, Any]:
    return {
        "model": str(model),
        "circumstances": asdict(measured.circumstances) if measured.circumstances else None,
        "kinds": {purpose: asdict(result) for purpose, result in measured.results.items()},
        "failed": [asdict(drafter) | {"why": why} for drafter, why in measured.failed.items()],
        "written": written,
    }
