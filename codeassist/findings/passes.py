"""All passes over one document. Reads files: for a thread."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from codeassist.findings.conflicts import merge_conflicts
from codeassist.findings.imports import missing_names
from codeassist.findings.types import Finding
from codeassist.findings.workspace import KnownModules, Workspace

# Larger texts are data; and so many findings say all that one file can.
MAX_CHARACTERS = 1_000_000
MAX_FINDINGS = 100


def find_all(
    root: Path, path: str, text: str, open_texts: Mapping[str, str], modules: KnownModules | None = None
) -> list[Finding]:
    """What is wrong in a text, by line. path: relative to `root`. open_texts: what the editor has open, by path.

    modules: what was learnt of other files before.
    """
    if len(text) > MAX_CHARACTERS:
        return []
    conflicts = merge_conflicts(path, text)
    # Amid a conflict the imports of both sides stand there.
    found = conflicts or missing_names(Workspace(root, open_texts, modules or KnownModules()), path, text)
    return sorted(found, key=lambda finding: (finding.start_line, finding.start_column))[:MAX_FINDINGS]
