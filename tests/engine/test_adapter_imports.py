"""What the module that knows vLLM may import on every build of it."""

import ast
from pathlib import Path

import pytest

import codeassist.engine

FOLDER = Path(codeassist.engine.__file__).parent
FOR_CPUS = ("vllm_repairs", "vllm_lean_layer", "vllm_scored_end")


@pytest.mark.parametrize("module", ["vllm_adapter", "vllm_loading", "host", "forced_prefix"])
def test_a_vllm_for_gpus_meets_nothing_that_is_for_cpus(module: str) -> None:
    tree = ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))
    at_import = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    named = {alias.name for node in at_import for alias in node.names} | {getattr(n, "module", "") for n in at_import}
    assert not [name for name in named if name and name.rpartition(".")[2] in FOR_CPUS]
