"""Semgrep over changed files, by rules that the user has on this machine (`review.semgrep_rules`).

Its rules are not part of its package, so that without a file of one's own it would fetch them: it is never asked to.
It sees the staged texts in a folder that only this user may read, and nothing else; `# nosemgrep` is honoured.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from codeassist.findings.types import Finding, Severity, finding_id
from codeassist.review.changes import ChangedFile
from codeassist.review.hygiene.paths import is_made
from indexer.rules import leaves_root

_SEVERITY: dict[str, Severity] = {
    "CRITICAL": "error", "HIGH": "error", "ERROR": "error", "MEDIUM": "warning", "WARNING": "warning",
}  # fmt: skip
_CONFIDENCE = {"HIGH": 0.9, "MEDIUM": 0.7, "LOW": 0.3}
_UNTOLD = 0.7
# A rule that takes longer over one file is left out by semgrep itself.
_SECONDS_PER_RULE = 2
_ARGUMENTS = (
    "scan", "--metrics=off", "--disable-version-check", "--json", "--quiet", "--no-git-ignore",
    f"--timeout={_SECONDS_PER_RULE}", "--jobs=2",
)  # fmt: skip


def find(files: Iterable[ChangedFile], rules: Path, seconds: float) -> tuple[list[Finding], str]:
    """What the rules say of changed lines, and why it is not all, "" where it is. rules: absolute."""
    wanted = {file.path: file for file in files if file.new_text and file.changed_lines and _is_safe(file.path)}
    if not wanted:
        return [], ""
    if not rules.exists():
        return [], f"review.semgrep_rules: there is no {rules}; name a file or folder of rules"
    program = _program()
    if program is None:
        return [], "review.semgrep_rules is set and semgrep is not installed: pipx install semgrep"
    with tempfile.TemporaryDirectory(prefix="codeassist-semgrep-") as folder:
        code = Path(folder) / "code"
        for path, file in wanted.items():
            (code / path).parent.mkdir(parents=True, exist_ok=True)
            (code / path).write_text(file.new_text or "", encoding="utf-8", errors="replace")
        settings = (f"SEMGREP_SETTINGS_FILE={folder}/settings.yml", f"SEMGREP_LOG_FILE={folder}/log")
        command = ["env", *settings, program, *_ARGUMENTS, f"--config={rules}", "."]
        output, problem = _run(command, code, seconds)
    if problem:
        return [], problem
    return _read(output, wanted)


def _is_safe(path: str) -> bool:
    return not leaves_root(path) and "\0" not in path and not is_made(path)


def _program() -> str | None:
    beside = Path(sys.executable).parent / "semgrep"
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("semgrep")


def _run(command: list[str], folder: Path, seconds: float) -> tuple[bytes, str]:
    """What it prints, or why that is nothing. It and what it has started end when time is up."""
    try:
        with subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            try:
                output, words = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                return b"", "time was up before semgrep was done"
    except OSError as error:
        return b"", f"semgrep does not run: {error.strerror}"
    if not output.strip():
        last = words.decode("utf-8", "replace").strip().splitlines()[-1:]
        return b"", f"semgrep failed: {last[0][:200] if last else f'exit status {process.returncode}'}"
    return output, ""


def _read(output: bytes, files: dict[str, ChangedFile]) -> tuple[list[Finding], str]:
    try:
        answer = json.loads(output)
        findings = list(_findings(answer["results"], files))
        problems = [str(error.get("message", "")).strip().splitlines()[:1] for error in answer.get("errors", ())]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return [], f"semgrep's answer cannot be read ({type(error).__name__}); is its version older than 1.0?"
    first = next((lines[0] for lines in problems if lines), "")
    return findings, f"semgrep: {first[:200]}" if first else ""


def _findings(results: list[Any], files: dict[str, ChangedFile]) -> Iterator[Finding]:
    seen: Counter[str] = Counter()
    for result in results:
        file = files.get(result["path"].removeprefix("./"))
        first, last = int(result["start"]["line"]), int(result["end"]["line"])
        if file is None or not file.changed_lines & set(range(first, last + 1)):
            continue
        extra = result["extra"]
        rule = result["check_id"].rpartition(".")[2]
        what = f"{rule}\n{file.new_lines[first - 1].strip()}"
        identity = finding_id("vulnerability", file.path, what, seen[what])
        seen[what] += 1
        yield Finding(
            identity,
            file.path,
            first,
            last,
            _SEVERITY.get(extra.get("severity", ""), "note"),
            "vulnerability",
            _message(extra, rule),
            f"{file.path}:{first}",
            confidence=_CONFIDENCE.get(str(extra.get("metadata", {}).get("confidence", "")).upper(), _UNTOLD),
        )


def _message(extra: dict[str, Any], rule: str) -> str:
    text = " ".join(str(extra.get("message", "")).split())
    first = text.partition(". ")[0].rstrip(".")[:300]
    cwe = extra.get("metadata", {}).get("cwe") or ""
    known = str(cwe[0] if isinstance(cwe, list) else cwe).partition(":")[0]
    return f"{first} ({f'{known}, ' if known else ''}semgrep {rule})"
