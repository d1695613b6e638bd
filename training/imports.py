"""Which files of a repository a file imports, told from its import lines alone: enough to put files in order."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath

_IMPORT_LINES = re.compile(
    r"^[ \t]*(?:from[ \t]+(\S+)[ \t]+import[ \t]+\(?([^\n#]*)|import[ \t]+([^\n;]+)|(?:pub[ \t]+)?use[ \t]+([^\n;]+)|"
    r"#[ \t]*include[ \t]+\"([^\"]+)\"|[^\n]*\bfrom[ \t]+['\"]([^'\"\n]+)['\"]|"
    r"[^\n]*\brequire\(['\"]([^'\"\n]+)['\"]\)|[ \t]*(?:\w+[ \t]+)?\"([\w./-]+/[\w.-]+)\"[ \t]*$)",
    re.M,
)
_WORD = re.compile(r"[A-Za-z_][\w-]*")
# A package's own file goes by the name of its folder.
_PACKAGE_FILES = frozenset({"__init__", "index", "mod", "lib"})
# A name that so many files of a repository go by tells nothing.
_MAX_NAMESAKES = 4
_HEAD_CHARS = 6000


class ImportTable:
    """The files of one repository by the name that an import would use."""

    def __init__(self, paths: Iterable[tuple[int, str]]) -> None:
        self._files: dict[str, list[tuple[int, tuple[str, ...]]]] = defaultdict(list)
        for number, path in paths:
            pure = PurePosixPath(path)
            stem = pure.parent.name if pure.stem in _PACKAGE_FILES else pure.stem
            self._files[stem].append((number, pure.parts))

    def imported(self, number: int, path: str, text: str) -> list[int]:
        """Files that the head of this one imports, in the order of its import lines, itself not among them."""
        here = PurePosixPath(path).parts
        found: dict[int, None] = {}
        for match in _IMPORT_LINES.finditer(text[:_HEAD_CHARS]):
            words = _WORD.findall(" ".join(part for part in match.groups() if part))
            for word in words:
                namesakes = self._files.get(word, ())
                if 0 < len(namesakes) <= _MAX_NAMESAKES:
                    found[max(namesakes, key=lambda file: _nearness(file[1], here, words))[0]] = None
        found.pop(number, None)
        return list(found)


def _nearness(parts: tuple[str, ...], here: tuple[str, ...], words: list[str]) -> tuple[int, int]:
    """How many folders of a path an import names, and how many it shares with the importing file."""
    shared = next((at for at, (one, other) in enumerate(zip(parts, here, strict=False)) if one != other), 0)
    return len(set(parts) & set(words)), shared
