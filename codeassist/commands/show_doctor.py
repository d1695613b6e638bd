"""What `codeassist doctor` found, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from codeassist.doctor.advice import FAMILY, Advice
from codeassist.doctor.amounts import gigabytes, rate
from codeassist.doctor.candidates import Candidate
from codeassist.doctor.fit import Fit
from codeassist.doctor.machine import Machine
from codeassist.doctor.report import Report
from codeassist.doctor.survey import Surveyed
from codeassist.doctor.toml_edit import toml_value
from codeassist.doctor.writing import Plan, default_of
from codeassist.engine.gpus import Gpu, memory_holders

_ORIGINS = {
    "shipped": "in the package",
    "settings": "in your settings",
    "folder": "on this machine",
    "hub cache": "in the hub's cache",
    "published": "to be fetched",
}
# What of a config.json says how the numbers are stored, not how many there are.
_STORAGE = frozenset({"quantization_config", "torch_dtype"})


def show_report(console: Console, report: Report) -> None:
    """The machine, what is wrong with it, what fits, and what is recommended."""
    for line in _machine(report.machine, report.cpu_bandwidth):
        console.print(line)
    for problem in report.problems:
        console.print(Text(f"! {problem}", style="yellow"))
    asked = len(report.surveyed) == 1
    for one in report.surveyed:
        if asked or one.candidate.path is not None:
            console.print()
            console.print(_head([one]))
            for line in _body(one, one.fits):
                console.print(line)
    for line in () if asked else _published(report.surveyed):
        console.print(line)
    console.print()
    for line in _advice(report):
        console.print(line)


def show_hint(console: Console) -> None:
    """How to take the advice."""
    console.print(Text("  `codeassist doctor --write` puts it into your config.toml", style="dim"))


def show_plan(console: Console, plan: Plan, *, refused: bool) -> None:
    """What was written, or would have been."""
    console.print()
    if not plan.changes:
        as_it_is = f"{plan.file} says so already; it stays as it is"
        console.print(Text(as_it_is if plan.text else "nothing has to be written for that", style="green"))
        return
    if refused:
        names = ", ".join(change.name for change in plan.own)
        console.print(Text(f"nothing is written: {plan.file} has your own {names}", style="bold yellow"))
    else:
        console.print(Text(f"written to {plan.file}, with everything else left as it was", style="green"))
    for change in plan.changes:
        console.print(Text(f"  {change.line}"))
    if refused:
        console.print(Text("--force replaces it; what else is in the file stays", style="dim"))


def _machine(machine: Machine, cpu_bandwidth: float) -> Iterator[Text]:
    for gpu in machine.gpus.gpus:
        yield _row(f"GPU {gpu.index}", _gpu(gpu))
        if gpu.users:
            yield _row("", memory_holders(gpu.users))
    if machine.gpus.gpus:
        cuda = ".".join(map(str, machine.gpus.cuda))
        yield _row("driver", f"{machine.gpus.driver}, CUDA up to {cuda}")
    else:
        yield _row("GPU", "none")
    hardware = machine.cpu.hardware
    facts = [machine.cpu.name, f"{hardware.n_cores} cores", " ".join(machine.cpu.flags)]
    facts += [f"memory read at {rate(cpu_bandwidth)}"] if cpu_bandwidth else []
    yield _row("CPU", " · ".join(fact for fact in facts if fact))
    free = gigabytes(hardware.memory_bytes)
    yield _row("memory", f"{gigabytes(machine.total_memory_bytes)}, {free} can be had")
    yield _row("disk", f"{gigabytes(machine.disk.free_bytes)} free for models in {machine.disk.folder}")
    yield _row("engine", _builds(machine))


def _row(label: str, text: str) -> Text:
    return Text.assemble((f"{label:<8}", "bold"), text)


def _gpu(gpu: Gpu) -> str:
    bandwidth = f" · {rate(gpu.bandwidth)}" if gpu.bandwidth else ""
    capability = ".".join(map(str, gpu.capability))
    memory = f"{gigabytes(gpu.free_bytes)} of {gigabytes(gpu.total_bytes)} free"
    return f"{gpu.name} · {memory} · compute {capability}{bandwidth}"


def _builds(machine: Machine) -> str:
    builds = machine.builds
    if not builds.vllm:
        return "vLLM is not installed"
    torch = f"torch {builds.torch}" + (f" for CUDA {builds.torch_cuda}" if builds.torch_cuda else "")
    return f"vLLM {builds.vllm}, built for {'CPUs' if builds.vllm_on_cpu else 'GPUs'} · {torch}"


def _published(surveyed: Sequence[Surveyed]) -> Iterator[Text]:
    """What may be fetched, models of the same sizes together: DeepSeek's with all formats, others in a line each."""
    families = _families(surveyed)
    for family in families:
        if _is_main(family):
            yield Text()
            yield _head(family)
            yield from _body(family[0], _merged(family))
    others = [_in_a_line(_merged(family)) for family in families if not _is_main(family) and family[0].fits]
    if others:
        yield Text()
        yield Text.assemble(("others", "bold"), ("   to be fetched; --model NAME tells more of one", "dim"))
        yield from others


def _families(surveyed: Sequence[Surveyed]) -> list[list[Surveyed]]:
    """Published models whose sizes are the same, however they are quantised and trained."""
    families: dict[str, list[Surveyed]] = {}
    for one in surveyed:
        if one.candidate.path is None:
            sizes = {key: size for key, size in one.candidate.sizes.items() if key not in _STORAGE}
            families.setdefault(repr(sorted(sizes.items())), []).append(one)
    return list(families.values())


def _is_main(family: Sequence[Surveyed]) -> bool:
    return family[0].candidate.sizes.get("model_type") in FAMILY


def _merged(family: Sequence[Surveyed]) -> list[Fit]:
    """One fit for each format, of a model that is published in it where there is one."""
    best: dict[str, Fit] = {}
    for fit in (fit for one in family for fit in one.fits):
        if fit.stored not in best or (fit.is_at_hand and not best[fit.stored].is_at_hand):
            best[fit.stored] = fit
    return sorted(best.values(), key=lambda fit: -fit.needed_bytes)


def _in_a_line(fits: Sequence[Fit]) -> Text:
    """The most bits that fit, of what is published where possible; else what is needed at least."""
    good = [fit for fit in fits if fit.fits]
    best = next((fit for fit in good if fit.is_at_hand), good[0] if good else None)
    if best is not None:
        return Text.assemble(("  fits ", "green"), f" {best.candidate.name:<38}", _fact_cells(best))
    least = fits[-1]
    needs = f" needs {gigabytes(least.needed_bytes)} at least ({least.stored})"
    needs = needs if least.needed_bytes > least.budget_bytes else f" {least.problem}"
    return Text.assemble(("  no   ", "red"), f" {least.candidate.name:<38}", needs)


def _head(family: Sequence[Surveyed]) -> Text:
    names = ", ".join(_named(one.candidate) for one in family)
    return Text.assemble((names, "bold"), (f"   {_ORIGINS[family[0].candidate.origin]}", "dim"))


def _named(candidate: Candidate) -> str:
    """By what settings call it, with the model's own name where that is another."""
    called = candidate.setting or candidate.name
    is_plain = candidate.origin == "hub cache" or Path(called).name == candidate.name
    return candidate.name if is_plain else called if candidate.problem else f"{called} ({candidate.name})"


def _body(one: Surveyed, fits: Sequence[Fit]) -> Iterator[Text]:
    if one.problem:
        yield Text(f"  {one.problem}", style="red")
    if len(fits) > 1 and all(fit.needed_bytes > fit.budget_bytes for fit in fits):
        yield _all_refused(fits)
    else:
        yield from (_fitting(fit) if fit.fits else _refusal(fit) for fit in fits if not _is_twin(fit, fits))
    if one.unfetchable:
        yield Text(f"  {one.unfetchable}", style="yellow")


def _is_twin(fit: Fit, fits: Sequence[Fit]) -> bool:
    """Whether the engine makes the same size by itself, so that no other checkpoint is needed for it."""
    return not fit.is_at_hand and any(other.is_at_hand and other.needed_bytes <= fit.needed_bytes for other in fits)


def _all_refused(fits: Sequence[Fit]) -> Text:
    """One line for all formats that memory refuses: the largest is told whole, and the way out of the smallest."""
    smallest = min(fits, key=lambda fit: fit.needed_bytes)
    others = ", ".join(f"{fit.stored} {gigabytes(fit.needed_bytes)}" for fit in fits[1:] if not _is_twin(fit, fits))
    named = f"; {others}" if others else ""
    return Text.assemble(
        ("  no   ", "red"), (f" {fits[0].stored:<5}", "bold"), f" {fits[0].problem}{named}: {smallest.remedy}"
    )


def _fitting(fit: Fit) -> Text:
    return Text.assemble(("  fits ", "green"), _fact_cells(fit))


def _fact_cells(fit: Fit) -> Text:
    own = "" if fit.is_at_hand else ", of a checkpoint that is quantised so"
    return Text.assemble((f" {fit.stored:<5}", "bold"), _facts(fit), own)


def _facts(fit: Fit) -> str:
    share = f" on each of {fit.n_gpus} GPUs" if fit.n_gpus > 1 else ""
    users = "1 user" if fit.users == 1 else f"{fit.users} users"
    tokens = f"{fit.tokens_per_s:,.0f}" if fit.tokens_per_s >= 10 else f"{fit.tokens_per_s:.1f}"
    speed = f", at most {tokens} tokens/s" if fit.tokens_per_s else ""
    return f" {gigabytes(fit.needed_bytes)}{share}, {fit.context_tokens:,} tokens of context, {users}{speed}"


def _refusal(fit: Fit) -> Text:
    remedy = f": {fit.remedy}" if fit.remedy else ""
    return Text.assemble(("  no   ", "red"), (f" {fit.stored:<5}", "bold"), f" {fit.problem}{remedy}")


def _advice(report: Report) -> Iterator[Text]:
    if report.advice is not None:
        yield from _recommended(report.advice)
    elif report.is_good:
        yield Text(
            "recommended: a checkpoint that is quantised so; fetch one, and ask again with --model DIR", "yellow"
        )
    else:
        yield Text("recommended: nothing, for nothing fits here that can be had", style="bold red")


def _recommended(advice: Advice) -> Iterator[Text]:
    fit = advice.fit
    where = "the CPU" if not fit.n_gpus else "one GPU" if fit.n_gpus == 1 else f"{fit.n_gpus} GPUs"
    yield Text(f"recommended: {fit.candidate.name} in {fit.stored} on {where}", style="bold green")
    telling = {name: value for name, value in advice.settings.items() if value != default_of(name)}
    for name, value in telling.items():
        yield Text(f"  {name} = {toml_value(value)}", style="cyan")
    if not telling:
        yield Text("  which is what codeassist does when nothing else is configured", style="cyan")
    for note in advice.notes:
        yield Text(f"  {note}", style="dim")
