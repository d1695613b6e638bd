"""Secrets by the rules of MongoDB's Kingfisher (`pip install 'codeassist[review]'`), in this process and without any
network: of its library only the scanner is used, never what asks a provider whether a secret is alive.

Its rules are compiled once, for some three seconds of work, into a cache; from there they load in a quarter of one. Who
has no time to wait for that goes without, and finds them loaded the next time.
"""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
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


def load(cache: Path) -> Future[Scan | None]:
    """What scans a text under a path, as soon as it can; None where Kingfisher is not installed. cache: a folder."""
    with _lock:
        return _load(cache)


@lru_cache(maxsize=2)
def _load(cache: Path) -> Future[Scan | None]:
    future: Future[Scan | None] = Future()
    # A daemon: nobody waits for it at the end of a short command.
    threading.Thread(target=_fill, args=(cache, future), name="kingfisher", daemon=True).start()
    return future


def _fill(cache: Path, future: Future[Scan | None]) -> None:
    try:
        library: Any = importlib.import_module("kingfisher_sdk")
        rules = library.Rules(confidence="medium", cache_dir=str(cache))
        native = library.Scanner(rules, base64=False, policy=library.DetectionPolicy())
    except ImportError:
        future.set_result(None)
    except (AttributeError, OSError, RuntimeError, TypeError, ValueError) as error:
        _log.warning("kingfisher cannot be used (%s); secrets are looked for by codeassist's own rules", error)
        future.set_result(None)
    else:
        future.set_result(_scan_by(library, native))


def _scan_by(library: Any, native: Any) -> Scan:
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
