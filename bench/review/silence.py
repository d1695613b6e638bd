"""How often a review that asks no model speaks up over real commits: static facts, and bandit.

    python -m bench.review.silence REPOSITORY ... [--commits 300]

Each repository is a git work tree, of which nothing but its objects is read: a clone of it is checked out at one commit
after the other, with an index of its own. Of each commit is counted what `codeassist review --passes
static,vulnerabilities` shows of it by default; a commit is loud where an error or a warning is among that. What is said
of the commits that are no merges is in the result, to be judged by a person; all were accepted by maintainers, so that
nearly every word is one too many. Time: of the process's own work, without git and without the index, once everything
is loaded.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from json import dumps
from pathlib import Path

from bench.measuring import RESULTS, provenance, summary
from bench.quality.intervals import interval
from bench.review.staging import Clone
from codeassist.directories import cache_directory
from codeassist.findings.types import Finding
from codeassist.review import gathering
from codeassist.review.hygiene.kingfisher import load
from codeassist.review.passes.types import Deadline, Review
from codeassist.review.registry import PASSES
from codeassist.review.reviewer import Limits, only, run_review
from codeassist.review.setting_aside import sorted_out
from codeassist.review.tree import ReviewedTree
from codeassist.review.vulnerabilities import bandit
from codeassist.review.vulnerabilities.bandit_settings import BanditSettings
from codeassist.settings import ReviewSettings
from indexer.index import CodeIndex

_LOADING_S = 120
# Far more than any commit takes: what is found is to be counted, not what time leaves of it.
_REVIEW_S = 120


@dataclass(frozen=True, slots=True)
class Looked:
    """One commit: what would be shown of it, and the milliseconds of work that this took."""

    repository: str
    commit: str
    n_lines: int
    findings: tuple[Finding, ...]
    ms: float

    @property
    def is_loud(self) -> bool:
        """Whether anything but notes is shown."""
        return any(finding.severity != "note" for finding in self.findings)


def main(arguments: Sequence[str]) -> int:
    """Measure, show, and write the result."""
    options = _parser().parse_args(arguments)
    scan = load(cache_directory() / "kingfisher").result(timeout=_LOADING_S)
    bandit.find([], BanditSettings(), lambda: False)
    looked = [one for root in options.repositories for one in looked_at(root, options.commits)]
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


def looked_at(root: Path, n_commits: int) -> Iterator[Looked]:
    """The last commits of a repository, the oldest first, without merges and without the first one."""
    listed = Clone(root).git("rev-list", "--no-merges", "--min-parents=1", f"--max-count={n_commits}", "HEAD").split()
    with tempfile.TemporaryDirectory() as folder:
        clone = Clone(Path(folder) / root.name)
        command = ["git", "clone", "-q", "--shared", "--no-checkout", str(root.resolve()), str(clone.root)]
        subprocess.run(command, check=True)
        index = CodeIndex.open(clone.root, directory=Path(folder) / "index", embedder=None)
        try:
            for commit in reversed(listed):
                clone.git("checkout", "-q", "--force", commit)
                index.refresh()
                yield _looked(clone.root, commit, index)
        finally:
            index.close()


def _looked(root: Path, commit: str, index: CodeIndex) -> Looked:
    settings = ReviewSettings()
    changes = sorted_out(gathering.between(root, f"{commit}~1", commit), index.rules())
    review = Review(changes, ReviewedTree(root, changes), index, Deadline(time.monotonic() + _REVIEW_S))
    limits = Limits(settings.max_per_file, least_confidence=settings.min_confidence)
    begun = time.process_time()
    report = asyncio.run(run_review(review, only(PASSES, ("static", "vulnerabilities")), limits))
    ms = (time.process_time() - begun) * 1e3
    if not report.is_complete:
        raise SystemExit(f"{root.name} {commit}: {'; '.join(one.note for one in report.passes if one.note)}")
    return Looked(root.name, commit, report.n_lines, report.findings, ms)


def figures_of(looked: Sequence[Looked]) -> dict[str, object]:
    """How much is said, with 95 % intervals over commits."""
    graver = [sum(finding.severity != "note" for finding in one.findings) for one in looked]
    return {
        "commits": len(looked),
        "changed_lines": sum(one.n_lines for one in looked),
        "loud_commits": interval([float(one.is_loud) for one in looked]),
        "errors_and_warnings_per_commit": interval([float(n) for n in graver]),
        "commits_with_a_note": interval(
            [float(any(finding.severity == "note" for finding in one.findings)) for one in looked]
        ),
        "by_category": dict(
            Counter(f"{finding.severity} {finding.category}" for one in looked for finding in one.findings)
        ),
        "ms": summary(one.ms for one in looked),
    }


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
