"""What a suggestion is in the syntax of its file: where its block ends, and whether its names are known.

Synchronous, for worker threads: it parses, within the limits of `indexer.live_trees`. Where a file has no grammar, or
takes too long, a suggestion stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from codeassist.documents import offset_of
from codeassist.language_names import names_given
from codeassist.types import Cursor, Document
from indexer.live_trees import LiveTree, LiveTrees, byte_offset
from indexer.syntax_places import Prose, block_end, closer_before, has_error_between, prose_at, statement_start
from indexer.used_names import UsedName, introduced, used_names

KnownNames = Callable[[Sequence[str]], frozenset[str]]

# Names are short in vain: `i`, `x`, `_` need nobody's knowledge.
_LEAST_NAME = 2
_MAX_NAMES = 200
# So much of the cursor's line is looked at for names that it introduces.
_MAX_LEFT = 1000
# What a suggestion with an unknown member is worth of one without: libraries have members that nobody here has used.
_UNKNOWN_MEMBER = 0.5


@dataclass(frozen=True, slots=True)
class Checked:
    """text: what is left of a suggestion. trust: what its confidence is to be multiplied by. unknown: a plain name in
    its first statement that nobody knows, "" for none. prose: what the cursor stands in."""

    text: str
    trust: float = 1.0
    unknown: str = ""
    prose: Prose = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """A document with a suggestion at the cursor. start, end: where the suggestion stands, in bytes. was_sound: whether
    the document had no syntax error without it. prose: what the cursor stood in then."""

    tree: LiveTree
    start: int
    end: int
    was_sound: bool
    prose: Prose

    def upto(self, end: int) -> str:
        """The suggestion up to a place in the document."""
        return self.tree.source[self.start : end].decode("utf-8", "replace")


class Checker:
    """Checks suggestions of one workspace. May be used from any thread."""

    def __init__(self, known_names: KnownNames | None) -> None:
        """known_names: those of some names that the repository has; None where nobody can tell."""
        self._trees = LiveTrees()
        self._known_names = known_names

    def follow(self, document: Document) -> None:
        """Have the tree of a document at hand: the first time takes longest."""
        self._trees.of(document.path, document.language, document.text)

    def check(
        self, document: Document, cursor: Cursor, text: str, n_replaced: int, *, opens: bool, seen: Sequence[str]
    ) -> Checked:
        """A suggestion, cut to its block and its known names.

        n_replaced: characters right of the cursor that it replaces. opens: whether it begins a block behind its opener.
        seen: texts of other files that the model saw.
        """
        offset = offset_of(document, cursor)
        filled = self._filled(document, offset, text, n_replaced)
        if filled is None:
            return Checked(text)
        cut = _cut_to_block(filled, text, opens=opens) if "\n" in text.strip("\n") else text
        if self._known_names is None:
            return Checked(cut, prose=filled.prose)
        left = document.text[max(offset - cursor.column, offset - _MAX_LEFT) : offset]
        return replace(self._names_checked(document, left, filled, cut, seen), prose=filled.prose)

    def _filled(self, document: Document, offset: int, text: str, n_replaced: int) -> Filled | None:
        before = self._trees.of(document.path, document.language, document.text)
        if before is None:
            return None
        whole = document.text[:offset] + text + document.text[offset + n_replaced :]
        after = self._trees.changed(before, whole)
        if after is None:
            return None
        start = byte_offset(document.text, offset)
        end = start + byte_offset(text, len(text))
        prose = prose_at(before.root, before.source, start)
        return Filled(after, start, end, not before.root.has_error, prose)

    def _names_checked(self, document: Document, left: str, filled: Filled, text: str, seen: Sequence[str]) -> Checked:
        """left: the cursor's line up to the cursor."""
        end = filled.start + byte_offset(text, len(text))
        names = used_names(filled.tree.root, filled.tree.source, filled.start, end)[:_MAX_NAMES]
        unknown = self._unknown(document, left + text, names, seen)
        plain = next((used for used in unknown if not used.is_member), None)
        trust = _UNKNOWN_MEMBER if any(used.is_member for used in unknown) else 1.0
        if plain is None or names_given(document.language) is None:
            return Checked(text, trust if plain is None else _UNKNOWN_MEMBER)
        kept = filled.upto(_line_start(filled.tree.source, statement_start(filled.tree.root, plain.start)))
        return Checked(kept.rstrip(), trust) if kept.strip() else Checked(text, trust, plain.name)

    def _unknown(self, document: Document, line: str, names: Sequence[UsedName], seen: Sequence[str]) -> list[UsedName]:
        """Those that neither file, prompt, language nor repository have. line: with the suggestion, to its end."""
        assert self._known_names is not None, "asked only where somebody can tell"
        own = introduced(line)
        given = names_given(document.language) or frozenset()
        asked = dict.fromkeys(used.name for used in names if len(used.name) >= _LEAST_NAME)
        texts = (document.text, *seen)
        new = [name for name in asked if name not in own and name not in given and not _is_spelled(name, texts)]
        unknown = frozenset(new) - self._known_names(new) if new else frozenset()
        return [used for used in names if used.name in unknown]


def _is_spelled(name: str, texts: Sequence[str]) -> bool:
    """Whether one of the texts has this word. Most do not have the letters; those that do are looked at closely."""
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    return any(name in text and word.search(text) for text in texts)


def _cut_to_block(filled: Filled, text: str, *, opens: bool) -> str:
    """The suggestion up to where the block that it belongs to ends."""
    source = filled.tree.source
    if has_error_between(filled.tree.root, filled.start, filled.end):
        return text  # It breaks off, so that the tree around it is a guess.
    end = block_end(filled.tree.root, source, filled.start, opens=opens)
    if end is None or not filled.start < end < filled.end:
        return text
    closer = closer_before(source, end)
    if closer and filled.was_sound and source[filled.end :].lstrip().startswith(closer):
        end -= len(closer)  # The file closes the block itself.
    return filled.upto(end).rstrip() or text


def _line_start(source: bytes, offset: int) -> int:
    return source.rfind(b"\n", 0, offset) + 1
