"""What helped to find a fault and was forgotten, on the lines of a change: in code, not in strings and comments."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property

from codeassist.findings.types import Finding, Replacement, Severity, finding_id
from codeassist.review.changes import ChangedFile
from codeassist.review.hygiene.leftover_rules import LEFTOVERS, Leftover
from codeassist.review.hygiene.paths import is_made, is_script, is_shown
from codeassist.review.remedies import is_sound
from indexer.languages import language_of
from indexer.live_trees import tree_of
from indexer.name_roles import is_code
from indexer.ranking import is_test_path
from indexer.syntax import MAX_CHARS, SyntaxTree

MAX_LINE = 400
# So many lines of a file are looked at in its tree.
MAX_PLACES = 50
_CONFIDENCE = {"always": 0.9, "focus": 0.9, "print": 0.8, "habit": 0.6}
_DEFINES = re.compile(r"(?:\b(?:def|function|func|fn|fun|sub|defp?|defmacro)|macro_rules!)\s*$")
# How many files of a repository make a habit.
_HABIT = 2

# How many files of the repository, besides the changed one, may have a name.
CountFiles = Callable[[str], int]


@dataclass(frozen=True)
class _Place:
    """A line that has the form of a leftover. offset, end: code points of the text; number: 1-based."""

    rule: Leftover
    number: int
    start: int
    end: int


@dataclass(frozen=True)
class _Text:
    """A text that is parsed when somebody asks."""

    path: str
    text: str

    @cached_property
    def syntax(self) -> SyntaxTree | None:
        """Its tree; None where it is too large."""
        if len(self.text) > MAX_CHARS:
            return None
        found = tree_of(self.path, self.text)
        return SyntaxTree(self.text, found.tree) if found is not None else None


def find_leftovers(file: ChangedFile, count_files: CountFiles) -> list[Finding]:
    """What was forgotten in a file, by line. Nothing of a kind that the file had before: it is about that."""
    language = language_of(file.path)
    rules = LEFTOVERS.get(language.name, ()) if language is not None else ()
    if not rules or file.new_text is None or is_made(file.path):
        return []
    text = _Text(file.path, file.new_text)
    findings: list[Finding] = []
    seen: Counter[str] = Counter()
    done: set[int] = set()

    @cache
    def is_new(rule: Leftover) -> bool:
        return file.old_text is None or not any(rule.pattern.search(line) for line in file.old_text.split("\n"))

    for place in _places(file, rules):
        if len(findings) >= MAX_PLACES:
            break
        if place.number in done or not is_new(place.rule) or not _is_left_over(file, text, place, count_files):
            continue
        done.add(place.number)
        findings.append(_finding(file, place, seen))
    return findings


def _places(file: ChangedFile, rules: tuple[Leftover, ...]) -> Iterator[_Place]:
    offset = 0
    for number, line in enumerate(file.new_lines, start=1):
        if number in file.changed_lines and len(line) <= MAX_LINE:
            for rule in rules:
                if (match := rule.pattern.search(line)) and not _DEFINES.search(line, 0, match.start()):
                    n_blank = len(match[0]) - len(match[0].lstrip())
                    yield _Place(rule, number, offset + match.start() + n_blank, offset + match.end())
        offset += len(line) + 1


def _is_left_over(file: ChangedFile, text: _Text, place: _Place, count_files: CountFiles) -> bool:
    rule = place.rule
    if rule.kind == "focus" and not is_test_path(file.path):
        return False
    if rule.kind == "habit" and (is_script(file.path) or count_files(rule.habit_word) >= _HABIT):
        return False
    if rule.kind == "print" and is_shown(file.path) and not is_test_path(file.path):
        return False
    # The first word tells: what is quoted by a call of it is a string of its own.
    syntax = text.syntax
    return syntax is not None and is_code(syntax, place.start, place.start + 1)


def _finding(file: ChangedFile, place: _Place, seen: Counter[str]) -> Finding:
    rule, number = place.rule, place.number
    line = file.new_lines[number - 1]
    identity = finding_id("debug-leftover", file.path, line.strip(), seen[line.strip()])
    seen[line.strip()] += 1
    severity: Severity = "note" if rule.kind == "habit" else "warning"
    return Finding(
        identity,
        file.path,
        number,
        number,
        severity,
        "debug-leftover",
        f"`{rule.what}` {rule.why}; it seems to be left over",
        f"{file.path}:{number}",
        confidence=_CONFIDENCE[rule.kind],
        replacement=_remedy(file, number) if _is_whole(line) and rule.kind != "focus" else None,
    )


def _remedy(file: ChangedFile, number: int) -> Replacement:
    """The line taken out; in the place of the only statement of a Python block, one that does nothing."""
    removed, line = Replacement(number, number, ""), file.new_lines[number - 1]
    if not file.path.endswith((".py", ".pyi")) or is_sound(file.path, file.new_text or "", removed):
        return removed
    return Replacement(number, number, f"{line[: len(line) - len(line.lstrip())]}pass")


def _is_whole(line: str) -> bool:
    """Whether taking the line out takes out one statement: its brackets are closed, and it opens no block."""
    code = line.strip()
    is_balanced = all(code.count(one) == code.count(other) for one, other in ("()", "[]", "{}"))
    return (
        is_balanced and not code.endswith((":", ",", "\\", "&&", "||", "+")) and not code.startswith((".", "|>", "&&"))
    )
