"""Where this user's files are kept, by the XDG conventions: the one place that reads them from the environment."""

from __future__ import annotations

import os
from pathlib import Path


def cache_directory() -> Path:
    """What can be made again: `$XDG_CACHE_HOME/codeassist`, by default below `~/.cache`."""
    parent = os.environ.get("XDG_CACHE_HOME")
    return (Path(parent) if parent else Path.home() / ".cache") / "codeassist"


def runtime_directory() -> Path:
    """Where this user's processes meet: `$XDG_RUNTIME_DIR/codeassist`, else the cache directory."""
    parent = os.environ.get("XDG_RUNTIME_DIR")
    return Path(parent) / "codeassist" if parent else cache_directory()
