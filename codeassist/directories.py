"""Where this user's files are kept, by the XDG conventions, and where tools keep libraries: the one place that reads
them from the environment."""

from __future__ import annotations

import os
from pathlib import Path


def cache_directory() -> Path:
    """What can be made again: `$XDG_CACHE_HOME/codeassist`, by default below `~/.cache`."""
    parent = os.environ.get("XDG_CACHE_HOME")
    return (Path(parent) if parent else Path.home() / ".cache") / "codeassist"


def data_directory() -> Path:
    """What was fetched on purpose and costs hours to fetch again: `$XDG_DATA_HOME/codeassist`, by default below
    `~/.local/share`."""
    parent = os.environ.get("XDG_DATA_HOME")
    return (Path(parent) if parent else Path.home() / ".local" / "share") / "codeassist"


def state_directory() -> Path:
    """What should last and is no use elsewhere: `$XDG_STATE_HOME/codeassist`, by default below `~/.local/state`."""
    parent = os.environ.get("XDG_STATE_HOME")
    return (Path(parent) if parent else Path.home() / ".local" / "state") / "codeassist"


def statistics_file() -> Path:
    """What became of suggestions, as this user's servers count it."""
    return state_directory() / "statistics.sqlite"


def speculation_file() -> Path:
    """What drafts tokens best, as `codeassist mtp measure` found it for models on this machine."""
    return state_directory() / "speculation.json"


def faults_file() -> Path:
    """Traces of our own faults, of commands that keep no log."""
    return state_directory() / "faults.log"


def shadow_file() -> Path:
    """What a second engine answered, beside the first."""
    return state_directory() / "shadow.sqlite"


def active_environment() -> str | None:
    """The Python environment that this process was started in."""
    return os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX") or None


def go_module_cache() -> Path:
    """Where Go keeps modules: `$GOMODCACHE`, else `pkg/mod` in the first folder of `$GOPATH`, by default `~/go`."""
    if cache := os.environ.get("GOMODCACHE"):
        return Path(cache)
    first = os.environ.get("GOPATH", "").partition(os.pathsep)[0]
    return (Path(first) if first else Path.home() / "go") / "pkg" / "mod"


def cargo_home() -> Path:
    """Where Cargo keeps crates: `$CARGO_HOME`, by default `~/.cargo`."""
    home = os.environ.get("CARGO_HOME")
    return Path(home) if home else Path.home() / ".cargo"


def hub_cache() -> Path:
    """Where huggingface_hub keeps what it fetched: `$HF_HUB_CACHE`, else `hub` in `$HF_HOME`, by default below
    `~/.cache/huggingface`."""
    if cache := os.environ.get("HF_HUB_CACHE"):
        return Path(cache)
    home = os.environ.get("HF_HOME")
    return (Path(home) if home else Path.home() / ".cache" / "huggingface") / "hub"


def runtime_directory() -> Path:
    """Where this user's processes meet: `$XDG_RUNTIME_DIR/codeassist`, else the cache directory."""
    parent = os.environ.get("XDG_RUNTIME_DIR")
    return Path(parent) / "codeassist" if parent else cache_directory()
