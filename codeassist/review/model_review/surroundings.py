"""What the index knows of the code that changed, as far as a chat model may see it. Reads the index and files: for a
thread.

Of files that the same change touches, only code is shown, without comments and strings: their words shall bend no
answer about this one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from codeassist.review.changes import lines_of
from codeassist.review.model_review.cleaning import cleaned
from codeassist.review.model_review.portions import Portion
from codeassist.review.model_review.prompts import Passage, Section
from codeassist.review.passes.types import Review
from indexer.outline import Outlined, read_syntax
from indexer.ranking import is_test_path
from indexer.types import Hit, Query, library_location, shown_path

MAX_NAMES = 24
# A name that is defined in more places says little of who uses which; those that the language knows, nothing.
MAX_NAMESAKES = 3
_OF_THE_LANGUAGE = re.compile(r"__\w+__|constructor|main|init|new|setUp|tearDown")
MAX_CHANGED_NAMES = 6
MAX_HITS = 16
MAX_USAGES = 60
MAX_CALLERS, MAX_TESTS, MAX_SIMILAR, MAX_DEFINITIONS = 8, 2, 2, 10
# What is shown around a line that uses changed code; of a test, the definition where it is no longer.
NEAR_LINES = 2
MAX_TEST_LINES = 30
# Of the room, at most so much for each kind; what one leaves is for those after it.
_SHARES = (("definitions", 0.5), ("callers", 0.6), ("tests", 0.7), ("similar", 1.0))
_TITLES = {
    "definitions": "Definitions of names in the changed code",
    "callers": "Code that uses what was changed",
    "tests": "Tests of it",
    "similar": "Similar code of this repository",
}
# Lines and blanks of a passage besides its path and text.
_HEADING = 16
# A definition of no more lines is shown with its body.
MAX_BODY_LINES = 25
MAX_PASSAGE_LINES = 40
_ALIKE = frozenset({"lexical", "vector"})
_NAME = re.compile(r"[^\W\d]\w{2,}")


class Surroundings:
    """Of one review; what was found out of a file is kept."""

    def __init__(self, review: Review) -> None:
        self._review = review
        self._changed = frozenset(review.tree.changed_texts)
        self._shown: dict[str, Sequence[str] | None] = {}
        self._users: dict[str, Sequence[Hit]] = {}
        self._code: dict[str, Mapping[str, str]] = {}

    def n_users(self, names: Iterable[str], path: str) -> int:
        """Other files that have one of the names somewhere."""
        mentioning = {user for name in names for user in self._review.index.mentioning(name)}
        return sum(user != path and not is_test_path(user) for user in mentioning)

    def sections(self, portion: Portion, outline: Sequence[Outlined], n_characters: int) -> tuple[Section, ...]:
        """What is known, the most telling first, in at most so many characters."""
        found = self._found(portion, outline)
        sections: list[Section] = []
        taken: list[Passage] = []
        for kind, share in _SHARES:
            room = int(share * n_characters) - sum(map(_length, taken))
            kept = _fitting(found[kind], room, taken)
            taken += kept
            if kept:
                sections.append(Section(_TITLES[kind], tuple(kept)))
        return tuple(sections)

    def _found(self, portion: Portion, outline: Sequence[Outlined]) -> dict[str, list[Passage]]:
        path = portion.file.path
        hits = [hit for hit in self._search(portion) if hit.path != path]
        usages = self._usages(portion, changed_names(portion, outline))
        return {
            "definitions": self._passages((hit for hit in hits if hit.source not in _ALIKE), MAX_DEFINITIONS),
            "callers": self._around((hit for hit in usages if not is_test_path(hit.path)), MAX_CALLERS),
            "tests": self._tests([hit for hit in usages if is_test_path(hit.path)]),
            "similar": self._passages((hit for hit in hits if hit.source in _ALIKE), MAX_SIMILAR),
        }

    def _search(self, portion: Portion) -> list[Hit]:
        first, last = portion.span
        text = self._review.tree.text(portion.file.path) or ""
        code = "\n".join(lines_of(text)[first - 1 : last])
        names = tuple(name for name, _ in Counter(_NAME.findall(code)).most_common(MAX_NAMES))
        query = Query(code, names, portion.file.path, text, line=first, exclude_lines=(first, last))
        return self._review.index.search(query, MAX_HITS)

    def _usages(self, portion: Portion, names: Sequence[str]) -> list[Hit]:
        found = [hit for name in names for hit in self._usages_of(name)]
        shown = portion.numbers
        return [hit for hit in found if hit.path != portion.file.path or hit.start_line not in shown]

    def _usages_of(self, name: str) -> Sequence[Hit]:
        """Lines that use a name; none of one that means something else in most places."""
        index = self._review.index
        if name not in self._users:
            is_telling = len(index.symbols(name, MAX_NAMESAKES + 1)) <= MAX_NAMESAKES
            self._users[name] = index.usages(name, MAX_USAGES) if is_telling else ()
        return self._users[name]

    def _passages(self, hits: Iterable[Hit], limit: int) -> list[Passage]:
        found: list[Passage] = []
        for hit in hits:
            lines = self._hit_as_shown(hit) if len(found) < limit else []
            if any(line.strip() for line in lines):
                found.append(_passage(hit.path, hit.start_line, hit.end_line, _shortened(lines)))
        return found

    def _around(self, hits: Iterable[Hit], limit: int) -> list[Passage]:
        """The lines of the hits with a few beside them, each once."""
        found: list[Passage] = []
        covered: dict[str, set[int]] = {}
        for hit in hits:
            lines = self._file(hit.path) if len(found) < limit else None
            if lines is None or hit.start_line in covered.get(hit.path, ()) or hit.start_line > len(lines):
                continue
            first, last = max(1, hit.start_line - NEAR_LINES), min(len(lines), hit.end_line + NEAR_LINES)
            covered.setdefault(hit.path, set()).update(range(first, last + 1))
            found.append(_passage(hit.path, first, last, lines[first - 1 : last]))
        return found

    def _tests(self, hits: Sequence[Hit]) -> list[Passage]:
        """The tests that use it, where they are short; else the lines."""
        found: dict[tuple[str, int], Passage] = {}
        for hit in hits:
            lines = self._file(hit.path) if len(found) < MAX_TESTS else None
            if lines is None:
                continue
            syntax = read_syntax(hit.path, self._review.tree.text(hit.path) or "")
            around = [
                item
                for item in (syntax.outline if syntax else ())
                if item.start_line <= hit.start_line <= item.end_line
                and item.end_line - item.start_line < MAX_TEST_LINES
            ]
            if around:
                first, last = around[0].start_line, around[0].end_line
                one = _passage(hit.path, first, last, lines[first - 1 : last])
                found.setdefault((hit.path, first), one)
        return list(found.values()) or self._around(hits, MAX_TESTS)

    def _hit_as_shown(self, hit: Hit) -> Sequence[str]:
        """What the index shows of a hit; a short definition with its body."""
        told = lines_of(hit.text)
        n_lines = hit.end_line - hit.start_line + 1
        if hit.is_skeleton and n_lines <= MAX_BODY_LINES and (lines := self._file(hit.path)) is not None:
            text = lines_of(self._review.tree.text(hit.path) or "")
            if text[hit.start_line - 1 : hit.start_line] == told[:1]:  # else it has moved since it was indexed
                return lines[hit.start_line - 1 : hit.end_line]
        return self._lines_as_shown(hit.path, told)

    def _file(self, path: str) -> Sequence[str] | None:
        """The lines of a file as they may be shown; None for one that may not, or cannot be read."""
        if path not in self._shown:
            text = self._review.tree.text(path)
            may = text is not None and self._review.index.withheld(path, text) is None
            self._shown[path] = self._lines_as_shown(path, lines_of(text)) if may and text is not None else None
        return self._shown[path]

    def _lines_as_shown(self, path: str, lines: Sequence[str]) -> Sequence[str]:
        """Lines of a file, as a model may see them; none of a file that it may not see."""
        root, _ = library_location(path)
        if root:
            return cleaned(lines).lines
        text = self._review.tree.text(path)
        if text is None or self._review.index.withheld(path, text) is not None:
            return ()
        if path not in self._changed:
            return cleaned(lines).lines
        code = self._code_alone(path, text)
        return cleaned([code.get(line, "…" if line.strip() else "") for line in lines]).lines

    def _code_alone(self, path: str, text: str) -> Mapping[str, str]:
        """Each line of a file that changes, too, without comments and strings; one that is in several places, as it is
        where least of it is left."""
        if path not in self._code:
            syntax = read_syntax(path, text)
            alone = syntax.code_alone() if syntax is not None else ""
            code: dict[str, str] = {}
            for line, bare in zip(text.split("\n"), alone.split("\n"), strict=False):
                if line not in code or len(bare.strip()) < len(code[line].strip()):
                    code[line] = bare.rstrip()
            self._code[path] = code
        return self._code[path]


def changed_names(portion: Portion, outline: Sequence[Outlined]) -> list[str]:
    """Names of the definitions whose lines changed, inner ones first."""
    anchors = portion.file.anchors & portion.numbers
    touched = [
        item for item in outline if any(number in anchors for number in range(item.start_line, item.end_line + 1))
    ]
    inner_first = sorted(touched, key=lambda item: item.end_line - item.start_line)
    names = dict.fromkeys(item.name for item in inner_first)
    return [name for name in names if not _OF_THE_LANGUAGE.fullmatch(name)][:MAX_CHANGED_NAMES]


def _fitting(passages: Iterable[Passage], room: int, taken: Sequence[Passage]) -> list[Passage]:
    """Those that have room together and say what is not said."""
    kept: list[Passage] = []
    for passage in passages:
        if _length(passage) <= room and not any(_overlap(passage, other) for other in (*taken, *kept)):
            kept.append(passage)
            room -= _length(passage)
    return kept


def _overlap(one: Passage, other: Passage) -> bool:
    return one.path == other.path and one.start_line <= other.end_line and other.start_line <= one.end_line


def _length(passage: Passage) -> int:
    return len(passage.path) + len(passage.text) + _HEADING


def _shortened(lines: Sequence[str]) -> list[str]:
    """The first lines; of empty ones, and of those that stand for others, one in a row."""
    kept = [line for place, line in enumerate(lines) if line.strip() not in ("", "…") or line != _before(lines, place)]
    return [*kept[:MAX_PASSAGE_LINES], "…"] if len(kept) > MAX_PASSAGE_LINES else kept


def _before(lines: Sequence[str], place: int) -> str | None:
    return lines[place - 1] if place else None


def _passage(path: str, first: int, last: int, lines: Sequence[str]) -> Passage:
    is_library = bool(library_location(path)[0])
    return Passage(shown_path(path) if is_library else path, first, last, "\n".join(lines).rstrip())
