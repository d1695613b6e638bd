"""How the functions of a changed file differ before and after: which got other parameters. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from codeassist.review.static.heads import SIGNATURES_ONLY, Head
from codeassist.review.static.shapes import Parameters, without_first
from codeassist.review.static.trees import ReviewedFile

Called = Literal["function", "method", "class method", "static method", "constructor"]

CONSTRUCTORS = frozenset({"__init__", "constructor"})
# Decorators that leave a function's parameters as they are written; any other may change them.
_TRANSPARENT = frozenset({
    "staticmethod", "classmethod", "abstractmethod", "lru_cache", "cache", "contextmanager", "asynccontextmanager",
    "override", "final", "no_type_check", "deprecated", "coroutine",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChangedFunction:
    """A function with other parameters than before. name: what it is called by; a constructor by its class's name.

    old, new: as a call on an object gives them; old_whole, new_whole: with what the method is called on.
    """

    path: str
    language: str
    head: Head
    name: str
    called: Called
    old: Parameters
    new: Parameters
    old_whole: Parameters
    new_whole: Parameters

    @property
    def shown(self) -> str:
        """Its name for a person."""
        return self.head.container if self.called == "constructor" else self.head.qualified


def pairs(old: ReviewedFile, new: ReviewedFile) -> Iterator[tuple[Head, Head]]:
    """Functions that are there before and after, once each."""
    before, after = _once(old), _once(new)
    for qualified, head in after.items():
        if qualified in before:
            yield before[qualified], head


def changed_functions(
    old: ReviewedFile, new: ReviewedFile, keep_parameters: Callable[[Head, Head], bool]
) -> Iterator[ChangedFunction]:
    """Those with other parameters, where nothing hides what a call has to give.

    keep_parameters: whether the decorators of a function, before and after, leave its parameters alone.
    """
    for before, head in pairs(old, new):
        if before.parameters == head.parameters or head.node.type in SIGNATURES_ONLY:
            continue
        called = how_called(head, new.language)
        is_same = called == how_called(before, old.language) and _has_plain_class(head, new)
        if is_same and keep_parameters(before, head):
            yield _changed(new, before, head, called)


def is_transparent(decorators: Iterable[str]) -> bool:
    """Whether decorators, by their names alone, leave a function's parameters alone."""
    return all(last_word(decorator) in _TRANSPARENT for decorator in decorators)


def how_called(head: Head, language: str) -> Called:
    """How a function is called."""
    if not head.container:
        return "function"
    if head.name in CONSTRUCTORS or head.node.type == "constructor_declaration":
        return "constructor"
    decorators = {last_word(decorator) for decorator in head.decorators}
    if "staticmethod" in decorators:
        return "static method"
    return "class method" if "classmethod" in decorators else "method"


def last_word(called: str) -> str:
    """The name of what is called, or may be: `b` for `a.b(c)`."""
    return called.partition("(")[0].strip().rpartition(".")[2]


def _once(file: ReviewedFile) -> Mapping[str, Head]:
    counts = Counter(head.qualified for head in file.heads if not head.is_local)
    return {
        head.qualified: head
        for head in file.heads
        if not head.is_local and not head.is_class and counts[head.qualified] == 1
    }


def _has_plain_class(head: Head, file: ReviewedFile) -> bool:
    """Whether calling the class of a constructor means calling the constructor."""
    if head.name != "__init__":
        return True
    classes = [one for one in file.heads if one.is_class and one.qualified == head.container]
    if len(classes) != 1 or classes[0].decorators:
        return False
    is_made_otherwise = any(one.qualified == f"{head.container}.__new__" for one in file.heads)
    listed = classes[0].node.child_by_field_name("superclasses")
    has_metaclass = listed is not None and any(
        node.type == "keyword_argument" and b"ABCMeta" not in (node.text or b"") for node in listed.named_children
    )
    return not is_made_otherwise and not has_metaclass


def _changed(file: ReviewedFile, before: Head, head: Head, called: Called) -> ChangedFunction:
    has_object = file.language == "python" and called in ("method", "class method", "constructor")
    name = head.container.rpartition(".")[2] if called == "constructor" else head.name
    return ChangedFunction(
        file.path,
        file.language,
        head,
        name,
        called,
        without_first(before.parameters) if has_object else before.parameters,
        without_first(head.parameters) if has_object else head.parameters,
        before.parameters,
        head.parameters,
    )
