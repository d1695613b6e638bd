"""What is read off records of engines, how configurations are named, and which prompts they get."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.engine_agreement.__main__ import main
from bench.engine_agreement.asking import prompts_of
from bench.engine_agreement.comparing import compare, forced_kept, runner_of, score_differences, texts_in_common
from bench.engine_agreement.configurations import parse
from codeassist.models.directory import shipped_model
from codeassist.tokenizer import FileTokenizer

GPU, CPU = "NVIDIA H200", "AMD EPYC"


def answer(*tokens: str, ms: float = 10.0, logprob: float = -1.0) -> dict[str, Any]:
    return {"tokens": list(tokens), "logprobs": [logprob] * len(tokens), "first_ms": 1.0, "ms": ms}


def record(name: str, *answers: dict[str, Any], device: str = GPU, **more: Any) -> dict[str, Any]:
    spec = f"Circumstances(model='1', vllm='0.26.0', device='{device}', dtype='auto', quantization='')"
    given = list(answers)
    return {"name": name, "info": {"spec": spec}, "answers": given, "again": given, "log": [], **more}


def test_answers_that_part_are_told_by_where_and_how_narrowly() -> None:
    some = [answer("a", "b", "c"), answer("a", "b", "c"), answer("a", "x", "c", logprob=-0.5)]
    others = [answer("a", "b", "c"), answer("a", "b", "d", logprob=-1.1), answer("a", "y", "c", logprob=-0.75)]
    found = texts_in_common(some, others)
    assert found == {"n": 3, "same": 1, "shortest_common_prefix": 1, "largest_gap_where_they_part": 0.25}


def test_an_answer_that_ends_sooner_is_another_one_without_a_gap() -> None:
    found = texts_in_common([answer("a")], [answer("a", "b")])
    assert (found["same"], found["shortest_common_prefix"], found["largest_gap_where_they_part"]) == (0, 1, None)


def test_where_nothing_differs_nothing_is_told_of_it() -> None:
    found = texts_in_common([answer("a", "b")], [answer("a", "b")])
    assert (found["same"], found["shortest_common_prefix"], found["largest_gap_where_they_part"]) == (1, None, None)


def test_scores_differ_by_the_largest_and_the_mean_of_all_tokens() -> None:
    found = score_differences([[-1.0, -2.0], [-3.0, -4.0]], [[-1.0, -2.5], [-3.1, -4.0]])
    assert found == {"tokens": 4, "largest": 0.5, "mean": 0.15}


def test_a_forced_beginning_that_was_lost_is_counted() -> None:
    assert forced_kept({" ret": [answer(" re", "turn"), answer(" red")], "s": [answer("s")]}) == {"n": 3, "kept": 2}


@pytest.mark.parametrize(
    ("line", "runner"),
    [
        ("INFO [gpu_worker.py:378] Using V2 Model Runner", "newer"),
        ("INFO [gpu_model_runner.py:5250] Starting to load model", "older"),
        ("INFO [cpu_model_runner.py:68] Starting to load model", ""),
    ],
)
def test_the_log_tells_which_runner_it_was(line: str, runner: str) -> None:
    assert runner_of(["something else", line]) == runner


def test_each_record_is_held_against_that_of_its_weights() -> None:
    records = [
        record("none", answer("a", "b"), scores=[{"prompt": [-1.0]}]),
        record("mtp1", answer("a", "b", ms=4.0), scores=[{"prompt": [-1.5]}], drafted=4, accepted=3),
        record("merged", answer("c", "d"), scores=[{"prompt": [-2.0]}]),
        record("lora-mtp1", answer("c", "d"), scores=[{"prompt": [-2.25]}], without=[answer("a", "b")]),
    ]
    on_cpu = [
        record("mtp1", answer("a"), device=CPU, scores=[{"prompt": [-1.0]}]),
        record("merged", answer("c"), device=CPU, scores=[{"prompt": [-2.0]}]),
    ]
    found = compare(records, on_cpu)
    assert (found["devices"], found["vllm"], found["prompts"]) == ([GPU], ["0.26.0"], 1)
    assert [one["device"] for one in found["on_cpu"]] == [CPU, CPU]
    rows = {row["name"]: row for row in found["configurations"]}
    assert rows["mtp1"]["tokens_per_s_again"] == 500.0
    assert rows["mtp1"]["accepted_share"] == 0.75
    assert rows["mtp1"]["scores"] == {"beside": "mtp1", "tokens": 1, "largest": 0.5, "mean": 0.5}
    assert (rows["lora-mtp1"]["beside"], rows["lora-mtp1"]["same"]) == ("merged", 1)
    assert rows["lora-mtp1"]["scores"]["largest"] == 0.25
    assert rows["lora-mtp1"]["without_adapter"] == {"n": 1, "same": 1}


def test_scores_that_the_engine_refused_are_left_out() -> None:
    refused = record("none", answer("a"), scores=[{"error": "RequestRejected('...')"}])
    found = compare([refused, record("mtp1", answer("a"))], [record("none", answer("a"), scores=[{"prompt": [-1.0]}])])
    assert all("scores" not in row for row in found["configurations"])


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ([record("lora", answer("a"))], "compared with merged, which is missing"),
        ([record("none", answer("a")), record("none", answer("a"))], "the same name"),
        ([record("none", answer("a")), record("mtp1", answer("a"), answer("b"))], "different repositories"),
    ],
)
def test_records_that_cannot_be_compared_are_refused(records: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        compare(records, [])


def test_a_result_names_its_command_without_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "none.json").write_text(json.dumps(record("none", answer("a"))))
    out = tmp_path / "out.json"
    monkeypatch.setattr(sys, "argv", ["", "compare", str(tmp_path / "none.json"), "--out", str(out)])
    assert main() == 0
    assert json.loads(out.read_text())["command"] == "python -m bench.engine_agreement compare none.json --out out.json"


def test_a_configuration_is_told_by_its_name() -> None:
    found = parse("tp2-ep-lora-mtp3-v1")
    assert (found.n_gpus, found.experts_whole, found.weights, found.runner) == (2, True, "lora", "0")
    settings = found.settings(on_cpu=False)
    assert (settings.speculation, settings.speculative_tokens, settings.tensor_parallel) == ("mtp", 3, 2)
    assert parse("ngram3").settings(on_cpu=True).speculation == "ngram"
    plain = parse("lora")
    assert (plain.method, plain.n_drafted, plain.n_gpus, plain.runner) == ("none", 0, 1, "")
    assert parse("merged").settings(on_cpu=True).dtype == "bfloat16"


@pytest.mark.parametrize("name", ["", "mtp", "mtp1-", "lora-merged", "mtp1 v1", "none-v3", "suffix2", "nonemtp1"])
def test_a_name_that_says_nothing_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no configuration"):
        parse(name)


def test_prompts_begin_long_files_and_grow(tmp_path: Path) -> None:
    for n in range(11):
        (tmp_path / f"{n:02}.py").write_text(f"number_{n} = 1\n" * 600)
    (tmp_path / "short.py").write_text("pass\n")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "0.py").write_text("hidden = 1\n" * 900)
    tokenizer = FileTokenizer(shipped_model() / "tokenizer.json")
    prompts = prompts_of([tmp_path], tokenizer, "deepseek")
    assert [len(prompt) for prompt in prompts] == [701, 738, 775]
    assert [tokenizer.decode(prompt[1:8]).split(" ")[0] for prompt in prompts] == ["number_0", "number_5", "number_10"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit, match="no Python file of more than"):
        prompts_of([tmp_path / "empty"], tokenizer, "deepseek")
