"""Keys, tokens and passwords on the lines of a change. No message, id or log has more than four characters of one.

Quiet on what opens nothing: placeholders, what tests and documentation show, hashes and ids, generated code, what stood
in the file before, and lines that one of the usual comments lets through. Of lock files the URLs alone are looked at.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from codeassist.findings.types import Finding, Severity, finding_id
from codeassist.review.changes import ChangedFile
from codeassist.review.hygiene.kingfisher import Scan
from codeassist.review.hygiene.lock_files import is_lock_file, secrets_of_urls
from codeassist.review.hygiene.paths import is_made, is_shown
from indexer.secret_rules import Secret, secrets_in

# What is longer is no line of a person's: bundled code, data, an image in base64.
MAX_LINE = 4096
_SHOWN = 4
# From so many characters on the first ones are no help to who guesses the rest.
_LONG = 20

# Source: the comments that detect-secrets, gitleaks, kingfisher and trufflehog let lines through by.
_ALLOWED = re.compile(
    r"pragma: ?(?:allowlist|whitelist) secret|gitleaks:allow|kingfisher:ignore|trufflehog:ignore|nosecret"
)
_DUMMY = re.compile(
    r"example|sample|dummy|fake|foobar|place_?holder|your|redacted|change_?me|secret|passw|invalid|test|mock|x{4}|\*{3}"
    r"|deadbeef|012345|123456|abcdef|qwerty|(.)\1{4}|\.\.\.|<|\{|\$|%\(",
    re.IGNORECASE,
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HASH = re.compile(r"(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})", re.IGNORECASE)
# A random text of 20 letters and digits has fewer different ones about once in ten million times.
_LEAST_DIFFERENT = 9
_OPENS_ANYWHERE = frozenset({"private key", "password in a URL"})


@dataclass(frozen=True, slots=True)
class Suspect:
    """What may be a secret: its lines, what it is of, its text. is_sure: of a form that nothing else has."""

    start_line: int
    end_line: int
    kind: str
    value: str
    is_sure: bool = True


def find_secrets(file: ChangedFile, scan: Scan | None) -> list[Finding]:
    """Secrets that the change adds to a file, by line. scan: a scanner with more rules, where there is one."""
    if file.new_text is None:
        return []
    if is_lock_file(file.path):
        suspects = _in_urls(file)
    elif is_made(file.path):
        return []
    else:
        suspects = list(_by_rules(file, secrets_in))
        suspects += (Suspect(*found) for found in scan(file.path, file.new_text)) if scan is not None else ()
    findings: list[Finding] = []
    seen: Counter[str] = Counter()
    taken: set[int] = set()
    for suspect in suspects:
        lines = set(range(suspect.start_line, suspect.end_line + 1))
        if not lines & file.changed_lines or lines & taken or not _is_worth_it(file, suspect):
            continue
        taken |= lines
        findings.append(_finding(file, suspect, seen))
    return sorted(findings, key=lambda finding: finding.start_line)


def _in_urls(file: ChangedFile) -> list[Suspect]:
    """What the URLs of a lock file open, each once: an index stands there with each of its packages."""
    first: dict[str, Suspect] = {}
    for suspect in _by_rules(file, secrets_of_urls):
        first.setdefault(suspect.value, suspect)
    return list(first.values())


def _by_rules(file: ChangedFile, rules: Callable[[str], Iterator[Secret]]) -> Iterator[Suspect]:
    for hunk in file.hunks:
        text = "\n".join(line if len(line) <= MAX_LINE else "" for line in hunk.new_lines)
        for secret in rules(text):
            first = hunk.new_start + text.count("\n", 0, secret.start)
            last = first + text.count("\n", secret.start, secret.end)
            yield Suspect(first, last, secret.kind, text[secret.start : secret.end])


def _is_worth_it(file: ChangedFile, suspect: Suspect) -> bool:
    line = file.new_lines[suspect.start_line - 1]
    if len(line) > MAX_LINE or _ALLOWED.search(line):
        return False
    if suspect.kind != "private key" and is_dummy(suspect.value):
        return False
    if file.old_text is not None and suspect.value in file.old_text:
        return False
    is_weak = suspect.kind in _OPENS_ANYWHERE or not suspect.is_sure
    return not (is_weak and is_shown(file.path))


def is_dummy(value: str) -> bool:
    """Whether a text was typed by a person to stand for a secret, or is a hash or an id."""
    if _DUMMY.search(value) or _UUID.fullmatch(value) or _HASH.fullmatch(value):
        return True
    return len(value) >= _LONG and len(set(value.lower())) < _LEAST_DIFFERENT


def masked(value: str) -> str:
    """So much of a secret as may be shown: the kind of a long token, nothing of a password."""
    return f"{value[:_SHOWN]}…" if len(value) >= _LONG else "…"


def _finding(file: ChangedFile, suspect: Suspect, seen: Counter[str]) -> Finding:
    line = file.new_lines[suspect.start_line - 1]
    what = f"{suspect.kind}\n{line.replace(suspect.value, '').strip()}"
    identity = finding_id("secret", file.path, what, seen[what])
    seen[what] += 1
    severity: Severity = "warning" if is_shown(file.path) else "error"
    is_locked = is_lock_file(file.path)
    where = "the lock file" if is_locked else "the code"
    remedy = (
        "give the tool the URL without it (credentials belong in its environment or keyring), lock again"
        if is_locked
        else "read it from the environment or a file that is not committed"
    )
    message = (
        f"{_article(suspect.kind)} {suspect.kind} stands in {where} ({masked(suspect.value)}): {remedy}, and revoke it "
        "if it was ever pushed"
    )
    return Finding(
        identity,
        file.path,
        suspect.start_line,
        suspect.end_line,
        severity,
        "secret",
        message,
        f"{file.path}:{suspect.start_line}",
        confidence=0.95 if suspect.is_sure and severity == "error" else 0.7,
    )


def _article(kind: str) -> str:
    return "an" if kind[0] in "AaEeIiOo" else "a"
