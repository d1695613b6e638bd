"""What to do about a file of a model that is missing or damaged."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent


def refetch(path: Path, what: str = "it") -> str:
    """How to get a file back: it came with this package, or from wherever the user has the model. what: it, or both."""
    if path.name.startswith("adapter_"):
        return "train the adapter again with `codeassist adapt`"
    if path.resolve().is_relative_to(_HERE):
        return "install codeassist again (in a checkout: `git checkout` the file)"
    return f"fetch {what} again from where the model came"
