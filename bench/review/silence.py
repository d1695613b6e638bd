"""How often the detectors of secrets, leftovers, stray files and vulnerabilities speak up over real commits.

    python -m bench.review.silence REPOSITORY ... [--commits 300]

Each repository is a git work tree, of which nothing but its objects is read. A commit is loud where anything is found
that `codeassist review` shows by default. What is said of the newest commits that are no merges is in the result, to be
judged by a person; these commits were all accepted by maintainers, so that nearly every word is one too many.
Time: of the process's own work, without git, once everything is loaded.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from json import dumps
from pathlib import Path

from bench.measuring import RESULTS, provenance, summary
from bench.quality.intervals import interval
from codeassist.directories import cache_directory
from codeassist.findings.types import Finding
from codeassist.review import gathering
from codeassist.review.changes import Changes
from codeassist.review.hygiene.files import find_files
from codeassist.review.hygiene.kingfisher import Scan, load
from codeassist.review.hygiene.leftovers import find_leftovers
from codeassist.review.hygiene.markers import find_markers
from codeassist.review.hygiene.secrets import find_secrets
from codeassist.review.vulnerabilities import bandit
from codeassist.review.vulnerabilities.bandit_settings import BanditSettings
from codeassist.settings import ReviewSettings

_LOADING_S = 120


@dataclass(frozen=True, slots=True)
class Looked:
    """One commit: what would be shown of it, and the milliseconds of work that this took."""

    repository: str
    commit: str
    n_lines: int
    findings: tuple[Finding, ...]
    ms: float


def main(arguments: Sequence[str]) -> int:
    """Measure, show, and write the result."""
    options = _parser().parse_args(arguments)
    scan = load(cache_directory() / "kingfisher").result(timeout=_LOADING_S)
    bandit.find([], BanditSettings(), lambda: False)
    looked = [one for root in options.repositories for one in looked_at(root, options.commits, scan)]
    figures = {
        "has_kingfisher": scan is not None,
        "all": figures_of(looked),
        "repositories": {
            root.name: figures_of([one for one in looked if one.repository == root.name])
            for root in options.repositories
        },
        "said": [f"{one.repository} {one.commit[:10]} {_said(finding)}" for one in looked for finding in one.findings],
    }
    options.result.parent.mkdir(parents=True, exist_ok=True)
    options.result.write_text(dumps({**provenance("review.silence"), **figures}, indent=1) + "\n", encoding="utf-8")
    print(dumps(figures, indent=1))
    return 0


def looked_at(root: Path, n_commits: int, scan: Scan | None) -> Iterator[Looked]:
    """The last commits of a repository, the newest first, without merges and without the first one."""
    command = ["git", "-C", str(root), "rev-list", "--no-merges", "--min-parents=1", f"--max-count={n_commits}", "HEAD"]
    for commit in subprocess.run(command, capture_output=True, text=True, check=True).stdout.split():
        changes = gathering.between(root, f"{commit}~1", commit)
        n_lines = sum(len(file.changed_lines) for file in changes.files if file.new_text is not None)
        begun = time.process_time()
        found = tuple(_shown(changes, scan))
        yield Looked(root.name, commit, n_lines, found, (time.process_time() - begun) * 1e3)


def figures_of(looked: Sequence[Looked]) -> dict[str, object]:
    """How much is said, with 95 % intervals over commits."""
    return {
        "commits": len(looked),
        "changed_lines": sum(one.n_lines for one in looked),
        "loud_commits": interval([float(bool(one.findings)) for one in looked]),
        "findings_per_commit": interval([float(len(one.findings)) for one in looked]),
        "by_category": dict(Counter(finding.category for one in looked for finding in one.findings)),
        "ms": summary(one.ms for one in looked),
    }


def _shown(changes: Changes, scan: Scan | None) -> Iterator[Finding]:
    defaults = ReviewSettings()
    files = [file for file in changes.files if file.new_text is not None and not file.skipped]
    found = find_files(changes.files, defaults.max_file_kb)
    for file in files:
        found += [*find_leftovers(file, lambda name: 0), *find_markers(file), *find_secrets(file, scan)]
    found += bandit.find(files, BanditSettings(), lambda: False)[0]
    yield from (one for one in found if one.confidence >= defaults.min_confidence)


def _said(finding: Finding) -> str:
    return f"{finding.evidence} {finding.severity} {finding.category}: {finding.message}"


def _parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("repositories", nargs="+", type=Path, metavar="REPOSITORY")
    options.add_argument("--commits", type=int, default=300, help="of each repository")
    options.add_argument("--result", type=Path, default=RESULTS / "review_silence.json")
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
