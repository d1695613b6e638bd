"""What is imported from another module than before, since its old module no longer has it. Python; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from codeassist.next_edit.evidence import Seen
from codeassist.next_edit.source import Source
from codeassist.next_edit.types import Example, Replacement
from codeassist.next_edit.visible import binds

_FROM = re.compile(r"(\s*)from\s+([A-Za-z_][\w.]*)\s+import\s+([\w.*][\w.,* \t]*)(#.*)?$")
_NAME = re.compile(r"\w+")
_EXTENSIONS = (".py", ".pyi")


@dataclass(frozen=True, slots=True)
class Import:
    """One line `from module import names`; a name may have `as` behind it. comment: "" or what ends the line."""

    indent: str
    module: str
    names: tuple[str, ...]
    comment: str

    @property
    def written(self) -> str:
        """The line."""
        comment = f"  {self.comment}" if self.comment else ""
        return f"{self.indent}from {self.module} import {', '.join(self.names)}{comment}"


@dataclass(frozen=True, slots=True)
class Moved:
    """`name` is imported from `new` from now on, not from `old`."""

    name: str
    old: str
    new: str
    path: str
    age: int
    examples: tuple[Example, ...] = ()
    rule: str = "import"

    @property
    def key(self) -> str:
        """The pattern's name."""
        return f"import {self.name} {self.old} {self.new}"

    @property
    def title(self) -> str:
        """For a person."""
        return f"import `{self.name}` from `{self.new}`"

    @property
    def word(self) -> str:
        """What the other files import."""
        return self.name

    @property
    def is_unique(self) -> bool:
        """The module says which one is meant."""
        return False

    def places(self, source: Source) -> list[Replacement]:
        """Lines that import it from the old module; what else they import stays there."""
        if not source.path.endswith(_EXTENSIONS):
            return []
        found = []
        for row, line in enumerate(source.lines):
            listed = import_in(line) if self.name in line else None
            if listed is not None and listed.module == self.old and self.name in map(_plain, listed.names):
                start = source.starts[row]
                found.append(Replacement(start, start + len(line), self._written(listed)))
        return found

    def _written(self, listed: Import) -> str:
        mine = tuple(name for name in listed.names if _plain(name) == self.name)
        rest = tuple(name for name in listed.names if _plain(name) != self.name)
        if not rest:
            return Import(listed.indent, self.new, mine, listed.comment).written
        parts = Import(listed.indent, self.old, rest, listed.comment), Import(listed.indent, self.new, mine, "")
        return "\n".join(part.written for part in parts)


def find_moved(edits: Sequence[Seen]) -> Iterator[Moved]:
    """What got another module, newest first."""
    for item in edits:
        if item.source.path.endswith(_EXTENSIONS):
            before, after = _modules(item.edit.before), _modules(item.edit.after)
            for name, old in before.items():
                new = after.get(name, old)
                if new != old:
                    yield Moved(name, old, new, item.source.path, item.age)


def is_moved(moved: Moved, sources: Callable[[str], Source | None]) -> bool:
    """Whether the workspace's own old module does not have it, or is gone where the new one is the workspace's own.

    sources: a file of the workspace as it is now.
    """
    old = _module(moved.old, moved.path, sources)
    if old is not None:
        return not binds(old, moved.name)
    return _module(moved.new, moved.path, sources) is not None


def import_in(line: str) -> Import | None:
    """A line that imports from a module, named absolutely; one that goes on in the next line is none."""
    found = _FROM.match(line)
    if found is None:
        return None
    names = tuple(" ".join(name.split()) for name in found[3].split(",") if name.strip())
    return Import(found[1], found[2], names, found[4] or "") if names else None


def _modules(lines: Sequence[str]) -> dict[str, str]:
    """The module of each imported name."""
    found = (import_in(line) for line in lines)
    return {_plain(name): each.module for each in found if each is not None for name in each.names}


def _plain(name: str) -> str:
    """A name without `as`."""
    match = _NAME.match(name)
    return match.group() if match is not None else ""


def _module(module: str, path: str, sources: Callable[[str], Source | None]) -> Source | None:
    """The file of a module: its packages may lie in any folder around the file that imports it."""
    folders = path.split("/")[:-1]
    inner = module.replace(".", "/")
    for depth in range(len(folders) + 1):
        root = "".join(f"{folder}/" for folder in folders[:depth])
        for place in (f"{root}{inner}", f"{root}src/{inner}", f"{root}lib/{inner}"):
            for name in (f"{place}.py", f"{place}/__init__.py"):
                source = sources(name)
                if source is not None:
                    return source
    return None
