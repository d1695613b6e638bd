"""What to do about a file of a model that is missing or damaged."""

from __future__ import annotations

import json
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_SOURCE = "codeassist-source.json"


def refetch(path: Path, what: str = "it") -> str:
    """How to get a file back: it came with this package, or from wherever the user has the model. what: it, or both."""
    if path.name.startswith("adapter_"):
        return "train the adapter again with `codeassist adapt`"
    if path.resolve().is_relative_to(_HERE):
        return "install codeassist again (in a checkout: `git checkout` the file)"
    folder = path if path.is_dir() else path.parent
    if _came_from_a_hub(folder):
        return f"`codeassist models fetch {folder.name}` fetches {what} again, and nothing else"
    return f"fetch {what} again from where the model came"


def _came_from_a_hub(folder: Path) -> bool:
    """By the record that `source.py` keeps, which may itself be what is damaged."""
    if not (folder / _SOURCE).is_file():
        return False
    try:
        record = json.loads((folder / _SOURCE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(record, dict) and bool(record.get("hub_id")) and record.get("name") == folder.name
