"""Secrets by the rules of MongoDB's Kingfisher (`pip install 'codeassist[review]'`), in this process and without any
network: of its library only the scanner is used, never what asks a provider whether a secret is alive.

Its rules are compiled once, for some three seconds, into a cache; from there they load in a quarter of one.
"""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

_log = logging.getLogger(__name__)

# First line, last line, what it is of, its text, whether nothing else has that form.
Scanned = tuple[int, int, str, str, bool]
Scan = Callable[[str, str], list[Scanned]]

# One text takes some 0.1 ms for each 10 kB.
_SECONDS = 2.0
_lock = threading.Lock()


def scanner(cache: Path) -> Scan | None:
    """What scans a text under a path; None where Kingfisher is not installed. For a thread. cache: a folder."""
    with _lock:
        return _scanner(cache)


@lru_cache(maxsize=2)
def _scanner(cache: Path) -> Scan | None:
    try:
        library: Any = importlib.import_module("kingfisher_sdk")
    except ImportError:
        return None
    try:
        rules = library.Rules(confidence="medium", cache_dir=str(cache))
        native = library.Scanner(rules, base64=False, policy=library.DetectionPolicy())
    except (OSError, RuntimeError, ValueError) as error:
        _log.warning("kingfisher cannot be used (%s); secrets are looked for by codeassist's own rules", error)
        return None

    def scan(path: str, text: str) -> list[Scanned]:
        source = library.ScanInput(path=path, data=text.encode("utf-8", "replace"))
        try:
            found = native.scan_input(source, timeout=_SECONDS)
        except (TimeoutError, RuntimeError, ValueError) as error:
            _log.warning("kingfisher did not scan a file of %d characters: %s", len(text), type(error).__name__)
            return []
        return [_scanned(one) for one in found if one.visible]

    return scan


def _scanned(found: Any) -> Scanned:
    place = found.location
    kind = found.rule_id.rpartition(".")[2].replace("-", " ")
    return place["line"], place["end_line"], kind, found.secret, found.confidence == "high"
