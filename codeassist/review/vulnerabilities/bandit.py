"""Bandit over changed Python files, in this process: 20 ms for a file of 10 kB, where a process of its own takes half a
second before it begins.

It parses the text as it is staged, imports nothing of it and reads no file. Its checks keep their options as attributes
of functions, so that one review at a time may use them. Tests and examples are left out: most of what is wrong there is
wrong on purpose.
"""

from __future__ import annotations

import importlib
import io
import logging
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from codeassist.findings.types import Finding, Severity, finding_id
from codeassist.review.changes import ChangedFile
from codeassist.review.hygiene.paths import is_made, is_shown
from codeassist.review.vulnerabilities.bandit_settings import BanditSettings
from codeassist.review.vulnerabilities.noqa import is_excused

REMEDY = "bandit is not installed, so Python code was not looked through for vulnerabilities: pip install bandit"
# Larger texts are data; these take a second.
MAX_CHARACTERS = 400_000
_SUFFIXES = (".py", ".pyw")
_SEVERITY: dict[str, Severity] = {"HIGH": "error", "MEDIUM": "warning", "LOW": "note"}
_CONFIDENCE = {"HIGH": 0.9, "MEDIUM": 0.7, "LOW": 0.3}
# What bandit itself calls of low severity is true and seldom worth a word: asserts, imports, `random`.
_LOW_SEVERITY = 0.4
# Of B202, where somebody has picked the members of an archive and bandit cannot tell how.
_CANNOT_TELL = "couldn't identify the type of members"
# Checksums are made with them far more often than anything is protected.
_MILDER: dict[str, Severity] = {"B324": "warning"}
# Their messages have the password.
_PASSWORD = ("B105", "B106", "B107")
_lock = threading.Lock()


class BanditMissing(Exception):
    """Bandit is not installed."""


def find(
    files: Iterable[ChangedFile], settings: BanditSettings, is_over: Callable[[], bool]
) -> tuple[list[Finding], str]:
    """What bandit says of changed lines, and what it could not look at, "" for nothing. Raises BanditMissing."""
    wanted = [file for file in files if _is_for_bandit(file, settings)]
    if not wanted:
        return [], ""
    findings: list[Finding] = []
    unread: list[str] = []
    with _lock:
        manager = _manager(settings)
        for file in wanted:
            if is_over():
                return findings, "time was up before bandit had seen every file"
            issues = _issues(manager, file)
            if issues is None:
                unread.append(file.path)
            else:
                findings += _findings(file, issues)
    more = f" and {len(unread) - 1} more" if len(unread) > 1 else ""
    return findings, f"bandit cannot read {unread[0]}{more}" if unread else ""


def _is_for_bandit(file: ChangedFile, settings: BanditSettings) -> bool:
    if not file.path.endswith(_SUFFIXES) or not file.new_text or not file.changed_lines:
        return False
    if is_made(file.path) or is_shown(file.path) or settings.leaves_out(file.path):
        return False
    return len(file.new_text) <= MAX_CHARACTERS


@lru_cache(maxsize=1)
def _library() -> tuple[Any, Any, Any]:
    """Bandit's configuration, manager and checks. Raises BanditMissing."""
    form = warnings.formatwarning
    # They log what stands in the files, tracebacks of their own, and formats of reports that need more packages.
    for name in ("bandit", "stevedore"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            config, manager, loader = (
                importlib.import_module(f"bandit.core.{name}") for name in ("config", "manager", "extension_loader")
            )
    except ImportError as error:
        raise BanditMissing from error
    finally:
        warnings.formatwarning = form  # which bandit sets for the whole process
    return config, manager, loader.MANAGER


def _manager(settings: BanditSettings) -> Any:
    config, manager, checks = _library()
    chosen = config.BanditConfig()
    chosen.config.update(settings.options)
    profile = {
        "include": {checks.get_test_id(name) or name for name in settings.tests},
        "exclude": {checks.get_test_id(name) or name for name in settings.skips},
    }
    return manager.BanditManager(chosen, "file", profile=profile)


def _issues(manager: Any, file: ChangedFile) -> list[Any] | None:
    """What is wrong in a file; None where it does not parse, or bandit fails over it."""
    manager.results, manager.skipped = [], []
    # The parser warns of escapes in strings that it does not know, on the terminal.
    for kind in (SyntaxWarning, DeprecationWarning):
        warnings.filterwarnings("ignore", category=kind, module="<unknown>")
    content = (file.new_text or "").encode("utf-8", "replace")
    # What `run_tests` calls for each file, with a text in place of a file.
    manager._parse_file(file.path, io.BytesIO(content), [file.path])
    return None if manager.skipped else list(manager.results)


def _findings(file: ChangedFile, issues: Iterable[Any]) -> Iterator[Finding]:
    seen: Counter[str] = Counter()
    for issue in sorted(issues, key=lambda one: (one.lineno, one.test_id)):
        first, last = issue.lineno, max([issue.lineno, *issue.linerange])
        if not file.changed_lines & set(range(first, last + 1)) or first > len(file.new_lines):
            continue
        if is_excused(issue.test_id, file.new_lines[first - 1 : last], file.new_text or ""):
            continue
        what = f"{issue.test_id}\n{file.new_lines[first - 1].strip()}"
        identity = finding_id("vulnerability", file.path, what, seen[what])
        seen[what] += 1
        severity, confidence = _weight(issue)
        yield Finding(
            identity,
            file.path,
            first,
            min(last, len(file.new_lines)),
            severity,
            "vulnerability",
            _message(issue),
            f"{file.path}:{first}",
            confidence=confidence,
        )


def _weight(issue: Any) -> tuple[Severity, float]:
    confidence = _CONFIDENCE.get(issue.confidence, 0.3)
    if issue.severity == "LOW" or _CANNOT_TELL in issue.text:
        confidence = min(confidence, _LOW_SEVERITY)
    return _MILDER.get(issue.test_id) or _SEVERITY.get(issue.severity, "note"), confidence


def _message(issue: Any) -> str:
    text = "a password may stand in the code" if issue.test_id in _PASSWORD else " ".join(issue.text.split())
    cwe = f"CWE-{issue.cwe.id}, " if issue.cwe.id else ""
    return f"{text.rstrip('.')} ({cwe}bandit {issue.test_id})"
