from __future__ import annotations

import argparse
import json
from pathlib import Path

from bench.quality import report
from bench.quality.journal import Journal


def test_a_journal_survives_a_line_that_was_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "work" / "rows.jsonl"
    Journal(file).add("one", {"text": "a\nb"})
    with file.open("a") as lines:
        lines.write('["two", {"te')
    again = Journal(file)
    again.add("three", {"text": "c"})
    last = Journal(file)
    assert (last.get("one"), last.get("two"), last.get("three")) == ({"text": "a\nb"}, None, {"text": "c"})


def test_the_hash_is_of_the_weights_and_not_of_the_card(tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json", "model.safetensors", "codeassist.json"):
        (tmp_path / name).write_text(name)
    before = report.weights_hash(tmp_path)
    (tmp_path / "codeassist.json").write_text("another gate")
    assert report.weights_hash(tmp_path) == before
    (tmp_path / "model.safetensors").write_text("trained more")
    assert report.weights_hash(tmp_path) != before


def test_commands_name_no_folder_of_this_machine() -> None:
    assert report.command(["cursors", "/home/somebody/falcon", "--seed", "2"]) == (
        "python -m bench.quality cursors falcon --seed 2"
    )
    assert report.command(["-o", "engine.model=/home/somebody/models/coder"]) == (
        "python -m bench.quality -o engine.model=coder"
    )


def test_result_files_hold_provenance_and_a_line_for_each_row(tmp_path: Path) -> None:
    out = tmp_path / "results" / "x.json"
    report.write(argparse.Namespace(out=out), {"name": "m"}, {"summary": {"n": 2}}, [{"a": 1}, {"a": 2}])
    document = json.loads(out.read_text())
    assert document["results"] == [{"a": 1}, {"a": 2}]
    assert {"program", "command", "date", "commit", "machine", "versions", "model", "summary"} <= document.keys()
    assert '\n  {"a": 1},\n' in out.read_text()
    report.write(argparse.Namespace(out=out), {}, {}, [])
    assert json.loads(out.read_text())["results"] == []
