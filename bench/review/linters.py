"""Classic linters on the changed lines of a diff, as a review by them would be."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

from codeassist.review.changes import ChangedFile

# What ruff has of bugs rather than style: pyflakes, flake8-bugbear, pylint's errors and warnings.
_RUFF = ("check", "--isolated", "--exit-zero", "--output-format=json", "--select=F,B,PLE,PLW", "--no-cache")


@dataclass(frozen=True, slots=True)
class Said:
    """What a linter says of one line."""

    path: str
    line: int
    code: str


def ruff(files: Sequence[ChangedFile]) -> list[Said]:
    """Of ruff, on changed lines."""
    found: list[Said] = []
    for file in files:
        command = [sys.executable, "-m", "ruff", *_RUFF, f"--stdin-filename={file.path}", "-"]
        answer = subprocess.run(command, input=file.new_text or "", capture_output=True, text=True, check=True)
        found += [Said(file.path, one["location"]["row"], str(one["code"])) for one in json.loads(answer.stdout)]
    return _on_changed_lines(files, found)


def bandit(files: Sequence[ChangedFile]) -> list[Said]:
    """Of bandit with its defaults, on changed lines."""
    found: list[Said] = []
    for file in files:
        with tempfile.NamedTemporaryFile("w", suffix=".py", encoding="utf-8") as text:
            text.write(file.new_text or "")
            text.flush()
            command = [sys.executable, "-m", "bandit", "--quiet", "--exit-zero", "--format=json", text.name]
            answer = subprocess.run(command, capture_output=True, text=True, check=True)
        results = json.loads(answer.stdout)["results"]
        found += [Said(file.path, one["line_number"], str(one["test_id"])) for one in results]
    return _on_changed_lines(files, found)


def has_bandit() -> bool:
    """Whether bandit is installed beside this program."""
    probe = subprocess.run([sys.executable, "-c", "import bandit"], capture_output=True, check=False)
    return probe.returncode == 0


def _on_changed_lines(files: Sequence[ChangedFile], found: Sequence[Said]) -> list[Said]:
    changed = {file.path: file.changed_lines for file in files}
    return [one for one in found if one.line in changed[one.path]]


LINTERS = {"ruff": ruff, "bandit": bandit}
