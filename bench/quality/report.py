"""Result files: figures with everything that is needed to measure them again, and nobody's source text."""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.measuring import commit, provenance
from codeassist.engine.choose import open_engine
from codeassist.settings import Settings

_WEIGHTS = ("config.json", "tokenizer.json", "*.safetensors")


def model_card(settings: Settings) -> dict[str, object]:
    """Which model is measured: its name, the SHA-256 of what it computes with, and its budgets."""
    info = open_engine(settings.engine, attach=False).info
    directory = info.tokenizer.parent if info.tokenizer else None
    return {
        "name": info.name,
        "sha256": weights_hash(directory) if directory else None,
        "prompt_tokens": info.prompt_tokens,
        "completion_tokens": info.completion_tokens,
        "gate": info.gate,
    }


def weights_hash(directory: Path) -> str:
    """SHA-256 over configuration, tokenizer and weights; our own card, which holds the gate, is not part of it."""
    digest = hashlib.sha256()
    for file in sorted(file for pattern in _WEIGHTS for file in directory.glob(pattern)):
        with file.open("rb") as content:
            digest.update(f"{file.name} {hashlib.file_digest(content, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()


def state_name(model: Mapping[str, object], settings: Settings) -> str:
    """A name for raw results that may be used again: of one model, one commit, the same settings."""
    state = f"{model['sha256']} {model['prompt_tokens']} {commit()} {settings}"
    return hashlib.sha256(state.encode()).hexdigest()[:12]


def described_repository(root: Path) -> dict[str, object]:
    """Name of a repository, and its commit where it is one of git's."""
    git = ["git", "-C", str(root), "rev-parse", "--show-toplevel", "HEAD"]
    told = subprocess.run(git, capture_output=True, text=True, check=False).stdout.split("\n")
    is_its_own = len(told) > 1 and Path(told[0]) == root.resolve()
    return {"name": root.name, "commit": told[1] if is_its_own else None}


def write(
    arguments: argparse.Namespace, model: Mapping[str, object], figures: Mapping[str, object], rows: Sequence[object]
) -> None:
    """Write the result file, one line for each row, and show the figures."""
    head = {**provenance("quality"), "command": command(sys.argv[1:]), "model": model, **figures}
    lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    text = f'{json.dumps(head, indent=1)[:-2]},\n "results": [\n{lines}\n ]\n}}\n'
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(text, encoding="utf-8")
    print(json.dumps(figures, indent=1))
    print(f"written to {arguments.out}", file=sys.stderr)


def command(arguments: Iterable[str], program: str = "bench.quality") -> str:
    """The command line, folders elsewhere on this machine by their bare names."""
    return " ".join([f"python -m {program}", *map(_shown, arguments)])


def _shown(word: str) -> str:
    name, equals, value = word.rpartition("=")
    return f"{name}{equals}{Path(value).name}" if Path(value).is_absolute() else word


def grouped(rows: Iterable[Any], *names: str) -> dict[str, list[Any]]:
    """Rows by the values of these attributes; "all" holds every one."""
    groups: dict[str, list[Any]] = {"all": []}
    for row in rows:
        for value in ("all", *(getattr(row, name) for name in names)):
            groups.setdefault(value, []).append(row)
    return groups
