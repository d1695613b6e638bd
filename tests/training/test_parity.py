"""The shipped model means the same to vLLM, to transformers and to the code that trained it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from codeassist.models.directory import read_model, shipped_model
from codeassist.tokenizer import FileTokenizer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CODE = (ROOT / "codeassist" / "window.py", ROOT / "indexer" / "types.py")


def texts() -> list[list[int]]:
    """Real code of this repository, longer than one step and one block of vLLM's, behind BOS."""
    tokenizer = FileTokenizer(shipped_model() / "tokenizer.json")
    return [[0, *tokenizer.encode(f"# {file.name}\n{file.read_text(encoding='utf-8')}")[:900]] for file in CODE]


def run(script: str, ids: list[list[int]]) -> list[list[float]]:
    """Each library in a process of its own: they set up torch differently."""
    command = [sys.executable, str(HERE / script), str(shipped_model()), json.dumps(ids)]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(Path.home())}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment, check=False)
    results = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    assert results, done.stderr[-3000:]
    found: list[list[float]] = json.loads(results[0].removeprefix("RESULT "))
    return found


def test_vllm_and_transformers_and_the_training_code_agree_on_real_code() -> None:
    ids = texts()
    served, published, trained = (run(f"{name}_logprobs.py", ids) for name in ("vllm", "transformers", "training"))
    for one, two, three in zip(served, published, trained, strict=True):
        assert len(one) == len(two) == len(three) > 300
        assert max(abs(a - b) for a, b in zip(one, two, strict=True)) < 2e-2
        assert max(abs(a - b) for a, b in zip(two, three, strict=True)) < 2e-2
        assert sum(one) / len(one) > -3.5  # nats a token; what a wrong kernel makes of it lies below -6


def test_the_shipped_directory_is_complete() -> None:
    model = read_model(shipped_model())
    assert (model.info.template, model.info.context_tokens, model.n_mtp_layers) == ("deepseek", 8192, 1)
    assert model.weight_bytes < 130_000_000
    assert all(shard.stat().st_size < 45_000_000 for shard in model.path.glob("*.safetensors"))
