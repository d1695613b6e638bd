from __future__ import annotations

from pathlib import Path

from bench.quality import cursors, drafting, humaneval
from bench.quality.__main__ import command_line
from bench.quality.everything import programs


def test_one_command_runs_every_measurement_of_the_model() -> None:
    asked = command_line().parse_args(["all", "/src/falcon", "/src/trl", "--work", "/w", "-o", "engine.threads=1"])
    parsed = [command_line().parse_args(program) for program in programs(asked)]
    assert [arguments.run for arguments in parsed] == [humaneval.run, cursors.run, drafting.run]
    assert [arguments.out.name for arguments in parsed] == ["humaneval.json", "quality.json", "drafting.json"]
    assert parsed[1].repositories == [Path("/src/falcon"), Path("/src/trl")]
    assert all(arguments.option == ["engine.threads=1"] for arguments in parsed)
    assert all(arguments.work == Path("/w") for arguments in parsed)
