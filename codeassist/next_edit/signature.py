"""A parameter that was removed, added, renamed or moved: what that means for the calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codeassist.next_edit.evidence import Seen
from codeassist.next_edit.rename import LEAST_LETTERS_ELSEWHERE
from codeassist.next_edit.source import Source
from codeassist.next_edit.types import Example, Replacement
from codeassist.next_edit.visible import has_variable
from indexer.call_sites import Argument, Call, Parameter, Signature, calls, signatures


@dataclass(frozen=True, slots=True)
class CallChange:
    """What a changed signature does to calls. path: where it is defined. before, after: its parameters.

    done: lines that were edited since then.
    """

    callee: str
    path: str
    before: tuple[Parameter, ...]
    after: tuple[Parameter, ...]
    is_method: bool
    age: int = 0
    done: tuple[tuple[str, range], ...] = ()
    examples: tuple[Example, ...] = ()
    rule: str = "signature"

    @property
    def key(self) -> str:
        """The pattern's name."""
        return f"signature {self.callee} {[item.name for item in self.before]} {[item.name for item in self.after]}"

    @property
    def title(self) -> str:
        """For a person."""
        return f"change the calls of `{self.callee}`"

    @property
    def word(self) -> str:
        """Other files are asked about names that say something."""
        return self.callee if len(self.callee) >= LEAST_LETTERS_ELSEWHERE else ""

    @property
    def is_unique(self) -> bool:
        """Other files are looked at only where nothing else has this name."""
        return True

    def places(self, source: Source) -> list[Replacement]:
        """Calls that still fit the old parameters."""
        if source.syntax is None:
            return []
        found = []
        for call in calls(source.syntax, self.callee):
            if (call.is_member or not self.is_method) and not self._is_done(source, call):
                made = self._changed(source, call)
                found += [made] if made is not None else []
        return found

    def _is_done(self, source: Source, call: Call) -> bool:
        row = source.row(call.start)
        return any(path == source.path and row in rows for path, rows in self.done)

    def _changed(self, source: Source, call: Call) -> Replacement | None:
        if not call.arguments or any(item.is_spread for item in call.arguments):
            return self._first(source, call) if not call.arguments else None
        if not _fits(call, self.before):
            return None
        old, new = [item.name for item in self.before], [item.name for item in self.after]
        if len(old) > len(new):
            return _removed(source, call, self.before, new)
        if len(old) < len(new):
            return _added(source, call, self.before, self.after)
        if sorted(old) == sorted(new):
            return _reordered(source, call, old, new)
        return _renamed(call, old, new)

    def _first(self, source: Source, call: Call) -> Replacement | None:
        return _added(source, call, self.before, self.after) if not self.before else None


def find_call_changes(edits: Sequence[Seen]) -> Iterator[CallChange]:
    """What was done to signatures, newest first."""
    for item in edits:
        if item.source.syntax is None or not any(
            "(" in line or "," in line or ")" in line for line in item.edit.before
        ):
            continue
        edit = item.edit
        new = signatures(item.source.syntax, edit.start, edit.start + max(0, len(edit.after) - 1))
        before = item.before.syntax if new else None
        if before is None:
            continue
        old = signatures(before, edit.start, edit.start + max(0, len(edit.before) - 1))
        for signature in new:
            same = [other for other in old if other.callee == signature.callee]
            if len(same) == 1 and signature.callee and _is_simple(same[0], signature):
                yield CallChange(
                    signature.callee,
                    item.source.path,
                    same[0].parameters,
                    signature.parameters,
                    signature.is_method,
                    item.age,
                    tuple((other.source.path, other.rows) for other in edits if other.age < item.age),
                )


def _is_simple(old: Signature, new: Signature) -> bool:
    """Whether one parameter went, came or got another name, or all are the same in another order."""
    if any(item.is_rest for item in (*old.parameters, *new.parameters)):
        return False
    before, after = [item.name for item in old.parameters], [item.name for item in new.parameters]
    if len(set(before)) != len(before) or len(set(after)) != len(after) or before == after:
        return False
    if abs(len(before) - len(after)) == 1:
        longer, shorter = (before, after) if len(before) > len(after) else (after, before)
        return [name for name in longer if name in shorter] == shorter
    if len(before) != len(after):
        return False
    return sorted(before) == sorted(after) or sum(one != other for one, other in zip(before, after, strict=True)) == 1


def _fits(call: Call, parameters: Sequence[Parameter]) -> bool:
    """Whether the call is one of a function with these parameters."""
    names = [item.name for item in parameters]
    by_position = [item for item in call.arguments if not item.keyword]
    keywords = [item.keyword for item in call.arguments if item.keyword]
    if len(by_position) > len(names) or not set(keywords) <= set(names[len(by_position) :]):
        return False
    given = {*names[: len(by_position)], *keywords}
    return all(item.has_default or item.name in given for item in parameters)


def _removed(source: Source, call: Call, before: Sequence[Parameter], new: Sequence[str]) -> Replacement | None:
    place = next(at for at, item in enumerate(before) if item.name not in new)
    gone = before[place].name
    for at, argument in enumerate(call.arguments):
        if argument.keyword == gone:
            return _without(call, at)
    by_position = [item for item in call.arguments if not item.keyword]
    if place >= len(by_position):
        return None
    # With fewer arguments than before it may have been adapted already.
    is_sure = len(call.arguments) > len(new) or by_position[place].text.rpartition(".")[2] == gone
    return _without(call, place) if is_sure else None


def _without(call: Call, at: int) -> Replacement:
    """An argument and the comma that goes with it."""
    arguments = call.arguments
    if at + 1 < len(arguments):
        return Replacement(arguments[at].start, arguments[at + 1].start, "")
    start = arguments[at - 1].end if at else call.opened
    return Replacement(start, arguments[at].end if at else call.closed, "")


def _added(source: Source, call: Call, before: Sequence[Parameter], after: Sequence[Parameter]) -> Replacement | None:
    """Passes on a variable of the new parameter's name, where the caller has one."""
    names = [item.name for item in before]
    place = next(at for at, item in enumerate(after) if item.name not in names)
    added = after[place]
    if added.has_default or not has_variable(source, call.start, added.name):
        return None
    by_position = [item for item in call.arguments if not item.keyword]
    if place > len(by_position):
        return _inserted(call, len(call.arguments), f"{added.name}={added.name}")
    return _inserted(call, place, added.name)


def _inserted(call: Call, at: int, text: str) -> Replacement:
    if not call.arguments:
        return Replacement(call.opened, call.opened, text)
    if at < len(call.arguments):
        start = call.arguments[at].start
        return Replacement(start, start, f"{text}, ")
    end = call.arguments[-1].end
    return Replacement(end, end, f", {text}")


def _reordered(source: Source, call: Call, old: Sequence[str], new: Sequence[str]) -> Replacement | None:
    """Arguments by position in their new order; only where all are given by position."""
    if any(item.keyword for item in call.arguments) or len(call.arguments) != len(old):
        return None
    by_name: dict[str, Argument] = dict(zip(old, call.arguments, strict=True))
    parts: list[str] = []
    for at, name in enumerate(new):
        between = source.text[call.arguments[at - 1].end : call.arguments[at].start] if at else ""
        parts.append(between + by_name[name].text)
    start, end = call.arguments[0].start, call.arguments[-1].end
    text = "".join(parts)
    if text == source.text[start:end] or [item.text for item in call.arguments] == list(new):
        return None
    return Replacement(start, end, text)


def _renamed(call: Call, old: Sequence[str], new: Sequence[str]) -> Replacement | None:
    before, after = next((one, other) for one, other in zip(old, new, strict=True) if one != other)
    for item in call.arguments:
        if item.keyword == before:
            return Replacement(item.start, item.start + len(before), after)
    return None
