"""Findings that the user has dismissed: `.codeassist/review-baseline.json` at the root of a workspace.

Readable JSON that a team may commit: one object per finding, sorted, so that two branches merge. A file that is no
such JSON is left alone and told about. Reads and writes files: for a thread.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codeassist.errors import DocumentError
from codeassist.findings.types import Finding

BASELINE = ".codeassist/review-baseline.json"
MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Baseline:
    """The ids of what was dismissed. problem: why the file cannot be read, "" where it can."""

    ids: frozenset[str] = frozenset()
    problem: str = ""


def read_baseline(root: Path) -> Baseline:
    """What was dismissed in a workspace; nothing where no file is."""
    return read_baseline_file(root / BASELINE)


def read_baseline_file(file: Path) -> Baseline:
    """What a baseline names, wherever it is."""
    try:
        entries = _entries(_read(file))
    except DocumentError as error:
        return Baseline(problem=str(error))
    return Baseline(frozenset(entry["id"] for entry in entries))


def dismiss(root: Path, finding: Finding) -> None:
    """Add a finding, and keep what others added meanwhile. Raises DocumentError where that is not possible."""
    file = root / BASELINE
    try:
        file.parent.mkdir(exist_ok=True)
        if not file.parent.resolve().is_relative_to(root.resolve()):
            raise DocumentError(f"{file.parent} leads out of the workspace; nothing is written there")
    except OSError as error:
        raise DocumentError(f"{file} cannot be written: {error.strerror}") from error
    accept(file, [finding])


def accept(file: Path, findings: Iterable[Finding]) -> None:
    """Add findings to a baseline that the user has named, and keep what is in it. Raises DocumentError."""
    try:
        content = _read(file)
        new = {
            one.id: {"id": one.id, "path": one.path, "category": one.category, "message": one.message}
            for one in findings
        }
        entries = [*(entry for entry in _entries(content) if entry["id"] not in new), *new.values()]
        content["dismissed"] = sorted(entries, key=lambda entry: (str(entry.get("path", "")), entry["id"]))
        _replace(file, _dump(content) + "\n")
    except OSError as error:
        raise DocumentError(f"{file} cannot be written: {error.strerror}") from error


def _read(file: Path) -> dict[str, Any]:
    """The whole file; an empty baseline where there is none. Raises DocumentError."""
    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):
            raise DocumentError(f"{file} is no regular file; nothing is read from it or written there")
        if found.st_size > MAX_BYTES:
            raise DocumentError(f"{file} has more than {MAX_BYTES} bytes; delete what is not needed in it")
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"version": 1, "dismissed": []}
    except OSError as error:
        raise DocumentError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{file} is not valid JSON ({error}); repair or delete it") from error
    if not isinstance(content, dict):
        raise DocumentError(f"{file} holds no JSON object; repair or delete it")
    _entries(content, str(file))
    return content


def _entries(content: dict[str, Any], where: str = BASELINE) -> list[dict[str, Any]]:
    entries = content.get("dismissed", [])
    is_right = isinstance(entries, list) and all(
        isinstance(entry, dict) and isinstance(entry.get("id"), str) for entry in entries
    )
    if not is_right:
        raise DocumentError(f'{where}: "dismissed" must be a list of objects with an "id"; repair or delete the file')
    return list(entries)


def _dump(content: dict[str, Any]) -> str:
    text = json.dumps(content, indent=2, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # a file name that is not UTF-8: half a surrogate pair, which only an escape can carry
        return json.dumps(content, indent=2)
    return text


def _replace(file: Path, text: str) -> None:
    """Put a text in the place of a file at once: who reads meanwhile sees the old one or the new one."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
