"""The findings of one workspace, without those that were dismissed. Reads files: for a thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from codeassist.findings.baseline import dismiss, read_baseline
from codeassist.findings.passes import find_all
from codeassist.findings.types import Finding
from codeassist.findings.workspace import KnownModules


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in one text, by line. warning: what the user should know of the search, "" for nothing."""

    findings: tuple[Finding, ...]
    warning: str = ""


class Finder:
    """Looks through documents of one workspace; what is learnt of its modules is kept."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._modules = KnownModules()

    def find(self, path: str, text: str, open_texts: Mapping[str, str]) -> Found:
        """What is wrong in a text with LF line ends. open_texts: what the editor has open, by path."""
        found = find_all(self._root, path, text, open_texts, self._modules)
        if not found:
            return Found(())
        baseline = read_baseline(self._root)
        return Found(tuple(item for item in found if item.id not in baseline.ids), baseline.problem)

    def dismiss(self, finding: Finding) -> None:
        """Let a finding not come back. Raises DocumentError where that cannot be remembered."""
        dismiss(self._root, finding)
