"""A measured choice is found again under the same circumstances, and under no others."""

import json
import logging
from dataclasses import fields, replace
from pathlib import Path

import pytest

from codeassist.engine.hardware import Hardware
from codeassist.engine.measured import Circumstances, circumstances, read_choice, write_choices
from codeassist.engine.speculation import NO_DRAFTER, Drafter
from codeassist.engine.vllm_arguments import HostOptions, decided, engine_arguments

NOW = Circumstances("abc", "0.26.0", "NVIDIA H100", "auto", "fp8")
MTP_2 = Drafter("mtp", 2)
OPTIONS = HostOptions("/models/coder", n_mtp_layers=1, context_tokens=4096)
MACHINE = Hardware(n_cores=4, memory_bytes=2**34, has_bf16_matrices=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "speculation.json"


def test_a_choice_is_read_for_what_it_was_made_for(file: Path) -> None:
    write_choices(file, NOW, {"completion": (MTP_2, {"gain": 0.4}), "edit": (NO_DRAFTER, {})})
    assert read_choice(file, NOW, "completion") == MTP_2
    assert read_choice(file, NOW, "edit") == NO_DRAFTER
    assert json.loads(file.read_text())["measured"][0]["choices"]["completion"]["gain"] == 0.4


@pytest.mark.parametrize("name", [field.name for field in fields(Circumstances)])
def test_under_other_circumstances_nothing_was_measured(file: Path, name: str) -> None:
    write_choices(file, NOW, {"completion": (MTP_2, {})})
    other = replace(NOW, **{name: "another"})
    assert read_choice(file, other, "completion") is None
    write_choices(file, other, {"completion": (Drafter("ngram", 3), {})})
    assert read_choice(file, NOW, "completion") == MTP_2
    assert read_choice(file, other, "completion") == Drafter("ngram", 3)


def test_what_is_measured_again_takes_the_place_of_what_was(file: Path) -> None:
    write_choices(file, NOW, {"completion": (MTP_2, {}), "edit": (Drafter("ngram", 3), {})})
    write_choices(file, NOW, {"completion": (NO_DRAFTER, {})})
    assert read_choice(file, NOW, "completion") == NO_DRAFTER
    assert read_choice(file, NOW, "edit") == Drafter("ngram", 3)
    assert len(json.loads(file.read_text())["measured"]) == 1


def test_without_a_file_nothing_was_measured_and_nothing_is_logged(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert read_choice(file, NOW, "completion") is None
    assert not caplog.records


ENTRY = {"circumstances": {field.name: getattr(NOW, field.name) for field in fields(NOW)}}


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b"{",
        b"[]",
        b'{"version": 99, "measured": []}',
        b'{"version": 1}',
        json.dumps({"version": 1, "measured": [ENTRY]}).encode(),
        json.dumps({"version": 1, "measured": [ENTRY | {"choices": {"completion": 3}}]}).encode(),
        json.dumps(
            {"version": 1, "measured": [ENTRY | {"choices": {"completion": {"method": "magic", "n_tokens": 1}}}]}
        ).encode(),
        json.dumps(
            {"version": 1, "measured": [ENTRY | {"choices": {"completion": {"method": "mtp", "n_tokens": 10**9}}}]}
        ).encode(),
    ],
)
def test_a_file_that_is_not_ours_is_ignored_and_replaced(
    file: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert read_choice(file, NOW, "completion") is None
    assert str(file) in caplog.text
    assert "codeassist mtp measure" in caplog.text
    write_choices(file, NOW, {"completion": (MTP_2, {})})
    assert read_choice(file, NOW, "completion") == MTP_2


def test_odd_entries_do_not_hide_others(file: Path) -> None:
    write_choices(file, NOW, {"completion": (MTP_2, {})})
    whole = json.loads(file.read_text())
    whole["measured"] = [3, {"circumstances": "none"}, *whole["measured"]]
    file.write_text(json.dumps(whole))
    assert read_choice(file, NOW, "completion") == MTP_2


def test_gpus_that_work_together_are_another_device() -> None:
    alone = circumstances(OPTIONS, "abc", "0.26.0", "NVIDIA H100", MACHINE, on_cpu=False)
    together = replace(OPTIONS, tensor_parallel=2, quantization="fp8")
    assert alone == Circumstances("abc", "0.26.0", "NVIDIA H100", "auto", "")
    assert circumstances(together, "abc", "0.26.0", "NVIDIA H100", MACHINE, on_cpu=False) == Circumstances(
        "abc", "0.26.0", "2 x NVIDIA H100", "auto", "fp8"
    )


def test_on_a_cpu_the_number_format_is_the_one_that_is_chosen() -> None:
    assert circumstances(OPTIONS, "abc", "0.32.0", "EPYC", MACHINE, on_cpu=True).dtype == "bfloat16"


@pytest.mark.parametrize(("measured", "expected"), [(None, None), (NO_DRAFTER, None), (MTP_2, 2)])
def test_an_engine_drafts_what_was_chosen(measured: Drafter | None, expected: int | None) -> None:
    config = {"num_hidden_layers": 8, "num_attention_heads": 6, "hidden_size": 384}
    told = engine_arguments(decided(OPTIONS, measured, on_cpu=True), config, MACHINE, on_cpu=True)
    drafting = told.get("speculative_config")
    assert (drafting and drafting["num_speculative_tokens"]) == expected
