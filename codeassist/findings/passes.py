"""All passes over one document. Reads files: for a thread."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from codeassist.findings.conflicts import merge_conflicts
from codeassist.findings.imports import missing_names
from codeassist.findings.types import Finding
from codeassist.findings.workspace import KnownModules, Workspace

# Larger texts are data; and so many findings say all that one file can.
MAX_CHARACTERS = 1_000_000
MAX_FINDINGS = 100


def find_all(
    root: Path,
    path: str,
    text: str,
    open_texts: Mapping[str, str],
    modules: KnownModules | None = None,
    gone: AbstractSet[str] = frozenset(),
    lines: AbstractSet[int] | None = None,
) -> list[Finding]:
    """What is wrong in a text, by line. path: relative to `root`. open_texts: what the editor has open, by path.

    modules: what was learnt of other files before. gone: files that count as deleted.
    lines: those whose imports are looked at, 1-based; None for all.
    """
    if len(text) > MAX_CHARACTERS:
        return []
    conflicts = merge_conflicts(path, text)
    # Amid a conflict the imports of both sides stand there.
    found = conflicts or missing_names(Workspace(root, open_texts, modules or KnownModules(), gone), path, text, lines)
    return sorted(found, key=lambda finding: (finding.start_line, finding.start_column))[:MAX_FINDINGS]
