"""The calls of one Python function, as far as the texts tell which function a call means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from codeassist.review.static.definitions import ChangedFunction
from codeassist.review.static.familiar import is_familiar
from codeassist.review.static.heads import Head
from codeassist.review.static.python_files import PythonFile, Value
from codeassist.review.static.python_names import Program
from codeassist.review.static.trees import ReviewedFile, Trees
from indexer.call_sites import Call, calls
from indexer.syntax import SyntaxNode

# So many names a class is called by: its own, aliases, classes that have its constructor.
MAX_NAMES = 12


@dataclass(frozen=True, slots=True)
class Site:
    """A call of the function. is_sure: whether the texts say so; else only nothing else has this name.

    is_whole: whether it gives, as its first argument, what the method is called on.
    """

    file: ReviewedFile
    call: Call
    is_sure: bool = True
    is_whole: bool = False

    @property
    def line(self) -> int:
        """1-based."""
        return self.file.source.row(self.call.start) + 1


def sites(trees: Trees, program: Program, changed: ChangedFunction) -> Iterator[Site]:
    """Every call that means the function, or can hardly mean anything else."""
    finder = _Finder(trees, program, changed)
    yield from finder.constructions() if changed.called == "constructor" else finder.by_name()


class _Finder:
    def __init__(self, trees: Trees, program: Program, changed: ChangedFunction) -> None:
        self._trees = trees
        self._program = program
        self._changed = changed
        self._target = Value("function", changed.path, changed.head.qualified)
        named = trees.definitions(changed.head.name, "python")
        self._is_unique = len(named) == 1 and not is_familiar(changed.head.name)

    def by_name(self) -> Iterator[Site]:
        """Calls of a function or a method."""
        name, seen = self._changed.name, set[tuple[str, str]]()
        waiting = [name]
        while waiting:
            word = waiting.pop()
            for file in self._trees.mentioning(word, "python"):
                if (file.path, word) in seen or not self._is_worth(file, word):
                    continue
                aliases = self._aliases(file, word)
                python = self._program.python(file.path)
                for alias in dict.fromkeys([word, *aliases]):
                    yield from self._in_file(python, alias) if python is not None else ()
                seen.add((file.path, word))
                waiting += [name for name in aliases if name not in waiting and file.path.endswith("__init__.py")]

    def _is_worth(self, file: ReviewedFile, word: str) -> bool:
        """Whether a file has to be parsed: whether something may be called there that can be told apart."""
        if re.search(rf"\b{re.escape(word)}\s*(?:\(|as\b)", file.text) is None:
            return False
        is_near = self._is_unique or not self._owners or file.path == self._changed.path
        return is_near or any(owner in file.text for owner in self._owners)

    @cached_property
    def _owners(self) -> tuple[str, ...]:
        """The class of a method, and what is derived from it."""
        owners = [name for name in (self._changed.head.container.rpartition(".")[2],) if name]
        for owner in owners:
            derived = re.compile(rf"\bclass\s+(\w+)\s*\([^)]*\b{re.escape(owner)}\b")
            for file in self._trees.mentioning(owner, "python"):
                owners += [name for name in derived.findall(file.text) if name not in owners]
            if len(owners) > MAX_NAMES:
                break
        return tuple(owners)

    def _aliases(self, file: ReviewedFile, word: str) -> list[str]:
        if f"{word} as " not in file.text and f"{word}  as" not in file.text:
            return []
        python = self._program.python(file.path)
        bound = python.imports if python is not None else ()
        return [item.alias for item in bound if item.name == word and item.alias != word]

    def _in_file(self, file: PythonFile, word: str) -> Iterator[Site]:
        if file.syntax is None:
            return
        for call in calls(file.syntax, word):
            callee = _callee(file, call, word)
            if callee is not None and (site := self._site(file, call, callee)) is not None:
                yield site

    def _site(self, file: PythonFile, call: Call, callee: SyntaxNode) -> Site | None:
        holder = callee.child_by_field_name("object") if callee.type == "attribute" else None
        if holder is None:
            is_meant = self._program.value(file, callee) == self._target
            return Site(file.file, call) if is_meant else None
        value = self._program.value(file, holder)
        if value is not None and value.kind == "module":
            return Site(file.file, call) if self._program.value(file, callee) == self._target else None
        is_foreign = value is None and file.is_imported((holder.text or b"").decode().partition(".")[0])
        if self._changed.called == "function" or is_foreign:
            return None
        found, is_other = self._program.find_member(value, self._changed.head.name) if value else (None, False)
        if value is not None and found == self._target:
            is_whole = value.kind == "class" and self._changed.called == "method"
            return Site(file.file, call, is_whole=is_whole)
        return None if found or is_other or not self._is_unique else Site(file.file, call, is_sure=False)

    def constructions(self) -> Iterator[Site]:
        """Calls of a class, of classes that have their constructor from it, and of the constructor itself."""
        waiting, seen = [self._changed.name], set[str]()
        done = set[tuple[str, int]]()
        while waiting and len(seen) < MAX_NAMES:
            word = waiting.pop(0)
            seen.add(word)
            for file in self._trees.mentioning(word, "python"):
                python = self._program.python(file.path)
                if python is None or re.search(rf"\b{re.escape(word)}\b", file.text) is None:
                    continue
                names = {word, *self._aliases(file, word)}
                heirs = [
                    head for head in file.heads if head.is_class and _bases_text(head) and self._is_heir(head, names)
                ]
                waiting += [head.name for head in heirs if head.name not in seen and head.name not in waiting]
                own = {"cls"} if file.path == self._changed.path else set[str]()
                for alias in sorted(names | own | ({"__init__"} if heirs else set())):
                    for site in self._constructed(python, alias):
                        if (file.path, site.call.start) not in done:
                            done.add((file.path, site.call.start))
                            yield site

    def _is_heir(self, head: Head, names: set[str]) -> bool:
        return not names.isdisjoint(re.findall(r"\w+", _bases_text(head)))

    def _constructed(self, file: PythonFile, word: str) -> Iterator[Site]:
        for call in calls(file.syntax, word) if file.syntax is not None else ():
            callee = _callee(file, call, word)
            if callee is None:
                continue
            if word == "__init__":
                holder = callee.child_by_field_name("object") if callee.type == "attribute" else None
                value = self._program.value(file, holder) if holder is not None else None
                if value is None or value.kind not in ("super", "class") or self._is_several(file, value):
                    continue
                is_whole = value.kind == "class"
            else:
                value, is_whole = self._program.value(file, callee), False
                if value is None or value.kind != "class":
                    continue
            if self._program.find_member(value, "__init__")[0] == self._target:
                yield Site(file.file, call, is_whole=is_whole)

    def _is_several(self, file: PythonFile, value: Value) -> bool:
        """Whether `super()` may mean another class: behind several bases the order of all heirs decides."""
        classes = file.classes.get(value.name, []) if value.kind == "super" else []
        return bool(classes) and _bases_text(classes[0]).count(",") > 0


def _callee(file: PythonFile, call: Call, word: str) -> SyntaxNode | None:
    """The expression that is called."""
    if file.syntax is None:
        return None
    way = file.syntax.way_to(call.start, call.start + len(word))
    is_attribute = len(way) > 1 and way[-2].node.type == "attribute"
    return way[-2].node if is_attribute else way[-1].node


def _bases_text(head: Head) -> str:
    listed = head.node.child_by_field_name("superclasses")
    return (listed.text or b"").decode("utf-8", "replace") if listed is not None else ""
