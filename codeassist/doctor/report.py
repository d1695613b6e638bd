"""All that `codeassist doctor` finds out, before anybody prints it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from codeassist.doctor.advice import Advice, advise, disk_problem, has_room
from codeassist.doctor.bandwidth import memory_bandwidth
from codeassist.doctor.candidates import Candidate
from codeassist.doctor.diagnosis import problems
from codeassist.doctor.fit import Wish
from codeassist.doctor.machine import Machine
from codeassist.doctor.survey import Surveyed, survey
from codeassist.settings import EngineSettings


@dataclass(frozen=True, slots=True)
class Report:
    """cpu_bandwidth: bytes a second, 0 where a GPU makes it irrelevant."""

    machine: Machine
    cpu_bandwidth: float
    problems: tuple[str, ...]
    surveyed: tuple[Surveyed, ...]
    advice: Advice | None

    @property
    def is_good(self) -> bool:
        """Whether something fits that can be had here."""
        return any(fit.fits and has_room(fit, self.machine) for one in self.surveyed for fit in one.fits)


def examine(machine: Machine, candidates: Sequence[Candidate], engine: EngineSettings, wish: Wish) -> Report:
    """The whole verdict. Without a GPU, the memory's bandwidth is measured, which takes a moment."""
    bandwidth = 0.0 if machine.gpus.gpus else memory_bandwidth(engine.threads or machine.cpu.hardware.n_cores)
    surveyed = [
        replace(one, unfetchable=disk_problem(one.fits, machine))
        for one in survey(candidates, machine, engine, wish, bandwidth)
    ]
    return Report(
        machine=machine,
        cpu_bandwidth=bandwidth,
        problems=tuple(problems(machine, engine)),
        surveyed=tuple(surveyed),
        advice=advise(surveyed, machine, engine, wish),
    )
