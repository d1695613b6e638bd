"""Which versions an advisory means, by the order that each ecosystem has. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from packaging.version import InvalidVersion, Version

Key = tuple[Any, ...]

# Source: semver.org 2.0.0, with the `v` that Go writes and parts that may be left out.
_SEMVER = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")
_FIRST = "0"


def version_key(ecosystem: str, version: str) -> Key | None:
    """What versions of one ecosystem are sorted by; None for what is no version there."""
    if ecosystem == "PyPI":
        try:
            return (Version(version),)
        except InvalidVersion:
            return None
    match = _SEMVER.fullmatch(version.strip())
    if match is None:
        return None
    numbers = tuple(int(part or 0) for part in match.group(1, 2, 3))
    return (*numbers, _prerelease(match[4]))


def _prerelease(text: str | None) -> tuple[Any, ...]:
    """Sorts before the release, numbers as numbers and before words."""
    if not text:
        return (1,)
    return (0, *((0, int(part), "") if part.isdigit() else (1, 0, part) for part in text.split(".")))


def is_affected(ecosystem: str, version: str, affected: Mapping[str, Any]) -> bool:
    """Whether an entry of an advisory's `affected` means the version.

    Source: ossf.github.io/osv-schema, "Evaluation".
    """
    if version.removeprefix("v") in {str(one).removeprefix("v") for one in affected.get("versions") or ()}:
        return True
    ours = version_key(ecosystem, version)
    if ours is None:
        return False
    ranges = (one for one in affected.get("ranges") or () if one.get("type") in ("SEMVER", "ECOSYSTEM"))
    return any(_is_in(ecosystem, ours, one.get("events") or ()) for one in ranges)


def fixed_in(ecosystem: str, version: str, affected: Mapping[str, Any]) -> str:
    """The first later version that is not affected any more, "" where the advisory tells none."""
    ours = version_key(ecosystem, version)
    fixes = [
        (key, event["fixed"])
        for one in affected.get("ranges") or ()
        if one.get("type") in ("SEMVER", "ECOSYSTEM")
        for event in one.get("events") or ()
        if "fixed" in event and (key := version_key(ecosystem, event["fixed"])) is not None
    ]
    later = [fix for fix in fixes if ours is not None and fix[0] > ours]
    return str(min(later)[1]) if later else ""


def _is_in(ecosystem: str, ours: Key, events: Iterable[Mapping[str, str]]) -> bool:
    known: list[tuple[Key | None, str]] = []
    for event in events:
        for kind, version in event.items():
            key = version_key(ecosystem, version)
            if kind == "introduced" and version == _FIRST:
                known.insert(0, (None, kind))
            elif key is not None:
                known.append((key, kind))
    is_vulnerable = False
    for key, kind in sorted(known, key=lambda one: (one[0] is not None, one[0] or ())):
        if kind == "introduced" and (key is None or ours >= key):
            is_vulnerable = True
        elif key is not None and ((kind == "fixed" and ours >= key) or (kind == "last_affected" and ours > key)):
            is_vulnerable = False
    return is_vulnerable
