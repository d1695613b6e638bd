"""The command line in this process: real commands and a real index; only the engine reads its answers from a script."""

from __future__ import annotations

import io
import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from codeassist.assistant import Assistant, open_index
from codeassist.cli import run
from codeassist.commands.front import Front
from codeassist.engine.scripted import SCRIPTED_INFO, Answer, ScriptedEngine
from codeassist.fim import TEMPLATES
from codeassist.protocols import Engine
from codeassist.settings import Settings

SHAPES = '''"""Shapes that know their area."""

PI = 3.14159


class Circle:
    def __init__(self, radius: float) -> None:
        self.radius = radius

    def area(self) -> float:
        return PI * self.radius**2
'''
MAIN = """from shapes import Circle


def total_area(circles: list[Circle]) -> float:
    return sum(circle.
"""


@dataclass(frozen=True)
class Outcome:
    """What one command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        assert self.out.count("\n") == 1, f"not one line: {self.out!r} {self.err!r}"
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """The JSON document of each line."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Shell:
    """A terminal that stands in `cwd`. `script` is what the engine answers; `engines` are those that were opened."""

    cwd: Path
    tokenizer: Path
    environ: dict[str, str]
    script: list[str | Answer] = field(default_factory=lambda: ["area() for circle in circles)"])
    engines: list[ScriptedEngine] = field(default_factory=list)
    opened: list[tuple[Settings, Path]] = field(default_factory=list)
    kind: type[ScriptedEngine] = ScriptedEngine
    n_guards: int = 0

    def run(self, *arguments: str, stdin: bytes = b"") -> Outcome:
        out, err = io.StringIO(), io.StringIO()
        front = Front(
            stdin=io.BytesIO(stdin),
            stdout=out,
            stderr=err,
            environ=self.environ,
            cwd=self.cwd,
            open_assistant=self._open,
            open_index=open_index,
            guard_stdout=self._guard,
        )
        return Outcome(run(arguments, front), out.getvalue(), err.getvalue())

    def _open(
        self, settings: Settings, workspace: Path, *, engine: Engine | None = None, attach: bool = True
    ) -> Assistant:
        info = replace(SCRIPTED_INFO, tokenizer=self.tokenizer)
        self.engines.append(self.kind(self.script, info=info))
        self.opened.append((settings, workspace))
        return Assistant(settings, workspace.resolve(), self.engines[-1], open_index(settings.index, workspace))

    def _guard(self) -> None:
        self.n_guards += 1


@pytest.fixture(scope="session")
def byte_tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One token per byte, and the special tokens of the templates."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: number for number, letter in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(TEMPLATES["deepseek"].specials))
    file = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    tokenizer.save(str(file))
    return file


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder with two modules, one of which needs the other."""
    folder = tmp_path / "repo"
    folder.mkdir()
    (folder / "shapes.py").write_text(SHAPES)
    (folder / "main.py").write_text(MAIN)
    return folder


@pytest.fixture
def shell(repository: Path, byte_tokenizer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    environ = {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "CODEASSIST_INDEX_DIRECTORY": str(tmp_path / "indexes"),
        "CODEASSIST_INDEX_VECTORS": "false",
        "CODEASSIST_ENGINE_MODELS": str(tmp_path / "named-models"),
    }
    return Shell(repository, byte_tokenizer, environ)


@pytest.fixture
def environ(tmp_path: Path, byte_tokenizer: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "CODEASSIST_INDEX_DIRECTORY": str(tmp_path / "indexes"),
        "CODEASSIST_INDEX_VECTORS": "false",
        "CODEASSIST_ENGINE_KIND": "scripted",
        "CODEASSIST_ENGINE_TOKENIZER": str(byte_tokenizer),
    }


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    (folder / "a.py").write_text("def area():\n    pass\n")
    return folder
