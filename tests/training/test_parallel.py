"""Several training processes: they average gradients, obey the first one's clock, and end together."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from training.batches import ROW
from training.parallel import Processes

ROOT = Path(__file__).parents[2]
TOKENIZER = ROOT / "codeassist" / "models" / "deepseek-small" / "tokenizer.json"
START_S = 25  # two processes that load torch on two cores
RUN_S = 10
LIMIT_S = 240


def test_one_process_exchanges_nothing() -> None:
    alone = Processes.join(torch.device("cpu"))
    tensor = torch.ones(3)
    alone.average([tensor])
    alone.add([tensor])
    assert tensor.tolist() == [1, 1, 1]
    assert alone.first_says(0.5) == 0.5


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """This project's own code, tokenised."""
    records = [
        {"repo": "own", "path": file.relative_to(ROOT).as_posix(), "text": file.read_text(encoding="utf-8")}
        for file in sorted((ROOT / "indexer").glob("*.py"))
    ]
    part = tmp_path / "part0.jsonl"
    part.write_text("".join(json.dumps(record) + "\n" for record in records if record["text"]), encoding="utf-8")
    folder = tmp_path / "corpus"
    command = [sys.executable, "-m", "training.corpus", str(TOKENIZER), str(folder), str(part)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=LIMIT_S)
    (folder / "READY0").touch()
    return folder


@pytest.mark.e2e
def test_two_processes_train_one_model_until_the_deadline(corpus: Path, tmp_path: Path) -> None:
    out, deadline = tmp_path / "run", time.time() + START_S + RUN_S
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "training.train",
        str(corpus), str(TOKENIZER), str(out), "--held-out", str(corpus), "--deadline", str(deadline),
        "--rows", "1", "--accumulate", "1", "--workers", "2", "--every", "5", "--tiny", "--eager",
    ]  # fmt: skip
    subprocess.run(command, cwd=ROOT, check=True, timeout=LIMIT_S)
    last = json.loads((out / "log.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert last["step"] > 0
    assert last["tokens"] == last["step"] * 2 * ROW
    assert (out / "final.pt").exists()
    again = [*command, "--weights", str(out / "final.pt"), "--no-decay", "--steps", "1"]
    again[again.index(str(deadline))] = str(time.time() + LIMIT_S)
    subprocess.run(again, cwd=ROOT, check=True, timeout=LIMIT_S)
    assert json.loads((out / "log.jsonl").read_text(encoding="utf-8").splitlines()[-1])["step"] == 1
