"""What is made once and kept for all tests, for programs that start in a home of their own."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

from codeassist.review.hygiene.kingfisher import load
from tests.e2e import vscode_tools

_COMPILED_WITHIN_S = 120.0


def keep_compiled_rules(cache_home: Path) -> None:
    """Have reviews below this home find Kingfisher's rules compiled, which takes 5 s of CPU time wherever they are not.

    cache_home: XDG_CACHE_HOME of the program, or `.cache` in its HOME.
    """
    place = cache_home / "codeassist" / "kingfisher"
    place.mkdir(parents=True, exist_ok=True)
    for file in _compiled_rules():
        shutil.copy(file, place)


@cache
def _compiled_rules() -> tuple[Path, ...]:
    """The files that Kingfisher loads its rules from, by the version that is installed; none where none is."""
    kept = vscode_tools.cache() / "kingfisher"
    kept.mkdir(parents=True, exist_ok=True)
    with vscode_tools.locked(kept.with_suffix(".lock")):
        load(kept).result(_COMPILED_WITHIN_S)
        return tuple(kept.iterdir())
