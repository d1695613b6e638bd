"""`codeassist doctor`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from codeassist.commands.front import Front, front_of
from codeassist.commands.opening import settings_for
from codeassist.commands.options import AsJson, Overrides
from codeassist.configuration import LoadedSettings, user_config_file
from codeassist.directories import data_directory, hub_cache
from codeassist.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from codeassist.doctor.advice import Advice
    from codeassist.doctor.fit import Fit, Wish
    from codeassist.doctor.report import Report
    from codeassist.doctor.writing import Plan

_LONGEST_CONTEXT = 1_048_576

Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME|DIR",
        help="Only this model: a published one by name, or a directory.",
        show_default=False,
    ),
]
Context = Annotated[
    int | None,
    typer.Option(
        "--context",
        metavar="N",
        min=1,
        max=_LONGEST_CONTEXT,
        help="Tokens of context that it has to hold.",
        show_default=False,
    ),
]
Users = Annotated[
    int | None,
    typer.Option(
        "--users", metavar="N", min=1, max=1024, help="Users who complete at the same moment.", show_default=False
    ),
]
Quantization = Annotated[
    str | None,
    typer.Option(
        "--quantization",
        metavar="FORMAT",
        help="Only weights in this format: bf16, fp8, int8 or int4, or as vLLM calls it (awq, gptq).",
        show_default=False,
    ),
]
Write = Annotated[bool, typer.Option("--write", help="Put the recommendation into your own config.toml.")]
Force = Annotated[bool, typer.Option("--force", help="With --write: also replace what you have set yourself.")]


def doctor(
    context: typer.Context,
    model: Model = None,
    n_context: Context = None,
    users: Users = None,
    quantization: Quantization = None,
    write: Write = False,
    force: Force = False,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """See what this machine can run: which models, in which format, for how much context and how many users.

    GPUs, CPU, memory, disk and the installed vLLM are read, no model is loaded.
    What does not fit is told with what would help.
    Tokens a second are what the memory's bandwidth allows one user; nothing gets beyond that.
    The exit code is 1 where nothing fits, or what you asked for does not.

    [bold]Examples[/bold]

      codeassist doctor

      codeassist doctor --model deepseek-coder-v2-lite --context 65536 --users 8

      codeassist doctor --model ~/models/my-finetune --quantization fp8

      codeassist doctor --write                  configure what is recommended
    """
    if force and not write:
        raise typer.BadParameter("--force is for --write: it replaces what you have set yourself")
    front = front_of(context)
    loaded = settings_for(front, None, overrides)
    report = _report(front, loaded, model, _wish(n_context, users, quantization))
    plan = _plan(front, report.advice) if write else None
    refused = plan is not None and bool(plan.own) and not force
    if plan is not None and not refused:
        _write(front, loaded, plan)
    _tell(front, loaded, report, plan, refused=refused, as_json=as_json)
    if refused or not report.is_good:
        raise typer.Exit(1)


def _tell(
    front: Front, loaded: LoadedSettings, report: Report, plan: Plan | None, *, refused: bool, as_json: bool
) -> None:
    from codeassist.commands.show_doctor import show_hint, show_plan, show_report

    if as_json:
        front.print_json(_answer(report, plan, refused=refused))
        return
    show_report(front.console, report)
    if plan is not None:
        show_plan(front.console, plan, refused=refused)
    elif report.advice is not None and not _is_in_force(loaded, report.advice):
        show_hint(front.console)


def _is_in_force(loaded: LoadedSettings, advice: Advice) -> bool:
    """Whether the settings say already what is recommended."""
    from codeassist.doctor.writing import value_of

    return all(value_of(loaded.settings, name) == value for name, value in advice.settings.items())


def _wish(n_context: int | None, users: int | None, quantization: str | None) -> Wish:
    """Raises typer.BadParameter for what nobody calls a format."""
    from codeassist.doctor.fit import Wish
    from codeassist.doctor.formats import format_named

    try:
        format_named(quantization or "")
    except ModelError as error:
        raise typer.BadParameter(str(error)) from None
    return Wish(n_context or 0, users or 1, quantization or "")


def _report(front: Front, loaded: LoadedSettings, model: str | None, wish: Wish) -> Report:
    from codeassist.doctor.candidates import chosen_candidate, find_candidates
    from codeassist.doctor.machine import read_machine
    from codeassist.doctor.report import examine
    from codeassist.engine.gpus import find_library

    engine = loaded.settings.engine
    folder = Path(engine.models).expanduser() if engine.models else data_directory() / "models"
    used = engine.model if engine.kind in ("auto", "embedded") else ""
    candidates = [chosen_candidate(model, folder, front.cwd)] if model else find_candidates(used, folder, hub_cache())
    machine = read_machine(folder, find_library(), front.environ.get("CUDA_VISIBLE_DEVICES"))
    return examine(machine, candidates, engine, wish)


def _plan(front: Front, advice: Advice | None) -> Plan:
    from codeassist.doctor.writing import plan_changes

    if advice is None:
        raise ConfigError("nothing fits, so there is nothing to write; see `codeassist doctor`")
    return plan_changes(user_config_file(front.environ), advice.settings)


def _write(front: Front, loaded: LoadedSettings, plan: Plan) -> None:
    """What is written in vain, since something stronger says otherwise, is told."""
    from codeassist.doctor.writing import write_plan

    if plan.changes:
        write_plan(plan)
    for origin, name in ((loaded.origins[change.name], change.name) for change in plan.changes):
        if origin.startswith(("environment", "command line")):
            front.warn(f"{name} is set by {origin}, which wins over the file")


def _answer(report: Report, plan: Plan | None, *, refused: bool) -> dict[str, Any]:
    machine = report.machine
    told = asdict(machine) | {"disk": {"folder": str(machine.disk.folder), "free_bytes": machine.disk.free_bytes}}
    answer: dict[str, Any] = {
        "ok": report.is_good,
        "machine": told | {"cpu_bandwidth": report.cpu_bandwidth},
        "problems": list(report.problems),
        "models": [
            {
                "name": one.candidate.name,
                "origin": one.candidate.origin,
                "path": str(one.candidate.path) if one.candidate.path else None,
                "problem": one.problem or one.unfetchable,
                "fits": [_fit(fit) for fit in one.fits],
            }
            for one in report.surveyed
        ],
        "recommendation": _recommendation(report.advice),
    }
    if plan is not None:
        state = "refused" if refused else "written" if plan.changes else "unchanged"
        answer["file"] = {"path": str(plan.file), "state": state, "changes": [asdict(item) for item in plan.changes]}
    return answer


def _fit(fit: Fit) -> dict[str, Any]:
    return asdict(fit) | {"candidate": fit.candidate.name, "fits": fit.fits, "is_at_hand": fit.is_at_hand}


def _recommendation(advice: Advice | None) -> dict[str, Any] | None:
    if advice is None:
        return None
    return {"settings": dict(advice.settings), "notes": list(advice.notes), "fit": _fit(advice.fit)}
