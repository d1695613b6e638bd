"""A name that was changed where it is defined, or the same way at several uses, is changed at the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from codeassist.next_edit.evidence import Seen, is_edited
from codeassist.next_edit.source import Source
from codeassist.next_edit.tokens import Change, line_tokens, texts_of
from codeassist.next_edit.types import Example, Replacement
from indexer.name_roles import Occurrence, Role, occurrence_at, occurrences
from indexer.syntax import Span

# Shorter names are too many things for other files to be asked about them.
LEAST_LETTERS_ELSEWHERE = 4
# A name that is changed where it is used, not where it is defined, may be meant for that place alone.
LEAST_USES = 2
# So many edits are taken back to see whether one took the definition away.
MAX_TAKEN_BACK = 4

_ITSELF = frozenset({"self", "this", "cls", "@"})
_AUGMENTED = re.compile(r"\s*(?:[-+*/%&|^@]|//|\*\*|<<|>>|\|\||&&|\?\?)=")
_DEFINED: frozenset[Role] = frozenset({"function", "class", "variable"})
_MEMBERS: frozenset[Role] = frozenset({"method", "field"})


@dataclass(frozen=True, slots=True)
class Renamed:
    """A name that one edit changed, and what it is there. is_pure: whether all else of the line stayed, is_alone: of
    the edit, too.
    """

    old: str
    new: str
    seen: Seen
    here: Occurrence
    is_pure: bool
    is_alone: bool


@dataclass(frozen=True, slots=True)
class Rename:
    """`old` is called `new` from now on.

    path: the document in which it was changed. scope: the function that it belongs to, None where it is seen from
    everywhere; ends: where that stops before its end. holder: the class of a member. is_member: whether its uses stand
    behind a dot. receiver: what has to stand left of that, "" for anything. is_wide: whether other files may use it.
    """

    old: str
    new: str
    path: str
    scope: Span | None = None
    ends: int | None = None
    holder: Span | None = None
    is_member: bool = False
    receiver: str = ""
    is_wide: bool = False
    age: int = 0
    examples: tuple[Example, ...] = ()
    rule: str = "rename"

    @property
    def key(self) -> str:
        """The pattern's name."""
        return f"rename {self.old} {self.new}"

    @property
    def title(self) -> str:
        """For a person."""
        return f"rename `{self.old}` to `{self.new}`"

    @property
    def word(self) -> str:
        """Other files are asked about names that say something."""
        return self.old if self.is_wide and len(self.old) >= LEAST_LETTERS_ELSEWHERE else ""

    @property
    def is_unique(self) -> bool:
        """Other files are looked at only where nothing else has the old name."""
        return True

    def places(self, source: Source) -> list[Replacement]:
        """Uses of the old name that mean what was renamed."""
        if source.syntax is None:
            return []
        found = occurrences(source.syntax, self.old)
        uses = self._here(found) if source.path == self.path else self._elsewhere(source, found)
        return [Replacement(use.start, use.end, self.new) for use in uses]

    def _here(self, found: Sequence[Occurrence]) -> list[Occurrence]:
        if self.is_member:
            return self._members(found)
        if self.scope is None:
            return _unshadowed(found)
        end = self.scope[1] if self.ends is None else self.ends
        within = [use for use in found if self.scope[0] <= use.start < end]
        return _unshadowed(within, self.scope)

    def _members(self, found: Sequence[Occurrence]) -> list[Occurrence]:
        uses = [use for use in found if use.role == "member" and self.receiver in ("", use.receiver)]
        if any(use.role in _MEMBERS for use in found):  # Another class has such a member, too.
            uses = [use for use in uses if use.receiver in _ITSELF]
        if self.holder is not None and any(use.receiver in _ITSELF for use in uses):
            return [use for use in uses if use.receiver not in _ITSELF or use.holder == self.holder]
        return uses

    def _elsewhere(self, source: Source, found: Sequence[Occurrence]) -> list[Occurrence]:
        if not self.is_wide:
            return []
        if any((use.role in _DEFINED and use.scope is None) or use.role in _MEMBERS for use in found):
            return []
        if self.is_member:
            return [use for use in found if use.role == "member" and use.receiver not in _ITSELF]
        if self._is_imported(source, found):
            return [*_unshadowed(found), *(use for use in found if use.role == "import")]
        return [use for use in found if use.role == "member" and use.receiver not in _ITSELF]

    def _is_imported(self, source: Source, found: Sequence[Occurrence]) -> bool:
        """Whether the text imports it, by the old name or already by the new one."""
        new = occurrences(source.syntax, self.new) if source.syntax is not None else []
        return any(use.role == "import" for use in (*found, *new))


def find_renames(edits: Sequence[Seen]) -> Iterator[Rename]:
    """What was renamed, newest first."""
    by_names: dict[tuple[str, str], list[Renamed]] = {}
    for item in _renamed(edits):
        by_names.setdefault((item.old, item.new), []).append(item)
    for items in by_names.values():
        rename = _rename(items, edits)
        if rename is not None and not _was_there(edits, rename):
            yield replace(rename, age=items[0].seen.age)


def _was_there(edits: Sequence[Seen], rename: Rename) -> bool:
    """Whether the new name was in use before: then one thing took another's place, and nothing got a new name."""
    source = next(item.source for item in edits if item.source.path == rename.path)
    found = occurrences(source.syntax, rename.new) if source.syntax is not None else []
    return any(
        use.role not in ("string", "comment", "keyword")
        and (use.role == "member") == rename.is_member
        and (rename.scope is None or rename.scope[0] <= use.start < rename.scope[1])
        and not is_edited(edits, source, use.start)
        for use in found
    )


def _renamed(edits: Iterable[Seen]) -> Iterator[Renamed]:
    for item in edits:
        for change in item.changes:
            if (names := change.renaming) is not None and (syntax := item.source.syntax) is not None:
                start, end = item.start + change.new_start, item.start + change.new_end
                if names[1].strip("_"):
                    is_pure = _is_pure(item, change, names)
                    is_alone = is_pure and all(other.renaming is not None for other in item.changes)
                    yield Renamed(*names, item, occurrence_at(syntax, start, end), is_pure, is_alone)


def _is_pure(item: Seen, change: Change, names: tuple[str, str]) -> bool:
    """Whether nothing else became of the line: with another value or type it is rather another thing."""
    before, after = "\n".join(item.edit.before), "\n".join(item.edit.after)
    lines = _line_at(before, change.old_start), _line_at(after, change.new_start)
    was, now = (texts_of(line_tokens(line)) for line in lines)
    return len(was) == len(now) and all(pair == names for pair in zip(was, now, strict=True) if pair[0] != pair[1])


def _line_at(text: str, offset: int) -> str:
    return text[text.rfind("\n", 0, offset) + 1 :].partition("\n")[0]


def _rename(items: Sequence[Renamed], edits: Sequence[Seen]) -> Rename | None:
    """From all that is known of one pair of names."""
    for item in items:
        found = _defined(item) if item.is_pure else None
        if found is not None:
            return found
    first = items[0]
    uses = [item for item in items if item.here.role in ("name", "member", "variable")]
    same = [item for item in uses if (item.here.role == "member") == (uses[0].here.role == "member")]
    if len(same) < LEAST_USES or same[0].seen.source.path != same[1].seen.source.path:
        return None
    if uses[0].here.role != "member" and not _lost_its_name(same[0], edits):
        return None
    return _of_uses(first, same)


def _lost_its_name(item: Renamed, edits: Sequence[Seen]) -> bool:
    """Whether the old name was bound, and is no more where the use sees it: else the use means another thing now."""
    source = item.seen.source
    if any(use.scope in (None, item.here.scope) for use in _bindings(source, item.old)):
        return False
    word = [other for other in edits if other.source.path == source.path and item.old in " ".join(other.edit.before)]
    return any(_bindings(other.before, item.old) for other in word[:MAX_TAKEN_BACK])


def _bindings(source: Source, name: str) -> list[Occurrence]:
    """Where a text binds a plain name."""
    found = occurrences(source.syntax, name) if source.syntax is not None else []
    return [use for use in found if use.is_set and use.role not in ("member", "keyword")]


def _of_uses(first: Renamed, same: Sequence[Renamed]) -> Rename:
    receivers = {item.here.receiver for item in same}
    scopes = {item.here.scope for item in same}
    is_member = same[0].here.role == "member"
    return Rename(
        first.old,
        first.new,
        same[0].seen.source.path,
        scope=next(iter(scopes)) if len(scopes) == 1 and not is_member else None,
        is_member=is_member,
        receiver=receivers.pop() if len(receivers) == 1 else "",
        examples=tuple(Example(item.seen.source.path, item.seen.source.row(item.here.start)) for item in same),
        rule="rename-use",
    )


def _defined(item: Renamed) -> Rename | None:
    """The rename that a changed definition means, unless something of the old name is left there."""
    here, syntax = item.here, item.seen.source.syntax
    left = occurrences(syntax, item.old) if syntax is not None else []
    if here.role == "parameter" or (here.role == "variable" and here.scope is not None):
        return _local(item, left)
    if not item.is_alone:
        return None  # What got another body, too, is rather another thing.
    if here.role in _MEMBERS or _sets_itself(here):
        return _member(item, left)
    if here.role in _DEFINED and here.scope is None:
        is_free = not any(use.role in _DEFINED and use.scope is None for use in left)
        return Rename(item.old, item.new, item.seen.source.path, is_wide=True) if is_free else None
    return None


def _member(item: Renamed, left: Sequence[Occurrence]) -> Rename | None:
    here = item.here
    if any(use.role in _MEMBERS or _sets_itself(use) for use in left if use.holder == here.holder):
        return None
    is_wide = here.role != "member"
    rename = Rename(item.old, item.new, item.seen.source.path, holder=here.holder, is_member=True, is_wide=is_wide)
    return rename if is_wide else replace(rename, receiver=here.receiver)


def _sets_itself(use: Occurrence) -> bool:
    return use.role == "member" and use.is_set and use.receiver in _ITSELF


def _local(item: Renamed, left: Sequence[Occurrence]) -> Rename | None:
    scope = item.here.scope
    if scope is None:
        return None
    within = [use for use in left if scope[0] <= use.start < scope[1]]
    if any(use.is_set and use.scope == scope and use.start < item.here.start for use in within):
        return None  # It was another value of the same variable that got its own name.
    return Rename(item.old, item.new, item.seen.source.path, scope=scope, ends=_bound_again(item, within))


def _bound_again(item: Renamed, within: Sequence[Occurrence]) -> int | None:
    """Where the variable gets its next value under the old name: from there on it may be another thing."""
    text = item.seen.source.text
    again = (use.start for use in within if use.is_set and use.scope == item.here.scope)
    starts = (start for start in again if not _AUGMENTED.match(text, start + len(item.old)))
    return next((text.rfind("\n", 0, start) + 1 for start in starts if start > item.here.start), None)


def _unshadowed(found: Sequence[Occurrence], scope: Span | None = None) -> list[Occurrence]:
    """Plain uses and bindings, those left out that belong to a function within which binds the name itself."""
    inner = {use.scope for use in found if use.is_set and use.scope != scope and use.role != "import"}
    spans = [span for span in inner if span is not None]
    return [
        use
        for use in found
        if use.role in ("name", "variable") and not any(start <= use.start < end for start, end in spans)
    ]
