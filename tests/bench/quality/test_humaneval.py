from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

from bench.quality.humaneval import FILES, Problem, measure, read_problems, summarise
from bench.quality.journal import Journal
from codeassist.engine.scripted import SCRIPTED_INFO, Answer, ScriptedEngine
from codeassist.errors import EngineCrashed
from codeassist.models.directory import shipped_model
from codeassist.settings import CompletionSettings

ROW = {
    "task_id": "SingleLineInfilling/HumanEval/7/L0",
    "entry_point": "double",
    "prompt": "def double(n):\n",
    "suffix": "    return twice\n",
    "canonical_solution": "    twice = 2 * n\n",
    "test": "def check(candidate):\n    assert candidate(2) == 4\n",
}
SPAN = {
    **ROW,
    "prompt": "def double(n):\n    tw",
    "suffix": " n\n    return twice\n",
    "canonical_solution": "ice = 2 *",
}


def problems(folder: Path, way: str) -> list[Problem]:
    row = ROW if way == "single_line" else SPAN
    with gzip.open(folder / FILES[way], "wt") as lines:
        lines.write(json.dumps(row) + "\n")
    return read_problems(folder, way)


async def outcomes(folder: Path, way: str, *answers: str | Answer) -> list[object]:
    info = replace(SCRIPTED_INFO, tokenizer=shipped_model() / "tokenizer.json", supports_forced_prefix=False)
    engine = ScriptedEngine(answers, info=info)
    await engine.start()
    found = await measure(problems(folder, way), engine, CompletionSettings(), Journal(folder / "journal"), 2)
    await engine.close()
    return [(one.verdict, one.exact, one.text) for one in found]


def test_the_gap_and_its_surroundings_make_the_program(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, "single_line")
    assert line.cluster == "HumanEval/7"
    assert line.program(line.solution).startswith("def double(n):\n    twice = 2 * n\n    return twice\n\ndef check")
    (span,) = problems(tmp_path, "random_span")
    assert span.program(span.solution) == line.program(line.solution)


async def test_one_line_is_shown_and_tested(tmp_path: Path) -> None:
    answer = "    twice = 2 * n\n    more = 1\n"
    assert await outcomes(tmp_path, "single_line", answer) == [("passed", True, "    twice = 2 * n")]


async def test_a_wrong_line_fails(tmp_path: Path) -> None:
    assert await outcomes(tmp_path, "single_line", "    twice = 3 * n\n") == [("failed", False, "    twice = 3 * n")]


async def test_spans_are_filled_as_they_come(tmp_path: Path) -> None:
    assert await outcomes(tmp_path, "random_span", "ice = n\n    twice = 2 *") == [
        ("passed", False, "ice = n\n    twice = 2 *")
    ]


async def test_a_broken_engine_is_asked_again_and_an_answer_is_kept(tmp_path: Path) -> None:
    broken = Answer("", error=EngineCrashed("died"))
    right = [("passed", True, "    twice = 2 * n")]
    assert await outcomes(tmp_path, "single_line", broken, "    twice = 2 * n\n") == right
    assert await outcomes(tmp_path, "single_line", "another answer") == right


async def test_the_summary_counts(tmp_path: Path) -> None:
    info = replace(SCRIPTED_INFO, tokenizer=shipped_model() / "tokenizer.json")
    engine = ScriptedEngine(["    twice = 2 * n\n"], info=info)
    await engine.start()
    gaps = problems(tmp_path, "single_line")
    found = await measure(gaps, engine, CompletionSettings(), Journal(tmp_path / "journal"), 1)
    summary = summarise(found)
    assert summary["single_line"]["pass@1"]["mean"] == 1.0  # type: ignore[index]
    assert summary["single_line"]["verdicts"] == {"passed": 1}  # type: ignore[index]
