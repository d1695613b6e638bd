"""The rooms of ARCHITECTURE.md, read from the source: who imports whom, who prints, who reads the environment."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("codeassist", "lsp", "indexer")

# The composition root: may import everything, and alone may print.
COMPOSITION = ("codeassist/cli.py", "codeassist/commands/", "codeassist/__main__.py")

PROTOCOL = {"pygls", "lsprotocol"}
TERMINAL = {"typer", "rich", "click"}
HTTP = {"httpx", "starlette", "uvicorn", "requests", "aiohttp"}
ENGINES = {"torch", "vllm", "transformers"}
SEARCH = {"faiss", "sentence_transformers", "tree_sitter", "git"}
OUTSIDE = {"training", "bench", "tests", "scripts"}

FORBIDDEN = {
    "indexer": {"codeassist", "lsp"} | PROTOCOL | TERMINAL | HTTP | {"vllm", "transformers"} | OUTSIDE,
    "codeassist": {"lsp"} | PROTOCOL | TERMINAL | SEARCH | OUTSIDE,
    "lsp": TERMINAL | HTTP | ENGINES | SEARCH | OUTSIDE,
}

# Heavy or replaceable libraries: each has one place that knows it.
ONLY_IN = {
    "faiss": ("indexer/vectors.py",),
    "sentence_transformers": ("indexer/embedding.py",),
    "git": ("indexer/gitcommand.py",),
    "tree_sitter": ("indexer/",),
    "sqlite3": ("indexer/", "codeassist/shadow/", "codeassist/statistics/"),
    "peft": ("codeassist/adapt/",),
    "vllm": ("codeassist/engine/",),
    "httpx": ("codeassist/engine/", "codeassist/commands/"),
    "httpx2": ("codeassist/models/hub.py",),
    "huggingface_hub": ("codeassist/models/hub.py",),
    "starlette": ("codeassist/server/",),
    "uvicorn": ("codeassist/server/", "codeassist/commands/"),
    "mcp": ("codeassist/agents/", "codeassist/commands/"),
}

# Not in the base install, and slow to load: never at the top of a module.
LATE = {"faiss", "huggingface_hub", "peft", "sentence_transformers", "torch", "transformers", "vllm"}

# Loaded in vLLM's own process, or for a training; nobody else may import them at the top of a module in turn.
WITH_TORCH = (
    "codeassist/engine/vllm_adapter.py",
    "codeassist/engine/vllm_chat.py",
    "codeassist/engine/vllm_loading.py",
    "codeassist/engine/vllm_repairs.py",
    "codeassist/engine/vllm_gpu_worker.py",
    "codeassist/engine/vllm_sampling.py",
    "codeassist/engine/vllm_scored_end.py",
    "codeassist/engine/vllm_lean_layer.py",
    "codeassist/engine/vllm_adapter_products.py",
    "codeassist/engine/loaded_adapters.py",
    "codeassist/engine/forced_prefix.py",
    # Imported by `codeassist adapt` alone.
    "codeassist/adapt/adaptation.py",
    "codeassist/adapt/adapted.py",
    "codeassist/adapt/evaluation.py",
    "codeassist/adapt/greedy.py",
    "codeassist/adapt/judging.py",
    "codeassist/adapt/training.py",
    # Imported by `codeassist mtp train` alone.
    "codeassist/mtp/acceptance.py",
    "codeassist/mtp/layer.py",
    "codeassist/mtp/training.py",
)

# Where the process's environment may be read or written, and why.
ENVIRONMENT = {
    "codeassist/commands/front.py": "hands it to the settings' reader",
    "codeassist/directories.py": "XDG folders: where indexes live, where running servers announce themselves",
    "codeassist/engine/hardware.py": "which GPUs CUDA shows to the engine",
    "codeassist/engine/gpus.py": "CUDA_VISIBLE_DEVICES says which GPUs the engine's process will see",
    "codeassist/engine/host.py": "vLLM takes its switches from the environment of its own process",
    "codeassist/engine/vllm_loading.py": "the same",
}

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 40


@dataclass(frozen=True)
class Module:
    """One source file."""

    path: str
    text: str

    @property
    def room(self) -> str:
        return self.path.split("/", 1)[0]

    @property
    def composes(self) -> bool:
        return self.path.startswith(COMPOSITION)


def modules() -> list[Module]:
    files = sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))
    return [Module(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")) for file in files]


def tree_of(text: str) -> ast.Module:
    """A parsed text. Python 3.11 raises SystemError where another thread parses meanwhile, as one that an earlier test
    has left (https://github.com/python/cpython/issues/106905); once more, and it does not."""
    try:
        return ast.parse(text)
    except SystemError:
        return ast.parse(text)


def imported(tree: ast.AST) -> Iterator[str]:
    """First part of every imported name, wherever in the file the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def wrong_arrows(module: Module) -> list[str]:
    names = set(imported(tree_of(module.text)))
    forbidden = OUTSIDE if module.composes else FORBIDDEN[module.room]
    strayed = {name for name, homes in ONLY_IN.items() if name in names and not module.path.startswith(homes)}
    return sorted(names & forbidden | strayed)


def early_imports(module: Module) -> list[str]:
    """Heavy libraries that loading the module would load; `if TYPE_CHECKING:` blocks and functions do not count."""
    top = [node for node in tree_of(module.text).body if isinstance(node, ast.Import | ast.ImportFrom)]
    heavy = {path.removesuffix(".py").replace("/", ".") for path in WITH_TORCH}
    ours = {node.module or "" for node in top if isinstance(node, ast.ImportFrom)} & heavy
    return sorted({name for node in top for name in imported(node)} & LATE | ours)


def prints(module: Module) -> list[int]:
    calls = (node for node in ast.walk(tree_of(module.text)) if isinstance(node, ast.Call))
    return [call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]


def environment_uses(module: Module) -> list[int]:
    names = ("environ", "getenv", "putenv", "environb")
    tree = ast.walk(tree_of(module.text))
    return [
        node.lineno
        for node in tree
        if (isinstance(node, ast.Attribute) and node.attr in names and ast.unparse(node.value) == "os")
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and any(a.name in names for a in node.names))
    ]


def long_functions(module: Module) -> list[str]:
    functions = (n for n in ast.walk(tree_of(module.text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    sizes = ((function.name, (function.end_lineno or 0) - function.lineno + 1) for function in functions)
    return [f"{name} has {n_lines} lines" for name, n_lines in sizes if n_lines > MAX_FUNCTION_LINES]


MODULES = modules()
each_module = pytest.mark.parametrize("module", MODULES, ids=[module.path for module in MODULES])


@each_module
def test_every_arrow_points_down(module: Module) -> None:
    assert not wrong_arrows(module), f"{module.path} may not import {wrong_arrows(module)}"


@each_module
def test_heavy_libraries_load_late(module: Module) -> None:
    exempt = module.path in WITH_TORCH
    assert exempt or not early_imports(module), f"{module.path} imports {early_imports(module)} before it is needed"


@each_module
def test_only_the_command_line_prints(module: Module) -> None:
    assert module.composes or not prints(module), f"{module.path} prints in lines {prints(module)}"


@each_module
def test_the_environment_is_read_in_named_places_only(module: Module) -> None:
    uses = environment_uses(module)
    assert module.path in ENVIRONMENT or not uses, f"{module.path} touches os.environ in lines {uses}"


@each_module
def test_files_and_functions_stay_small(module: Module) -> None:
    n_lines = len(module.text.splitlines())
    assert n_lines <= MAX_FILE_LINES, f"{module.path} has {n_lines} lines"
    assert not long_functions(module), f"{module.path}: {'; '.join(long_functions(module))}"


def test_the_named_places_exist() -> None:
    named = [*ENVIRONMENT, *WITH_TORCH]
    assert [path for path in named if not (ROOT / path).is_file()] == []
    assert {module.room for module in MODULES} == set(ROOMS)


WRONG = [
    ("indexer/x.py", "from codeassist.types import Hit", ["codeassist"]),
    ("indexer/x.py", "def late():\n    import httpx", ["httpx"]),
    ("codeassist/x.py", "import lsp.server", ["lsp"]),
    ("codeassist/x.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import rich", ["rich"]),
    ("codeassist/window.py", "import vllm", ["vllm"]),
    ("codeassist/server/x.py", "from mcp.server import MCPServer", ["mcp"]),
    ("lsp/x.py", "import torch, faiss", ["faiss", "torch"]),
    ("lsp/x.py", "from training.data import load", ["training"]),
    ("codeassist/cli.py", "import bench.startup", ["bench"]),
]


@pytest.mark.parametrize(("path", "text", "expected"), WRONG)
def test_a_wrong_arrow_is_seen(path: str, text: str, expected: list[str]) -> None:
    assert wrong_arrows(Module(path, text)) == expected


def test_a_right_arrow_is_let_through() -> None:
    assert wrong_arrows(Module("lsp/x.py", "from codeassist.types import Cursor\nimport indexer.types")) == []
    assert wrong_arrows(Module("codeassist/cli.py", "import rich, typer, lsp.server, indexer.index")) == []


def test_prints_and_environment_uses_are_seen() -> None:
    assert prints(Module("lsp/x.py", "logger.info('print')\nif True:\n    print('x')")) == [3]
    assert environment_uses(Module("lsp/x.py", "import os\nos.getenv('A')\nenviron = os.environ['B']")) == [2, 3]
    assert early_imports(Module("lsp/x.py", "import torch.nn\ndef f():\n    import vllm")) == ["torch"]
    adapter = "codeassist.engine.vllm_adapter"
    assert early_imports(Module("codeassist/x.py", f"from {adapter} import VllmModel")) == [adapter]
