"""Which files of a repository are learned from, which tell when to stop, and which are judged on.

Judged on are files by the hash of their paths, and those that git says were changed last: such are edited next. Within
one adaptation a file never changes sides: the split is written down and read again (`keeping.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from math import ceil
from pathlib import Path

from codeassist.errors import ModelError
from codeassist.mtp.samples import Text, source_texts
from indexer.gitcommand import GitTrouble, last_commits, list_files
from indexer.languages import language_of

# Fewer files leave too few to judge on: an interval over fewer than a handful of them says nothing.
MIN_FILES = 24
# Of a larger repository a part is taken: one pass over it would take longer than anybody waits.
MAX_FILES = 4000
# One file in so many tells when to stop; is judged on for its hash; is judged on for having been changed lately. There
# are so many of each at most.
_TUNE, _TEST, _RECENT = 20, 10, 10
_MOST = 100
# So many commits are looked at; one that touches more files is a sweep over all of them, not somebody's work.
_COMMITS, _SWEEP = 300, 40


@dataclass(frozen=True, slots=True)
class Split:
    """The files of each side. recent: paths of those in `test` that were changed last."""

    train: tuple[Text, ...]
    tune: tuple[Text, ...]
    test: tuple[Text, ...]
    recent: frozenset[str]


def read_repository(root: Path, exclude: Sequence[str]) -> list[Text]:
    """Source files that the index would read, by path, equal ones once. Where too few of them are in a language that we
    know, the others count as well.

    exclude: more to leave out, as .gitignore patterns. Raises WorkspaceError for what is no folder.
    """
    texts = list({text.text: text for text in reversed(list(source_texts(root, exclude)))}.values())
    code = [text for text in texts if language_of(text.path)]
    return sorted(code if len(code) >= MIN_FILES else texts, key=lambda text: text.path)


def recent_paths(root: Path) -> list[str]:
    """What was changed last, newest first: what no commit has, then the last commits. Nothing where git cannot tell."""
    try:
        uncommitted = list_files(root, "--modified", "--others", "--exclude-standard")
        commits = [commit for commit in last_commits(root, _COMMITS) if len(commit) <= _SWEEP]
    except GitTrouble:
        return []
    return list(dict.fromkeys(chain(uncommitted, *commits)))


def split_files(texts: Sequence[Text], recent: Iterable[str]) -> Split:
    """The sides of a repository's files, the same whenever it is asked.

    recent: paths, newest first. Raises ModelError where there are too few files.
    """
    if len(texts) < MIN_FILES:
        raise ModelError(
            f"{len(texts)} source files are too few to learn from and to judge on ({MIN_FILES} are needed); "
            "give the folder of a larger repository"
        )
    by_hash = sorted(texts, key=lambda text: _digest(text.path))
    known = {text.path for text in texts}
    newest = [path for path in recent if path in known][: _share(len(by_hash), _RECENT)]
    others = [text for text in by_hash if text.path not in newest][: MAX_FILES - len(newest)]
    n_test = _share(len(others), _TEST)
    n_tune = _share(len(others), _TUNE)
    test = [*others[:n_test], *(text for text in texts if text.path in newest)]
    return Split(
        train=_by_path(others[n_test + n_tune :]),
        tune=_by_path(others[n_test : n_test + n_tune]),
        test=_by_path(test),
        recent=frozenset(newest),
    )


def split_again(texts: Sequence[Text], sides: dict[str, list[str]]) -> Split:
    """The files as they were split before; what has come since is left out. sides: of `described`."""

    def of(side: Collection[str]) -> tuple[Text, ...]:
        return _by_path(text for text in texts if text.path in side)

    kept = {name: frozenset(paths) for name, paths in sides.items()}
    return Split(of(kept["train"]), of(kept["tune"]), of(kept["test"]), kept["recent"])


def described(split: Split) -> dict[str, list[str]]:
    """The paths of each side."""
    sides = {"train": split.train, "tune": split.tune, "test": split.test}
    return {**{name: [text.path for text in side] for name, side in sides.items()}, "recent": sorted(split.recent)}


def _share(n_files: int, one_in: int) -> int:
    return min(max(ceil(n_files / one_in), 2), _MOST)


def _by_path(texts: Iterable[Text]) -> tuple[Text, ...]:
    return tuple(sorted(texts, key=lambda text: text.path))


def _digest(path: str) -> bytes:
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).digest()
