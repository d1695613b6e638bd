"""The packages that a change adds, or changes the version of, and what advisories say of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from codeassist.findings.types import Finding, Severity, finding_id
from codeassist.review.changes import ChangedFile
from codeassist.review.vulnerabilities.advisories import Advisory, read_advisories
from codeassist.review.vulnerabilities.declared import Package, declared
from codeassist.review.vulnerabilities.versions import fixed_in, is_affected, version_key

_SEVERITY: dict[str, Severity] = {
    "CRITICAL": "error", "HIGH": "error", "MODERATE": "warning", "MEDIUM": "warning", "LOW": "note",
}  # fmt: skip
_WEIGHT: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}
_SHOWN = 3
_CONFIDENCE = 0.9


@dataclass(frozen=True, slots=True)
class _Known:
    """What one advisory says of a package. fixed: the version to go to, "" where there is none."""

    name: str
    summary: str
    severity: Severity
    fixed: str


def changed_packages(files: Iterable[ChangedFile]) -> list[tuple[str, Package]]:
    """Packages whose entries have changed lines, each with its file; not those whose version was there before."""
    found: list[tuple[str, Package]] = []
    for file in files:
        if not file.changed_lines:
            continue
        entries = declared(file.path, file.new_lines)
        before = {(one.name, one.version) for one in declared(file.path, (file.old_text or "").split("\n"))}
        found += (
            (file.path, one)
            for one in entries
            if file.changed_lines & set(range(one.first, one.line + 1)) and (one.name, one.version) not in before
        )
    return found


def find(files: Iterable[ChangedFile], advisories: Path, is_over: Callable[[], bool]) -> tuple[list[Finding], str]:
    """A finding for each package of changed lines that an advisory speaks of. Raises AdvisoriesUnusable."""
    packages = changed_packages(files)
    if not packages:
        return [], ""
    known: dict[tuple[str, str, str], list[_Known]] = {}
    wanted = {(package.ecosystem, package.name, package.version) for _, package in packages}
    for advisory in read_advisories(advisories, {name for _, name, _ in wanted}, is_over):
        for one in wanted:
            known.setdefault(one, []).extend(_said(advisory, *one))
    found = [
        _finding(path, package, said)
        for path, package in packages
        if (said := known.get((package.ecosystem, package.name, package.version)))
    ]
    return found, "time was up before every advisory was read" if is_over() else ""


def _said(advisory: Advisory, ecosystem: str, name: str, version: str) -> Iterator[_Known]:
    for affected in advisory.get("affected", ()):
        if _is_about(affected.get("package"), ecosystem, name) and is_affected(ecosystem, version, affected):
            own = str((advisory.get("database_specific") or {}).get("severity", "")).upper()
            aliases = [alias for alias in advisory.get("aliases") or () if str(alias).startswith("CVE-")]
            identity = f"{aliases[0]} ({advisory['id']})" if aliases else advisory["id"]
            summary = " ".join(str(advisory.get("summary") or "").split())[:200]
            yield _Known(identity, summary, _SEVERITY.get(own, "warning"), fixed_in(ecosystem, version, affected))
            return


def _is_about(package: Any, ecosystem: str, name: str) -> bool:
    if not isinstance(package, dict) or str(package.get("ecosystem", "")).partition(":")[0] != ecosystem:
        return False
    theirs = str(package.get("name", ""))
    return (canonicalize_name(theirs) if ecosystem == "PyPI" else theirs) == name


def _finding(path: str, package: Package, said: list[_Known]) -> Finding:
    """One for all advisories of a package; those of the same fault in two databases count once."""
    unique = {one.name.split(" ")[0]: one for one in said}
    ordered = sorted(unique.values(), key=lambda one: (_WEIGHT[one.severity], one.name))
    names = ", ".join(one.name for one in ordered[:_SHOWN])
    more = f" and {len(ordered) - _SHOWN} more" if len(ordered) > _SHOWN else ""
    summary = f": {ordered[0].summary.rstrip('.')}" if ordered[0].summary else ""
    message = f"{package.name} {package.version} has {names}{more}{summary}; {_remedy(package, ordered)}"
    return Finding(
        finding_id("vulnerable-dependency", path, f"{package.name}\n{package.version}", 0),
        path,
        package.line,
        package.line,
        ordered[0].severity,
        "vulnerable-dependency",
        message,
        f"{path}:{package.line}",
        confidence=_CONFIDENCE,
    )


def _remedy(package: Package, said: list[_Known]) -> str:
    if not all(one.fixed for one in said):
        return "no release without it is known"
    fixes = [(version_key(package.ecosystem, one.fixed), one.fixed) for one in said]
    return f"fixed in {max((key, fixed) for key, fixed in fixes if key is not None)[1]}"
