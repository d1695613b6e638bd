"""`codeassist shadow`: the report, nothing yet, and what is asked wrongly."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from codeassist.shadow.comparison import Comparison
from codeassist.shadow.store import ShadowLog
from tests.cli.conftest import Shell


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ShadowLog:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return ShadowLog(tmp_path / "state" / "codeassist" / "shadow.sqlite")


def fill(log: ShadowLog, n_gaps: int = 4) -> None:
    """Half of them the same."""
    one = Comparison(
        "k", time.time() - 60, "python", "anna[bold]", "/infill", "provider-1", "own-1", True, True, 1.0,
        100.0, 50.0, 40.0, 20.0, 1000, 1100, 10, 12, 0.5, 0.1,
    )  # fmt: skip
    for number in range(n_gaps):
        log.write(replace(one, key=str(number), is_exact=number % 2 == 0, similarity=1.0 - 0.2 * (number % 2)))


def test_a_person_gets_both_sides(shell: Shell, log: ShadowLog) -> None:
    fill(log)
    outcome = shell.run("shadow", "--since", "7d")
    assert outcome.code == 0
    lines = [" ".join(line.split()) for line in outcome.out.splitlines()]
    assert "4 gaps were asked of both engines (--since 7d)" in lines
    assert any(line.startswith("the same 50.0% ") for line in lines)
    assert "model provider-1 own-1" in lines
    assert "whole answer, half within 100 ms 50 ms" in lines
    assert "cost 2.0000 0.4000" in lines
    assert "saved by the second 1.6000" in lines
    assert any(line.startswith("anna[bold] 4 50%") for line in lines), "a name is no markup"
    assert max(len(line) for line in outcome.out.splitlines() if "/" not in line) <= 100


def test_a_program_gets_one_document(shell: Shell, log: ShadowLog) -> None:
    fill(log)
    answer = shell.run("shadow", "--json").json
    assert (answer["total"]["n"], answer["total"]["exact"]["value"]) == (4, 0.5)
    assert answer["total"]["saved"] == pytest.approx(1.6)
    assert list(answer["languages"]) == ["python"]


@pytest.mark.parametrize(("since", "n_gaps"), [("1h", 4), ("2999-01-01", 0), ("2020-01-01T00:00:00+02:00", 4)])
def test_it_looks_back_as_far_as_asked(shell: Shell, log: ShadowLog, since: str, n_gaps: int) -> None:
    fill(log)
    total = shell.run("shadow", "--json", "--since", since).json["total"]
    assert (total["n"] if total else 0) == n_gaps


@pytest.mark.parametrize("since", ["", "d", "yesterday", "-3d", "９d", "0001-01-01", "99999999999d"])
def test_a_time_that_is_none_is_refused(shell: Shell, log: ShadowLog, since: str) -> None:
    outcome = shell.run("shadow", f"--since={since}")
    assert outcome.code in (0, 2)
    assert outcome.code == 0 or ("--since" in outcome.err and outcome.err.count("\n") == 1)


def test_nothing_yet_says_what_to_do(shell: Shell, log: ShadowLog) -> None:
    assert "shadow.share is 0" in shell.run("shadow").out
    given = ("-o", "shadow.share=0.5", "-o", "shadow.url=http://127.0.0.1:1/v1")
    assert "codeassist serve" in shell.run("shadow", *given).out


def test_a_second_engine_needs_an_address(shell: Shell, log: ShadowLog) -> None:
    outcome = shell.run("shadow", "-o", "shadow.share=0.5")
    assert outcome.code == 2
    assert "shadow.url" in outcome.err


def test_it_is_forgotten(shell: Shell, log: ShadowLog) -> None:
    fill(log)
    assert shell.run("shadow", "--forget", "--json").json["forgotten"] == 4
    assert not log.path.exists()
